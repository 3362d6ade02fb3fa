import type { Listing, Step } from "./market";

type Json = Record<string, unknown>;

export const INTERVALS: Readonly<Record<string, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
};

const WHOLE = { verified: 1, unverified: 0, missing: 0 };

interface Candle {
  openMs: number;
  o: number;
  h: number;
  l: number;
  c: number;
  volume: number;
  notional: number;
  coverage: Json;
}

/** Candles of every interval: an invented past that ends at the present price, and the present from trades. */
export class MockCandles {
  readonly #series = new Map<string, Candle[]>();
  /** Times that the server never saw, `[from, to)`. */
  readonly #lost: (readonly [number, number])[] = [];

  readonly #random: () => number;

  constructor(
    private readonly listing: Listing,
    random: () => number,
    now: number,
  ) {
    this.#random = random;
    this.#of("1m", now);
  }

  /** Made when it is first asked for: a terminal looks at few of them. */
  #of(name: string, now: number): Candle[] {
    const held = this.#series.get(name) ?? this.#past(INTERVALS[name] ?? 60_000, this.#random, now);
    this.#series.set(name, held);
    return held;
  }

  #past(ms: number, random: () => number, now: number): Candle[] {
    const count = ms === 60_000 ? 1500 : 400;
    const candles: Candle[] = [];
    let price = this.listing.price;
    const swing = 0.0006 * Math.sqrt(ms / 60_000);
    const newest = Math.floor(now / ms) * ms;
    for (let back = 0; back < count; back += 1) {
      const c = price;
      const o = c * (1 + (random() - 0.495) * swing * 2);
      const reach = random() * swing * c;
      const volume = this.listing.typical * (20 + random() * 100) * (ms / 60_000);
      candles.unshift({
        openMs: newest - back * ms,
        o,
        h: Math.max(o, c) + reach,
        l: Math.min(o, c) - reach * random(),
        c,
        volume,
        notional: (volume * (o + c)) / 2,
        coverage: WHOLE,
      });
      price = o;
    }
    return candles;
  }

  /** Loses a stretch of the past, as a venue does that keeps no history. */
  lose(fromMs: number, toMs: number): void {
    this.#lost.push([fromMs, toMs]);
  }

  mend(): void {
    this.#lost.length = 0;
  }

  take(trades: Step["trades"], now: number): void {
    for (const [name, series] of this.#series) {
      const ms = INTERVALS[name] ?? 60_000;
      const openMs = Math.floor(now / ms) * ms;
      let last = series.at(-1);
      if (last === undefined || last.openMs !== openMs) {
        const c = last?.c ?? this.listing.price;
        last = { openMs, o: c, h: c, l: c, c, volume: 0, notional: 0, coverage: WHOLE };
        series.push(last);
      }
      for (const { px, sz } of trades) {
        const price = Number(px);
        last.c = price;
        last.h = Math.max(last.h, price);
        last.l = Math.min(last.l, price);
        last.volume += Number(sz);
        last.notional += Number(sz) * price;
      }
    }
  }

  #row(candle: Candle, ms: number, now: number): Json | null {
    let missing = 0;
    for (const [from, to] of this.#lost)
      missing += Math.max(0, Math.min(to, candle.openMs + ms) - Math.max(from, candle.openMs));
    if (missing >= ms) return null;
    const { pxDecimals, szDecimals } = this.listing;
    const share = Math.round((missing / ms) * 10_000) / 10_000;
    return {
      open_ms: candle.openMs,
      o: candle.o.toFixed(pxDecimals),
      h: candle.h.toFixed(pxDecimals),
      l: candle.l.toFixed(pxDecimals),
      c: candle.c.toFixed(pxDecimals),
      volume_base: candle.volume.toFixed(szDecimals),
      notional_usd: candle.notional.toFixed(2),
      trades: 12,
      closed: candle.openMs + ms <= now,
      coverage: share === 0 ? candle.coverage : { verified: 1 - share, unverified: 0, missing: share },
    };
  }

  get intervals(): readonly string[] {
    return [...this.#series.keys()];
  }

  rows(interval: string, limit: number, now: number): Json[] {
    const ms = INTERVALS[interval] ?? 60_000;
    return this.#of(interval, now)
      .slice(-limit)
      .map((candle) => this.#row(candle, ms, now))
      .filter((row) => row !== null);
  }
}
