import type { MarketView } from "~/stores/market-view";

/**
 * The source whose price stands for a symbol: the first that has a fresh one, else the first that has any, so that one
 * silent venue does not blind the list.
 */
export function bestView(views: readonly (MarketView | null)[], now: number): MarketView | null {
  let held: MarketView | null = null;
  for (const view of views) {
    const price = view?.figure("price") ?? null;
    if (view === null || price === null) continue;
    if (price.read(now).state !== "stale") return view;
    held ??= view;
  }
  return held ?? views.find((view) => view !== null) ?? null;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Rows beyond the visible ones that are kept, so that a short scroll shows no blank. */
const SPARE = 8;

/** The rows of a long list that have to exist. */
export function visibleRows(scrollTop: number, height: number, row: number, count: number): Range {
  const from = Math.max(0, Math.min(count, Math.floor(scrollTop / row)) - SPARE);
  const to = Math.min(count, Math.ceil((scrollTop + height) / row) + SPARE);
  return { from, to: Math.max(from, to) };
}
