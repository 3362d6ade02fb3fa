import { clock } from "~/shared/clock";
import type { AgentPort } from "./agent-types";
import type { AuthPort } from "./auth-types";
import { Backoff } from "./backoff";
import { commands } from "./bindings.gen";
import { asApiError, asDirectory, asEnvelope, asReadiness, asSubscribed, parseObject } from "./decode";
import { OWN_ACCOUNT } from "./desktop-account";
import { desktopAgents } from "./desktop-agents";
import { desktopTeam, teamAuth } from "./desktop-team";
import { ownTrading } from "./desktop-trading";
import { PendingAnswers } from "./pending";
import { shown } from "./shown";
import { alphaRequest, candleRequest, CHANNELS, FOLLOW_PRIVATE, type Request } from "./requests";
import { httpTrading } from "./trading-http";
import type { TradingPort } from "./trading-port";
import {
  type AccountPort,
  type AlphaAnswer,
  type AlphaQuestion,
  ApiError,
  type CandleRequest,
  type CandleAnswer,
  type Envelope,
  type SymbolDirectory,
  type Transport,
  type TransportListener,
} from "./types";

const utf8 = new TextDecoder();

/** A team server is asked so often how far away it is. */
const PING_EVERY_MS = 2000;

export class DesktopTransport implements Transport {
  readonly kind = "desktop";
  readonly team = desktopTeam;
  readonly auth: AuthPort | null;
  readonly account: AccountPort | null;
  readonly agents: AgentPort | null;
  readonly trading: TradingPort;
  readonly #wanted = new Set<string>();
  readonly #backoff = new Backoff(250, 5000);
  readonly #pending = new PendingAnswers();
  #nextId = 1;
  #listener: TransportListener | null = null;
  #session: string | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #pingedAt = 0;
  #opening = false;
  /** Asked for while a session was being opened. */
  #again = false;
  #private = false;

  constructor(readonly server: string | null = null) {
    const auth = server === null ? null : teamAuth(server);
    this.auth = auth;
    this.trading = auth === null ? ownTrading : httpTrading(auth);
    this.account = server === null ? OWN_ACCOUNT : null;
    this.agents = server === null ? desktopAgents : null;
  }

  open(listener: TransportListener): void {
    this.#listener = listener;
    void this.#start();
  }

  /** The app's own engine is followed anyway: its account is this computer's. */
  followPrivate(): void {
    const first = !this.#private && this.server !== null;
    this.#private = true;
    if (first && this.#session !== null) this.#tell(this.#session, FOLLOW_PRIVATE);
  }

  /** A request whose answer is nobody's in particular. */
  #tell(session: string, message: object): void {
    this.#request(session, message).catch((error: unknown) => {
      if (session === this.#session) this.#listener?.onError(asApiError(error));
    });
  }

  subscribe(coin: string): void {
    this.#wanted.add(coin);
    if (this.#session !== null) void this.#subscribe(this.#session, coin);
  }

  unsubscribe(coin: string): void {
    this.#wanted.delete(coin);
    if (this.#session === null) return;
    commands.unsubscribe(this.#session, coin, [...CHANNELS]).catch((error: unknown) => {
      this.#listener?.onError(asApiError(error, coin));
    });
  }

  async symbols(): Promise<SymbolDirectory> {
    const answer = await commands.symbols().catch((error: unknown) => {
      throw asApiError(error);
    });
    const directory = asDirectory(answer);
    if (directory === null)
      throw new ApiError("malformed_answer", "the list of symbols could not be read", true);
    return directory;
  }

  candles(request: CandleRequest): Promise<CandleAnswer> {
    return this.#ask(candleRequest(request));
  }

  alpha(question: AlphaQuestion): Promise<AlphaAnswer> {
    return this.#ask(alphaRequest(question));
  }

  #ask<T>({ message, read }: Request<T>): Promise<T> {
    const session = this.#session;
    if (session === null)
      return Promise.reject(new ApiError("unreachable", "the engine is not connected", true));
    const id = this.#nextId++;
    const answer = this.#pending.await(id, read);
    this.#request(session, { ...message, id }).catch((error: unknown) =>
      this.#pending.reject(id, asApiError(error)),
    );
    return answer;
  }

  /** The answer comes in the frames, in its place among the events. */
  async #request(session: string, message: object): Promise<void> {
    await commands.request(session, JSON.stringify(message));
  }

  retry(): void {
    if (this.#session === null && !this.#opening) void this.#start();
  }

  reopen(): void {
    this.#again = this.#opening;
    if (this.#opening || this.#listener === null) return;
    this.#drop();
    this.#backoff.reset();
    void this.#start();
  }

  hold(reason: string): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#listener?.onState({ phase: "closed", reason, at: Date.now(), retryAt: null });
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#listener = null;
    this.#drop();
  }

  #drop(): void {
    clearInterval(this.#pingTimer);
    const session = this.#session;
    this.#session = null;
    this.#pending.fail();
    if (session !== null) commands.closeSession(session).catch(() => undefined);
  }

  async #start(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#opening = true;
    this.#listener?.onState({ phase: "connecting" });
    try {
      const { session } = await commands.openSession();
      if (this.#listener === null) {
        await commands.closeSession(session);
        return;
      }
      this.#session = session;
      this.#listener.onState({ phase: "open", since: Date.now() });
      for (const coin of this.#wanted) void this.#subscribe(session, coin);
      this.#tell(session, { type: "status" });
      if (this.server === null || this.#private) this.#tell(session, FOLLOW_PRIVATE);
      if (this.server !== null) this.#pingTimer = setInterval(() => this.#ping(session), PING_EVERY_MS);
      void this.#poll(session);
    } catch (error) {
      this.#lost(asApiError(error));
    } finally {
      this.#opening = false;
      if (this.#again) this.reopen();
    }
  }

  /** The answer comes in the frames, which nobody takes while the window is hidden. */
  #ping(session: string): void {
    if (document.hidden || session !== this.#session) return;
    this.#pingedAt = clock.now();
    this.#request(session, { type: "ping" }).catch(() => undefined);
  }

  /** The answer comes in the frames too, in its place before the events that follow from it, and is taken there. */
  async #subscribe(session: string, coin: string): Promise<void> {
    try {
      await commands.subscribe(session, coin, [...CHANNELS]);
    } catch (error) {
      if (session === this.#session) this.#listener?.onError(asApiError(error, coin));
    }
  }

  /** One request at a time is the back-pressure: while it is out, the server conflates. */
  async #poll(session: string): Promise<void> {
    while (session === this.#session) {
      if (document.hidden) {
        await shown();
        continue;
      }
      let frame: ArrayBuffer;
      try {
        frame = await commands.nextFrame(session);
      } catch (error) {
        if (session === this.#session) this.#lost(asApiError(error));
        return;
      }
      if (session !== this.#session) return;
      this.#backoff.reset();
      this.#receive(frame);
    }
  }

  #receive(frame: ArrayBuffer): void {
    const arrivedAt = clock.now();
    let batch: Envelope[] = [];
    const tell = () => {
      if (batch.length > 0) this.#listener?.onEvents(batch, arrivedAt);
      batch = [];
    };
    for (const line of utf8.decode(frame).split("\n")) {
      if (line === "") continue;
      const message = parseObject(line);
      const envelope = message === null ? null : asEnvelope(message);
      if (envelope !== null) batch.push(envelope);
      else {
        tell();
        this.#answered(message, arrivedAt);
      }
    }
    tell();
  }

  #answered(message: ReturnType<typeof parseObject>, arrivedAt: number): void {
    const type = message?.["type"];
    if (type === "unsubscribed" || type === "private_ready") return;
    if (type === "pong") {
      this.#listener?.onRoundTrip(arrivedAt - this.#pingedAt);
      return;
    }
    if (message !== null && this.#pending.answer(message)) return;
    if (type === "error" || type === "auth_failed") {
      this.#listener?.onError(asApiError(message));
      return;
    }
    const readiness = message?.["type"] === "status" ? asReadiness(message) : null;
    if (readiness !== null) {
      this.#listener?.onReadiness(readiness);
      return;
    }
    const answer = message?.["type"] === "subscribed" ? asSubscribed(message) : null;
    if (answer === null) this.#listener?.onMalformed();
    else this.#listener?.onSubscribed(answer);
  }

  #lost(error: ApiError): void {
    clearInterval(this.#pingTimer);
    this.#session = null;
    this.#pending.fail();
    const wait = this.#backoff.next();
    this.#retryTimer = setTimeout(() => void this.#start(), wait);
    this.#listener?.onState({
      phase: "closed",
      reason: `${error.message} (${error.code})`,
      code: error.code,
      at: Date.now(),
      retryAt: clock.now() + wait,
    });
  }
}
