import { type Decimal, parseDecimal } from "~/shared/decimal";
import { asObject } from "~/transport/decode";
import { asFlag, asList, asNumber, asText, type Json } from "./json";

export interface Refusal {
  readonly code: string;
  readonly text: string;
}

/** What an account would risk on a view. */
export interface RiskView {
  /** `sized` or `refused`. */
  readonly state: string;
  readonly direction: string | null;
  readonly sizeUsd: Decimal | null;
  readonly refusals: readonly Refusal[];
  readonly equityUsd: Decimal | null;
  /** By the server's clock. */
  readonly equityAsOf: number | null;
  /** `stated` or `venue`. */
  readonly equitySource: string | null;
  readonly stopPx: Decimal | null;
  readonly targetPx: Decimal | null;
  readonly riskShare: number | null;
  /** Each factor by its name, in the order in which it was told. */
  readonly breakdown: readonly (readonly [string, number | null])[];
  readonly caps: readonly string[];
}

export interface Slice {
  readonly n: number;
  readonly orderType: string | null;
  readonly tif: string | null;
  readonly px: Decimal | null;
  readonly sz: Decimal | null;
  readonly usd: Decimal | null;
  readonly delayMs: number | null;
}

export interface GuardCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly value: string | null;
  readonly limit: string | null;
  readonly text: string | null;
}

/** How an account would enter. */
export interface PlanView {
  /** `ready`, `blocked` or `refused`. */
  readonly state: string;
  readonly direction: string | null;
  readonly strategy: string | null;
  readonly urgency: number | null;
  readonly totalUsd: Decimal | null;
  readonly slices: readonly Slice[];
  readonly slippageBps: number | null;
  readonly depthUsd: Decimal | null;
  readonly safe: boolean | null;
  readonly checks: readonly GuardCheck[];
  readonly refusals: readonly Refusal[];
}

/** The plan's own bound is 20 slices. */
const MOST_SLICES = 20;
const MOST_ENTRIES = 32;

function asRefusal(value: unknown): Refusal | null {
  const body = asObject(value);
  const code = asText(body?.["code"]);
  return code === null ? null : { code, text: asText(body?.["text"]) ?? code };
}

export function asRisk(data: Json): RiskView | null {
  const state = asText(data["state"]);
  if (state === null) return null;
  const equity = asObject(data["equity"]);
  const breakdown = Object.entries(asObject(data["breakdown"]) ?? {});
  return {
    state,
    direction: asText(data["direction"]),
    sizeUsd: parseDecimal(data["size_usd"]),
    refusals: asList(data["refusals"], MOST_ENTRIES, asRefusal),
    equityUsd: parseDecimal(equity?.["usd"]),
    equityAsOf: asNumber(equity?.["as_of"]),
    equitySource: asText(equity?.["source"]),
    stopPx: parseDecimal(data["stop_px"]),
    targetPx: parseDecimal(data["target_px"]),
    riskShare: asNumber(data["risk_share_of_equity"]),
    breakdown: breakdown
      .filter(([name]) => name !== "caps")
      .slice(0, MOST_ENTRIES)
      .map(([name, value]) => [name, asNumber(value)] as const),
    caps: asList(asObject(data["breakdown"])?.["caps"], MOST_ENTRIES, asText),
  };
}

function asSlice(value: unknown): Slice | null {
  const body = asObject(value);
  const n = asNumber(body?.["n"]);
  if (body === null || n === null) return null;
  return {
    n,
    orderType: asText(body["order_type"]),
    tif: asText(body["tif"]),
    px: parseDecimal(body["px"]),
    sz: parseDecimal(body["sz"]),
    usd: parseDecimal(body["usd"]),
    delayMs: asNumber(body["delay_ms"]),
  };
}

function asCheck(value: unknown): GuardCheck | null {
  const body = asObject(value);
  const name = asText(body?.["name"]);
  if (name === null) return null;
  return {
    name,
    ok: body?.["ok"] === true,
    value: asText(body?.["value"]),
    limit: asText(body?.["limit"]),
    text: asText(body?.["text"]),
  };
}

export function asPlan(data: Json): PlanView | null {
  const state = asText(data["state"]);
  if (state === null) return null;
  const slippage = asObject(data["slippage"]);
  const guard = asObject(data["guard"]);
  return {
    state,
    direction: asText(data["direction"]),
    strategy: asText(data["strategy"]),
    urgency: asNumber(data["urgency"]),
    totalUsd: parseDecimal(data["total_usd"]),
    slices: asList(data["slices"], MOST_SLICES, asSlice),
    slippageBps: asNumber(slippage?.["expected_bps"]),
    depthUsd: parseDecimal(slippage?.["depth_usd"]),
    safe: asFlag(guard?.["safe"]),
    checks: asList(guard?.["checks"], MOST_ENTRIES, asCheck),
    refusals: asList(data["refusals"], MOST_ENTRIES, asRefusal),
  };
}
