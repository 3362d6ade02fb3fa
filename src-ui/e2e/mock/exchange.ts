import { randomBytes } from "node:crypto";
import type { Json } from "./answers";

/** The best prices of a market and its steps. */
export interface Market {
  readonly bid: number;
  readonly ask: number;
  readonly px: number;
  readonly sz: number;
}

export interface MockOrder {
  account: string;
  cloid: string;
  oid: number | null;
  group: string;
  leg: string;
  symbol: string;
  side: "buy" | "sell";
  kind: string;
  px: string | null;
  trigger_px: string | null;
  size: string;
  filled: string;
  average_px: string | null;
  reduce_only: boolean;
  strategy: string;
  state: string;
  created_ms: number;
  changed_ms: number;
  unknown_until_ms: number | null;
  why: Json | null;
  foreign: boolean;
  replaces: string | null;
  replaced_by: string | null;
  naked_ms: number | null;
  protected: boolean;
}

export interface MockPosition {
  size: number;
  entry: number;
}

const POST_ONLY = {
  code: "venue_post_only",
  text: "Post only order would have immediately matched, bbo was 97000@97001.",
};

const ENDED = new Set(["filled", "cancelled", "rejected", "expired"]);

/** Orders of one account against the mock's books: whole fills at the touch, triggers, groups. Honest enough for an interface, not for a trader. */
export class MockExchange {
  readonly orders = new Map<string, MockOrder>();
  readonly fills: Json[] = [];
  readonly positions = new Map<string, MockPosition>();
  #oid = 7000;
  #tid = 100_000;
  cash = 25_000;
  lost = 0;
  /** Whether it tells of changes and of naked fills: an older server does not. */
  tells = true;
  /** Stops are kept away from the venue until this is over; 0: they rest at once. */
  nakedFor = 0;
  /** Brings the stop that is kept away to the venue. */
  naked: () => void = () => undefined;
  /** Each change of an order, for its proof. */
  readonly steps = new Map<string, { at_ms: number; from: string | null; to: string }[]>();

  constructor(
    private readonly account: string,
    private readonly market: (symbol: string) => Market,
    private readonly tell: (type: "order_update" | "fill_update", symbol: string, data: Json) => void,
  ) {}

  get open(): MockOrder[] {
    return [...this.orders.values()].filter(({ state }) => !ENDED.has(state));
  }

  make(part: Partial<MockOrder> & Pick<MockOrder, "symbol" | "side" | "kind" | "size">): MockOrder {
    const now = Date.now();
    const cloid = `0x${randomBytes(16).toString("hex")}`;
    const order: MockOrder = {
      account: this.account,
      cloid,
      oid: null,
      group: cloid,
      leg: "single",
      px: null,
      trigger_px: null,
      filled: "0",
      average_px: null,
      reduce_only: false,
      strategy: "manual",
      state: "created",
      created_ms: now,
      changed_ms: now,
      unknown_until_ms: null,
      why: null,
      foreign: false,
      replaces: null,
      replaced_by: null,
      naked_ms: null,
      protected: false,
      ...part,
    };
    this.orders.set(cloid, order);
    this.steps.set(cloid, [{ at_ms: now, from: null, to: "created" }]);
    for (const state of ["risk_passed", "intent_logged", "sent"]) this.move(order, state);
    return order;
  }

  /** As the server words it. */
  told(order: MockOrder): Json {
    if (this.tells) return { ...order };
    const { replaces: _a, replaced_by: _b, naked_ms: _c, protected: _d, ...older } = order;
    return older;
  }

  move(order: MockOrder, state: string, part: Partial<MockOrder> = {}): void {
    const from = order.state;
    Object.assign(order, part, { state, changed_ms: Math.max(Date.now(), order.changed_ms + 1) });
    this.steps.get(order.cloid)?.push({ at_ms: order.changed_ms, from, to: state });
    this.tell("order_update", order.symbol, this.told(order));
  }

  rest(order: MockOrder): void {
    this.move(order, "acked", { oid: (this.#oid += 1), unknown_until_ms: null });
  }

  /** Whether it trades against the touch now. */
  crosses(order: MockOrder): boolean {
    const { bid, ask } = this.market(order.symbol);
    const touch = order.side === "buy" ? ask : bid;
    if (order.trigger_px !== null && order.kind !== "market") {
      const stop = order.kind.startsWith("stop");
      const up = (order.side === "buy") === stop;
      return up ? touch >= Number(order.trigger_px) : touch <= Number(order.trigger_px);
    }
    if (order.px === null) return true;
    return order.side === "buy" ? touch <= Number(order.px) : touch >= Number(order.px);
  }

  fill(order: MockOrder): void {
    const { bid, ask, px: places } = this.market(order.symbol);
    const px = order.side === "buy" ? ask : bid;
    const signed = Number(order.size) * (order.side === "buy" ? 1 : -1);
    const closed = this.#trade(order.symbol, signed, px);
    const fee = Number(order.size) * px * 0.00045;
    this.cash += closed - fee;
    this.lost = Math.max(0, this.lost - closed + fee);
    this.#tid += 1;
    const fill = {
      account: this.account,
      tid: this.#tid,
      cloid: order.cloid,
      oid: order.oid ?? this.#oid,
      symbol: order.symbol,
      side: order.side,
      px: px.toFixed(places),
      size: order.size,
      fee_usd: fee.toFixed(4),
      closed_pnl_usd: closed.toFixed(2),
      time_ms: Date.now(),
      liquidity: "taker",
      leg: order.leg,
    };
    this.fills.unshift(fill);
    this.tell("fill_update", order.symbol, fill);
    this.move(order, "filled", {
      oid: order.oid ?? (this.#oid += 1),
      filled: order.size,
      average_px: px.toFixed(places),
      unknown_until_ms: null,
    });
    this.#group(order);
    this.#guard(order);
  }

  /** An entry that has filled stands without its stop until the venue has it. */
  #guard(order: MockOrder): void {
    if (order.leg !== "entry") return;
    const stop = this.open.find(({ group, leg }) => group === order.group && leg === "stop_loss");
    if (stop === undefined) return;
    if (this.nakedFor === 0) this.move(order, order.state, { naked_ms: 41, protected: true });
    else {
      this.move(order, order.state, { naked_ms: 0, protected: false });
      const since = Date.now();
      this.naked = () => this.move(order, order.state, { naked_ms: Date.now() - since, protected: true });
      setTimeout(this.naked, this.nakedFor).unref();
    }
  }

  /** Another order in the place of one that rests. */
  replace(order: MockOrder, part: Partial<Pick<MockOrder, "px" | "trigger_px" | "size">>): MockOrder {
    const next = this.make({
      symbol: order.symbol,
      side: order.side,
      kind: order.kind,
      size: order.size,
      px: order.px,
      trigger_px: order.trigger_px,
      group: order.group,
      leg: order.leg,
      reduce_only: order.reduce_only,
      strategy: order.strategy,
      replaces: order.cloid,
      ...part,
    });
    this.move(order, "cancelled", { replaced_by: next.cloid });
    return next;
  }

  /** As the venue refuses a post-only order that would trade at once. */
  refuse(order: MockOrder): void {
    this.move(order, "rejected", { why: POST_ONLY });
  }

  cancel(order: MockOrder): void {
    this.move(order, "cancelling");
    this.move(order, "cancelled");
    if (order.leg === "entry")
      for (const other of this.open) if (other.group === order.group) this.move(other, "cancelled");
  }

  /** Once a moment: what rests trades when the market comes to it. */
  turn(now: number): void {
    for (const order of this.open) {
      if (order.state === "unknown" && order.unknown_until_ms !== null && now >= order.unknown_until_ms) {
        if (this.crosses(order)) this.fill(order);
        else this.rest(order);
      } else if (order.state === "acked" && this.#active(order) && this.crosses(order)) this.fill(order);
    }
  }

  /** Legs of a bracket wait for their entry. */
  #active(order: MockOrder): boolean {
    if (order.leg !== "take_profit" && order.leg !== "stop_loss") return true;
    return this.orders.get(order.group)?.state === "filled";
  }

  #group(order: MockOrder): void {
    if (order.leg !== "take_profit" && order.leg !== "stop_loss") return;
    for (const other of this.open)
      if (other.group === order.group && other !== order) this.move(other, "cancelled");
  }

  #trade(symbol: string, signed: number, px: number): number {
    const held = this.positions.get(symbol) ?? { size: 0, entry: px };
    const after = held.size + signed;
    const against = held.size !== 0 && Math.sign(held.size) !== Math.sign(signed);
    const closing = against ? Math.min(Math.abs(held.size), Math.abs(signed)) * Math.sign(held.size) : 0;
    const entry = against
      ? Math.sign(after) === Math.sign(held.size)
        ? held.entry
        : px
      : (held.entry * Math.abs(held.size) + px * Math.abs(signed)) / Math.abs(after);
    if (Math.abs(after) < 1e-9) this.positions.delete(symbol);
    else this.positions.set(symbol, { size: after, entry });
    return closing * (px - held.entry);
  }
}
