import { expect, test } from "vitest";
import { asMarketMargin } from "./margin-decode";
import { asPreview } from "./trading-decode";

const MARKET = { symbol: "BTC", margin: "isolated", leverage: 5, max_leverage: 40, only_isolated: false };

test("reads how a market is margined, with nothing where the venue has not said", () => {
  expect(asMarketMargin(MARKET)).toEqual({
    symbol: "BTC",
    margin: "isolated",
    leverage: 5,
    maxLeverage: 40,
    onlyIsolated: false,
  });
  expect(asMarketMargin({ ...MARKET, margin: null, leverage: null })).toMatchObject({
    margin: null,
    leverage: null,
  });
});

test.each([
  ["no object", null],
  ["no symbol", { ...MARKET, symbol: "" }],
  ["a kind that nobody knows", { ...MARKET, margin: "portfolio" }],
  ["a kind that is left out", { ...MARKET, margin: undefined }],
  ["no times", { ...MARKET, leverage: 0 }],
  ["half a time", { ...MARKET, leverage: 2.5 }],
  ["times as a text", { ...MARKET, leverage: "5" }],
  ["no highest", { ...MARKET, max_leverage: null }],
  ["a highest below one", { ...MARKET, max_leverage: 0 }],
  ["no word on isolated margin", { ...MARKET, only_isolated: "no" }],
])("reads nothing from %s", (_what, body) => {
  expect(asMarketMargin(body)).toBeNull();
});

test("a preview has it, an older one does not, and one that cannot be read is no preview", () => {
  const preview = { orders: [], refusals: [], now_ms: 1 };
  expect(asPreview({ ...preview, market: MARKET }, 0)?.market?.leverage).toBe(5);
  expect(asPreview(preview, 0)?.market).toBeNull();
  expect(asPreview({ ...preview, market: { ...MARKET, leverage: -1 } }, 0)).toBeNull();
});
