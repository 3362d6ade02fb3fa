import type {
  ApiError,
  CandleRequest,
  CandleRows,
  Envelope,
  LinkState,
  Readiness,
  Subscribed,
  SymbolDirectory,
  Transport,
  TransportListener,
} from "./types";

/** A transport under the hand of a unit test. */
export class FakeTransport implements Transport {
  readonly kind = "fake";
  readonly asked: string[] = [];
  directory: SymbolDirectory = { run_id: "R1", mode: "simulated", symbols: [] };
  candleRows: CandleRows | ApiError = [];
  ready: Readiness = { ready: true, reasons: [], journal: "healthy" };
  #listener: TransportListener | null = null;

  open(listener: TransportListener): void {
    this.#listener = listener;
  }

  subscribe(coin: string): void {
    this.asked.push(`+${coin}`);
  }

  unsubscribe(coin: string): void {
    this.asked.push(`-${coin}`);
  }

  symbols(): Promise<SymbolDirectory> {
    return Promise.resolve(this.directory);
  }

  candles({ symbol, source, interval }: CandleRequest): Promise<CandleRows> {
    this.asked.push(`candles ${source} ${symbol} ${interval}`);
    return this.candleRows instanceof Error
      ? Promise.reject(this.candleRows)
      : Promise.resolve(this.candleRows);
  }

  readiness(): Promise<Readiness> {
    return Promise.resolve(this.ready);
  }

  retry(): void {
    this.asked.push("retry");
  }

  close(): void {
    this.#listener = null;
  }

  events(batch: readonly Envelope[], arrivedAt = 0): void {
    this.#listener?.onEvents(batch, arrivedAt);
  }

  subscribed(answer: Subscribed): void {
    this.#listener?.onSubscribed(answer);
  }

  state(state: LinkState): void {
    this.#listener?.onState(state);
  }

  error(error: ApiError): void {
    this.#listener?.onError(error);
  }
}
