import { type Decimal, parseDecimal, sortKey } from "~/shared/decimal";
import { type Stamp, Stamped } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import type { CandleInterval } from "~/transport/types";
import { asCoverage, type Coverage } from "./coverage";

export const INTERVAL_MS: Readonly<Record<CandleInterval, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
};

export const INTERVALS = Object.keys(INTERVAL_MS) as readonly CandleInterval[];

export interface Candle {
  readonly openMs: number;
  readonly o: Decimal;
  readonly h: Decimal;
  readonly l: Decimal;
  readonly c: Decimal;
  readonly volume: Decimal;
  readonly closed: boolean;
  readonly coverage: Coverage;
  /** For geometry and studies, never for display. */
  readonly at: CandleNumbers;
}

export interface CandleNumbers {
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  /** Base units. */
  readonly volume: number;
  /** Price times size, summed; null where only the venue's candle is known. */
  readonly notional: number | null;
}

export function asCandle(value: unknown): Candle | null {
  const body = asObject(value);
  const openMs = body?.["open_ms"];
  const coverage = asCoverage(body?.["coverage"]);
  const [o, h, l, c, volume] = ["o", "h", "l", "c", "volume_base"].map((name) => parseDecimal(body?.[name]));
  if (typeof openMs !== "number" || coverage === null || !o || !h || !l || !c || !volume) return null;
  const notional = parseDecimal(body?.["notional_usd"]);
  const at = {
    o: sortKey(o),
    h: sortKey(h),
    l: sortKey(l),
    c: sortKey(c),
    volume: sortKey(volume),
    notional: notional === null ? null : sortKey(notional),
  };
  return { openMs, o, h, l, c, volume, closed: body?.["closed"] === true, coverage, at };
}

/** Candles of one series that are held; the oldest make room. */
export const CANDLES_KEPT = 1500;

/** The candles of one market and interval, oldest first, at most one for each time. */
export class CandleSeries {
  readonly #rows: Candle[] = [];
  /** Grows with each change. */
  revision = 0;
  /** Grows when anything but the newest candle changed, or more than one came. */
  reshaped = 0;
  refused = 0;
  stamp: Stamp | null = null;

  constructor(
    readonly source: string,
    readonly interval: CandleInterval,
  ) {}

  get rows(): readonly Candle[] {
    return this.#rows;
  }

  /** The candles with the age of the trades that they are built from; null while that is unknown. */
  get stamped(): Stamped<readonly Candle[]> | null {
    return this.stamp === null ? null : Stamped.of(this.source, this.#rows, this.stamp);
  }

  clear(): void {
    this.#rows.length = 0;
    this.stamp = null;
    this.revision += 1;
    this.reshaped += 1;
  }

  merge(values: readonly unknown[]): void {
    for (const value of values) {
      const candle = asCandle(value);
      if (candle === null) this.refused += 1;
      else this.#set(candle);
    }
    const excess = this.#rows.length - CANDLES_KEPT;
    if (excess > 0) {
      this.#rows.splice(0, excess);
      this.reshaped += 1;
    }
    this.revision += 1;
  }

  #set(candle: Candle): void {
    const rows = this.#rows;
    const last = rows.at(-1);
    if (last === undefined || candle.openMs > last.openMs) {
      rows.push(candle);
      // The chart takes one more candle in its stride; a jump leaves a gap that has to be laid out.
      if (last === undefined || candle.openMs - last.openMs !== INTERVAL_MS[this.interval])
        this.reshaped += 1;
      return;
    }
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.openMs ?? 0) < candle.openMs) low = middle + 1;
      else high = middle;
    }
    const found = rows[low]?.openMs === candle.openMs;
    rows.splice(low, found ? 1 : 0, candle);
    if (!found || low !== rows.length - 1) this.reshaped += 1;
  }
}
