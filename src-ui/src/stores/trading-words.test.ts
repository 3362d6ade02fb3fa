import { describe, expect, it } from "vitest";
import { asAccountState } from "~/transport/trading-decode";
import { ApiError } from "~/transport/types";
import type { TradingSnapshot } from "./trading-phase";
import { standingOf } from "./standing";
import { orderWords, practiceOf, tradingWords } from "./trading-words";

const HERE: TradingSnapshot = {
  phase: "here",
  error: null,
  accounts: [{ account: "0xa", name: null, paper: false, mayTrade: true }],
  paperOffered: true,
  account: "0xa",
};

function state(part: object = {}) {
  const made = asAccountState(
    { account: "0xa", mode: "live", paper: false, now_ms: 1, ready: true, killed: false, ...part },
    0,
  );
  if (made === null) throw new Error("not a state");
  return made;
}

/** The codes that the contract names; each must be more than its code to a reader. */
const CODES = [
  "trading_absent",
  "agent_required",
  "grant_required",
  "session_required",
  "role_required",
  "risk_refused",
  "idempotency_conflict",
  "idempotency_key_invalid",
  "kill_switch_on",
  "trading_locked",
  "audit_stopped",
  "relay_busy",
  "order_unknown",
  "bad_request",
  "unknown_symbol",
  "price_tick",
  "size_lot",
  "min_notional",
  "reduce_only_no_position",
  "reduce_only_would_increase",
  "market_stale",
  "desk_kill_switch_on",
  "lease_lapsed",
];

describe("the words of a refusal", () => {
  it.each(CODES)("of %s say what, why and what to do", (code) => {
    const { what, why, next } = tradingWords({ code, message: "the server's words" });
    expect(what).toMatch(/\.$/);
    expect(what).not.toBe("The server refused.");
    expect(why).toMatch(/\.$/);
    expect(next).toMatch(/\.$/);
  });
  it("of a code that is not known are the server's", () => {
    expect(tradingWords({ code: "new_code", message: "it rains" }).why).toBe("It rains.");
    expect(tradingWords({ code: "risk_new", message: "too much" }).what).toBe("The risk check refused it.");
  });
});

describe("the standing of an account", () => {
  it("is good only where everything is", () => {
    expect(standingOf(HERE, state(), false, true).level).toBe("good");
  });
  it.each([
    ["disconnected", HERE, state(), false, false],
    ["account_stale", HERE, state(), true, true],
    ["kill_switch_on", HERE, state({ killed: true }), false, true],
    ["desk_kill_switch_on", HERE, state({ desk_killed: true }), false, true],
    [
      "lease_lapsed",
      HERE,
      state({ leases: [{ scope: "desk", seconds: 30, until_ms: 1, by: "u1", lapsed: true }] }),
      false,
      true,
    ],
    [
      "trading_locked",
      HERE,
      state({ ready: false, locks: [{ code: "trading_locked", text: "x" }] }),
      false,
      true,
    ],
    ["agent_required", HERE, state({ ready: false }), false, true],
    ["not_ready", HERE, state({ ready: false, agent: { address: "0xb" } }), false, true],
    ["asking", HERE, null, false, true],
    ["grant_required", { ...HERE, accounts: [] }, state(), false, true],
    ["no_account", { ...HERE, phase: "barred" }, null, false, true],
    [
      "session_required",
      { ...HERE, phase: "barred", error: new ApiError("session_required", "", false) },
      null,
      false,
      true,
    ],
    ["trading_absent", { ...HERE, phase: "absent" }, null, false, true],
  ] as const)("is %s, and says what to do", (code, snapshot, account, stale, linked) => {
    const standing = standingOf(snapshot as TradingSnapshot, account, stale, linked);
    expect(standing.code).toBe(code);
    expect(standing.level).not.toBe("good");
    expect(standing.what).not.toBe("");
    expect(standing.next).not.toBe("");
  });
});

describe("what keeps risk from being added", () => {
  it("lets it be taken away", () => {
    const reduces = (part: object): boolean => standingOf(HERE, state(part), false, true).reduces;
    expect(reduces({ killed: true })).toBe(true);
    expect(reduces({ desk_killed: true })).toBe(true);
    const locked = { ready: false, locks: [{ code: "trading_locked", text: "x" }] };
    expect(reduces({ ...locked, reconciled_ms: 1 })).toBe(true);
    // Before the first comparison nobody knows what there is to reduce.
    expect(reduces({ ...locked, reconciled_ms: null })).toBe(false);
    expect(reduces({ ...locked, reconciled_ms: 1, locks: [{ code: "audit_stopped", text: "x" }] })).toBe(
      false,
    );
    expect(reduces({ ready: false })).toBe(false);
  });
});

describe("the mark of practice", () => {
  it("is there for each account that is not live", () => {
    expect(practiceOf(state())).toBe("");
    expect(practiceOf(state({ paper: true }))).toBe("paper");
    expect(practiceOf(state({ mode: "simulated" }))).toBe("simulated");
    expect(practiceOf(state({ mode: "replay" }))).toBe("replay");
    expect(practiceOf(state({ mode: "simulated", paper: true }))).toBe("paper");
  });
});

describe("a ticket in words", () => {
  it("is what is sent", () => {
    const common = { account: "0xa", symbol: "BTC", size: "0.01", reduce_only: true } as const;
    expect(
      orderWords({ ...common, side: "sell", kind: "stop_limit", px: "95000", trigger_px: "96000" }),
    ).toBe("Sell 0.01 BTC stop limit at 95\u202f000 when 96\u202f000 reduce-only");
  });
});
