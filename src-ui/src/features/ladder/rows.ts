import { type Decimal, decimals, fromUnits, sortKey, toUnits } from "~/shared/decimal";
import type { Level } from "~/stores/book";

export interface Geometry {
  readonly rows: number;
  readonly row: number;
  readonly spreadTop: number;
  readonly spreadHeight: number;
}

export const HEAD_HEIGHT = 20;
const SPREAD_HEIGHT = 28;

export function geometry(height: number, row: number): Geometry {
  const free = Math.max(0, height - HEAD_HEIGHT - SPREAD_HEIGHT);
  const rows = Math.max(1, Math.round(free / 2 / row));
  // Rows give or take a pixel so that the two sides fill the panel to its edges.
  return {
    rows,
    row: free / 2 / rows,
    spreadTop: HEAD_HEIGHT + Math.floor(free / 2),
    spreadHeight: SPREAD_HEIGHT,
  };
}

/** Top of a level's row; level 0 touches the spread row. */
export function rowTop(side: "bid" | "ask", index: number, place: Geometry): number {
  return side === "ask"
    ? place.spreadTop - Math.round((index + 1) * place.row)
    : place.spreadTop + place.spreadHeight + Math.round(index * place.row);
}

export interface Cumulative {
  readonly totals: readonly Decimal[];
  readonly last: number;
}

/** Exact running sums of size, in integer units of the finest lot in view. */
export function cumulate(levels: readonly Level[], rows: number): Cumulative {
  const shown = levels.slice(0, rows);
  const scale = shown.reduce((most, level) => Math.max(most, decimals(level.sz)), 0);
  const totals: Decimal[] = [];
  let sum = 0n;
  for (const level of shown) {
    sum += toUnits(level.sz, scale);
    totals.push(fromUnits(sum, scale));
  }
  const final = totals.at(-1);
  return { totals, last: final === undefined ? 0 : sortKey(final) };
}
