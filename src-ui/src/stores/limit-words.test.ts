import { describe, expect, it } from "vitest";
import {
  buildLimits,
  fieldLabel,
  limitsDraft,
  limitText,
  limitTitle,
  LIMIT_FIELDS,
  scopeWords,
} from "./limit-words";

const HELD = {
  order_usd: "1000",
  gross_usd: null,
  orders_per_minute: 30,
  symbols: ["BTC"],
  stop_required: false,
  something_newer: { kept: true },
};

const edited = (texts: Record<string, string>, part: object = {}) => {
  const draft = limitsDraft(HELD);
  return buildLimits({ ...draft, ...part, texts: { ...draft.texts, ...texts } }, HELD);
};

describe("limits as they are typed", () => {
  it("are nothing to send while nothing is changed", () => {
    expect(edited({}).wire).toBeNull();
  });
  it("go back whole: what this page does not know stays as it came", () => {
    const { wire, changed } = edited({ order_usd: "2000.50", orders_per_minute: "10" });
    expect(changed).toEqual(["order_usd", "orders_per_minute"]);
    expect(wire).toEqual({ ...HELD, order_usd: "2000.50", orders_per_minute: 10 });
  });
  it("refuse what is no number, and a count with decimals", () => {
    expect(edited({ order_usd: "a lot" }).problems).toHaveProperty("order_usd");
    expect(edited({ orders_per_minute: "1.5" }).wire).toBeNull();
  });
  it("take rates as a trader reads them, and give them back as the server spells them", () => {
    const held = { ...HELD, slippage_bps: 30, leverage_percent: 300, concentration_bps: 10_000 };
    const draft = limitsDraft(held);
    expect(draft.texts).toMatchObject({
      slippage_bps: "0.3",
      leverage_percent: "3",
      concentration_bps: "100",
    });
    expect(buildLimits(draft, held).changed).toEqual([]);
    const texts = { ...draft.texts, slippage_bps: "0.25", leverage_percent: "2.5" };
    expect(buildLimits({ ...draft, texts }, held).wire).toEqual({
      ...held,
      slippage_bps: 25,
      leverage_percent: 250,
    });
    const finer = { ...draft.texts, slippage_bps: "0.255" };
    expect(buildLimits({ ...draft, texts: finer }, held)).toMatchObject({
      wire: null,
      problems: { slippage_bps: "A number with at most two decimals" },
    });
  });
  it("name symbols, or all of them", () => {
    expect(edited({}, { symbols: "BTC, ETH" }).wire).toMatchObject({ symbols: ["BTC", "ETH"] });
    expect(edited({}, { symbols: " " }).wire).toMatchObject({ symbols: null });
  });
});

describe("the words of limits", () => {
  it("say a unit, and that there is none", () => {
    const [order, , gross] = LIMIT_FIELDS;
    if (order === undefined || gross === undefined) throw new Error("no fields");
    expect(limitText(HELD, order)).toBe("$1\u202f000");
    expect(limitText(HELD, gross)).toBe("none");
    expect(fieldLabel("order_usd")).toBe("one order");
    expect(fieldLabel("new_limit")).toBe("new limit");
  });
  it.each([
    ["leverage_percent", 300, "3\u00d7"],
    ["concentration_bps", 12_500, "125 %"],
    ["collar_bps", 100, "1 %"],
    ["slippage_bps", 5, "0.05 %"],
    ["orders_per_day", 1000, "1\u202f000"],
    ["clock_bound_ms", 1000, "1\u202f000 ms"],
    ["order_usd", "2500.5", "$2\u202f500.50"],
  ])("read %s in the unit of its kind, with the server's name beside it", (name, value, words) => {
    const field = LIMIT_FIELDS.find((item) => item.name === name);
    if (field === undefined) throw new Error("no field");
    expect(limitText({ [name]: value }, field)).toBe(words);
    expect(limitTitle({ [name]: value }, field)).toBe(`${name}: ${value}`);
  });
  it("name scopes", () => {
    expect(scopeWords({ scope: "desk" })).toBe("The whole desk");
    expect(scopeWords({ scope: "strategy", strategy: "breakout" })).toBe("Strategy breakout");
    expect(scopeWords({ scope: "account", account: "0xa" }, "main")).toBe("Account main");
  });
});
