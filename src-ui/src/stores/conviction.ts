import type { Stamp } from "~/shared/stamped";
import { asObject } from "~/transport/decode";
import { asList, asNumber, asText, type Json } from "./json";
import type { Bias } from "./smoothing";
import { asStamp } from "./stamps";

/** The five, in the order of their weights. */
export const COMPONENTS = ["regime", "footprint", "volatility", "funding", "liquidation"] as const;

export type ComponentName = (typeof COMPONENTS)[number];

export type FeedState = "fresh" | "stale" | "missing";

export interface ComponentReading {
  readonly name: ComponentName;
  readonly weight: number | null;
  /** -1 to 1. */
  readonly score: number | null;
  /** Weight times score over the sum of the weights; the five add up to `steps.normalised`. */
  readonly contribution: number | null;
  readonly state: FeedState;
  /** Without enough history it says nothing: its score is unknown, not 0. */
  readonly ready: boolean;
  /** Null while it is missing. */
  readonly stamp: Stamp | null;
  readonly sources: readonly string[];
}

export interface BtcPart {
  readonly score: number | null;
  readonly tsMs: number | null;
  readonly coefficient: number | null;
  readonly influence: number | null;
}

/** The chance of a move within a horizon; null while the volatility is unknown. */
export interface Probability {
  readonly trained: boolean;
  readonly up: number | null;
  readonly down: number | null;
  /** The move in question, as a share of the price. */
  readonly move: number | null;
  readonly horizonMs: number | null;
  readonly model: string | null;
}

export interface Average {
  readonly score: number;
  readonly bias: Bias;
  readonly confidence: number | null;
  readonly readings: number;
}

/** One evaluation, complete in itself. */
export interface Conviction {
  readonly score: number;
  readonly bias: Bias;
  readonly strength: number | null;
  readonly confidence: number | null;
  readonly trust: number | null;
  readonly rrTarget: number | null;
  readonly regime: string | null;
  readonly volatilityRegime: string | null;
  readonly sigma1h: number | null;
  readonly streak: { readonly bias: Bias; readonly ticks: number } | null;
  readonly average: Average | null;
  readonly components: readonly ComponentReading[];
  readonly normalised: number | null;
  readonly decay: number | null;
  readonly btc: BtcPart | null;
  readonly probability: Probability | null;
  readonly explanation: readonly string[];
  readonly params: string | null;
  /** Time of the newest input by the server's clock. */
  readonly signalMs: number | null;
  /** Time of the evaluation by the server's clock. */
  readonly nowMs: number;
}

/** Lines of explanation that are read; the engine writes one a component and a few more. */
const MOST_LINES = 24;

export function asBias(value: unknown): Bias | null {
  return value === "LONG" || value === "SHORT" || value === "NEUTRAL" ? value : null;
}

function asFeedState(value: unknown): FeedState {
  return value === "fresh" || value === "stale" ? value : "missing";
}

function asSources(value: unknown): readonly string[] {
  return asList(value, 8, asText);
}

function asComponent(value: unknown, coreNow: number, arrivedAt: number): ComponentReading | null {
  const body = asObject(value);
  const name = COMPONENTS.find((known) => known === body?.["name"]);
  if (body === null || name === undefined) return null;
  const state = asFeedState(body["state"]);
  const ready = body["ready"] !== false;
  const known = ready && state !== "missing";
  return {
    name,
    weight: asNumber(body["weight"]),
    score: known ? asNumber(body["score"]) : null,
    contribution: known ? asNumber(body["contribution"]) : null,
    state,
    ready,
    stamp: asStamp(body, coreNow, arrivedAt),
    sources: asSources(body["sources"]),
  };
}

function asBtc(value: unknown): BtcPart | null {
  const body = asObject(value);
  if (body === null) return null;
  return {
    score: asNumber(body["score"]),
    tsMs: asNumber(body["ts_ms"]),
    coefficient: asNumber(body["coefficient"]),
    influence: asNumber(body["influence"]),
  };
}

function asProbability(value: unknown): Probability | null {
  const body = asObject(value);
  if (body === null) return null;
  return {
    trained: body["state"] === "trained",
    up: asNumber(body["p_up"]),
    down: asNumber(body["p_down"]),
    move: asNumber(body["move"]),
    horizonMs: asNumber(body["horizon_ms"]),
    model: asText(body["model"]) ?? asText(asObject(body["model"])?.["id"]),
  };
}

function asAverage(value: unknown): Average | null {
  const body = asObject(value);
  const score = asNumber(body?.["score"]);
  const bias = asBias(body?.["bias"]);
  const readings = asNumber(body?.["readings"]);
  if (score === null || bias === null || readings === null) return null;
  return { score, bias, confidence: asNumber(body?.["confidence"]), readings };
}

function asStreak(value: unknown): Conviction["streak"] {
  const body = asObject(value);
  const bias = asBias(body?.["bias"]);
  const ticks = asNumber(body?.["ticks"]);
  return bias === null || ticks === null ? null : { bias, ticks };
}

/** Reads the data of an `alpha_conviction`; null when it has no score or no bias. */
export function asConviction(data: Json, arrivedAt: number): Conviction | null {
  const score = asNumber(data["score"]);
  const bias = asBias(data["bias"]);
  const nowMs = asNumber(data["now_ms"]);
  if (score === null || bias === null || nowMs === null) return null;
  const steps = asObject(data["steps"]);
  const read = asList(data["components"], COMPONENTS.length, (item) => asComponent(item, nowMs, arrivedAt));
  return {
    score,
    bias,
    strength: asNumber(data["strength"]),
    confidence: asNumber(data["confidence"]),
    trust: asNumber(data["trust"]),
    rrTarget: asNumber(data["rr_target"]),
    regime: asText(data["regime"]),
    volatilityRegime: asText(data["volatility_regime"]),
    sigma1h: asNumber(data["sigma_1h"]),
    streak: asStreak(data["streak"]),
    average: asAverage(data["average"]),
    components: COMPONENTS.map((name) => read.find((item) => item.name === name) ?? absent(name)),
    normalised: asNumber(steps?.["normalised"]),
    decay: asNumber(steps?.["decay"]),
    btc: asBtc(steps?.["btc"]),
    probability: asProbability(data["probability"]),
    explanation: asList(data["explanation"], MOST_LINES, asText),
    params: asText(data["params"]),
    signalMs: asNumber(data["signal_ms"]),
    nowMs,
  };
}

function absent(name: ComponentName): ComponentReading {
  return {
    name,
    weight: null,
    score: null,
    contribution: null,
    state: "missing",
    ready: false,
    stamp: null,
    sources: [],
  };
}
