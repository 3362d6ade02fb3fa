import { type Decimal, parseDecimal } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import type { Envelope } from "~/transport/types";
import { asCoverage, type Coverage } from "./coverage";
import { asStamp } from "./stamps";

export interface LiquidationEvent {
  readonly source: string;
  readonly tsMs: number;
  /** Whose position was closed. */
  readonly liquidated: "long" | "short";
  readonly px: Decimal;
  /** `fill`, `average`, `bankruptcy` or `mark`. */
  readonly pxKind: string;
  readonly sz: Decimal;
  readonly usd: Decimal;
}

/** One venue's own report over a window; never to be added to another's. */
export interface LiquidationSum {
  readonly windowMs: number;
  readonly longUsd: Decimal;
  readonly shortUsd: Decimal;
  readonly count: number;
  readonly coverage: Coverage;
}

/** Liquidations of one venue that are held; the oldest make room. */
export const LIQUIDATIONS_KEPT = 400;

type Json = Readonly<Record<string, unknown>>;

function asEvent(source: string, value: unknown): LiquidationEvent | null {
  const body = asObject(value);
  const px = parseDecimal(body?.["px"]);
  const sz = parseDecimal(body?.["sz"]);
  const usd = parseDecimal(body?.["notional_usd"]);
  const liquidated = body?.["liquidated"];
  const tsMs = body?.["ts_ms"];
  if (px === null || sz === null || usd === null || typeof tsMs !== "number") return null;
  if (liquidated !== "long" && liquidated !== "short") return null;
  return { source, tsMs, liquidated, px, pxKind: String(body?.["px_kind"] ?? ""), sz, usd };
}

function asSum(value: unknown): LiquidationSum | null {
  const body = asObject(value);
  const longUsd = parseDecimal(body?.["long_usd"]);
  const shortUsd = parseDecimal(body?.["short_usd"]);
  const coverage = asCoverage(body?.["coverage"]);
  const windowMs = body?.["window_ms"];
  if (longUsd === null || shortUsd === null || coverage === null || typeof windowMs !== "number") return null;
  const count = typeof body?.["count"] === "number" ? body["count"] : 0;
  return { windowMs, longUsd, shortUsd, count, coverage };
}

/** What one venue reported of one market. */
export class LiquidationFeed {
  /** Oldest first. */
  readonly events: LiquidationEvent[] = [];
  sums: Stamped<readonly LiquidationSum[]> | null = null;
  /** `all`, or `sampled`: then every sum is a lower bound. */
  reports: string | null = null;
  /** Events that the server left out of its batches; its sums have them. */
  dropped = 0;
  revision = 0;
  seq = 0;

  constructor(readonly source: string) {}

  take(data: Json, seq: number, arrivedAt: number): void {
    this.seq = seq;
    this.revision += 1;
    const coreNow = typeof data["now_ms"] === "number" ? data["now_ms"] : 0;
    const stamp = asStamp(data, coreNow, arrivedAt);
    if (typeof data["feed_coverage"] === "string") this.reports = data["feed_coverage"];
    if (typeof data["dropped"] === "number") this.dropped += data["dropped"];
    for (const row of Array.isArray(data["rows"]) ? data["rows"] : []) {
      const event = asEvent(this.source, row);
      if (event !== null) this.events.push(event);
    }
    const excess = this.events.length - LIQUIDATIONS_KEPT;
    if (excess > 0) this.events.splice(0, excess);
    const sums = (Array.isArray(data["sums"]) ? data["sums"] : []).map(asSum).filter((sum) => sum !== null);
    this.sums = stamp === null ? null : Stamped.of(this.source, sums, stamp);
  }
}

/** Markets whose liquidations are kept, by symbol; the one that was heard of first makes room. */
const SYMBOLS_KEPT = 64;

export class LiquidationDesk {
  readonly #feeds = new Map<string, Map<string, LiquidationFeed>>();

  of(symbol: string): readonly LiquidationFeed[] {
    return [...(this.#feeds.get(symbol)?.values() ?? [])];
  }

  feed(source: string, symbol: string): LiquidationFeed | null {
    return this.#feeds.get(symbol)?.get(source) ?? null;
  }

  take({ source, symbol, data, seq }: Envelope, arrivedAt: number): void {
    let feeds = this.#feeds.get(symbol);
    if (feeds === undefined) this.#feeds.set(symbol, (feeds = new Map()));
    let feed = feeds.get(source);
    if (feed === undefined) feeds.set(source, (feed = new LiquidationFeed(source)));
    if (seq > feed.seq) feed.take(data, seq, arrivedAt);
    const oldest = this.#feeds.keys().next().value;
    if (this.#feeds.size > SYMBOLS_KEPT && oldest !== undefined) this.#feeds.delete(oldest);
  }

  clear(): void {
    this.#feeds.clear();
  }
}
