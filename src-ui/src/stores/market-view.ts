import { type Decimal, parseDecimal } from "~/shared/decimal";
import { type Stamp, Stamped } from "~/shared/stamped";
import { asMode, asObject } from "~/transport/decode";
import type { Envelope, Mode } from "~/transport/types";
import { asLevel, BookSide, type Level } from "./book";
import { FlowView } from "./flow-view";
import { asInstrument, asStamp, type Instrument } from "./stamps";
import { TradeRing } from "./trades";

export interface Quote {
  readonly bid: Level | null;
  readonly ask: Level | null;
}

export interface Funding {
  readonly rate: Decimal;
  readonly intervalHours: number;
  /** When it is paid next, by the server's clock. */
  readonly nextMs: number | null;
}

export interface BookView {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export const DECIMAL_FIELDS = [
  "price",
  "mark_price",
  "index_price",
  "mid_price",
  "open_interest_base",
  "open_interest_usd",
  "basis_bps",
  "imbalance",
  "oi_total",
  "oi_hl",
  "oi_binance_perp",
  "prev_day_price",
  "day_notional_usd",
] as const;

export type DecimalField = (typeof DECIMAL_FIELDS)[number];

export type Outcome = "applied" | "awaiting" | "gap";

type Json = Readonly<Record<string, unknown>>;

/** Everything that one source says about one symbol, held exactly as the protocol's snapshots and deltas leave it. */
export class MarketView {
  instrument: Instrument | null = null;
  mode: Mode | null = null;
  runId: string | null = null;
  /** The version held; null while a snapshot is awaited. */
  version: number | null = null;
  /** Grows with each change, for painters. */
  revision = 0;
  arrivedAt: number | null = null;
  refusedValues = 0;

  readonly #figures = new Map<DecimalField, Stamped<Decimal>>();
  readonly #bids = new BookSide("bid");
  readonly #asks = new BookSide("ask");
  readonly #ring = new TradeRing();
  #quote: Stamped<Quote> | null = null;
  #funding: Stamped<Funding> | null = null;
  #book: Stamped<BookView> | null = null;
  #deep: Stamped<BookView> | null = null;
  #deepFrom: number | null = null;
  #trades: Stamped<TradeRing> | null = null;
  readonly flow: FlowView;

  constructor(
    readonly source: string,
    readonly symbol: string,
  ) {
    this.flow = new FlowView(source);
  }

  figure(field: DecimalField): Stamped<Decimal> | null {
    return this.#figures.get(field) ?? null;
  }

  get quote(): Stamped<Quote> | null {
    return this.#quote;
  }

  get funding(): Stamped<Funding> | null {
    return this.#funding;
  }

  get book(): Stamped<BookView> | null {
    return this.#book;
  }

  /** The same levels under the stamp that the ones from `deepFrom` on have; null when one stamp serves all. */
  get deep(): Stamped<BookView> | null {
    return this.#deep;
  }

  get deepFrom(): number | null {
    return this.#deepFrom;
  }

  get trades(): Stamped<TradeRing> | null {
    return this.#trades;
  }

  apply(envelope: Envelope, arrivedAt: number): Outcome {
    const { data } = envelope;
    const version = data["version"];
    if (typeof version !== "number") return "awaiting";
    const snapshot = data["kind"] === "snapshot";
    if (!snapshot) {
      if (this.version === null) return "awaiting";
      if (data["base_version"] !== this.version) {
        this.version = null;
        return "gap";
      }
    } else this.#begin(data);
    this.version = version;
    this.arrivedAt = arrivedAt;
    const now = data["now_ms"];
    this.#take(data, typeof now === "number" ? now : envelope.ts_ms, arrivedAt);
    this.revision += 1;
    return "applied";
  }

  #begin(data: Json): void {
    this.clear();
    this.runId = typeof data["run_id"] === "string" ? data["run_id"] : null;
    this.mode = asMode(data["mode"]);
  }

  clear(): void {
    this.version = null;
    this.instrument = null;
    this.#figures.clear();
    this.#bids.clear();
    this.#asks.clear();
    this.#ring.clear();
    this.#quote = null;
    this.#funding = null;
    this.#book = null;
    this.#deep = null;
    this.#deepFrom = null;
    this.#trades = null;
    this.flow.clear();
    this.revision += 1;
  }

  #take(data: Json, coreNow: number, arrivedAt: number): void {
    const instrument = asInstrument(data["instrument"]);
    if (instrument !== null) this.instrument = instrument;
    for (const field of DECIMAL_FIELDS) {
      const body = asObject(data[field]);
      if (body !== null) this.#takeFigure(field, body, asStamp(body, coreNow, arrivedAt));
    }
    const quote = asObject(data["bbo"]);
    if (quote !== null) this.#takeQuote(quote, asStamp(quote, coreNow, arrivedAt));
    const funding = asObject(data["funding_rate"]);
    if (funding !== null) this.#takeFunding(funding, asStamp(funding, coreNow, arrivedAt));
    const book = asObject(data["book"]);
    if (book !== null) this.#takeBook(book, coreNow, arrivedAt);
    const trades = asObject(data["trades"]);
    if (trades !== null) this.#takeTrades(trades, asStamp(trades, coreNow, arrivedAt));
    this.refusedValues += this.flow.take(data, coreNow, arrivedAt);
  }

  #takeFigure(field: DecimalField, body: Json, stamp: Stamp | null): void {
    if (stamp === null) {
      this.#figures.delete(field);
      return;
    }
    const value = parseDecimal(body["v"]);
    const held = this.#figures.get(field);
    if (value !== null) this.#figures.set(field, Stamped.of(this.source, value, stamp));
    else if (body["v"] === undefined && held !== undefined) this.#figures.set(field, held.restamped(stamp));
    else {
      this.refusedValues += 1;
      this.#figures.delete(field);
    }
  }

  #takeQuote(body: Json, stamp: Stamp | null): void {
    const value = asObject(body["v"]);
    if (stamp === null || value === null) {
      this.#quote = null;
      return;
    }
    const quote: Quote = { bid: asLevel(value["bid"]), ask: asLevel(value["ask"]) };
    this.#quote = Stamped.of(this.source, quote, stamp);
  }

  #takeFunding(body: Json, stamp: Stamp | null): void {
    const rate = parseDecimal(body["v"]);
    const hours = body["interval_h"];
    if (stamp === null || rate === null || typeof hours !== "number" || hours <= 0) {
      this.#funding = null;
      return;
    }
    const next = body["next_ms"];
    const nextMs = typeof next === "number" ? next : null;
    this.#funding = Stamped.of(this.source, { rate, intervalHours: hours, nextMs }, stamp);
  }

  #takeBook(body: Json, coreNow: number, arrivedAt: number): void {
    const stamp = asStamp(body, coreNow, arrivedAt);
    if (stamp === null) {
      this.#bids.clear();
      this.#asks.clear();
      this.#book = null;
      this.#deep = null;
      this.#deepFrom = null;
      return;
    }
    this.refusedValues += this.#bids.apply(body["bids"]) + this.#asks.apply(body["asks"]);
    const view: BookView = { bids: this.#bids.levels, asks: this.#asks.levels };
    this.#book = Stamped.of(this.source, view, stamp);
    const deep = asObject(body["deep"]);
    if (deep !== null) this.#takeDeep(deep, view, coreNow, arrivedAt);
    else if (this.#deep !== null) this.#deep = this.#deep.map(() => view);
  }

  #takeDeep(body: Json, view: BookView, coreNow: number, arrivedAt: number): void {
    const from = body["from"];
    const stamp = asStamp(body, coreNow, arrivedAt);
    if (typeof from === "number") this.#deepFrom = from;
    this.#deep = stamp === null ? null : Stamped.of(this.source, view, stamp);
  }

  #takeTrades(body: Json, stamp: Stamp | null): void {
    if (stamp === null) {
      this.#ring.clear();
      this.#trades = null;
      return;
    }
    this.refusedValues += this.#ring.push(body["v"]);
    if (typeof body["dropped"] === "number") this.#ring.dropped += body["dropped"];
    this.#trades = Stamped.of(this.source, this.#ring, stamp);
  }
}
