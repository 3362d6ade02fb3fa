import type { Candle, CandleNumbers } from "~/stores/candles";
import { isGap } from "./gaps";

/**
 * Studies over candles. Each gives one value for each candle, `NaN` while it warms up. A stretch is a run of candles
 * without a gap: a study never reaches across one, because it would stand on closes that nobody saw, and warms up anew.
 */
export type Line = Float64Array;

/** Where each candle's stretch begins: at its own index after a gap. A time without a trade is no gap. */
export function stretches(rows: readonly Candle[], stepMs: number): Int32Array {
  const starts = new Int32Array(rows.length);
  for (let index = 1; index < rows.length; index += 1) {
    const [before, after] = [rows[index - 1], rows[index]];
    const broken = before !== undefined && after !== undefined && isGap(before, after, stepMs);
    starts[index] = broken ? index : (starts[index - 1] ?? 0);
  }
  return starts;
}

function blank(length: number): Line {
  return new Float64Array(length).fill(Number.NaN);
}

/**
 * Exponential moving average: `e = e + 2 / (n + 1) * (close - e)`, begun with the plain mean of the stretch's first `n`
 * closes.
 */
export function ema(closes: ArrayLike<number>, starts: ArrayLike<number>, n: number): Line {
  const out = blank(closes.length);
  const share = 2 / (n + 1);
  let sum = 0;
  let held = 0;
  for (let index = 0; index < closes.length; index += 1) {
    const close = closes[index] ?? Number.NaN;
    const place = index - (starts[index] ?? 0);
    if (place === 0) sum = 0;
    if (place < n) {
      sum += close;
      held = sum / n;
    } else held += share * (close - held);
    if (place >= n - 1) out[index] = held;
  }
  return out;
}

export interface Bands {
  readonly middle: Line;
  readonly upper: Line;
  readonly lower: Line;
}

/** Bollinger bands: the mean of the last `n` closes, and `k` population standard deviations above and below it. */
export function bollinger(closes: ArrayLike<number>, starts: ArrayLike<number>, n: number, k: number): Bands {
  const middle = blank(closes.length);
  const upper = blank(closes.length);
  const lower = blank(closes.length);
  for (let index = 0; index < closes.length; index += 1) {
    if (index - (starts[index] ?? 0) < n - 1) continue;
    let sum = 0;
    for (let back = 0; back < n; back += 1) sum += closes[index - back] ?? 0;
    const mean = sum / n;
    let squares = 0;
    for (let back = 0; back < n; back += 1) squares += ((closes[index - back] ?? 0) - mean) ** 2;
    const width = k * Math.sqrt(squares / n);
    middle[index] = mean;
    upper[index] = mean + width;
    lower[index] = mean - width;
  }
  return { middle, upper, lower };
}

/**
 * Relative strength index by Wilder: `100 - 100 / (1 + gain / loss)`, where gain and loss are means of the last `n`
 * rises and falls, begun with plain means and then smoothed by `(mean * (n - 1) + change) / n`. Without any movement 50.
 */
export function rsi(closes: ArrayLike<number>, starts: ArrayLike<number>, n: number): Line {
  const out = blank(closes.length);
  let gain = 0;
  let loss = 0;
  for (let index = 0; index < closes.length; index += 1) {
    const place = index - (starts[index] ?? 0);
    if (place === 0) {
      gain = 0;
      loss = 0;
      continue;
    }
    const change = (closes[index] ?? 0) - (closes[index - 1] ?? 0);
    const rise = Math.max(0, change);
    const fall = Math.max(0, -change);
    if (place <= n) {
      gain += rise / n;
      loss += fall / n;
    } else {
      gain = (gain * (n - 1) + rise) / n;
      loss = (loss * (n - 1) + fall) / n;
    }
    if (place >= n) out[index] = gain + loss === 0 ? 50 : (100 * gain) / (gain + loss);
  }
  return out;
}

const DAY_MS = 86_400_000;

/**
 * Volume-weighted average price since midnight UTC: `sum(notional) / sum(volume)`; where only the venue's candle is known,
 * its notional is taken as volume times `(h + l + c) / 3`. Nothing before the first midnight in view, nor after a gap on
 * the rest of that day, because trades of the day are missing from it.
 */
export function vwap(
  rows: readonly CandleNumbers[],
  openMs: readonly number[],
  starts: ArrayLike<number>,
): Line {
  const out = blank(rows.length);
  let day = -1;
  let known = false;
  let notional = 0;
  let volume = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    const at = openMs[index] ?? 0;
    if (row === undefined) continue;
    const today = Math.floor(at / DAY_MS);
    const broken = index === 0 || starts[index] === index;
    // The day's first candle is at midnight, or after a quiet while that reaches back before it.
    if (today !== day && (at % DAY_MS === 0 || !broken)) {
      day = today;
      known = true;
      notional = 0;
      volume = 0;
    } else if (broken) known = false;
    if (!known) continue;
    notional += row.notional ?? (row.volume * (row.h + row.l + row.c)) / 3;
    volume += row.volume;
    if (volume > 0) out[index] = notional / volume;
  }
  return out;
}
