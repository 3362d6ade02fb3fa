import { asObject } from "./decode";
import { MARGIN_KINDS, type MarketMargin } from "./margin-types";
import { member, text, whole } from "./order-decode";

/** Null where one word cannot be read: leverage is not set from a guess. */
export function asMarketMargin(value: unknown): MarketMargin | null {
  const body = asObject(value);
  const symbol = text(body?.["symbol"]);
  const maxLeverage = times(body?.["max_leverage"]);
  const onlyIsolated = body?.["only_isolated"];
  if (body === null || symbol === null || maxLeverage === null || typeof onlyIsolated !== "boolean")
    return null;
  const margin = member(body["margin"], MARGIN_KINDS);
  const leverage = times(body["leverage"]);
  if (margin === null && body["margin"] !== null) return null;
  if (leverage === null && body["leverage"] !== null) return null;
  return { symbol, margin, leverage, maxLeverage, onlyIsolated };
}

function times(value: unknown): number | null {
  const found = whole(value);
  return found === 0 ? null : found;
}
