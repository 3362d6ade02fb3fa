import { sortKey } from "~/shared/decimal";
import type { MarketView } from "~/stores/market-view";

export const COLUMN_MS = 1000;
export const COLUMNS_KEPT = 600;
const LEVELS_KEPT = 30;
const MARKETS_KEPT = 16;

/** A book at one moment, reduced to what a picture of it needs. */
export interface Column {
  readonly at: number;
  readonly bidPx: Float64Array;
  readonly bidSz: Float64Array;
  readonly askPx: Float64Array;
  readonly askSz: Float64Array;
}

/** Books of one market at a steady interval; moments without a fresh book are left out and stay blank. */
export class DepthHistory {
  readonly columns: Column[] = [];
  /** Grows with each column. */
  revision = 0;
  #lastSlot = -1;

  record(view: MarketView | null, now: number): void {
    const slot = Math.floor(now / COLUMN_MS);
    if (slot === this.#lastSlot) return;
    const column = view?.book?.draw(now, ({ bids, asks }, reading): Column | null => {
      if (reading.state === "stale") return null;
      const pick = (levels: typeof bids, which: "px" | "sz"): Float64Array =>
        Float64Array.from(levels.slice(0, LEVELS_KEPT), (level) => sortKey(level[which]));
      return {
        at: slot * COLUMN_MS,
        bidPx: pick(bids, "px"),
        bidSz: pick(bids, "sz"),
        askPx: pick(asks, "px"),
        askSz: pick(asks, "sz"),
      };
    });
    if (!column) return;
    this.#lastSlot = slot;
    this.columns.push(column);
    if (this.columns.length > COLUMNS_KEPT) this.columns.splice(0, this.columns.length - COLUMNS_KEPT);
    this.revision += 1;
  }
}

/** The histories of the markets looked at lately. */
export class DepthArchive {
  readonly #histories = new Map<string, DepthHistory>();

  of(source: string, symbol: string): DepthHistory {
    const key = `${source} ${symbol}`;
    const found = this.#histories.get(key) ?? new DepthHistory();
    // Set anew so that the map's order is that of use.
    this.#histories.delete(key);
    this.#histories.set(key, found);
    const oldest = this.#histories.keys().next().value;
    if (this.#histories.size > MARKETS_KEPT && oldest !== undefined) this.#histories.delete(oldest);
    return found;
  }
}
