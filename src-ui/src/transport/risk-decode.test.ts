import { describe, expect, it } from "vitest";
import { digits } from "~/shared/decimal";
import { asAuto } from "./auto-decode";
import { asDeskKill, asLeases, asRiskView, asSchedule } from "./risk-decode";

const SCOPE = {
  scope: "account",
  account: "0xa",
  strategy: null,
  limits: { order_usd: "1000", clock_bound_ms: 250, stop_required: true, newer: 1 },
  standing: {
    gross_usd: { v: "12.5", as_of: 90, proved_at: 95, age_limit_ms: 1000, state: "fresh" },
    day_loss_usd: { v: null, state: "missing" },
    orders_minute: 3,
    orders_day: 40,
  },
  waiting: { by: "anna", at_ms: 5, limits: { order_usd: "2000" }, loosens: ["order_usd"] },
};

describe("the limits of a desk", () => {
  it("are read with what is used of them and what waits", () => {
    const view = asRiskView({ scopes: [SCOPE], second_person: true, may_change: false }, 0, 100);
    const [entry] = view?.scopes ?? [];
    expect(view).toMatchObject({ secondPerson: true, mayChange: false });
    expect(entry).toMatchObject({ scope: "account", account: "0xa" });
    expect(entry).not.toHaveProperty("strategy");
    expect(entry?.limits).toMatchObject({ stopRequired: true, clockBoundMs: 250, wire: SCOPE.limits });
    expect(entry?.waiting).toMatchObject({ by: "anna", loosens: ["order_usd"] });
    expect(entry?.standing?.ordersDay?.draw(0, digits)).toBe("40");
    expect(entry?.standing?.dayLossUsd).toBeNull();
    expect(entry?.standing?.grossUsd?.read(0)).toMatchObject({ ageMs: 5, state: "fresh" });
    expect(entry?.standing?.grossUsd?.read(2000).state).toBe("stale");
  });
  it("are unreadable as a whole where one scope is", () => {
    expect(asRiskView({ scopes: [{ ...SCOPE, scope: "galaxy" }] }, 0, 0)).toBeNull();
    expect(asRiskView({ scopes: [{ ...SCOPE, limits: null }] }, 0, 0)).toBeNull();
    expect(asRiskView(null, 0, 0)).toBeNull();
  });
});

describe("what guards an absence", () => {
  it("is read", () => {
    const lease = {
      scope: "desk",
      account: null,
      strategy: null,
      by: "u1",
      seconds: 30,
      until_ms: 9,
      lapsed: false,
    };
    expect(asLeases({ leases: [lease] })).toEqual([
      { scope: "desk", by: "u1", seconds: 30, untilMs: 9, lapsed: false },
    ]);
    expect(asLeases({ leases: [{ ...lease, until_ms: null }] })).toBeNull();
    expect(asSchedule({ at_ms: null, triggers_left: 3 })).toEqual({ atMs: null, triggersLeft: 3 });
    expect(
      asDeskKill({ on: true, drill: false, accounts: [{ account: "0xa", cancelled: 1, flattened: 0 }] }),
    ).toEqual({ on: true, drill: false, accounts: [{ account: "0xa", cancelled: 1, flattened: 0 }] });
    expect(asDeskKill({ on: true })).toBeNull();
  });
});

describe("orders that are given by themselves", () => {
  it("are never guessed to be off", () => {
    expect(asAuto({ account: "0xa" })).toBeNull();
    expect(asAuto({ account: "0xa", on: false })).toMatchObject({ on: false, states: [] });
  });
  it("tell each gate, whatever its figures are", () => {
    const view = asAuto({
      account: "0xa",
      on: true,
      symbols_state: [
        {
          symbol: "BTC",
          gates: [
            { gate: "score", holds: false, found: 58.5, needed: "65" },
            { gate: "fresh", holds: true, found: true, needed: null },
          ],
          next_ms: null,
          last: { at_ms: 1, outcome: "held_back", code: "gate", text: "", cloid: null },
        },
      ],
    });
    expect(view?.states[0]?.gates).toEqual([
      { gate: "score", holds: false, found: "58.5", needed: "65" },
      { gate: "fresh", holds: true, found: "yes", needed: "\u2014" },
    ]);
    expect(view?.states[0]?.last?.text).toBe("held_back");
  });
});
