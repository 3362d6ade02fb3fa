import { sortKey } from "~/shared/decimal";
import type { Stamped } from "~/shared/stamped";
import type { MarketView } from "./market-view";

/** Time between two samples. */
export const SAMPLE_MS = 1000;
/** An hour; older samples make room. */
export const SAMPLES_KEPT = 3600;
/** Symbols whose samples are kept; only the chosen one is sampled. */
const SYMBOLS_KEPT = 8;

/** One figure once a second; a second without a fresh value is `NaN` and a break in the line. */
export class SampleRing {
  readonly #values = new Float64Array(SAMPLES_KEPT).fill(Number.NaN);
  #slot = -1;
  #first = -1;

  push(slot: number, value: number): void {
    if (slot <= this.#slot) return;
    if (this.#first < 0) this.#first = slot;
    const skipped = this.#slot < 0 ? 0 : Math.min(SAMPLES_KEPT, slot - this.#slot - 1);
    for (let back = skipped; back > 0; back -= 1) this.#values[(slot - back) % SAMPLES_KEPT] = Number.NaN;
    this.#values[slot % SAMPLES_KEPT] = value;
    this.#slot = slot;
  }

  /** The newest slot, -1 before the first sample. */
  get slot(): number {
    return this.#slot;
  }

  get first(): number {
    return this.#first;
  }

  at(slot: number): number {
    if (slot > this.#slot || slot < this.#first || this.#slot - slot >= SAMPLES_KEPT) return Number.NaN;
    return this.#values[slot % SAMPLES_KEPT] ?? Number.NaN;
  }
}

export type SampledField = "cvd" | "interest" | "funding" | "basis";

export const SAMPLED_FIELDS: readonly SampledField[] = ["cvd", "interest", "funding", "basis"];

function fresh<T>(stamped: Stamped<T> | null, now: number, number: (value: T) => number): number {
  return (
    stamped?.draw(now, (value, { state }) => (state === "stale" ? Number.NaN : number(value))) ?? Number.NaN
  );
}

function valueOf(view: MarketView, field: SampledField, now: number): number {
  const composite = view.source === "composite";
  if (field === "cvd")
    return fresh(view.flow.window(composite ? "cvd_spot_5m" : "cvd_venue"), now, ({ usd }) => sortKey(usd));
  if (field === "interest")
    return fresh(view.figure(composite ? "oi_total" : "open_interest_usd"), now, sortKey);
  if (field === "basis") return fresh(view.figure("basis_bps"), now, sortKey);
  // Venues pay at different intervals; only yearly rates compare.
  return fresh(view.funding, now, ({ rate, intervalHours }) => (sortKey(rate) * 876_000) / intervalHours);
}

/** Figures of the symbols looked at lately as they were seen here, for lines over time. */
export class SampleBook {
  readonly #symbols = new Map<string, Map<string, SampleRing>>();

  /** Samples until the function that it gives is called. */
  run(chosen: () => readonly [string, Iterable<MarketView>], now: () => number): () => void {
    const timer = setInterval(() => this.record(...chosen(), now()), SAMPLE_MS);
    return () => clearInterval(timer);
  }

  record(symbol: string, views: Iterable<MarketView>, now: number): void {
    const rings = this.#of(symbol);
    const slot = Math.floor(now / SAMPLE_MS);
    for (const view of views)
      for (const field of SAMPLED_FIELDS) {
        const key = `${field} ${view.source}`;
        const value = valueOf(view, field, now);
        let ring = rings.get(key);
        if (ring === undefined) {
          if (Number.isNaN(value)) continue;
          rings.set(key, (ring = new SampleRing()));
        }
        ring.push(slot, value);
      }
  }

  ring(symbol: string, field: SampledField, source: string): SampleRing | null {
    return this.#symbols.get(symbol)?.get(`${field} ${source}`) ?? null;
  }

  clear(): void {
    this.#symbols.clear();
  }

  #of(symbol: string): Map<string, SampleRing> {
    const rings = this.#symbols.get(symbol) ?? new Map<string, SampleRing>();
    this.#symbols.delete(symbol);
    this.#symbols.set(symbol, rings);
    const oldest = this.#symbols.keys().next().value;
    if (this.#symbols.size > SYMBOLS_KEPT && oldest !== undefined) this.#symbols.delete(oldest);
    return rings;
  }
}
