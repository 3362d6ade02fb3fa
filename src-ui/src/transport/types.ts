import type { AgentPort } from "./agent-types";
import type { AuthPort } from "./auth-types";
import type { TeamPort } from "./team-types";
import type { TradingPort } from "./trading-port";

export type Mode = "live" | "simulated" | "replay";

export interface Envelope {
  readonly event_type: string;
  readonly symbol: string;
  readonly ts_ms: number;
  readonly source: string;
  readonly seq: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Subscribed {
  readonly coin: string;
  readonly run_id: string;
  readonly mode: Mode;
  readonly sources: readonly string[];
}

export interface ListedSymbol {
  readonly symbol: string;
  readonly sources: readonly string[];
  /** Of these, the ones that trade it no more. */
  readonly delisted: readonly string[];
  /** The server follows it whether anybody watches it or not. */
  readonly followed: boolean;
}

export interface SymbolDirectory {
  readonly run_id: string;
  readonly mode: Mode;
  readonly symbols: readonly ListedSymbol[];
}

/** How long a candle lasts; the names are the protocol's. */
export type CandleInterval = "1m" | "5m" | "15m" | "1h" | "4h" | "1d";

export interface CandleRequest {
  readonly symbol: string;
  readonly source: string;
  readonly interval: CandleInterval;
  readonly limit: number;
}

export interface CandleAnswer {
  /** Rows as the protocol has them, oldest first; the store reads them. */
  readonly rows: readonly unknown[];
  /** The venue is being asked for older ones. */
  readonly pending: boolean;
}

/** What may be asked of the conviction engine. */
export type AlphaQuestion =
  | { readonly kind: "conviction" | "why" | "gates" | "history"; readonly symbol: string }
  | { readonly kind: "opportunities" };

/** An answer as the protocol has it; the stores read it. */
export type AlphaAnswer = Readonly<Record<string, unknown>>;

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** `healthy`, `degraded` or `off`. */
  readonly journal: string;
}

/** An error with the server's stable code; the interface decides by the code and never by the words. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
    readonly coin: string | null = null,
    /** Further facts by name, as the server tells them. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type LinkState =
  | { readonly phase: "connecting" }
  | { readonly phase: "open"; readonly since: number }
  | {
      readonly phase: "closed";
      readonly reason: string;
      /** Why the server ended it, where it said so by a code. */
      readonly code?: string;
      /** Wall time of the loss. */
      readonly at: number;
      /** Monotonic time of the next attempt; null when there will be none. */
      readonly retryAt: number | null;
    };

export interface TransportListener {
  /** `arrivedAt` is the monotonic time at which the batch came in. */
  onEvents(batch: readonly Envelope[], arrivedAt: number): void;
  onSubscribed(answer: Subscribed): void;
  onState(state: LinkState): void;
  onError(error: ApiError): void;
  /** How the engine is doing, when the link opens and whenever it changes. */
  onReadiness(readiness: Readiness): void;
  /** A message that is not the protocol; it was left out. */
  onMalformed(): void;
  /** Round trip between this window and its server. */
  onRoundTrip(ms: number): void;
}

/** The user's account, where there is one: what its owner states of it. */
export interface AccountPort {
  /** A decimal amount of USD; null while nothing was stated. */
  equityUsd(): Promise<string | null>;
  stateEquityUsd(amount: string | null): Promise<void>;
}

/** The one seam between the interface and whatever runs the engine. */
export interface Transport {
  readonly kind: "gateway" | "desktop" | "fake";
  /** Null where nobody logs in. */
  readonly auth: AuthPort | null;
  /** Null at a server without accounts. */
  readonly account: AccountPort | null;
  /** Null where agents are a server's: only the app's own engine has any here. */
  readonly agents: AgentPort | null;
  /** Null where nothing can ever be traded. */
  readonly trading: TradingPort | null;
  /** Null where no team server can be chosen: a browser has the one that its page came from. */
  readonly team: TeamPort | null;
  /** The origin of the team server in the place of the app's own engine; null where none was chosen. */
  readonly server: string | null;
  open(listener: TransportListener): void;
  /** Follows what belongs to the user's accounts, now and after each reconnect. */
  followPrivate(): void;
  subscribe(coin: string): void;
  unsubscribe(coin: string): void;
  symbols(): Promise<SymbolDirectory>;
  /** The newest candles that the server holds, oldest first. */
  candles(request: CandleRequest): Promise<CandleAnswer>;
  /** Reads change nothing at the server. */
  alpha(question: AlphaQuestion): Promise<AlphaAnswer>;
  /** Tries again at once instead of at the planned time. */
  retry(): void;
  /** Ends the link and connects anew at once: the handshake carries who is logged in. */
  reopen(): void;
  /** Makes no attempt by itself until the next `retry` or `reopen`. */
  hold(reason: string): void;
  close(): void;
}
