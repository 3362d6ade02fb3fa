import type { AgentPort } from "./agent-types";
import type { AuthPort } from "./auth-types";
import type { TeamPort } from "./team-types";
import type { TradingPort } from "./trading-port";
import type {
  AccountPort,
  AlphaAnswer,
  AlphaQuestion,
  ApiError,
  CandleRequest,
  CandleAnswer,
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
  auth: AuthPort | null = null;
  account: AccountPort | null = null;
  agents: AgentPort | null = null;
  trading: TradingPort | null = null;
  team: TeamPort | null = null;
  server: string | null = null;
  readonly asked: string[] = [];
  directory: SymbolDirectory = { run_id: "R1", mode: "simulated", symbols: [] };
  candleAnswer: CandleAnswer | ApiError = { rows: [], pending: false };
  readonly alphaAnswers = new Map<AlphaQuestion["kind"], AlphaAnswer | ApiError>();
  #listener: TransportListener | null = null;

  open(listener: TransportListener): void {
    this.#listener = listener;
  }

  followPrivate(): void {
    this.asked.push("private");
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

  candles({ symbol, source, interval }: CandleRequest): Promise<CandleAnswer> {
    this.asked.push(`candles ${source} ${symbol} ${interval}`);
    return this.candleAnswer instanceof Error
      ? Promise.reject(this.candleAnswer)
      : Promise.resolve(this.candleAnswer);
  }

  alpha(question: AlphaQuestion): Promise<AlphaAnswer> {
    this.asked.push(`alpha ${Object.values(question).join(" ")}`);
    const answer = this.alphaAnswers.get(question.kind) ?? { now_ms: 0 };
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  retry(): void {
    this.asked.push("retry");
  }

  reopen(): void {
    this.asked.push("reopen");
  }

  hold(reason: string): void {
    this.asked.push(`hold ${reason}`);
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

  readiness(readiness: Readiness): void {
    this.#listener?.onReadiness(readiness);
  }

  error(error: ApiError): void {
    this.#listener?.onError(error);
  }
}
