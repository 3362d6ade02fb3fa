import { describe, expect, it } from "vitest";
import { type Decimal, parseDecimal } from "~/shared/decimal";
import { build, type TicketFacts } from "./ticket-build";
import { type Draft, EMPTY_DRAFT } from "./ticket-draft";

const decimal = (text: string): Decimal => parseDecimal(text) as Decimal;

const FACTS: TicketFacts = {
  account: "0xa",
  symbol: "BTC",
  grid: { pxDecimals: 1, szDecimals: 5, significant: 5 },
  mid: decimal("97000.5"),
  equity: decimal("25000"),
  mostSlippageBps: 30,
};

const of = (part: Partial<Draft>, facts: Partial<TicketFacts> = {}) =>
  build({ ...EMPTY_DRAFT, ...part }, { ...FACTS, ...facts });

describe("a ticket", () => {
  it("of a market order has no price, and its slippage only where it was typed", () => {
    expect(of({ kind: "market", amount: "0.01", px: "1" }).ticket).toEqual({
      account: "0xa",
      symbol: "BTC",
      side: "buy",
      kind: "market",
      size: "0.01",
      reduce_only: false,
    });
    expect(of({ kind: "market", amount: "0.01", slippage: "0.12" }).ticket?.slippage_bps).toBe(12);
    expect(of({ kind: "market", amount: "0.01", slippage: "0.31" }).problems[0]).toMatchObject({
      field: "slippage",
      text: "Percent, from 0.01 to 0.3",
    });
    expect(of({ kind: "market", amount: "0.01", slippage: "0.123" }).problems[0]?.field).toBe("slippage");
  });
  it("of a limit is on tick and lot, and says what is sent", () => {
    const built = of({ amount: "0.0123456", px: "97412.57" });
    expect(built.ticket).toMatchObject({ size: "0.01234", px: "97413" });
    expect(built.sent.px).toBe("97413");
  });
  it("by USD is converted with its own price, else with the middle", () => {
    expect(of({ unit: "usd", amount: "1000", px: "50000" }).ticket?.size).toBe("0.02000");
    expect(of({ unit: "usd", amount: "970.005", kind: "market" }).ticket?.size).toBe("0.01000");
  });
  it("by USD is not made of a price that nobody vouches for", () => {
    const built = of({ unit: "usd", amount: "100", kind: "market" }, { mid: null });
    expect(built.ticket).toBeNull();
    expect(built.problems[0]?.text).toBe("No fresh price to convert with");
  });
  it("by risk needs a stop and a fresh equity", () => {
    const risky = { unit: "risk", amount: "1", px: "50000", bracket: true, stopLoss: "49000" } as const;
    expect(of(risky).ticket).toMatchObject({ size: "0.25000", stop_loss: "49000" });
    expect(of({ ...risky, stopLoss: "", takeProfit: "60000" }).problems[0]?.field).toBe("amount");
    expect(of(risky, { equity: null }).ticket).toBeNull();
  });
  it("is not made before the steps of the market are known", () => {
    expect(of({ amount: "0.01", px: "97000" }, { grid: null }).ticket).toBeNull();
  });
  it("smaller than a lot is none", () => {
    expect(of({ amount: "0.000001", px: "97000" }).problems[0]?.text).toBe("Smaller than the smallest lot");
  });
  it.each([
    ["buy", { takeProfit: "96000" }, "takeProfit"],
    ["buy", { stopLoss: "98000" }, "stopLoss"],
    ["sell", { takeProfit: "98000" }, "takeProfit"],
    ["sell", { stopLoss: "96000" }, "stopLoss"],
  ] as const)("of a %s with %j on the wrong side is refused", (side, legs, field) => {
    const built = of({ side, amount: "0.01", px: "97000", bracket: true, ...legs });
    expect(built.ticket).toBeNull();
    expect(built.problems.map((problem) => problem.field)).toContain(field);
  });
  it.each([
    ["buy", "stop_market", "98000", true],
    ["buy", "stop_market", "96000", false],
    ["sell", "stop_market", "96000", true],
    ["sell", "take_market", "98000", true],
    ["sell", "take_market", "96000", false],
    ["buy", "take_market", "96000", true],
  ] as const)("of a %s %s at %s rests: %s", (side, kind, trigger, rests) => {
    expect(of({ side, kind, trigger, amount: "0.01" }).ticket !== null).toBe(rests);
  });
  it("names its strategy unless that is what a server takes by itself", () => {
    const named = (strategy: string) => of({ amount: "0.01", px: "97000", strategy });
    expect(named("manual").ticket).not.toHaveProperty("strategy");
    expect(named("break-out_2").ticket?.strategy).toBe("break-out_2");
    for (const wrong of ["", "Break", "a b", "x".repeat(33)]) expect(named(wrong).ticket).toBeNull();
  });
  it("of a scale and of a TWAP carries what belongs to it and nothing else", () => {
    expect(
      of({ kind: "scale", amount: "0.1", scaleFrom: "95000", scaleTo: "96000", px: "1", stopLoss: "2" })
        .ticket,
    ).toEqual({
      account: "0xa",
      symbol: "BTC",
      side: "buy",
      kind: "scale",
      size: "0.1",
      reduce_only: false,
      scale: { orders: 5, from: "95000", to: "96000" },
    });
    expect(of({ kind: "twap", amount: "0.1", twapMinutes: "45" }).ticket?.twap).toEqual({
      minutes: 45,
      randomize: false,
    });
    expect(of({ kind: "twap", amount: "0.1", twapMinutes: "0" }).ticket).toBeNull();
    expect(of({ kind: "twap", amount: "0.1", twapBy: "venue" }).ticket?.twap).toMatchObject({ by: "venue" });
    const plan = { kind: "twap", amount: "0.1", twapBy: "plan", twapMinutes: "0" } as const;
    expect(of(plan).ticket?.twap).toEqual({ by: "plan" });
    const exits = { bracket: true, stopLoss: "1" } as const;
    expect(of({ ...plan, ...exits }).ticket).toMatchObject({ stop_loss: "1" });
    expect(of({ ...plan, ...exits, twapBy: "here", twapMinutes: "5" }).ticket).not.toHaveProperty(
      "stop_loss",
    );
  });
});
