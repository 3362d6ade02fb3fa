import { parseDecimal } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asMode, asObject } from "./decode";
import { asStamp, stampedDecimal } from "./stamp";
import { asLedger } from "./ledger-decode";
import { asMarketMargin } from "./margin-decode";
import { asAccountLimits, leaseList } from "./risk-decode";
import {
  type AccountAnswer,
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
  TWAP_BY,
} from "./trading-types";
import { asFill, asOrder, count, type Json, list, member, text, whole } from "./order-decode";
import type { AccountList } from "./trading-port";

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
    afterMs: count(body?.["after_ms"]),
  };
}

export function asPreview(value: unknown, arrivedAt: number): Preview | null {
  const body = asObject(value);
  const nowMs = count(body?.["now_ms"]);
  const orders = list(body?.["orders"], MOST_ROWS, asPreviewOrder);
  if (body === null || nowMs === null || orders === null || !Array.isArray(body["refusals"])) return null;
  const market = asMarketMargin(body["market"]);
  if (market === null && Object.hasOwn(body, "market")) return null;
  return {
    market,
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

function asTwap(value: unknown): TwapView | null {
  const body = asObject(value);
  const key = text(body?.["key"]);
  const symbol = text(body?.["symbol"]);
  const side = member(body?.["side"], SIDES);
  const left = parseDecimal(body?.["left"]);
  if (key === null || symbol === null || side === null || left === null) return null;
  return {
    key,
    symbol,
    side,
    left,
    slicesLeft: whole(body?.["slices_left"]),
    nextMs: count(body?.["next_ms"]),
    by: member(body?.["by"], TWAP_BY) ?? "here",
    state: text(body?.["state"]) ?? "running",
    size: parseDecimal(body?.["size"]),
    filled: parseDecimal(body?.["filled"]),
    minutes: count(body?.["minutes"]),
  };
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
    limits: asAccountLimits(body["limits"]),
    fees: { takerBps: parseDecimal(fees?.["taker_bps"]), makerBps: parseDecimal(fees?.["maker_bps"]) },
    stream: text(body["stream"]) ?? "closed",
    twaps: list(body["twaps"] ?? [], MOST_FINDINGS, asTwap) ?? [],
    ...beside(body),
  };
}

/** What a server may have beside orders: where the word is missing, so is the thing. */
function beside(
  body: Json,
): Pick<
  AccountState,
  "deskKilled" | "leases" | "scheduledCancelMs" | "auto" | "assumptions" | "ledger" | "has"
> {
  const auto = asObject(body["auto"]);
  const assumed = asObject(body["paper_assumptions"]);
  return {
    deskKilled: body["desk_killed"] === true,
    leases: leaseList(body["leases"] ?? []) ?? [],
    scheduledCancelMs: count(asObject(body["scheduled_cancel"])?.["at_ms"]),
    auto:
      auto === null
        ? null
        : { on: auto["on"] === true, untilMs: count(auto["until_ms"]), by: text(auto["by"]) },
    assumptions:
      assumed === null
        ? null
        : {
            latencyMs: count(assumed["latency_ms"]),
            queue: text(assumed["queue"]) ?? "",
            fills: text(assumed["fills"]) ?? "",
          },
    ledger: asLedger(body["ledger"]),
    has: {
      desk: Object.hasOwn(body, "desk_killed"),
      leases: Object.hasOwn(body, "leases"),
      schedule: Object.hasOwn(body, "scheduled_cancel"),
      auto: Object.hasOwn(body, "auto"),
      ledger: Object.hasOwn(body, "ledger"),
    },
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

export function asTradingAccount(value: unknown): TradingAccount | null {
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

export function asAccounts(value: unknown): AccountList | null {
  const body = asObject(value);
  const accounts = list(body?.["accounts"], MOST_ROWS, asTradingAccount);
  return accounts === null ? null : { accounts, paperOffered: body?.["paper_offered"] === true };
}

export function asKill(value: unknown): KillAnswer | null {
  const body = asObject(value);
  const on = body?.["on"];
  const cancelled = whole(body?.["cancelled"]);
  const flattened = whole(body?.["flattened"]);
  if (typeof on !== "boolean" || cancelled === null || flattened === null) return null;
  return { on, cancelled, flattened, drill: body?.["drill"] === true };
}
