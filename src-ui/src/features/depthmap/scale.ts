import type { Column } from "./history";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The prices to show: the best quotes of the whole time in view and the book around the newest. */
export function rangeOf(columns: readonly Column[]): Range | null {
  let low = Infinity;
  let high = -Infinity;
  const take = (px: number | undefined): void => {
    if (px === undefined) return;
    low = Math.min(low, px);
    high = Math.max(high, px);
  };
  for (const column of columns) {
    take(column.bidPx[0]);
    take(column.askPx[0]);
  }
  const newest = columns.at(-1);
  take(newest?.bidPx.at(-1));
  take(newest?.askPx.at(-1));
  return high > low ? { low, high } : null;
}

/** Keeps a range that still fits: a scale that follows every tick would make the whole picture jump. */
export function settle(held: Range | null, wanted: Range): Range {
  const span = wanted.high - wanted.low;
  const fits =
    held !== null && held.low <= wanted.low && held.high >= wanted.high && held.high - held.low < span * 1.8;
  return fits ? held : { low: wanted.low - span * 0.15, high: wanted.high + span * 0.15 };
}

/** The size at which the picture is at full strength: a single wall must not blank out the rest. */
export function strongSize(columns: readonly Column[]): number {
  const sizes: number[] = [];
  const step = Math.max(1, Math.floor(columns.length / 20));
  for (let index = 0; index < columns.length; index += step) {
    const column = columns[index];
    if (column) sizes.push(...column.bidSz, ...column.askSz);
  }
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length * 0.97)] ?? 1;
}

/** Round price steps for the grid, about `count` of them. */
export function gridSteps({ low, high }: Range, count: number): readonly number[] {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const steps: number[] = [];
  for (let at = Math.ceil(low / step); at * step < high; at += 1) steps.push(at * step);
  return steps;
}
