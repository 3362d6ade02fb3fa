import type { Stamped } from "~/shared/stamped";
import type { Judged } from "~/stores/alpha-desk";

export type Order = "score" | "symbol";

/** Symbols in the order of their shown scores, the longest first; those without a conviction come last, by name. */
export function ordered(
  symbols: readonly string[],
  order: Order,
  judged: (symbol: string) => Stamped<Judged> | null,
): readonly string[] {
  const scores = new Map(
    symbols.map((symbol) => [symbol, judged(symbol)?.draw(0, ({ smoothed }) => smoothed.score) ?? -1]),
  );
  return symbols.toSorted(
    (a, b) =>
      (order === "score" ? (scores.get(b) ?? -1) - (scores.get(a) ?? -1) : 0) ||
      a.localeCompare(b, undefined, { sensitivity: "base" }),
  );
}
