import { describe, expect, it } from "vitest";
import { asPlan, asRisk, type PlanView, type RiskView } from "./account-views";
import { offerOf } from "./ticket-plan";

const TAKES = { n: 1, order_type: "limit", tif: "ioc", px: "97412", sz: "0.00256", delay_ms: 0 };
const RESTS = { n: 2, order_type: "limit", tif: "alo", px: "97411", sz: "0.00768", delay_ms: 1500 };

function plan(part: Record<string, unknown> = {}): PlanView {
  const found = asPlan({
    state: "ready",
    direction: "BUY",
    strategy: "hybrid",
    slices: [TAKES, RESTS],
    ...part,
  });
  if (found === null) throw new Error("no plan");
  return found;
}

function risk(stop: string | null, target: string | null): RiskView {
  const found = asRisk({ state: "sized", stop_px: stop, target_px: target });
  if (found === null) throw new Error("no sizing");
  return found;
}

describe("a plan in the ticket", () => {
  it("is asked for as a plan of all its slices, with its stop and its target", () => {
    expect(offerOf(plan(), risk("96940", "98610"))).toEqual({
      draft: {
        side: "buy",
        kind: "twap",
        twapBy: "plan",
        unit: "coin",
        amount: "0.01024",
        trigger: "",
        reduceOnly: false,
        bracket: true,
        stopLoss: "96940",
        takeProfit: "98610",
      },
      words: "buy 0.01024 at 97412, stop 96940, target 98610",
      note: "hybrid, 2 slices",
    });
  });

  it("of a sale says the least that it sells for", () => {
    const offer = offerOf(plan({ direction: "SELL" }), risk("98000", "96000"));
    expect(offer?.draft).toMatchObject({ side: "sell", stopLoss: "98000", takeProfit: "96000" });
    expect(offer?.words).toContain("sell 0.01024 at 97411");
  });

  it("without a sizing has no exits", () => {
    const offer = offerOf(plan({ slices: [RESTS] }), null);
    expect(offer?.draft).toMatchObject({ twapBy: "plan", bracket: false });
    expect(offer?.note).toBe("hybrid, 1 slice");
  });

  it("leaves out a level that the market has passed", () => {
    expect(offerOf(plan(), risk("97500", "98610"))?.draft).toMatchObject({ stopLoss: "", bracket: true });
    expect(offerOf(plan(), risk("97500", "97000"))?.draft.bracket).toBe(false);
  });

  it("that is not ready, has no side, no slice or one that cannot be read, is none", () => {
    expect(offerOf(plan({ state: "blocked" }), null)).toBeNull();
    expect(offerOf(plan({ direction: null }), null)).toBeNull();
    expect(offerOf(plan({ slices: [] }), null)).toBeNull();
    expect(offerOf(plan({ slices: [TAKES, { ...RESTS, sz: null }] }), null)).toBeNull();
  });
});
