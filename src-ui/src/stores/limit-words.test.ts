import { describe, expect, it } from "vitest";
import { buildLimits, fieldLabel, limitsDraft, limitText, LIMIT_FIELDS, scopeWords } from "./limit-words";

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
  it("name symbols, or all of them", () => {
    expect(edited({}, { symbols: "BTC, ETH" }).wire).toMatchObject({ symbols: ["BTC", "ETH"] });
    expect(edited({}, { symbols: " " }).wire).toMatchObject({ symbols: null });
  });
});

describe("the words of limits", () => {
  it("say a unit, and that there is none", () => {
    const [order, , gross] = LIMIT_FIELDS;
    if (order === undefined || gross === undefined) throw new Error("no fields");
    expect(limitText(HELD, order)).toBe("$1\u2009000");
    expect(limitText(HELD, gross)).toBe("none");
    expect(fieldLabel("order_usd")).toBe("one order");
    expect(fieldLabel("new_limit")).toBe("new limit");
  });
  it("name scopes", () => {
    expect(scopeWords({ scope: "desk" })).toBe("The whole desk");
    expect(scopeWords({ scope: "strategy", strategy: "breakout" })).toBe("Strategy breakout");
    expect(scopeWords({ scope: "account", account: "0xa" }, "main")).toBe("Account main");
  });
});
