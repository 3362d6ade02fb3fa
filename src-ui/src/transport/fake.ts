import type {
  ApiError,
  Envelope,
  LinkState,
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
