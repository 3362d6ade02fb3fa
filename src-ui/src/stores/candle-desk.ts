import type { Envelope, Transport } from "~/transport/types";
import { ApiError, type CandleInterval } from "~/transport/types";
import { asObject } from "~/transport/decode";
import { CANDLES_KEPT, CandleSeries } from "./candles";
import { asStamp } from "./stamps";

/** Series kept at once; the one that was asked for longest ago makes room. */
export const SERIES_KEPT = 12;

const RETRY_MS = 5000;
/** The venue is being asked: the answer is there after a moment, or never. */
const PENDING_MS = 2000;
const MOST_QUESTIONS = 10;

export type HistoryState =
  | { readonly phase: "asking" }
  | { readonly phase: "here" }
  | { readonly phase: "failed"; readonly error: ApiError };

interface Held {
  readonly series: CandleSeries;
  readonly symbol: string;
  history: HistoryState;
  /** Tells answers to an earlier question apart. */
  question: number;
  /** Answers in a row that said that more is to come. */
  asked: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The candles that charts look at: history by request, the newest from the market's updates. */
export class CandleDesk {
  readonly #held = new Map<string, Held>();

  constructor(
    private readonly transport: Pick<Transport, "candles">,
    private readonly linked: () => boolean,
  ) {}

  /** The series of a market; the first call asks for its history. */
  open(source: string, symbol: string, interval: CandleInterval): CandleSeries {
    const key = `${source} ${symbol} ${interval}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      const series = new CandleSeries(source, interval);
      held = { series, symbol, history: { phase: "asking" }, question: 0, asked: 0, timer: undefined };
      if (this.linked()) this.#ask(held);
    }
    // Set anew so that the map's order is that of use.
    this.#held.delete(key);
    this.#held.set(key, held);
    this.#drop();
    return held.series;
  }

  history(source: string, symbol: string, interval: CandleInterval): HistoryState {
    return this.#held.get(`${source} ${symbol} ${interval}`)?.history ?? { phase: "asking" };
  }

  /** A snapshot follows something that was missed, so the history is asked for again. */
  take({ source, symbol, data, ts_ms }: Envelope, arrivedAt: number): void {
    const fields: readonly unknown[] = Array.isArray(data["candles"]) ? data["candles"] : [];
    const snapshot = data["kind"] === "snapshot";
    if (fields.length === 0 && !snapshot) return;
    const coreNow = typeof data["now_ms"] === "number" ? data["now_ms"] : ts_ms;
    for (const field of fields) {
      const body = asObject(field);
      const held = this.#held.get(`${source} ${symbol} ${String(body?.["interval"])}`);
      if (body === null || held === undefined) continue;
      held.series.stamp = asStamp(body, coreNow, arrivedAt);
      if (Array.isArray(body["v"])) held.series.merge(body["v"]);
    }
    if (snapshot)
      for (const held of this.#held.values())
        if (held.series.source === source && held.symbol === symbol) this.#ask(held);
  }

  /** What an earlier run said is void. */
  clear(): void {
    for (const held of this.#held.values()) {
      held.series.clear();
      held.history = { phase: "asking" };
    }
  }

  askAll(): void {
    for (const held of this.#held.values()) this.#ask(held);
  }

  #drop(): void {
    const oldest = this.#held.keys().next().value;
    if (this.#held.size <= SERIES_KEPT || oldest === undefined) return;
    clearTimeout(this.#held.get(oldest)?.timer);
    this.#held.delete(oldest);
  }

  #ask(held: Held): void {
    clearTimeout(held.timer);
    held.question += 1;
    const { question, series, symbol } = held;
    const { source, interval } = series;
    this.transport.candles({ symbol, source, interval, limit: CANDLES_KEPT }).then(
      ({ rows, pending }) => {
        if (question !== held.question) return;
        series.merge(rows);
        held.history = { phase: pending ? "asking" : "here" };
        held.asked += 1;
        if (pending && held.asked < MOST_QUESTIONS)
          held.timer = setTimeout(() => this.#ask(held), PENDING_MS);
        else held.asked = 0;
      },
      (error: unknown) => {
        if (question !== held.question) return;
        const known = error instanceof ApiError ? error : new ApiError("unreachable", String(error), true);
        held.history = { phase: "failed", error: known };
        // Without a link the next one asks again.
        if (known.retryable && this.linked()) held.timer = setTimeout(() => this.#ask(held), RETRY_MS);
      },
    );
  }
}
