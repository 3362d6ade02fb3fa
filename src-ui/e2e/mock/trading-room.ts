import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import { type Answer, answer, bodyOf, type Json, refuse } from "./answers";
import type { MockAuth } from "./auth";
import type { MockFeed, RunFacts } from "./feed";
import { MockRisk } from "./risk";
import { MockTrading, type MockTradingOptions } from "./trading";

const ROUTES = /^\/(trading\/|audit\/order\/|risk\/|alpha\/autonomous\/)/;

/** The accounts of a mock gateway, which all of its users see, and the sockets that hear of them. */
export class MockTradingRoom {
  /** The account of whoever asked first; null before. */
  trading: MockTrading | null = null;
  readonly papers: MockTrading[] = [];
  readonly risk = new MockRisk(() => this.accounts);
  /** Events that were made and, to provoke a gap, not sent. */
  skip = 0;
  readonly #sockets = new Set<WebSocket>();
  readonly #sequences = new Map<string, number>();
  readonly #timer = setInterval(() => this.risk.turn(Date.now()), 100);

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

  get accounts(): readonly MockTrading[] {
    return this.trading === null ? [] : [this.trading, ...this.papers];
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
    clearInterval(this.#timer);
    for (const account of this.accounts) account.stop();
  }

  /** Whether it was a route of trading; without options there are none. */
  async handled(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    options: MockTradingOptions | undefined,
  ): Promise<boolean> {
    if (options === undefined || !ROUTES.test(path)) return false;
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
    const method = request.method ?? "GET";
    if (method !== "GET" && request.headers["x-hypersentry-csrf"] !== session.csrf)
      return refuse("csrf_required");
    this.trading ??= this.#open(session.user.address, { name: "desk", ...options });
    const body = await bodyOf(request);
    if (path === "/trading/accounts") {
      const shown = options.none === true ? this.papers : this.accounts;
      const accounts = shown.map(entryOf);
      if (options.older === true) return answer({ accounts });
      return answer({ accounts, paper_offered: options.noPaper !== true });
    }
    if (options.older === true && OLDER_LACKS.test(path)) return refuse("not_found");
    if (path.startsWith("/risk/"))
      return this.risk.serve(nameOf(session.user), method, path, body) ?? refuse("not_found");
    if (path === "/trading/paper/open")
      return options.noPaper === true ? refuse("trading_absent") : this.#openPaper(body);
    const asked = new URL(request.url ?? "/", "http://mock").searchParams.get("account");
    const account = this.#find(asked ?? String(body["account"]));
    if (path === "/alpha/autonomous/trigger") return account.auto.trigger(body);
    return account.serve(nameOf(session.user).name, method, path, body);
  }

  #find(account: string): MockTrading {
    return this.accounts.find((item) => item.account.toLowerCase() === account.toLowerCase()) ?? this.account;
  }

  #openPaper(body: Json): Answer {
    const name = (body["name"] as string | undefined) ?? "paper";
    const made = this.#open(`0x${randomBytes(20).toString("hex")}`, { paper: true, name });
    made.exchange.cash = 100_000;
    this.papers.push(made);
    return answer(entryOf(made));
  }

  #open(account: string, options: MockTradingOptions): MockTrading {
    return new MockTrading(
      account,
      this.run,
      options,
      (symbol) => {
        const { market, listing } = this.feed(symbol);
        const { bid, ask } = market.best;
        return { bid: Number(bid[0]), ask: Number(ask[0]), px: listing.pxDecimals, sz: listing.szDecimals };
      },
      this.risk,
      (type, symbol, source, data) => this.#publish(type, symbol, source, data),
    );
  }

  #publish(event_type: string, symbol: string, source: string, data: Record<string, unknown>): void {
    const stream = `${source} ${event_type} ${symbol} ${String(data["account"])}`;
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

/** Who has no name is called by his number, as the server does. */
function nameOf({ id, name }: { readonly id: string; readonly name: string }) {
  return { id, name: name === "" ? id : name };
}

const OLDER_LACKS =
  /^\/(risk\/|alpha\/autonomous\/|trading\/(auto|accept|modify|end-twap|schedule-cancel|leverage|margin|paper))/;

function entryOf({ account, options }: MockTrading): Json {
  return { account, name: options.name ?? null, paper: options.paper ?? false, may_trade: true };
}
