import { type Answer, answer, type Json, refuse } from "./answers";
import { accept, schedule } from "./account-acts";
import { MockAuto } from "./auto";
import { type Market, MockExchange, type MockOrder } from "./exchange";
import type { RunFacts } from "./feed";
import type { MockRisk } from "./risk";
import { MockMargins } from "./margins";
import { MockTwaps } from "./twaps";
import { proofOf } from "./proof";
import { accountState, LIMITS, preview } from "./trade-views";

export interface MockTradingOptions {
  readonly paper?: boolean;
  readonly venue?: string;
  readonly name?: string;
  /** As a server before there were limits of a desk, changes, paper accounts and autonomous orders. */
  readonly older?: boolean;
  /** Nobody may view or trade any account here. */
  readonly none?: boolean;
  /** As a server that was started with `--no-paper`. */
  readonly noPaper?: boolean;
}

/** What the mock is told to do wrong with the next order. */
type Fault = "lost_ack" | "lost_answer" | "lost_request" | null;

interface Kept {
  readonly body: string;
  readonly orders: MockOrder[];
}

/** Slices of a TWAP come faster here than in life. */
const SLICES = 4;
const SLICE_MS = 250;
const UNKNOWN_MS = 2500;

/** The trading contract over one account of practice. */
export class MockTrading {
  readonly exchange: MockExchange;
  readonly auto: MockAuto;
  /** When the venue cancels everything; null while it does not. */
  scheduledMs: number | null = null;
  fault: Fault = null;
  /** Whether it answers what became of a key. */
  knowsKeys = true;
  killed = false;
  locked: { code: string; text: string } | null = null;
  agent = true;
  /** Its word on the account comes no more. */
  silent = false;
  readonly orderRequests: Json[] = [];
  readonly twaps = new MockTwaps();
  readonly margins: MockMargins;
  readonly beganMs = Date.now();
  /** What the venue's equity is off the books. */
  offUsd = "0.00";
  readonly #keys = new Map<string, Kept>();
  readonly #closed = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    readonly account: string,
    readonly run: RunFacts,
    readonly options: MockTradingOptions,
    readonly market: (symbol: string) => Market,
    readonly risk: MockRisk,
    private readonly publish: (type: string, symbol: string, source: string, data: Json) => void,
  ) {
    this.exchange = new MockExchange(account, market, (type, symbol, data) =>
      this.publish(type, symbol, "execution", { ...data, ...this.#stamp() }),
    );
    this.exchange.tells = options.older !== true;
    this.margins = new MockMargins(this.exchange);
    this.auto = new MockAuto(account, () => this.word());
    this.#timers.push(
      setInterval(() => this.auto.turn(Date.now()), 100),
      setInterval(() => this.exchange.turn(Date.now()), 100),
      setInterval(() => this.word(), 500),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Null: the answer is lost on its way. */
  serve(user: string, method: string, path: string, body: Json): Answer | null | Promise<Answer | null> {
    const name = path.startsWith("/audit/order/") ? "proof" : path.replace("/trading/", "");
    if (name === "account")
      return this.locked?.code === "agent_required"
        ? refuse("agent_required")
        : answer({
            ...accountState(this),
            orders: [...this.exchange.orders.values()].map((order) => this.exchange.told(order)),
            fills: this.exchange.fills.slice(0, 200),
          });
    if (name === "proof") return this.#proof(path);
    if (name === "preview") return answer(preview(this, body));
    if (name === "kill") return answer(this.#kill(body));
    if (name === "find") return this.#find(String(body["key"]));
    if (name === "order") this.orderRequests.push(body);
    if (name === "end-twap") return this.twaps.end(this.account, body);
    if (name === "accept") return accept(this);
    if (name === "schedule-cancel") return schedule(this, body);
    if (name === "auto") return method === "GET" ? answer(this.auto.view()) : this.auto.set(user, body);
    if (name === "leverage" || name === "margin") return this.#margin(name, body);
    return this.#keyed(name, body);
  }

  async #margin(name: string, body: Json): Promise<Answer | null> {
    const lost = this.fault === "lost_answer";
    this.fault = null;
    const told = await this.margins.serve(name, body, lost);
    this.word();
    return told;
  }

  #keyed(name: string, body: Json): Answer | null {
    const key = String(body["key"]);
    const text = JSON.stringify({ name, ...body });
    if (this.#closed.has(key)) return refuse("idempotency_key_invalid", "the key was closed");
    const kept = this.#keys.get(key);
    if (kept !== undefined)
      return kept.body === text
        ? answer({ orders: kept.orders.map((order) => this.exchange.told(order)) })
        : refuse("idempotency_conflict");
    const { fault } = this;
    this.fault = null;
    if (fault === "lost_request") return null;
    const done = name === "order" ? this.#order(body, fault) : this.#act(name, body);
    if (!Array.isArray(done)) return done;
    this.#keys.set(key, { body: text, orders: done });
    return fault === "lost_answer"
      ? null
      : answer({ orders: done.map((order) => this.exchange.told(order)) });
  }

  #find(key: string): Answer {
    if (!this.knowsKeys) return refuse("not_found");
    const kept = this.#keys.get(key);
    if (kept !== undefined) return answer({ orders: kept.orders.map((order) => this.exchange.told(order)) });
    this.#closed.add(key);
    return refuse("order_unknown", "no request with this key has arrived");
  }

  #order(body: Json, fault: Fault): MockOrder[] | Answer {
    const reduces = body["reduce_only"] === true;
    if ((this.killed || this.risk.killed) && !reduces) return refuse("kill_switch_on");
    if (this.locked !== null) return refuse(this.locked.code, this.locked.text);
    const told = preview(this, body);
    const refusals = told["refusals"] as Json[];
    const [first] = refusals;
    if (first !== undefined) {
      this.publish("execution_event", String(body["symbol"]), "execution", {
        account: this.account,
        kind: "refused",
        code: first["code"],
        text: first["text"],
        cloid: null,
        ...this.#stamp(),
      });
      const refusal = refuse("risk_refused", String(first["text"]));
      return { ...refusal, body: { ...refusal.body, details: { refusals: JSON.stringify(refusals) } } };
    }
    const common = { symbol: String(body["symbol"]), side: body["side"] as "buy" | "sell" };
    if (body["kind"] === "twap") return this.#twap(common, body);
    const orders: MockOrder[] = [];
    for (const leg of told["orders"] as Json[]) {
      const kind = String(leg["kind"]);
      orders.push(
        this.exchange.make({
          symbol: common.symbol,
          side: leg["side"] as "buy" | "sell",
          kind,
          size: String(leg["size"]),
          px: (leg["px"] as string | null) ?? null,
          trigger_px: (leg["trigger_px"] as string | null) ?? null,
          leg: String(leg["leg"]),
          strategy: (body["strategy"] as string | undefined) ?? "manual",
          reduce_only: leg["reduce_only"] === true,
          ...(orders[0] === undefined ? {} : { group: orders[0].cloid }),
        }),
      );
    }
    for (const order of orders) this.#place(order, fault);
    return orders;
  }

  #place(order: MockOrder, fault: Fault): void {
    const guard = order.leg === "take_profit" || order.leg === "stop_loss";
    if (fault === "lost_ack")
      this.exchange.move(order, "unknown", { unknown_until_ms: Date.now() + UNKNOWN_MS });
    else if (guard || !this.exchange.crosses(order)) this.exchange.rest(order);
    else if (order.kind === "post_only") this.exchange.refuse(order);
    else this.exchange.fill(order);
  }

  #twap(common: { symbol: string; side: "buy" | "sell" }, body: Json): MockOrder[] {
    if (this.twaps.begin(body) !== null) {
      this.word();
      return [];
    }
    const places = this.market(common.symbol).sz;
    const size = (Number(body["size"]) / SLICES).toFixed(places);
    const slice = (group?: string): MockOrder => {
      const order = this.exchange.make({
        ...common,
        kind: "ioc",
        size,
        leg: "slice",
        strategy: "twap",
        ...(group === undefined ? {} : { group }),
      });
      this.exchange.fill(order);
      return order;
    };
    const first = slice();
    for (let n = 1; n < SLICES; n += 1)
      this.#timers.push(
        setTimeout(() => {
          if (!this.killed) slice(first.cloid);
        }, n * SLICE_MS),
      );
    return [first];
  }

  #modify(body: Json): MockOrder[] | Answer {
    const order = this.exchange.orders.get(String(body["cloid"]));
    if (order === undefined || order.state !== "acked") return refuse("order_unknown");
    const part = Object.fromEntries(
      (["px", "trigger_px", "size"] as const).flatMap((field) =>
        typeof body[field] === "string" ? [[field, body[field]]] : [],
      ),
    );
    const next = this.exchange.replace(order, part);
    this.#place(next, null);
    return [order, next];
  }

  #act(name: string, body: Json): MockOrder[] | Answer {
    const symbol = String(body["symbol"]);
    if (name === "modify") return this.#modify(body);
    if (name === "cancel") {
      const order = this.exchange.orders.get(String(body["cloid"]));
      if (order === undefined) return refuse("order_unknown");
      this.exchange.cancel(order);
      return [order];
    }
    if (name === "cancel-all") {
      const open = this.exchange.open;
      for (const order of open) this.exchange.cancel(order);
      return open;
    }
    const held = this.exchange.positions.get(symbol);
    if (held === undefined) return refuse("reduce_only_no_position");
    const share = Number(body["share_percent"] ?? 100) / 100;
    return [this.#flatten(symbol, name === "reverse" ? 2 : share)];
  }

  #flatten(symbol: string, share: number): MockOrder {
    const size = this.exchange.positions.get(symbol)?.size ?? 0;
    const order = this.exchange.make({
      symbol,
      side: size > 0 ? "sell" : "buy",
      kind: "ioc",
      size: (Math.abs(size) * share).toFixed(this.market(symbol).sz),
      reduce_only: share <= 1,
    });
    this.exchange.fill(order);
    return order;
  }

  #kill(body: Json): Json {
    const on = body["on"] === true;
    const drill = body["drill"] === true;
    const counts = on ? this.stopAll(body["flatten"] === true, drill) : { cancelled: 0, flattened: 0 };
    if (!drill) this.killed = on;
    const kind = drill ? "drill" : on ? "killed" : "released";
    this.#say(kind, kind, `kill switch ${kind}`);
    this.word();
    return { on: this.killed, ...counts, drill };
  }

  /** Cancels everything, closes everything if asked to, and ends what goes by itself; a drill counts alone. */
  stopAll(flatten: boolean, drill: boolean): { cancelled: number; flattened: number } {
    const open = this.exchange.open;
    const positions = flatten ? [...this.exchange.positions.keys()] : [];
    if (!drill) {
      for (const order of open) this.exchange.cancel(order);
      for (const symbol of positions) this.#flatten(symbol, 1);
      this.auto.end();
    }
    return { cancelled: open.length, flattened: positions.length };
  }

  /** Nobody renewed a lease: what adds risk goes, what protects stays. */
  lapse(): void {
    for (const order of this.exchange.open) if (!order.reduce_only) this.exchange.cancel(order);
    this.auto.end();
    this.#say("lapsed", "lease_lapsed", "a lease was not renewed in time");
    this.word();
  }

  /** USD of all positions. */
  gross(): number {
    let sum = 0;
    for (const [symbol, { size }] of this.exchange.positions) sum += Math.abs(size) * this.market(symbol).bid;
    return sum;
  }

  #say(kind: string, code: string, text: string): void {
    const data = { account: this.account, kind, code, text, cloid: null, ...this.#stamp() };
    this.publish("execution_event", "*", "execution", data);
  }

  #proof(path: string): Answer {
    const order = this.exchange.orders.get(path.replace("/audit/order/", ""));
    if (order === undefined) return refuse("order_unknown");
    return answer(proofOf(order, this.exchange.steps.get(order.cloid) ?? []));
  }

  #stamp(): Json {
    return { now_ms: Date.now(), mode: this.run.mode, run_id: this.run.runId };
  }

  word(): void {
    if (this.silent) return;
    this.publish("account_update", "*", "account", accountState(this));
  }
}

export { LIMITS };
