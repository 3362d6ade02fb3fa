import { describe, expect, it, vi } from "vitest";
import { Trading, type TradeRequest } from "~/transport/trading";
import { ApiError, type Envelope } from "~/transport/types";
import { TradingDesk } from "./trading-desk";

const ACCOUNT = "0xAbC0000000000000000000000000000000000001";

const money = (at: number) => ({ v: "100", as_of: at, proved_at: at, age_limit_ms: 10_000, state: "fresh" });

function state(at: number, part: object = {}): Record<string, unknown> {
  return {
    account: ACCOUNT.toLowerCase(),
    mode: "simulated",
    paper: false,
    venue: "hyperliquid",
    run_id: "R1",
    now_ms: at,
    ready: true,
    killed: false,
    locks: [],
    findings: [],
    positions: { ...money(at), v: [] },
    equity_usd: money(at),
    stream: "open",
    ...part,
  };
}

const order = (at: number, name = "ab") => ({
  account: ACCOUNT.toLowerCase(),
  cloid: `0x${name.repeat(16)}`,
  oid: 1,
  leg: "single",
  symbol: "BTC",
  side: "buy",
  kind: "limit",
  px: "1",
  size: "1",
  filled: "0",
  state: "acked",
  created_ms: at,
  changed_ms: at,
});

function desk(answers: Partial<Record<TradeRequest["type"], () => unknown>> = {}, known = () => true) {
  const asked: string[] = [];
  const port = new Trading(async ({ type }) => {
    asked.push(type);
    const answer = answers[type];
    if (answer !== undefined) return answer();
    if (type === "accounts") return { accounts: [{ account: ACCOUNT, paper: false, may_trade: true }] };
    return { ...state(10), orders: [order(5)], fills: [] };
  });
  const followed = vi.fn();
  const made = new TradingDesk(
    port,
    { followPrivate: followed },
    () => true,
    known,
    () => 0,
  );
  return { made, asked, followed };
}

const event = (event_type: string, seq: number, data: object): Envelope => ({
  event_type,
  seq,
  symbol: "BTC",
  ts_ms: 0,
  source: "execution",
  data: data as Envelope["data"],
});

describe("the trading desk", () => {
  it("reads the account, and follows its events from then on, once", async () => {
    const { made, followed } = desk();
    await made.refresh();
    await made.refresh();
    expect(made.getSnapshot()).toMatchObject({ phase: "here", account: ACCOUNT });
    expect(made.orders.open).toHaveLength(1);
    expect(followed).toHaveBeenCalledTimes(1);
  });
  it.each(["trading_absent", "http_404"])(
    "is absent where the server says %s, and asks no more",
    async (code) => {
      const { made } = desk({
        accounts: () => {
          throw new ApiError(code, "no", false);
        },
      });
      await made.refresh();
      expect(made.getSnapshot().phase).toBe("absent");
    },
  );
  it("knows whether paper accounts are offered, without an account too, and forgets it when it is barred", async () => {
    let known = true;
    const { made } = desk({ accounts: () => ({ accounts: [], paper_offered: true }) }, () => known);
    await made.refresh();
    expect(made.getSnapshot()).toMatchObject({ phase: "barred", error: null, paperOffered: true });
    known = false;
    await made.refresh();
    expect(made.getSnapshot().paperOffered).toBe(false);
    const without = desk({ accounts: () => ({ accounts: [], paper_offered: false }) });
    await without.made.refresh();
    expect(without.made.getSnapshot()).toMatchObject({ phase: "barred", paperOffered: false });
  });
  it("asks nothing while nobody is logged in", async () => {
    const { made, asked } = desk({}, () => false);
    await made.refresh();
    expect(asked).toEqual([]);
    expect(made.getSnapshot()).toMatchObject({ phase: "barred", error: { code: "session_required" } });
  });
  it("keeps what it holds when the server does not answer", async () => {
    let down = false;
    const { made } = desk({
      account: () => {
        if (down) throw new ApiError("unreachable", "no", true);
        return { ...state(10), orders: [order(5)], fills: [] };
      },
    });
    await made.refresh();
    down = true;
    await made.refresh();
    expect(made.getSnapshot()).toMatchObject({ phase: "here", error: { code: "unreachable" } });
    expect(made.orders.open).toHaveLength(1);
  });
  it("takes events of its account, however the address is spelled, and of no other", async () => {
    const { made } = desk();
    await made.refresh();
    expect(made.take(event("order_update", 1, { ...order(20, "cd"), now_ms: 20 }), 0)).toBe(true);
    expect(
      made.take(event("order_update", 2, { ...order(20, "ef"), account: "0xother", now_ms: 20 }), 0),
    ).toBe(true);
    expect(made.orders.open).toHaveLength(2);
    expect(made.take(event("risk_update", 1, {}), 0)).toBe(false);
  });
  it("asks for the account anew after a hole in its events, and after a reconnect", async () => {
    const { made, asked } = desk();
    await made.refresh();
    const before = asked.length;
    made.take(event("order_update", 1, { ...order(20), now_ms: 20 }), 0);
    made.take(event("order_update", 2, { ...order(21), now_ms: 21 }), 0);
    expect(asked).toHaveLength(before);
    made.take(event("order_update", 4, { ...order(23), now_ms: 23 }), 0);
    expect(asked.length).toBeGreaterThan(before);
    await made.refresh();
    const after = asked.length;
    made.onLink({ phase: "open", since: 0 });
    expect(asked.length).toBeGreaterThan(after);
  });
  it("does not let an answer that was overtaken undo an event", async () => {
    const { made } = desk();
    await made.refresh();
    made.take(event("account_update", 1, state(30, { killed: true })), 0);
    await made.refresh();
    expect(made.state?.killed).toBe(true);
  });
  it("counts what it cannot read and keeps what it had", async () => {
    const { made } = desk();
    await made.refresh();
    made.take(event("order_update", 1, { ...order(20), state: "?", now_ms: 20 }), 0);
    made.take(event("account_update", 1, { account: ACCOUNT }), 0);
    expect(made.refused).toBe(2);
    expect(made.orders.open).toHaveLength(1);
  });
});
