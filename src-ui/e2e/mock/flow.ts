import type { Listing, Step } from "./market";

type Json = Record<string, unknown>;
type Stamped = (name: string, now: number, value: Json) => Json;

export const PERPS: ReadonlySet<string> = new Set(["hyperliquid", "binance-usdm", "bybit", "okx"]);

const NUMBERED: ReadonlySet<string> = new Set(["binance-spot", "binance-usdm", "okx"]);

/** How much each perpetual venue reports of its liquidations. */
const REPORTS: Readonly<Record<string, string>> = { bybit: "all", "binance-usdm": "sampled", okx: "sampled" };

interface Signed {
  readonly at: number;
  readonly usd: number;
}

/** Volume delta, open interest, walls and quality of one market. */
export class MockFlow {
  /** Feeds that miss their cadence. */
  readonly degraded = new Set<string>();
  /** Share of the window that was not seen. */
  missing = 0;
  readonly #trades: Signed[] = [];
  #liquidations: Json[] = [];
  #seq = 0;

  constructor(
    private readonly listing: Listing,
    private readonly source: string,
    private readonly random: () => number,
  ) {
    const now = Date.now();
    for (let back = 300; back > 0; back -= 1)
      this.#trades.push({ at: now - back * 1000, usd: (random() - 0.48) * 60_000 });
  }

  take(trades: Step["trades"]): void {
    for (const { px, sz, side, ts_ms } of trades)
      this.#trades.push({ at: ts_ms, usd: Number(px) * Number(sz) * (side === "buy" ? 1 : -1) });
    while ((this.#trades[0]?.at ?? Infinity) < Date.now() - 300_000) this.#trades.shift();
  }

  sum(windowMs: number, now: number): number {
    return this.#trades.reduce((sum, { at, usd }) => (at >= now - windowMs ? sum + usd : sum), 0);
  }

  get coverage(): Json {
    const seen = Math.round((1 - this.missing) * 10_000) / 10_000;
    return NUMBERED.has(this.source)
      ? { verified: seen, unverified: 0, missing: 1 - seen }
      : { verified: 0, unverified: seen, missing: 1 - seen };
  }

  window(windowMs: number, now: number, stamped: Stamped): Json {
    return {
      window_ms: windowMs,
      coverage: this.coverage,
      ...stamped("trades", now, { v: this.sum(windowMs, now).toFixed(2) }),
    };
  }

  interestUsd(): number {
    const share =
      { hyperliquid: 3.41e9, "binance-usdm": 8.2e9, bybit: 4.7e9, okx: 3.1e9 }[this.source] ?? 1e9;
    return share * (this.listing.price / 97_412) * (1 + Math.sin(Date.now() / 40_000) * 0.0004);
  }

  fields(now: number, best: { bid: readonly string[]; ask: readonly string[] }, stamped: Stamped): Json {
    const third = (side: readonly string[], step: number): string =>
      (Number(side[0]) + step * 2 * 10 ** -this.listing.pxDecimals).toFixed(this.listing.pxDecimals);
    const wall = (px: string): Json => ({
      px: px.includes(".") ? px.replace(/\.?0+$/, "") : px,
      sz: (this.listing.typical * 9).toFixed(this.listing.szDecimals),
      times_median: "9.1",
      since_ms: now - 42_000,
    });
    return {
      cvd_venue: this.window(300_000, now, stamped),
      cvd_venue_1m: this.window(60_000, now, stamped),
      imbalance: stamped("book", now, { v: (Math.sin(now / 9000) * 0.4).toFixed(4) }),
      walls: stamped("book", now, { bids: [wall(third(best.bid, -1))], asks: [wall(third(best.ask, 1))] }),
      quality: {
        degraded: [...this.degraded],
        quarantined: 0,
        outliers: 0,
        missing_s: { trades: this.missing > 0 ? 12 : 0 },
      },
      ...(PERPS.has(this.source)
        ? {
            open_interest_usd: stamped("context", now, { v: this.interestUsd().toFixed(2) }),
            basis_bps: stamped("context", now, {
              v: (0.8 + Math.sin(now / 12_000 + this.source.length)).toFixed(4),
            }),
          }
        : {}),
    };
  }

  /** The batch of the last two seconds; null for venues that report none. */
  batch(now: number, run: Json, price: number, stamped: Stamped): Json | null {
    const reports = REPORTS[this.source];
    if (reports === undefined) return null;
    const rows: Json[] = [];
    for (let count = this.random() < 0.4 ? 1 + Math.floor(this.random() * 2) : 0; count > 0; count -= 1) {
      const sz = this.listing.typical * (0.1 + this.random() * 2);
      const row = {
        ts_ms: now - Math.floor(this.random() * 2000),
        liquidated: this.random() < 0.6 ? "long" : "short",
        px: price.toFixed(this.listing.pxDecimals),
        px_kind: this.source === "bybit" ? "bankruptcy" : "average",
        sz: sz.toFixed(this.listing.szDecimals),
        notional_usd: (sz * price).toFixed(2),
      };
      rows.push(row);
      this.#liquidations.push(row);
    }
    this.#liquidations = this.#liquidations.filter((row) => Number(row["ts_ms"]) > now - 3_600_000);
    const total = (windowMs: number, side: string): string =>
      this.#liquidations
        .filter((row) => row["liquidated"] === side && Number(row["ts_ms"]) > now - windowMs)
        .reduce((sum, row) => sum + Number(row["notional_usd"]), 0)
        .toFixed(2);
    this.#seq += 1;
    return {
      event_type: "liquidation_batch",
      symbol: this.listing.symbol,
      ts_ms: now,
      source: this.source,
      seq: this.#seq,
      data: {
        ts_source: "receive",
        now_ms: now,
        ...run,
        batch_ms: 2000,
        rows,
        dropped: 0,
        feed_coverage: reports,
        sums: [60_000, 300_000, 3_600_000].map((windowMs) => ({
          window_ms: windowMs,
          long_usd: total(windowMs, "long"),
          short_usd: total(windowMs, "short"),
          count: rows.length,
          coverage: this.coverage,
        })),
        ...stamped("trades", now, {}),
      },
    };
  }
}
