import { MockCandles } from "./candles";
import { MockFlow, PERPS } from "./flow";
import { HL, type Listing, RandomMarket } from "./market";

type Json = Record<string, unknown>;

export interface RunFacts {
  readonly runId: string;
  readonly mode: "live" | "simulated" | "replay";
}

/** Proof of life of one field; a fault freezes it. */
interface Clocked {
  asOf: number;
  provedAt: number;
}

const LIMITS: Readonly<Record<string, number>> = {
  price: 3000,
  bbo: 3000,
  book: 4000,
  deep: 12000,
  trades: 5000,
  context: 15000,
};

/** One (source, symbol) as the protocol publishes it. */
export class MockFeed {
  version = 0;
  readonly market: RandomMarket;
  readonly frozen = new Set<string>();
  readonly missing = new Set<string>();
  readonly candles: MockCandles;
  readonly flow: MockFlow;
  readonly #stamps = new Map<string, Clocked>();
  readonly #trades: Json[] = [];
  readonly #open: number;

  constructor(
    readonly listing: Listing,
    readonly source: string,
    private readonly run: RunFacts,
    random: () => number,
  ) {
    this.market = new RandomMarket(listing, source, random);
    this.candles = new MockCandles(listing, random, Date.now());
    this.flow = new MockFlow(listing, source, random);
    this.#open = listing.price * (0.96 + random() * 0.08);
    const now = Date.now();
    for (const name of Object.keys(LIMITS)) this.#stamps.set(name, { asOf: now, provedAt: now });
    for (let count = 0; count < 60; count += 1)
      this.#remember(this.market.step(now - (60 - count) * 700).trades);
  }

  #remember(trades: readonly Json[]): void {
    this.#trades.push(...trades);
    if (this.#trades.length > 100) this.#trades.splice(0, this.#trades.length - 100);
  }

  readonly stamped = (name: string, now: number, value: Json): Json => {
    if (this.missing.has(name)) return { state: "missing" };
    const stamp = this.#stamps.get(name) ?? { asOf: now, provedAt: now };
    const limit = LIMITS[name] ?? 5000;
    return {
      ...value,
      as_of: stamp.asOf,
      proved_at: stamp.provedAt,
      age_limit_ms: limit,
      state: now - stamp.provedAt > limit ? "stale" : "fresh",
    };
  };

  #prove(name: string, now: number, event: boolean): void {
    const stamp = this.#stamps.get(name);
    if (stamp === undefined || this.frozen.has(name) || this.frozen.has("*")) return;
    stamp.provedAt = now;
    if (event) stamp.asOf = now;
  }

  #isFrozen(name: string): boolean {
    return this.frozen.has(name) || this.frozen.has("*");
  }

  #slow(now: number): Json {
    const price = Number(this.market.last);
    const places = this.listing.pxDecimals;
    const day = {
      prev_day_price: this.stamped("context", now, { v: this.#open.toFixed(places) }),
      day_notional_usd: this.stamped("context", now, {
        v: (5.92e9 * (this.listing.price / 97412)).toFixed(2),
      }),
    };
    if (!PERPS.has(this.source)) return day;
    return {
      ...day,
      mark_price: this.stamped("context", now, { v: (price * 1.00003).toFixed(places + 1) }),
      index_price: this.stamped("context", now, { v: (price * 0.99995).toFixed(places + 1) }),
      funding_rate: this.stamped("context", now, {
        v: this.source === HL ? "0.0000125" : "0.0001",
        interval_h: this.source === HL ? 1 : 8,
        next_ms: Math.ceil(now / 3_600_000) * 3_600_000,
      }),
      open_interest_base: this.stamped("context", now, { v: (3.4e9 / this.listing.price).toFixed(2) }),
    };
  }

  #book(now: number, bids: unknown, asks: unknown): Json {
    const deep = this.source === HL ? { deep: this.stamped("deep", now, { from: 5 }) } : {};
    return this.stamped("book", now, { bids, asks, ...deep });
  }

  #quote(now: number): Json {
    return this.stamped("bbo", now, { v: this.market.best });
  }

  snapshot(): Json {
    const now = Date.now();
    const places = this.listing.pxDecimals;
    const { book } = this.market;
    return this.#envelope(now, {
      kind: "snapshot",
      run_id: this.run.runId,
      mode: this.run.mode,
      instrument: {
        venue_symbol: this.listing.symbol,
        px_decimals: places,
        sz_decimals: this.listing.szDecimals,
      },
      price: this.stamped("price", now, { v: this.market.last }),
      bbo: this.#quote(now),
      book: { ...this.#book(now, book.bids, book.asks), depth: this.market.depth },
      trades: this.stamped("trades", now, { v: [...this.#trades], dropped: 0 }),
      ...this.#slow(now),
      ...this.flow.fields(now, this.market.best, this.stamped),
      candles: this.#newest(now),
    });
  }

  delta(): Json {
    const now = Date.now();
    const { changed, trades } = this.market.step(now);
    const bookFrozen = this.#isFrozen("book");
    this.#prove("price", now, trades.length > 0);
    this.#prove("bbo", now, true);
    this.#prove("book", now, true);
    this.#prove("deep", now, now % 5000 < 60);
    this.#prove("trades", now, trades.length > 0);
    this.#prove("context", now, now % 3000 < 60);
    if (trades.length > 0 && !this.#isFrozen("trades")) {
      this.#remember(trades);
      this.flow.take(trades);
    }
    this.candles.take(this.#isFrozen("trades") ? [] : trades, now);
    this.version += 1;
    return this.#envelope(now, {
      kind: "delta",
      base_version: this.version - 1,
      price: this.stamped("price", now, { v: this.market.last }),
      bbo: this.#quote(now),
      book: this.#book(now, bookFrozen ? [] : changed.bids, bookFrozen ? [] : changed.asks),
      ...(trades.length === 0 || this.#isFrozen("trades")
        ? {}
        : { trades: this.stamped("trades", now, { v: trades, dropped: 0 }) }),
      ...(this.version % 20 === 0 ? this.#slow(now) : {}),
      ...(this.version % 10 === 0 ? this.flow.fields(now, this.market.best, this.stamped) : {}),
      ...(trades.length > 0 || this.version % 20 === 0 ? { candles: this.#newest(now) } : {}),
      ...(this.version % 20 === 0 ? { trades: this.stamped("trades", now, { v: [], dropped: 0 }) } : {}),
    });
  }

  #newest(now: number): Json[] {
    return this.candles.intervals.map((interval) => ({
      interval,
      ...this.stamped("trades", now, { v: this.candles.rows(interval, 1, now) }),
    }));
  }

  streams(): Json[] {
    const now = Date.now();
    const own =
      this.source === HL
        ? [
            ["l2Book", "deep"],
            ["l2Book:fast", "book"],
            ["bbo", "bbo"],
            ["trades", "trades"],
            ["activeAssetCtx", "context"],
          ]
        : [
            ["depth", "book"],
            ["bookTicker", "bbo"],
            ["trade", "trades"],
            ["ticker", "context"],
          ];
    return own.map(([channel, name]) => ({
      channel,
      symbol: this.listing.symbol,
      ...(name === "book" || name === "deep" ? { sync: "synced" } : {}),
      ...this.stamped(name ?? "", now, {}),
    }));
  }

  #envelope(now: number, data: Json): Json {
    return {
      event_type: "agg_update",
      symbol: this.listing.symbol,
      ts_ms: now,
      source: this.source,
      seq: this.version,
      data: { version: this.version, now_ms: now, ...data },
    };
  }
}

/** The answer to a question for candles. */
export function candlesOf(
  silent: boolean,
  feeds: readonly MockFeed[],
  { symbol, source, interval, limit }: Json,
): Json {
  const found = feeds.find((feed) => feed.source === source && feed.listing.symbol === symbol);
  const rows = silent ? [] : found?.candles.rows(String(interval), Number(limit), Date.now());
  return rows === undefined
    ? { type: "error", code: "unknown_symbol", detail: `${String(symbol)} has no candles`, retryable: false }
    : { type: "candles", symbol, source, interval, candles: rows, pending: false };
}
