/**
 * How the score moves on the screen: one pure function, for the eye alone. Nothing is decided by it: gates, plans and
 * the recorded score use the raw value, which stands beside the smoothed one wherever that is shown.
 *
 * A hidden average follows the raw score. What is shown follows the average only when it is 3 points away, so that a
 * score that trembles around one place stands still. The shown bias follows the raw one after 5 readings in a row on
 * the same side. When nothing was shown anew for 10 s, the raw values are shown and the average begins again there.
 */

export type Bias = "LONG" | "SHORT" | "NEUTRAL";

/** Share of a new reading in the average. */
export const AVERAGE_SHARE = 0.08;
/** Points (3 % of the scale) by which the average must leave what is shown. */
export const DEAD_BAND = 3;
/** Readings in a row on the same side before the shown bias turns. */
export const SAME_SIDE = 5;
/** Time without a change of what is shown after which the raw values are shown. */
export const REFRESH_MS = 10_000;

export interface Reading {
  /** 0 to 100. */
  readonly score: number;
  readonly bias: Bias;
  /** Monotonic time at which it was read. */
  readonly at: number;
}

export interface Smoothed {
  /** Shown. */
  readonly score: number;
  /** Shown. */
  readonly bias: Bias;
  /** As it was read last. */
  readonly raw: Reading;
  /** The hidden average. */
  readonly average: number;
  /** Readings in a row that had `raw.bias`. */
  readonly sameSide: number;
  /** When what is shown was last brought up to date. */
  readonly shownAt: number;
}

function begin(raw: Reading, sameSide: number): Smoothed {
  return { score: raw.score, bias: raw.bias, raw, average: raw.score, sameSide, shownAt: raw.at };
}

/** The state after one more reading; the first one is shown as it is. */
export function smooth(held: Smoothed | null, raw: Reading): Smoothed {
  if (held === null) return begin(raw, 1);
  const sameSide = raw.bias === held.raw.bias ? held.sameSide + 1 : 1;
  if (raw.at - held.shownAt >= REFRESH_MS) return begin(raw, sameSide);
  const average = held.average + AVERAGE_SHARE * (raw.score - held.average);
  const moved = Math.abs(average - held.score) >= DEAD_BAND;
  const turned = raw.bias !== held.bias && sameSide >= SAME_SIDE;
  return {
    score: moved ? average : held.score,
    bias: turned ? raw.bias : held.bias,
    raw,
    average,
    sameSide,
    shownAt: moved || turned ? raw.at : held.shownAt,
  };
}

/** The state at a time at which no reading came: after 10 s without a change, the raw values are shown. */
export function refreshed(held: Smoothed, now: number): Smoothed {
  return now - held.shownAt >= REFRESH_MS ? { ...begin(held.raw, held.sameSide), shownAt: now } : held;
}
