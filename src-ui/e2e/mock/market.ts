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

export const LISTINGS: readonly Listing[] = [
  { symbol: "BTC", price: 97412.5, pxDecimals: 1, szDecimals: 5, typical: 1.2, sources: BOTH },
  { symbol: "ETH", price: 3318.2, pxDecimals: 1, szDecimals: 4, typical: 14, sources: BOTH },
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
  readonly depth: number;
  book: Book = { bids: [], asks: [] };
  last: string;
  #ticks: number;
  #sizes = new Map<number, number>();
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
    this.book = this.#build();
  }

  #px(ticks: number): string {
    return (ticks / 10 ** this.listing.pxDecimals).toFixed(this.listing.pxDecimals);
  }

  #size(): number {
    const spread = Math.exp((this.random() - 0.5) * 3);
    return Math.max(10 ** -this.listing.szDecimals, this.listing.typical * spread);
  }

  #build(): Book {
    const levels = (side: 1 | -1): Level[] =>
      Array.from({ length: this.depth }, (_, index) => {
        const ticks = this.#ticks + side * (index + (side === 1 ? 1 : 0));
        const size = this.#sizes.get(ticks) ?? this.#size();
        this.#sizes.set(ticks, size);
        return [this.#px(ticks), trimmed(size.toFixed(this.listing.szDecimals))];
      });
    return { bids: levels(-1), asks: levels(1) };
  }

  step(now: number): Step {
    const before = this.book;
    const draw = this.random();
    if (draw < 0.18) this.#ticks += 1;
    else if (draw < 0.36) this.#ticks -= 1;
    for (let count = 0; count < 3; count += 1) {
      const ticks = this.#ticks + Math.round((this.random() - 0.5) * 2 * this.depth);
      this.#sizes.set(ticks, this.#size());
    }
    for (const ticks of this.#sizes.keys())
      if (Math.abs(ticks - this.#ticks) > this.depth * 2) this.#sizes.delete(ticks);
    this.book = this.#build();
    const trades: Step["trades"] = [];
    if (this.random() < 0.35) {
      const side = this.random() < 0.5 ? "buy" : "sell";
      const px = (side === "buy" ? this.book.asks : this.book.bids)[0]?.[0] ?? this.last;
      const sz = trimmed((this.#size() * 0.4).toFixed(this.listing.szDecimals));
      this.last = px;
      trades.push({ id: String(this.#nextTrade++), px, sz: sz === "0" ? "1" : sz, side, ts_ms: now });
    }
    return {
      changed: { bids: diff(before.bids, this.book.bids), asks: diff(before.asks, this.book.asks) },
      trades,
    };
  }
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function diff(before: readonly Level[], after: readonly Level[]): Level[] {
  const old = new Map(before);
  const out: Level[] = [];
  for (const [px, sz] of after) {
    if (old.get(px) !== sz) out.push([px, sz]);
    old.delete(px);
  }
  for (const px of old.keys()) out.push([px, "0"]);
  return out;
}
