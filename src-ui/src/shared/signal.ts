import { fromSignal } from "./decimal";
import { type FigureText, seal } from "./figure-ink";
import { briefAmount, type Style, write } from "./format";

const UNKNOWN = seal({ sign: "", body: "\u2014", pad: "", unit: "" });

function signal(value: number | null, places: number, style: Style): FigureText {
  const decimal = value === null ? null : fromSignal(value, places);
  return decimal === null ? UNKNOWN : write(decimal, places, style);
}

/** A conviction score, 0 to 100. */
export function score(value: number | null): FigureText {
  return signal(value, 0, { sign: "negative", unit: "" });
}

/** A signed signal such as a component's score: its sign always stands. */
export function signed(value: number | null, places = 2): FigureText {
  return signal(value, places, { sign: "always", unit: "" });
}

export function plain(value: number | null, places = 2, unit = ""): FigureText {
  return signal(value, places, { sign: "negative", unit });
}

/** A share between 0 and 1 as per cent. */
export function share(value: number | null, places = 0): FigureText {
  return signal(value === null ? null : value * 100, places, { sign: "negative", unit: " %" });
}

/** One standard deviation of a return, in per cent to either side. */
export function plusMinus(value: number | null): FigureText {
  if (value === null || fromSignal(value * 100, 2) === null) return UNKNOWN;
  return seal({ sign: "\u00b1", body: (Math.abs(value) * 100).toFixed(2), pad: "", unit: " %" });
}

/** Units as they are written after a statistic; the others need no word. */
const UNITS: Readonly<Record<string, string>> = {
  sd: " sd",
  per_hour: " /h",
  ms: " ms",
  ratio: "\u00d7",
};

/** Statistics whose sign is a direction. */
const SIGNED: ReadonlySet<string> = new Set(["signed", "sd", "per_hour"]);

/** A statistic in the unit it was told with; places by its size, so that small ones keep digits that count. */
export function statistic(value: number | null, unit: string | null): FigureText {
  if (value === null) return UNKNOWN;
  if (unit === "share") return share(value, 1);
  if (unit === "score") return score(value);
  if (unit === "usd" || unit === "base") return amount(value, unit === "usd" ? "$" : "");
  const size = Math.abs(value);
  const whole = unit === "count" || unit === "ms" || size === 0 || size >= 1000;
  const places = whole ? 0 : size >= 100 ? 1 : size >= 0.01 ? 2 : size >= 0.0001 ? 4 : 6;
  const sign = unit !== null && SIGNED.has(unit) ? "always" : "negative";
  return signal(value, size === 0 && sign === "always" ? 2 : places, { sign, unit: UNITS[unit ?? ""] ?? "" });
}

/** An amount that no order is made of, with three digits that count. */
function amount(value: number, prefix: string): FigureText {
  const decimal = fromSignal(value, Math.abs(value) < 1000 ? 2 : 0);
  return decimal === null ? UNKNOWN : briefAmount(decimal, prefix);
}
