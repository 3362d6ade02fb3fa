import type { Candle } from "~/stores/candles";

/** Empty places drawn for one gap; a longer one is drawn this long and says how long it was. */
export const MOST_EMPTY = 120;

export interface Gap {
  /** First and last missing candle. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Candles that are missing. */
  readonly count: number;
  /** Times of the empty places, oldest first. */
  readonly places: readonly number[];
}

type Edge = Pick<Candle, "openMs" | "coverage">;

/**
 * Whether time between two candles was not seen. A time without a trade has no candle either; but when the feed breaks, it
 * breaks within a candle, and where it goes on, it does so within another: one of the two has a part missing.
 */
export function isGap(before: Edge, after: Edge, stepMs: number): boolean {
  return after.openMs - before.openMs > stepMs && before.coverage.missing + after.coverage.missing > 0;
}

/** The times between candles of which nothing is known. */
export function gapsOf(rows: readonly Edge[], stepMs: number): readonly Gap[] {
  return holesOf(rows, stepMs).filter((hole) => hole.unseen);
}

export interface Hole extends Gap {
  readonly unseen: boolean;
}

/** The times between candles at which there is none: unseen, or without a trade. */
export function holesOf(rows: readonly Edge[], stepMs: number): readonly Hole[] {
  const found: Hole[] = [];
  for (let index = 1; index < rows.length; index += 1) {
    const [left, right] = [rows[index - 1], rows[index]];
    if (left === undefined || right === undefined) break;
    const before = left.openMs;
    const after = right.openMs;
    const count = Math.round((after - before) / stepMs) - 1;
    if (count < 1) continue;
    const shown = Math.min(count, MOST_EMPTY);
    // The newest places, so that the time axis is right where the candles go on.
    const places = Array.from({ length: shown }, (_, place) => after - (shown - place) * stepMs);
    const unseen = isGap(left, right, stepMs);
    found.push({ fromMs: before + stepMs, toMs: after - stepMs, count, places, unseen });
  }
  return found;
}

export interface ChartCoverage {
  /** Share of the candles' time that was seen. */
  readonly seen: number;
  readonly gaps: number;
  /** Candles of which a part was not seen. */
  readonly partial: number;
  readonly unverified: number;
}

/** What a chart's header says about the candles that it holds; null without any. */
export function coverageOf(rows: readonly Candle[], stepMs: number): ChartCoverage | null {
  if (rows.length === 0) return null;
  const holes = holesOf(rows, stepMs);
  const gaps = holes.filter((hole) => hole.unseen);
  let seen = holes.reduce((sum, hole) => (hole.unseen ? sum : sum + hole.count), 0);
  let partial = 0;
  let unverified = 0;
  for (const { coverage } of rows) {
    seen += 1 - coverage.missing;
    if (coverage.missing > 0) partial += 1;
    else if (coverage.unverified > 0) unverified += 1;
  }
  const places = rows.length + holes.reduce((sum, hole) => sum + hole.count, 0);
  return { seen: seen / places, gaps: gaps.length, partial, unverified };
}

/** How much was seen. */
export function coverageShare(coverage: ChartCoverage | null): string {
  return coverage === null ? "" : `coverage ${Math.floor(coverage.seen * 1000 + 1e-6) / 10} %`;
}

/** What is missing of the rest, for a head with the room to say it. */
export function coverageRest(coverage: ChartCoverage | null): string {
  if (coverage === null) return "";
  const gaps = coverage.gaps === 0 ? "" : ` \u00b7 ${coverage.gaps} ${coverage.gaps === 1 ? "gap" : "gaps"}`;
  const partial = coverage.partial === 0 ? "" : ` \u00b7 ${coverage.partial} partial`;
  return `${gaps}${partial}`;
}
