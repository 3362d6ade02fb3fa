import { describe, expect, it } from "vitest";
import { asFill, asOrder } from "./order-decode";
import { asProof } from "./proof-decode";
import {
  asAccountAnswer,
  asAccounts,
  asAccountState,
  asKill,
  asOrders,
  asPreview,
  asRefusals,
} from "./trading-decode";

const CLOID = `0x${"ab".repeat(16)}`;

const ORDER = {
  account: "0xa",
  cloid: CLOID,
  oid: 7,
  group: CLOID,
  leg: "entry",
  symbol: "BTC",
  side: "buy",
  kind: "limit",
  px: "97000",
  trigger_px: null,
  size: "0.01",
  filled: "0.004",
  average_px: "96999.1",
  reduce_only: false,
  strategy: "manual",
  state: "partially_filled",
  created_ms: 10,
  changed_ms: 20,
  unknown_until_ms: null,
  why: { code: "risk_slippage", text: "too far" },
  foreign: false,
};

const FILL = {
  account: "0xa",
  tid: 1_125_899_906_842_623,
  cloid: null,
  oid: 7,
  symbol: "BTC",
  side: "sell",
  px: "97000",
  size: "0.004",
  fee_usd: "0.17",
  closed_pnl_usd: "-1.2",
  time_ms: 30,
  liquidity: "maker",
  leg: null,
};

const money = { v: "100.5", as_of: 1, proved_at: 2, age_limit_ms: 10_000, state: "fresh" };

const STATE = {
  account: "0xa",
  mode: "simulated",
  paper: false,
  venue: "hyperliquid",
  run_id: "R1",
  now_ms: 5,
  ready: true,
  locks: [],
  killed: false,
  agent: { address: "0xb", expires_ms: 9 },
  equity_usd: money,
  withdrawable_usd: { state: "missing", v: null },
  margin_used_usd: money,
  day_loss_usd: money,
  positions: { ...money, v: [{ symbol: "BTC", size: "-0.5", leverage: 20, margin: "cross" }] },
  reconciled_ms: 4,
  findings: [{ code: "reconcile_foreign_order", text: "one" }],
  limits: { order_usd: "1000", slippage_bps: 30, symbols: null },
  fees: { taker_bps: "4.5", maker_bps: "1.5" },
  stream: "open",
  twaps: [{ key: "k", symbol: "BTC", side: "buy", left: "0.3", slices_left: 3, next_ms: 8 }],
};

describe("an order", () => {
  it("is read with all that it says", () => {
    expect(asOrder(ORDER)).toMatchObject({
      cloid: CLOID,
      leg: "entry",
      filled: "0.004",
      state: "partially_filled",
    });
  });
  it.each([
    ["no account", { account: undefined }],
    ["no state that is known", { state: "lost" }],
    ["no side", { side: "long" }],
    ["a size that is a number", { size: 0.01 }],
    ["a size that is none", { size: "1e3" }],
    ["no time of its change", { changed_ms: "20" }],
    ["neither name", { cloid: null, oid: null }],
    ["a name that is none, and no other", { cloid: "0xabc", oid: null }],
  ])("with %s is refused", (_what, part) => {
    expect(asOrder({ ...ORDER, ...part })).toBeNull();
  });
  it("that is not ours bears the venue's name and cannot be taken for ours", () => {
    expect(asOrder({ ...ORDER, cloid: null, kind: null })).toMatchObject({ foreign: true, oid: 7, kind: "" });
  });
  it("in an answer that cannot be read spoils the answer: half a list would hide one", () => {
    expect(asOrders({ orders: [ORDER] })).toHaveLength(1);
    expect(asOrders({ orders: [ORDER, { ...ORDER, state: "?" }] })).toBeNull();
    expect(asOrders({ orders: Array.from({ length: 2001 }, () => ORDER) })).toBeNull();
  });
});

describe("a fill", () => {
  it("is read, and refused without its number or its price", () => {
    expect(asFill(FILL)).toMatchObject({ tid: FILL.tid, liquidity: "maker", closedPnlUsd: "-1.2" });
    expect(asFill({ ...FILL, tid: 2 ** 60 })).toBeNull();
    expect(asFill({ ...FILL, px: null })).toBeNull();
  });
});

describe("an account", () => {
  it("is read; what is missing stays missing", () => {
    const state = asAccountState(STATE, 100);
    expect(state?.withdrawableUsd).toBeNull();
    expect(state?.equityUsd?.stamps[0]).toMatchObject({ provedAt: 2, coreNow: 5, arrivedAt: 100 });
    expect(state?.positions?.draw(0, (rows) => rows[0]?.size)).toBe("-0.5");
    expect(state?.twaps[0]).toMatchObject({ slicesLeft: 3, left: "0.3" });
  });
  it.each(["account", "mode", "now_ms", "paper", "ready", "killed"])("without %s is refused", (name) => {
    expect(asAccountState({ ...STATE, [name]: undefined }, 0)).toBeNull();
  });
  it("with a position that cannot be read shows none rather than some", () => {
    const positions = { ...money, v: [{ symbol: "BTC", size: 3 }] };
    expect(asAccountState({ ...STATE, positions }, 0)?.positions).toBeNull();
  });
  it("answers with orders and fills, or not at all", () => {
    expect(asAccountAnswer({ ...STATE, orders: [ORDER], fills: [FILL] }, 0)?.orders).toHaveLength(1);
    expect(asAccountAnswer({ ...STATE, orders: [ORDER] }, 0)).toBeNull();
  });
  it("in a list must say whether it is paper", () => {
    expect(asAccounts({ accounts: [{ account: "0xa", paper: true, may_trade: true }] })?.accounts).toEqual([
      { account: "0xa", name: null, paper: true, mayTrade: true },
    ]);
    expect(asAccounts({ accounts: [{ account: "0xa" }] })).toBeNull();
  });
  it("offers paper accounts only where it says so", () => {
    expect(asAccounts({ accounts: [], paper_offered: true })?.paperOffered).toBe(true);
    expect(asAccounts({ accounts: [], paper_offered: false })?.paperOffered).toBe(false);
    expect(asAccounts({ accounts: [] })?.paperOffered).toBe(false);
  });
});

describe("a preview", () => {
  const PREVIEW = {
    orders: [
      { leg: "single", side: "buy", px: "97100", trigger_px: null, size: "0.01", notional_usd: "971" },
    ],
    mid: money,
    average_px: null,
    slippage_bps: 3,
    fee_usd: "0.43",
    fee_bps: "4.5",
    liquidation_px: null,
    margin_usd: "97.1",
    refusals: [{ code: "risk_slippage", text: "too far", found: "42 bps", allowed: "30 bps" }],
    now_ms: 5,
  };
  it("is read, and refused where it does not say what would be refused", () => {
    expect(asPreview(PREVIEW, 0)?.refusals[0]).toEqual(PREVIEW.refusals[0]);
    expect(asPreview({ ...PREVIEW, refusals: undefined }, 0)).toBeNull();
    expect(asPreview({ ...PREVIEW, orders: [{}] }, 0)).toBeNull();
  });
});

describe("refusals of an error", () => {
  it("come as a list or as its text", () => {
    const list = [{ code: "a", text: "b" }];
    expect(asRefusals(list)).toEqual(asRefusals(JSON.stringify(list)));
    expect(asRefusals("{")).toEqual([]);
  });
});

describe("the kill switch and a proof", () => {
  it("are refused where they say nothing", () => {
    expect(asKill({ on: true, cancelled: 2, flattened: 0, drill: false })?.cancelled).toBe(2);
    expect(asKill({ on: "yes", cancelled: 2, flattened: 0 })).toBeNull();
    const record = { index: 1, at_ms: 2, what: "created", from: null, to: null, details: { a: 1 } };
    expect(asProof({ records: [record], checkpoint: "c", size: 2 })?.records[0]?.details).toBe('{"a":1}');
    expect(asProof({ records: [record], size: 2 })).toBeNull();
  });
});
