import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import { type Answer, refuse } from "./answers";
import type { MockAuth } from "./auth";
import type { MockFeed, RunFacts } from "./feed";
import { MockTrading, type MockTradingOptions } from "./trading";

/** The account of a mock gateway's user, and the sockets that hear of it. */
export class MockTradingRoom {
  /** The account of whoever asked first; null before. */
  trading: MockTrading | null = null;
  /** Events that were made and, to provoke a gap, not sent. */
  skip = 0;
  readonly #sockets = new Set<WebSocket>();
  readonly #sequences = new Map<string, number>();

  constructor(
    private readonly auth: MockAuth,
    private readonly run: RunFacts,
    private readonly feed: (symbol: string) => MockFeed,
  ) {}

  /** The account; a test may ask once the page has. */
  get account(): MockTrading {
    if (this.trading === null) throw new Error("nobody has asked for the account yet");
    return this.trading;
  }

  join(socket: WebSocket, identified: boolean): Record<string, unknown> {
    if (!identified) return { type: "error", code: "session_required", detail: "log in" };
    this.#sockets.add(socket);
    return { type: "private_ready", run_id: this.run.runId, resumed: false };
  }

  leave(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  stop(): void {
    this.trading?.stop();
  }

  /** Whether it was a route of trading; without options there are none. */
  async handled(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    options: MockTradingOptions | undefined,
  ): Promise<boolean> {
    if (options === undefined || !/^\/(trading|audit\/order)\//.test(path)) return false;
    const found = await this.#serve(request, path, options);
    const head = { "content-type": "application/json" };
    if (found === null) {
      // A browser sends again by itself what was answered by nothing at all; an answer that breaks off it does not.
      response.writeHead(200, { ...head, "content-length": "64" }).flushHeaders();
      setTimeout(() => response.destroy(), 20);
    } else response.writeHead(found.status, head).end(JSON.stringify(found.body));
    return true;
  }

  async #serve(request: IncomingMessage, path: string, options: MockTradingOptions): Promise<Answer | null> {
    const session = this.auth.sessionOf(request);
    if (session === null) return refuse("session_required");
    if (request.method !== "GET" && request.headers["x-hypersentry-csrf"] !== session.csrf)
      return refuse("csrf_required");
    this.trading ??= new MockTrading(
      session.user.address,
      this.run,
      options,
      (symbol) => {
        const { market, listing } = this.feed(symbol);
        const { bid, ask } = market.best;
        return { bid: Number(bid[0]), ask: Number(ask[0]), px: listing.pxDecimals, sz: listing.szDecimals };
      },
      (type, symbol, source, data) => this.#publish(type, symbol, source, data),
    );
    return this.trading.serve(request, path);
  }

  #publish(event_type: string, symbol: string, source: string, data: Record<string, unknown>): void {
    const stream = `${source} ${event_type} ${symbol}`;
    const seq = (this.#sequences.get(stream) ?? 0) + 1;
    this.#sequences.set(stream, seq);
    if (this.skip > 0) {
      this.skip -= 1;
      return;
    }
    const text = JSON.stringify({ event_type, symbol, ts_ms: Date.now(), source, seq, data });
    for (const socket of this.#sockets) socket.send(text);
  }
}
