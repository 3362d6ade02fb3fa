import { parseDecimal } from "~/shared/decimal";
import { asObject } from "./decode";
import { type FillView, LEGS, ORDER_STATES, type OrderView, SIDES } from "./trading-types";

export type Json = Readonly<Record<string, unknown>>;

export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A count that a number holds exactly. */
export function whole(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function member<T extends string>(value: unknown, of: readonly T[]): T | null {
  return of.find((item) => item === value) ?? null;
}

/** Null where it is no list, where it is too long, or where one item cannot be read: half a list of orders is a lie. */
export function list<T>(
  value: unknown,
  most: number,
  read: (item: unknown) => T | null,
): readonly T[] | null {
  if (!Array.isArray(value) || value.length > most) return null;
  const items: T[] = [];
  for (const item of value) {
    const found = read(item);
    if (found === null) return null;
    items.push(found);
  }
  return items;
}

const CLOID = /^0x[0-9a-f]{32}$/;

function asCloid(value: unknown): string | null {
  return typeof value === "string" && CLOID.test(value) ? value : null;
}

export function asOrder(value: unknown): OrderView | null {
  const body = asObject(value);
  if (body === null) return null;
  const account = text(body["account"]);
  const symbol = text(body["symbol"]);
  const side = member(body["side"], SIDES);
  const state = member(body["state"], ORDER_STATES);
  const size = parseDecimal(body["size"]);
  const filled = parseDecimal(body["filled"]);
  const changedMs = count(body["changed_ms"]);
  if (account === null || symbol === null || side === null || state === null) return null;
  if (size === null || filled === null || changedMs === null) return null;
  const cloid = asCloid(body["cloid"]);
  const oid = whole(body["oid"]);
  // What has no name can be neither followed nor cancelled.
  if (cloid === null && oid === null) return null;
  const why = asObject(body["why"]);
  const code = text(why?.["code"]);
  return {
    account,
    cloid,
    oid,
    symbol,
    side,
    state,
    size,
    filled,
    changedMs,
    group: text(body["group"]),
    leg: member(body["leg"], LEGS) ?? "single",
    kind: text(body["kind"]) ?? "",
    px: parseDecimal(body["px"]),
    triggerPx: parseDecimal(body["trigger_px"]),
    averagePx: parseDecimal(body["average_px"]),
    reduceOnly: body["reduce_only"] === true,
    strategy: text(body["strategy"]) ?? "",
    createdMs: count(body["created_ms"]) ?? changedMs,
    unknownUntilMs: count(body["unknown_until_ms"]),
    why: code === null ? null : { code, text: text(why?.["text"]) ?? code },
    foreign: body["foreign"] === true || cloid === null,
    replaces: asCloid(body["replaces"]),
    replacedBy: asCloid(body["replaced_by"]),
    changeable: Object.hasOwn(body, "replaces"),
    nakedMs: count(body["naked_ms"]),
    guarded: typeof body["protected"] === "boolean" ? body["protected"] : null,
    paper: body["paper"] === true,
  };
}

export function asFill(value: unknown): FillView | null {
  const body = asObject(value);
  if (body === null) return null;
  const account = text(body["account"]);
  const tid = whole(body["tid"]);
  const symbol = text(body["symbol"]);
  const side = member(body["side"], SIDES);
  const px = parseDecimal(body["px"]);
  const size = parseDecimal(body["size"]);
  const timeMs = count(body["time_ms"]);
  if (account === null || tid === null || symbol === null || side === null) return null;
  if (px === null || size === null || timeMs === null) return null;
  return {
    account,
    tid,
    symbol,
    side,
    px,
    size,
    timeMs,
    cloid: asCloid(body["cloid"]),
    oid: whole(body["oid"]),
    feeUsd: parseDecimal(body["fee_usd"]),
    closedPnlUsd: parseDecimal(body["closed_pnl_usd"]),
    liquidity: member(body["liquidity"], ["taker", "maker"] as const),
    leg: member(body["leg"], LEGS),
  };
}
