import { asObject } from "~/transport/decode";
import { COMPONENTS, type Conviction } from "./conviction";
import { asList, asNumber, type Json } from "./json";

/** An hour of seconds; older ones make room. */
export const SECONDS_KEPT = 3600;

/** Per second: the score, the decay, a mark for inputs that were not fresh, and the five contributions. */
const FIELDS = 3 + COMPONENTS.length;

export interface ScorePoint {
  /** 0 to 100. */
  readonly score: number;
  /** 1 while the signal is fresh; `NaN` where it was not told. */
  readonly decay: number;
  /** An input was stale or missing. */
  readonly partly: boolean;
  /** In the order of the weights; `NaN` where one was not told. */
  readonly contributions: readonly number[];
}

/** A symbol's score second by second by the server's clock; a second without an evaluation is a gap. */
export class ScoreHistory {
  readonly #values = new Float32Array(SECONDS_KEPT * FIELDS).fill(Number.NaN);
  readonly #slots = new Int32Array(SECONDS_KEPT).fill(-1);
  #newest = -1;
  #oldest = -1;
  revision = 0;

  /** The newest second, -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  get oldest(): number {
    return Math.max(this.#oldest, this.#newest - SECONDS_KEPT + 1);
  }

  take(conviction: Conviction): void {
    this.#put(Math.floor(conviction.nowMs / 1000), {
      score: conviction.score,
      decay: conviction.decay ?? Number.NaN,
      partly: conviction.components.some(({ state }) => state !== "fresh"),
      contributions: conviction.components.map(({ contribution }) => contribution ?? Number.NaN),
    });
  }

  /** Fills seconds that were not seen here from the server's answer; what was seen stays. */
  merge(rows: readonly unknown[]): void {
    for (const row of asList(rows, SECONDS_KEPT, asRow))
      if (this.#slots[place(row.second)] !== row.second) this.#put(row.second, row);
  }

  at(second: number): ScorePoint | null {
    if (second < this.oldest || this.#slots[place(second)] !== second) return null;
    const from = place(second) * FIELDS;
    return {
      score: this.#values[from] ?? Number.NaN,
      decay: this.#values[from + 1] ?? Number.NaN,
      partly: this.#values[from + 2] === 1,
      contributions: [...this.#values.subarray(from + 3, from + FIELDS)],
    };
  }

  #put(second: number, point: ScorePoint): void {
    if (second < 0 || second <= this.#newest - SECONDS_KEPT) return;
    this.#slots[place(second)] = second;
    this.#values.set(
      [point.score, point.decay, point.partly ? 1 : 0, ...point.contributions],
      place(second) * FIELDS,
    );
    this.#newest = Math.max(this.#newest, second);
    this.#oldest = this.#oldest < 0 ? second : Math.min(this.#oldest, second);
    this.revision += 1;
  }
}

function place(second: number): number {
  return second % SECONDS_KEPT;
}

function asRow(value: unknown): (ScorePoint & { readonly second: number }) | null {
  const body: Json | null = asObject(value);
  const tsMs = asNumber(body?.["ts_ms"]);
  const score = asNumber(body?.["score"]);
  if (body === null || tsMs === null || score === null) return null;
  const listed = body["contributions"];
  const named = asObject(listed);
  const contributions = COMPONENTS.map(
    (name, index) =>
      asNumber(named === null ? (Array.isArray(listed) ? listed[index] : null) : named[name]) ?? Number.NaN,
  );
  return {
    second: Math.floor(tsMs / 1000),
    score,
    decay: asNumber(body["decay"]) ?? Number.NaN,
    partly: body["fresh"] !== undefined && asNumber(body["fresh"]) !== COMPONENTS.length,
    contributions,
  };
}
