import { type Decimal, parseDecimal } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asMode, asObject } from "./decode";
import type { Proof, ProofRecord } from "./proof-types";
import { asStamp } from "./stamp";
import {
  type AccountAnswer,
  type AccountLimits,
  type AccountState,
  type KillAnswer,
  type PositionView,
  type Preview,
  type PreviewOrder,
  type TradeRefusal,
  type TradingAccount,
  type TwapView,
  LEGS,
  SIDES,
} from "./trading-types";
import { asFill, asOrder, count, type Json, list, member, text, whole } from "./order-decode";

/** Rows of one answer that are read; a server tells fewer. */
const MOST_ROWS = 2000;
const MOST_FINDINGS = 64;

export function asRefusals(value: unknown): readonly TradeRefusal[] {
  // An error's details are texts, so that a list comes there as JSON.
  const given = typeof value === "string" ? parsed(value) : value;
  return list(given, MOST_FINDINGS, asRefusal) ?? [];
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return null;
  }
}

function asRefusal(value: unknown): TradeRefusal | null {
  const body = asObject(value);
  const code = text(body?.["code"]);
  if (code === null) return null;
  return {
    code,
    text: text(body?.["text"]) ?? code,
    found: text(body?.["found"]),
    allowed: text(body?.["allowed"]),
  };
}

function asPreviewOrder(value: unknown): PreviewOrder | null {
  const body = asObject(value);
  const leg = member(body?.["leg"], LEGS);
  const side = member(body?.["side"], SIDES);
  const size = parseDecimal(body?.["size"]);
  if (leg === null || side === null || size === null) return null;
  return {
    leg,
    side,
    size,
    px: parseDecimal(body?.["px"]),
    triggerPx: parseDecimal(body?.["trigger_px"]),
    notionalUsd: parseDecimal(body?.["notional_usd"]),
    reduceOnly: body?.["reduce_only"] === true,
  };
}

export function asPreview(value: unknown, arrivedAt: number): Preview | null {
  const body = asObject(value);
  const nowMs = count(body?.["now_ms"]);
  const orders = list(body?.["orders"], MOST_ROWS, asPreviewOrder);
  if (body === null || nowMs === null || orders === null || !Array.isArray(body["refusals"])) return null;
  return {
    orders,
    nowMs,
    mid: stampedDecimal(body["mid"], "execution", nowMs, arrivedAt),
    averagePx: parseDecimal(body["average_px"]),
    slippageBps: count(body["slippage_bps"]),
    feeUsd: parseDecimal(body["fee_usd"]),
    feeBps: parseDecimal(body["fee_bps"]),
    liquidationPx: parseDecimal(body["liquidation_px"]),
    marginUsd: parseDecimal(body["margin_usd"]),
    refusals: asRefusals(body["refusals"]),
  };
}

function stampedDecimal(
  value: unknown,
  source: string,
  nowMs: number,
  arrivedAt: number,
): Stamped<Decimal> | null {
  const body = asObject(value);
  const stamp = body === null ? null : asStamp(body, nowMs, arrivedAt);
  const amount = parseDecimal(body?.["v"]);
  return stamp === null || amount === null ? null : Stamped.of(source, amount, stamp);
}

function asPosition(value: unknown): PositionView | null {
  const body = asObject(value);
  const symbol = text(body?.["symbol"]);
  const size = parseDecimal(body?.["size"]);
  if (body === null || symbol === null || size === null) return null;
  return {
    symbol,
    size,
    entryPx: parseDecimal(body["entry_px"]),
    markPx: parseDecimal(body["mark_px"]),
    valueUsd: parseDecimal(body["value_usd"]),
    unrealisedUsd: parseDecimal(body["unrealised_usd"]),
    liquidationPx: parseDecimal(body["liquidation_px"]),
    leverage: count(body["leverage"]),
    margin: text(body["margin"]),
    marginUsedUsd: parseDecimal(body["margin_used_usd"]),
    fundingUsd: parseDecimal(body["funding_usd"]),
  };
}

function asPositions(
  value: unknown,
  nowMs: number,
  arrivedAt: number,
): Stamped<readonly PositionView[]> | null {
  const body = asObject(value);
  const stamp = body === null ? null : asStamp(body, nowMs, arrivedAt);
  const rows = list(body?.["v"], MOST_ROWS, asPosition);
  return stamp === null || rows === null ? null : Stamped.of("account", rows, stamp);
}

function asLimits(value: unknown): AccountLimits {
  const body = asObject(value) ?? {};
  const symbols = body["symbols"];
  return {
    orderUsd: parseDecimal(body["order_usd"]),
    symbolUsd: parseDecimal(body["symbol_usd"]),
    grossUsd: parseDecimal(body["gross_usd"]),
    collarBps: count(body["collar_bps"]),
    slippageBps: count(body["slippage_bps"]),
    leveragePercent: count(body["leverage_percent"]),
    concentrationBps: count(body["concentration_bps"]),
    ordersPerMinute: count(body["orders_per_minute"]),
    ordersPerDay: count(body["orders_per_day"]),
    dailyLossUsd: parseDecimal(body["daily_loss_usd"]),
    symbols: Array.isArray(symbols) ? (list(symbols, MOST_ROWS, text) ?? []) : null,
  };
}

function asTwap(value: unknown): TwapView | null {
  const body = asObject(value);
  const key = text(body?.["key"]);
  const symbol = text(body?.["symbol"]);
  const side = member(body?.["side"], SIDES);
  const left = parseDecimal(body?.["left"]);
  const slicesLeft = whole(body?.["slices_left"]);
  const nextMs = count(body?.["next_ms"]);
  if (key === null || symbol === null || side === null || left === null) return null;
  return slicesLeft === null || nextMs === null ? null : { key, symbol, side, left, slicesLeft, nextMs };
}

export function asAccountState(value: unknown, arrivedAt: number): AccountState | null {
  const body = asObject(value);
  const account = text(body?.["account"]);
  const mode = asMode(body?.["mode"]);
  const nowMs = count(body?.["now_ms"]);
  if (body === null || account === null || mode === null || nowMs === null) return null;
  // An account of which it is not said whether it is one of practice must not be traded as if it were.
  if (typeof body["paper"] !== "boolean" || typeof body["ready"] !== "boolean") return null;
  if (typeof body["killed"] !== "boolean") return null;
  const agent = asObject(body["agent"]);
  const address = text(agent?.["address"]);
  const fees = asObject(body["fees"]);
  const money = (name: string) => stampedDecimal(body[name], "account", nowMs, arrivedAt);
  return {
    account,
    mode,
    nowMs,
    paper: body["paper"],
    ready: body["ready"],
    killed: body["killed"],
    venue: text(body["venue"]) ?? "",
    runId: text(body["run_id"]) ?? "",
    locks: asRefusals(body["locks"]),
    agent: address === null ? null : { address, expiresMs: count(agent?.["expires_ms"]) },
    equityUsd: money("equity_usd"),
    withdrawableUsd: money("withdrawable_usd"),
    marginUsedUsd: money("margin_used_usd"),
    dayLossUsd: money("day_loss_usd"),
    positions: asPositions(body["positions"], nowMs, arrivedAt),
    reconciledMs: count(body["reconciled_ms"]),
    findings: asRefusals(body["findings"]),
    limits: asLimits(body["limits"]),
    fees: { takerBps: parseDecimal(fees?.["taker_bps"]), makerBps: parseDecimal(fees?.["maker_bps"]) },
    stream: text(body["stream"]) ?? "closed",
    twaps: list(body["twaps"] ?? [], MOST_FINDINGS, asTwap) ?? [],
  };
}

export function asAccountAnswer(value: unknown, arrivedAt: number): AccountAnswer | null {
  const body = asObject(value);
  const state = asAccountState(value, arrivedAt);
  const orders = list(body?.["orders"], MOST_ROWS, asOrder);
  const fills = list(body?.["fills"], MOST_ROWS, asFill);
  return state === null || orders === null || fills === null ? null : { state, orders, fills };
}

/** Orders of an answer: one that cannot be read makes the whole answer unreadable, or an order would be hidden. */
export function asOrders(value: unknown): AccountAnswer["orders"] | null {
  return list(asObject(value)?.["orders"], MOST_ROWS, asOrder);
}

function asTradingAccount(value: unknown): TradingAccount | null {
  const body = asObject(value);
  const account = text(body?.["account"]);
  if (account === null || typeof body?.["paper"] !== "boolean") return null;
  return {
    account,
    name: text(body["name"]),
    paper: body["paper"],
    mayTrade: body["may_trade"] === true,
  };
}

export function asAccounts(value: unknown): readonly TradingAccount[] | null {
  return list(asObject(value)?.["accounts"], MOST_ROWS, asTradingAccount);
}

export function asKill(value: unknown): KillAnswer | null {
  const body = asObject(value);
  const on = body?.["on"];
  const cancelled = whole(body?.["cancelled"]);
  const flattened = whole(body?.["flattened"]);
  if (typeof on !== "boolean" || cancelled === null || flattened === null) return null;
  return { on, cancelled, flattened, drill: body?.["drill"] === true };
}

function asRecord(value: unknown): ProofRecord | null {
  const body = asObject(value);
  const index = whole(body?.["index"]);
  const atMs = count(body?.["at_ms"]);
  const what = text(body?.["what"]);
  if (body === null || index === null || atMs === null || what === null) return null;
  return { index, atMs, what, ...who(body), details: detailsOf(body["details"]) };
}

function who(body: Json): Pick<ProofRecord, "from" | "to" | "step" | "user" | "session" | "request"> {
  return {
    from: text(body["from"]),
    to: text(body["to"]),
    step: text(body["step"]),
    user: text(body["user"]),
    session: text(body["session"]),
    request: text(body["request"]),
  };
}

function detailsOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function asProof(value: unknown): Proof | null {
  const body = asObject(value);
  const records = list(body?.["records"], MOST_ROWS, asRecord);
  const checkpoint = text(body?.["checkpoint"]);
  const size = whole(body?.["size"]);
  if (records === null || checkpoint === null || size === null) return null;
  return { records, checkpoint, size, text: detailsOf(body?.["proof"]) };
}
