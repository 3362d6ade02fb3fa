type Level = [string, string];

export interface Listing {
  readonly symbol: string;
  readonly price: number;
  readonly pxDecimals: number;
  readonly szDecimals: number;
  /** Typical size of a level in base units. */
  readonly typical: number;
  readonly sources: readonly string[];
}

export const HL = "hyperliquid";
export const BIN = "binance-spot";

const BOTH = [HL, BIN];
const ALL = [HL, BIN, "binance-usdm", "coinbase", "bybit", "okx"];

export const LISTINGS: readonly Listing[] = [
  { symbol: "BTC", price: 97412.5, pxDecimals: 1, szDecimals: 5, typical: 1.2, sources: ALL },
  { symbol: "ETH", price: 3318.2, pxDecimals: 1, szDecimals: 4, typical: 14, sources: ALL },
  { symbol: "SOL", price: 214.48, pxDecimals: 2, szDecimals: 2, typical: 120, sources: BOTH },
  { symbol: "HYPE", price: 31.207, pxDecimals: 3, szDecimals: 2, typical: 400, sources: [HL] },
  { symbol: "ARB", price: 0.8127, pxDecimals: 4, szDecimals: 1, typical: 9000, sources: BOTH },
  { symbol: "LINK", price: 18.442, pxDecimals: 3, szDecimals: 1, typical: 500, sources: BOTH },
  { symbol: "DOGE", price: 0.38214, pxDecimals: 5, szDecimals: 0, typical: 40000, sources: BOTH },
  { symbol: "AVAX", price: 41.277, pxDecimals: 3, szDecimals: 2, typical: 300, sources: BOTH },
  { symbol: "SUI", price: 4.1182, pxDecimals: 4, szDecimals: 1, typical: 2500, sources: BOTH },
  { symbol: "TIA", price: 5.902, pxDecimals: 3, szDecimals: 1, typical: 1500, sources: BOTH },
  { symbol: "kPEPE", price: 0.020114, pxDecimals: 6, szDecimals: 0, typical: 900000, sources: [HL] },
  { symbol: "WIF", price: 2.4473, pxDecimals: 4, szDecimals: 0, typical: 3000, sources: BOTH },
];

/** A small generator with a seed, so that a failing run can be repeated. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Book {
  bids: Level[];
  asks: Level[];
}

export interface Step {
  readonly changed: Book;
  readonly trades: { id: string; px: string; sz: string; side: "buy" | "sell"; ts_ms: number }[];
}

/** A random walk on the tick, with a book of random sizes around it. */
export class RandomMarket {
  /** The price stays where it is; sizes change all the same. */
  still = false;
  readonly depth: number;
  last: string;
  #ticks: number;
  readonly #sizes = new Map<number, string>();
  #nextTrade = 1;

  constructor(
    readonly listing: Listing,
    readonly source: string,
    private readonly random: () => number,
  ) {
    this.depth = source === HL ? 20 : 50;
    const offset = source === HL ? 1 : 0.9998;
    this.#ticks = Math.round(listing.price * offset * 10 ** listing.pxDecimals);
    this.last = this.#px(this.#ticks);
  }

  get book(): Book {
    return {
      bids: Array.from({ length: this.depth }, (_, index) => this.#level(this.#ticks - index)),
      asks: Array.from({ length: this.depth }, (_, index) => this.#level(this.#ticks + 1 + index)),
    };
  }

  get best(): { bid: Level; ask: Level } {
    return { bid: this.#level(this.#ticks), ask: this.#level(this.#ticks + 1) };
  }

  #px(ticks: number): string {
    return (ticks / 10 ** this.listing.pxDecimals).toFixed(this.listing.pxDecimals);
  }

  #size(scale = 1): string {
    const { typical, szDecimals } = this.listing;
    const size = typical * scale * Math.exp((this.random() - 0.5) * 3);
    return trimmed(Math.max(10 ** -szDecimals, size).toFixed(szDecimals));
  }

  #level(ticks: number): Level {
    let size = this.#sizes.get(ticks);
    if (size === undefined) this.#sizes.set(ticks, (size = this.#size()));
    return [this.#px(ticks), size];
  }

  /** Moves by at most a tick and changes a few sizes; gives only what changed, as a delta does. */
  step(now: number): Step {
    const changed: Book = { bids: [], asks: [] };
    const draw = this.still ? 1 : this.random();
    const from = this.#ticks;
    const { depth } = this;
    if (draw < 0.18) {
      changed.asks.push([this.#px(from + 1), "0"], this.#level(from + 1 + depth));
      changed.bids.push(this.#level(from + 1), [this.#px(from - depth + 1), "0"]);
      this.#forget(from - 2 * depth);
      this.#ticks = from + 1;
    } else if (draw < 0.36) {
      changed.bids.push([this.#px(from), "0"], this.#level(from - depth));
      changed.asks.push(this.#level(from), [this.#px(from + depth), "0"]);
      this.#forget(from + 2 * depth);
      this.#ticks = from - 1;
    }
    for (let count = 0; count < 3; count += 1) {
      const distance = Math.floor(this.random() ** 2 * depth);
      const bid = this.random() < 0.5;
      const ticks = bid ? this.#ticks - distance : this.#ticks + 1 + distance;
      this.#sizes.set(ticks, this.#size());
      (bid ? changed.bids : changed.asks).push(this.#level(ticks));
    }
    return { changed, trades: this.#trade(now) };
  }

  #trade(now: number): Step["trades"] {
    if (this.random() > 0.35) return [];
    const side = this.random() < 0.5 ? "buy" : "sell";
    const px = this.#px(side === "buy" ? this.#ticks + 1 : this.#ticks);
    this.last = px;
    return [{ id: String(this.#nextTrade++), px, sz: this.#size(0.4), side, ts_ms: now }];
  }

  #forget(ticks: number): void {
    this.#sizes.delete(ticks);
  }
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
