import { describe, expect, it } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import { FINAL_MS, type Stamp } from "~/shared/stamped";
import type { OrderView } from "~/transport/trading-types";
import { ENDED_KEPT, OPEN_KEPT, OwnOrders } from "./own-orders";
import { FILLS_KEPT, OwnFills } from "./own-fills";

const ONE = parseDecimal("1");
const PROOF: Stamp = { asOf: 0, provedAt: 0, coreNow: 0, arrivedAt: 0, limitMs: 1000 };

function order(cloid: string, part: Partial<OrderView> = {}): OrderView {
  return {
    account: "0xa",
    cloid,
    oid: null,
    group: null,
    leg: "single",
    symbol: "BTC",
    side: "buy",
    kind: "limit",
    px: ONE,
    triggerPx: null,
    size: ONE as NonNullable<typeof ONE>,
    filled: ONE as NonNullable<typeof ONE>,
    averagePx: null,
    reduceOnly: false,
    strategy: "manual",
    state: "acked",
    createdMs: 1,
    changedMs: 1,
    unknownUntilMs: null,
    why: null,
    foreign: false,
    replaces: null,
    replacedBy: null,
    changeable: true,
    nakedMs: null,
    guarded: null,
    paper: false,
    ...part,
  };
}

describe("own orders", () => {
  it("take the newest word, however late an older one comes", () => {
    const orders = new OwnOrders();
    orders.take(order("a", { state: "filled", changedMs: 5 }), PROOF);
    orders.take(order("a", { state: "acked", changedMs: 4 }), PROOF);
    orders.take(order("a", { state: "acked", changedMs: 5 }), PROOF);
    expect(orders.open).toHaveLength(0);
    expect(orders.ended.map(({ view }) => view.state)).toEqual(["filled"]);
  });
  it("lose an open one that the server does not tell of, but not one that is newer than its word", () => {
    const orders = new OwnOrders();
    orders.take(order("old", { changedMs: 5 }), PROOF);
    orders.take(order("new", { changedMs: 50 }), PROOF);
    orders.replace([order("told", { changedMs: 6 })], PROOF, 10);
    expect(orders.open.map(({ key }) => key).toSorted()).toEqual(["new", "told"]);
  });
  it("are as fresh as the account; ended ones are final", () => {
    const orders = new OwnOrders();
    orders.take(order("a"), PROOF);
    orders.take(order("b", { state: "cancelled", changedMs: 9 }), PROOF);
    expect(orders.get("a")?.stamped.read(2000).state).toBe("stale");
    orders.prove({ ...PROOF, arrivedAt: 2000 });
    expect(orders.get("a")?.stamped.read(2000).state).toBe("fresh");
    expect(orders.get("b")?.stamped.stamps[0]?.limitMs).toBe(FINAL_MS);
    expect(orders.get("b")?.stamped.read(1e12).state).toBe("fresh");
  });
  it("stand by groups, the entry before its target and its stop", () => {
    const orders = new OwnOrders();
    orders.take(order("stop", { group: "g", leg: "stop_loss", createdMs: 2 }), PROOF);
    orders.take(order("other", { createdMs: 3 }), PROOF);
    orders.take(order("take", { group: "g", leg: "take_profit", createdMs: 2 }), PROOF);
    orders.take(order("entry", { group: "g", leg: "entry", createdMs: 2 }), PROOF);
    expect(orders.open.map(({ key }) => key)).toEqual(["other", "entry", "take", "stop"]);
  });
  it("are bounded, and what found no room is counted", () => {
    const orders = new OwnOrders();
    for (let n = 0; n < OPEN_KEPT + 3; n += 1) orders.take(order(`o${n}`), PROOF);
    for (let n = 0; n < ENDED_KEPT + 3; n += 1)
      orders.take(order(`e${n}`, { state: "cancelled", changedMs: n + 2 }), PROOF);
    expect(orders.open).toHaveLength(OPEN_KEPT);
    expect(orders.ended).toHaveLength(ENDED_KEPT);
    expect(orders.dropped).toBe(3);
    expect(orders.get("e0")).toBeNull();
  });
});

describe("own fills", () => {
  it("count a fill once, newest first, and are bounded", () => {
    const fills = new OwnFills();
    const fill = (tid: number) => ({
      account: "0xa",
      tid,
      cloid: null,
      oid: null,
      symbol: "BTC",
      side: "buy" as const,
      px: ONE as NonNullable<typeof ONE>,
      size: ONE as NonNullable<typeof ONE>,
      feeUsd: null,
      closedPnlUsd: null,
      timeMs: tid,
      liquidity: null,
      leg: null,
    });
    fills.take([fill(1), fill(2)]);
    fills.take([fill(2)]);
    expect(fills.newest.map(({ view }) => view.tid)).toEqual([2, 1]);
    fills.take(Array.from({ length: FILLS_KEPT + 10 }, (_, n) => fill(n + 10)));
    expect(fills.newest).toHaveLength(FILLS_KEPT);
    expect(fills.newest[0]?.view.tid).toBe(FILLS_KEPT + 19);
  });
});
