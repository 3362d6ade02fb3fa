import { clock } from "~/shared/clock";
import { HttpAuth } from "./auth-http";
import type { AuthPort } from "./auth-types";
import { Backoff } from "./backoff";
import { endingOf } from "./close-reasons";
import { asApiError, asDirectory, asEnvelope, asReadiness, asSubscribed, parseObject } from "./decode";
import { PendingAnswers } from "./pending";
import { alphaRequest, candleRequest, CHANNELS, FOLLOW_PRIVATE, MARKET, type Request } from "./requests";
import { httpTrading } from "./trading-http";
import type { TradingPort } from "./trading-port";
import {
  type AlphaAnswer,
  type AlphaQuestion,
  ApiError,
  type CandleRequest,
  type CandleAnswer,
  type SymbolDirectory,
  type Transport,
  type TransportListener,
} from "./types";

const PING_EVERY_MS = 2000;
const SILENCE_LIMIT_MS = 8000;
const SETTLED_AFTER_MS = 5000;

type OpenSocket = (url: URL) => WebSocket;

export class GatewayTransport implements Transport {
  readonly kind = "gateway";
  readonly account = null;
  readonly agents = null;
  readonly team = null;
  readonly server = null;
  readonly auth: AuthPort;
  readonly trading: TradingPort;
  readonly #wanted = new Set<string>();
  /** Coins whose channels were refused on this connection. */
  readonly #refused = new Set<string>();
  readonly #asked = new Map<number, string>();
  readonly #pending = new PendingAnswers();
  readonly #backoff = new Backoff();
  #listener: TransportListener | null = null;
  #socket: WebSocket | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  /** Those that this server knows: an older one tells no convictions. */
  #channels: readonly string[] = CHANNELS;
  #nextId = 1;
  #pingedAt = 0;
  #heardAt = 0;
  #openedAt = 0;
  /** No attempt is made until somebody asks for one. */
  #held = false;
  #private = false;

  constructor(
    private readonly base: URL = new URL(".", document.baseURI),
    private readonly openSocket: OpenSocket = (url) => new WebSocket(url),
    auth?: AuthPort,
    http: HttpAuth = new HttpAuth(base),
  ) {
    this.auth = auth ?? http;
    this.trading = httpTrading(http);
  }

  open(listener: TransportListener): void {
    this.#listener = listener;
    window.addEventListener("online", this.#online);
    this.#connect();
  }

  followPrivate(): void {
    this.#private = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(FOLLOW_PRIVATE));
  }

  subscribe(coin: string): void {
    this.#wanted.add(coin);
    this.#ask("subscribe", coin);
  }

  unsubscribe(coin: string): void {
    this.#wanted.delete(coin);
    this.#ask("unsubscribe", coin);
  }

  async symbols(): Promise<SymbolDirectory> {
    const response = await fetch(new URL("market/symbols", this.base)).catch((error: unknown) => {
      throw asApiError(error);
    });
    const body: unknown = await response.json().catch(() => null);
    const directory = response.ok ? asDirectory(body) : null;
    if (directory !== null) return directory;
    throw response.ok
      ? new ApiError("malformed_answer", "the list of symbols could not be read", true)
      : asApiError(body ?? { code: `http_${response.status}`, retryable: response.status >= 500 });
  }

  candles(request: CandleRequest): Promise<CandleAnswer> {
    return this.#request(candleRequest(request));
  }

  alpha(question: AlphaQuestion): Promise<AlphaAnswer> {
    return this.#request(alphaRequest(question));
  }

  #request<T>({ message, read }: Request<T>): Promise<T> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new ApiError("unreachable", "the gateway is not connected", true));
    const id = this.#nextId++;
    const answer = this.#pending.await(id, read);
    socket.send(JSON.stringify({ ...message, id }));
    return answer;
  }

  retry(): void {
    if (this.#socket === null) this.#connect();
  }

  reopen(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#pending.fail();
    clearInterval(this.#pingTimer);
    socket?.close(1000);
    this.#backoff.reset();
    if (this.#listener !== null) this.#connect();
  }

  hold(reason: string): void {
    clearTimeout(this.#retryTimer);
    if (this.#held) return;
    this.#held = true;
    const socket = this.#socket;
    this.#socket = null;
    this.#pending.fail();
    clearInterval(this.#pingTimer);
    socket?.close(1000);
    this.#listener?.onState({ phase: "closed", reason, at: Date.now(), retryAt: null });
  }

  close(): void {
    window.removeEventListener("online", this.#online);
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#listener = null;
    this.#pending.fail();
    socket?.close(1000);
  }

  #online = (): void => this.retry();

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#held = false;
    const url = new URL("ws", this.base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = this.openSocket(url);
    this.#socket = socket;
    this.#listener?.onState({ phase: "connecting" });
    this.#heardAt = clock.now();
    this.#pingTimer = setInterval(() => this.#watch(socket), PING_EVERY_MS);
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", (event) => this.#lost(socket, event.code, event.reason));
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#openedAt = clock.now();
    this.#heardAt = this.#openedAt;
    this.#asked.clear();
    this.#refused.clear();
    this.#channels = CHANNELS;
    this.#listener?.onState({ phase: "open", since: Date.now() });
    for (const coin of this.#wanted) this.#ask("subscribe", coin);
    if (this.#private) socket.send(JSON.stringify(FOLLOW_PRIVATE));
    socket.send('{"type":"status"}');
    this.#ping(socket);
  }

  #watch(socket: WebSocket): void {
    if (clock.now() - this.#heardAt > SILENCE_LIMIT_MS) {
      // close() would wait for the peer's own close frame, which a hung peer never sends.
      this.#lost(socket, 1006, "");
      socket.close();
    } else this.#ping(socket);
  }

  #ping(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    this.#pingedAt = clock.now();
    socket.send('{"type":"ping"}');
  }

  #lost(socket: WebSocket, code: number, words: string): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#pending.fail();
    clearInterval(this.#pingTimer);
    const now = clock.now();
    if (this.#openedAt > 0 && now - this.#openedAt > SETTLED_AFTER_MS) this.#backoff.reset();
    this.#openedAt = 0;
    const wait = this.#backoff.next();
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#listener?.onState({
      phase: "closed",
      ...endingOf(code, words),
      at: Date.now(),
      retryAt: now + wait,
    });
  }

  #ask(type: "subscribe" | "unsubscribe", coin: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const id = this.#nextId++;
    this.#asked.set(id, coin);
    this.#socket.send(JSON.stringify({ type, id, coin, channels: this.#channels }));
  }

  /** Asks again for what every server has; false where that was asked for. */
  #narrow(coin: string): boolean {
    const refused = this.#refused.has(coin);
    this.#refused.add(coin);
    this.#channels = [MARKET];
    if (!refused && this.#wanted.has(coin)) this.#ask("subscribe", coin);
    return !refused;
  }

  #receive(raw: unknown): void {
    const arrivedAt = clock.now();
    this.#heardAt = arrivedAt;
    const listener = this.#listener;
    if (listener === null) return;
    const message = parseObject(raw);
    if (message === null) return listener.onMalformed();
    if (message["event_type"] !== undefined) {
      const envelope = asEnvelope(message);
      if (envelope === null) listener.onMalformed();
      else listener.onEvents([envelope], arrivedAt);
      return;
    }
    if (this.#pending.answer(message)) return;
    const id = message["id"];
    const coin = typeof id === "number" ? (this.#asked.get(id) ?? null) : null;
    if (typeof id === "number") this.#asked.delete(id);
    switch (message["type"]) {
      case "pong":
        return listener.onRoundTrip(arrivedAt - this.#pingedAt);
      case "unsubscribed":
      case "private_ready":
        return;
      case "subscribed": {
        const answer = asSubscribed(message);
        return answer === null ? listener.onMalformed() : listener.onSubscribed(answer);
      }
      case "status": {
        const answer = asReadiness(message);
        return answer === null ? listener.onMalformed() : listener.onReadiness(answer);
      }
      case "auth_ok":
        return;
      case "auth_failed":
        return listener.onError(asApiError(message));
      case "error":
        if (message["code"] === "unknown_channel" && coin !== null && this.#narrow(coin)) return;
        return listener.onError(asApiError(message, coin));
      default:
        return listener.onMalformed();
    }
  }
}
