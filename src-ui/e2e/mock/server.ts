import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { MockConviction, MockGovernance } from "./alpha";
import { MockAuth, type MockAuthOptions } from "./auth";
import { MockComposite } from "./composite";
import { candlesOf, MockFeed, type RunFacts } from "./feed";
import { serveFile } from "./files";
import { generator, LISTINGS } from "./market";
import type { MockTradingOptions } from "./trading";
import { MockTradingRoom } from "./trading-room";
import { MockVenue } from "./venue";

/** The grid on which the engine publishes. */
const TICK_MS = 50;

export interface MockOptions {
  readonly port?: number;
  readonly mode?: RunFacts["mode"];
  readonly runId?: string;
  /** Deltas a second over all pairs; the protocol's grid gives 20 for each. */
  readonly updatesPerSecond?: number;
  readonly symbols?: readonly string[];
  readonly auth?: MockAuthOptions;
  /** Users of this server may trade; without it there are no such routes. */
  readonly trading?: MockTradingOptions;
}

/** A gateway that speaks the protocol over invented markets and fails on request. */
export class MockGateway {
  readonly feeds: MockFeed[];
  readonly run: RunFacts;
  /** Deltas that were made and, to provoke a gap, not sent. */
  skip = 0;
  /** The process lives and says nothing. */
  mute = false;
  /** Connected, but no market has been seen yet. */
  silentMarkets = false;
  #journal = "healthy";
  readonly venues: readonly MockVenue[];
  readonly convictions: readonly MockConviction[];
  readonly governance: readonly MockGovernance[];
  sent = 0;
  readonly subscriptions: string[] = [];
  readonly #http: Server;
  readonly #sockets = new Map<WebSocket, Set<string>>();
  /** Sockets whose handshake carried a session, by its token. */
  readonly #identified = new Map<WebSocket, string>();
  readonly auth: MockAuth;
  readonly room: MockTradingRoom;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #combined: readonly MockComposite[];
  #carry = 0;
  #tickedAt = performance.now();
  #turn = 0;

  private constructor(private readonly options: MockOptions) {
    this.run = { runId: options.runId ?? "01JD3ZMOCK", mode: options.mode ?? "simulated" };
    const random = generator(7);
    const listed = LISTINGS.filter(({ symbol }) => options.symbols?.includes(symbol) ?? true);
    this.feeds = listed.flatMap((listing) =>
      listing.sources.map((source) => new MockFeed(listing, source, this.run, random)),
    );
    this.venues = [...new Set(this.feeds.map(({ source }) => source))].map(
      (source) =>
        new MockVenue(
          source,
          this.feeds.filter((feed) => feed.source === source),
          this.run,
        ),
    );
    this.convictions = listed.map(({ symbol }, index) => new MockConviction(symbol, this.run, index + 3));
    this.governance = listed.map(({ symbol }) => new MockGovernance(symbol, this.run));
    this.#combined = listed.map(
      ({ symbol }) =>
        new MockComposite(
          symbol,
          this.feeds.filter((feed) => feed.listing.symbol === symbol),
          this.run,
        ),
    );
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.auth = new MockAuth(
      options.auth ?? {},
      () => `127.0.0.1:${this.port}`,
      (token, code) => this.#closeSession(token, code),
    );
    this.room = new MockTradingRoom(this.auth, this.run, (symbol) => this.feed("hyperliquid", symbol));
    const sockets = new WebSocketServer({
      server: this.#http,
      path: "/ws",
      verifyClient: ({ req }: { req: IncomingMessage }) =>
        this.auth.login === "optional" || this.auth.sessionOf(req) !== null,
    });
    sockets.on("connection", (socket, request) => this.#accept(socket, request));
  }

  static async start(options: MockOptions = {}): Promise<MockGateway> {
    const mock = new MockGateway(options);
    await new Promise<void>((resolve) => mock.#http.listen(options.port ?? 0, "127.0.0.1", resolve));
    mock.#timers.push(
      setInterval(() => mock.#tick(), TICK_MS),
      setInterval(() => mock.#status(), 500),
      setInterval(() => mock.#composites(), 250),
      setInterval(() => mock.#judge(), 400),
      setInterval(() => mock.#batches(), 2000),
      setInterval(() => mock.auth.expire(Date.now()), 100),
    );
    return mock;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  feed(source: string, symbol: string): MockFeed {
    const found = this.feeds.find((feed) => feed.source === source && feed.listing.symbol === symbol);
    if (found === undefined) throw new Error(`no feed ${source} ${symbol}`);
    return found;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.room.stop();
    for (const socket of this.#sockets.keys()) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #tick(): void {
    if (this.mute || this.silentMarkets) return;
    const rate = this.options.updatesPerSecond ?? this.feeds.length * 20;
    const now = performance.now();
    // By the clock and not by the timer, which is late on a busy machine; a pause is not made up for.
    this.#carry = Math.min(rate, this.#carry + (rate * (now - this.#tickedAt)) / 1000);
    this.#tickedAt = now;
    for (; this.#carry >= 1; this.#carry -= 1) {
      const feed = this.feeds[this.#turn++ % this.feeds.length];
      if (feed === undefined || this.venue(feed.source).down) continue;
      const text = JSON.stringify(feed.delta());
      if (this.skip > 0) {
        this.skip -= 1;
        continue;
      }
      this.#publish(feed.listing.symbol, text);
    }
  }

  #publish(symbol: string, text: string): void {
    for (const [socket, coins] of this.#sockets) {
      if (symbol !== "*" && !coins.has(symbol)) continue;
      socket.send(text);
      this.sent += 1;
    }
  }

  #status(): void {
    if (this.mute) return;
    for (const venue of this.venues) this.#publish("*", JSON.stringify(venue.status()));
  }

  #judge(): void {
    if (this.mute || this.silentMarkets) return;
    for (const view of this.convictions)
      if (!view.still) this.#publish(view.symbol, JSON.stringify(view.event()));
    for (const governed of this.governance) this.#publish(governed.symbol, JSON.stringify(governed.event()));
  }

  /** One evaluation of a symbol, beside those that come by themselves. */
  judge(symbol: string): void {
    this.#publish(symbol, JSON.stringify(this.conviction(symbol).event()));
  }

  /** A model that was trained on simulated markets, with one input that has drifted since. */
  train(): void {
    for (const view of this.convictions) view.trained = true;
    for (const governed of this.governance) {
      governed.trained = true;
      governed.drifted = true;
    }
  }

  conviction(symbol: string): MockConviction {
    const found = this.convictions.find((view) => view.symbol === symbol);
    if (found === undefined) throw new Error(`no conviction of ${symbol}`);
    return found;
  }

  #alpha(kind: string, symbol: unknown): Record<string, unknown> {
    const type = `alpha_${kind}`;
    if (kind === "opportunities") return { type, now_ms: Date.now(), rows: [] };
    const found = this.silentMarkets ? undefined : this.convictions.find((view) => view.symbol === symbol);
    return found === undefined
      ? {
          type: "error",
          code: "no_conviction_yet",
          detail: `${String(symbol)} was not judged yet`,
          retryable: true,
        }
      : { type, ...found.answer(kind) };
  }

  #composites(): void {
    if (this.mute || this.silentMarkets) return;
    for (const composite of this.#combined)
      this.#publish(composite.symbol, JSON.stringify(composite.update(false)));
  }

  #batches(): void {
    if (this.mute || this.silentMarkets) return;
    const now = Date.now();
    const run = { run_id: this.run.runId, mode: this.run.mode };
    for (const { flow, listing, market, stamped } of this.feeds) {
      const batch = flow.batch(now, run, Number(market.last), stamped);
      if (batch !== null) this.#publish(listing.symbol, JSON.stringify(batch));
    }
  }

  #readiness(): Record<string, unknown> {
    return { type: "status", ready: true, reasons: [], journal: this.#journal };
  }

  /** Tells every client at once, as the engine does. */
  setJournal(journal: "healthy" | "degraded"): void {
    this.#journal = journal;
    this.#publish("*", JSON.stringify(this.#readiness()));
  }

  venue(source: string): MockVenue {
    const found = this.venues.find((venue) => venue.source === source);
    if (found === undefined) throw new Error(`no venue ${source}`);
    return found;
  }

  #closeSession(token: string, code: string): void {
    for (const [socket, own] of this.#identified) if (own === token) socket.close(4001, code);
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    const coins = new Set<string>();
    this.#sockets.set(socket, coins);
    const session = this.auth.sessionOf(request);
    if (session !== null) this.#identified.set(socket, session.token);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#identified.delete(socket);
      this.room.leave(socket);
    });
    socket.on("message", (raw) => {
      if (!this.mute) this.#answer(socket, coins, JSON.parse(String(raw)));
    });
  }

  #answer(socket: WebSocket, coins: Set<string>, message: Record<string, unknown>): void {
    const reply = (body: Record<string, unknown>): void =>
      socket.send(JSON.stringify(message["id"] === undefined ? body : { ...body, id: message["id"] }));
    const coin = String(message["coin"] ?? "");
    const channels = message["channels"] ?? ["public.market"];
    if (message["type"] === "ping") return reply({ type: "pong", now_ms: Date.now() });
    if (message["type"] === "unsubscribe") {
      coins.delete(coin);
      this.subscriptions.push(`-${coin}`);
      return reply({ type: "unsubscribed", coin, channels });
    }
    if (message["type"] === "subscribe_private")
      return reply(this.room.join(socket, this.#identified.has(socket)));
    if (message["type"] === "status") return reply(this.#readiness());
    if (message["type"] === "candles") return reply(candlesOf(this.silentMarkets, this.feeds, message));
    const alpha = /^alpha_(\w+)$/.exec(String(message["type"]))?.[1];
    if (alpha !== undefined) return reply(this.#alpha(alpha, message["symbol"]));
    const feeds = this.feeds.filter((feed) => feed.listing.symbol === coin);
    if (feeds.length === 0)
      return reply({
        type: "error",
        code: "unknown_symbol",
        detail: `${coin} is not a listed symbol`,
        retryable: false,
      });
    coins.add(coin);
    this.subscriptions.push(`+${coin}`);
    const sources = feeds.map((feed) => feed.source);
    reply({ type: "subscribed", coin, channels, run_id: this.run.runId, mode: this.run.mode, sources });
    if (this.silentMarkets) return;
    for (const feed of feeds) socket.send(JSON.stringify(feed.snapshot()));
    for (const composite of this.#combined)
      if (composite.symbol === coin) socket.send(JSON.stringify(composite.update(true)));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://mock").pathname;
    if (this.mute) return;
    const own = await this.auth.serve(request, path);
    if (own !== null) {
      response.writeHead(own.status, {
        "content-type": "application/json",
        ...(own.cookie === undefined ? {} : { "set-cookie": own.cookie }),
      });
      response.end(own.body === undefined ? undefined : JSON.stringify(own.body));
      return;
    }
    if (await this.room.handled(request, response, path, this.options.trading)) return;
    if (path === "/market/symbols") {
      const symbols = [...new Set(this.feeds.map((feed) => feed.listing))].map(({ symbol, sources }) => ({
        symbol,
        sources,
      }));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ run_id: this.run.runId, mode: this.run.mode, symbols }));
      return;
    }
    await serveFile(path === "/" || path === "/alpha" ? "index.html" : path, response);
  }
}
