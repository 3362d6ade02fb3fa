import { type Decimal, parseDecimal } from "~/shared/decimal";
import { Stamped } from "~/shared/stamped";
import { asObject } from "./decode";
import { stampedDecimal } from "./stamp";
import { count, list, member, text, whole } from "./order-decode";
import {
  type AccountLimits,
  type DeskKillAnswer,
  type Lease,
  type RiskStanding,
  type RiskView,
  type ScheduleAnswer,
  type ScopeEntry,
  type ScopeLimits,
  type ScopeName,
  SCOPES,
  type WaitingLimits,
} from "./risk-types";

/** Scopes and leases of one answer that are read; a server tells fewer. */
const MOST_SCOPES = 500;
const MOST_SYMBOLS = 2000;
/** Counts carry no stamp of their own: they are as old as the answer that told them. */
const COUNTS_LIMIT_MS = 15_000;

export function asAccountLimits(value: unknown): AccountLimits {
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
    symbols: Array.isArray(symbols) ? (list(symbols, MOST_SYMBOLS, text) ?? []) : null,
  };
}

function asScopeLimits(value: unknown): ScopeLimits | null {
  const wire = asObject(value);
  if (wire === null) return null;
  return {
    ...asAccountLimits(wire),
    clockBoundMs: count(wire["clock_bound_ms"]),
    stopRequired: wire["stop_required"] === true,
    wire,
  };
}

function asScopeName(value: unknown): ScopeName | null {
  const body = asObject(value);
  const scope = member(body?.["scope"], SCOPES);
  if (scope === null) return null;
  const account = text(body?.["account"]);
  const strategy = text(body?.["strategy"]);
  return {
    scope,
    ...(account === null ? {} : { account }),
    ...(strategy === null ? {} : { strategy }),
  };
}

function asStanding(value: unknown, nowMs: number, arrivedAt: number): RiskStanding | null {
  const body = asObject(value);
  if (body === null) return null;
  const counted = (name: string): Stamped<Decimal> | null => {
    const found = whole(body[name]);
    const amount = found === null ? null : parseDecimal(String(found));
    const stamp = { asOf: nowMs, provedAt: nowMs, coreNow: nowMs, arrivedAt, limitMs: COUNTS_LIMIT_MS };
    return amount === null ? null : Stamped.of("execution", amount, stamp);
  };
  return {
    grossUsd: stampedDecimal(body["gross_usd"], "execution", nowMs, arrivedAt),
    dayLossUsd: stampedDecimal(body["day_loss_usd"], "execution", nowMs, arrivedAt),
    ordersMinute: counted("orders_minute"),
    ordersDay: counted("orders_day"),
  };
}

function asWaiting(value: unknown): WaitingLimits | null {
  const body = asObject(value);
  const limits = asScopeLimits(body?.["limits"]);
  const atMs = count(body?.["at_ms"]);
  if (limits === null || atMs === null) return null;
  return {
    limits,
    atMs,
    by: text(body?.["by"]) ?? "somebody",
    loosens: list(body?.["loosens"] ?? [], MOST_SCOPES, text) ?? [],
  };
}

export function asScopeEntry(value: unknown, nowMs: number, arrivedAt: number): ScopeEntry | null {
  const body = asObject(value);
  const name = asScopeName(value);
  const limits = asScopeLimits(body?.["limits"]);
  if (name === null || limits === null) return null;
  return {
    ...name,
    limits,
    standing: asStanding(body?.["standing"], nowMs, arrivedAt),
    waiting: asWaiting(body?.["waiting"]),
  };
}

/** `coreNow`: the server's time, as an answer that does not tell it was asked for. */
export function asRiskView(value: unknown, arrivedAt: number, coreNow: number): RiskView | null {
  const body = asObject(value);
  const nowMs = count(body?.["now_ms"]) ?? coreNow;
  const scopes = list(body?.["scopes"], MOST_SCOPES, (item) => asScopeEntry(item, nowMs, arrivedAt));
  if (scopes === null) return null;
  return { scopes, secondPerson: body?.["second_person"] === true, mayChange: body?.["may_change"] === true };
}

export function asLease(value: unknown): Lease | null {
  const body = asObject(value);
  const name = asScopeName(value);
  const seconds = count(body?.["seconds"]);
  const untilMs = count(body?.["until_ms"]);
  if (name === null || seconds === null || untilMs === null) return null;
  return { ...name, seconds, untilMs, by: text(body?.["by"]) ?? "", lapsed: body?.["lapsed"] === true };
}

export function leaseList(value: unknown): readonly Lease[] | null {
  return list(value, MOST_SCOPES, asLease);
}

export function asLeases(value: unknown): readonly Lease[] | null {
  return leaseList(asObject(value)?.["leases"]);
}

export function asDeskKill(value: unknown): DeskKillAnswer | null {
  const body = asObject(value);
  const on = body?.["on"];
  const accounts = list(body?.["accounts"], MOST_SCOPES, (item) => {
    const row = asObject(item);
    const account = text(row?.["account"]);
    const cancelled = whole(row?.["cancelled"]);
    const flattened = whole(row?.["flattened"]);
    return account === null || cancelled === null || flattened === null
      ? null
      : { account, cancelled, flattened };
  });
  return typeof on !== "boolean" || accounts === null
    ? null
    : { on, accounts, drill: body?.["drill"] === true };
}

export function asSchedule(value: unknown): ScheduleAnswer | null {
  const body = asObject(value);
  return body === null ? null : { atMs: count(body["at_ms"]), triggersLeft: whole(body["triggers_left"]) };
}

/** An answer that says no more than that it was done. */
export function asDone(): true {
  return true;
}
