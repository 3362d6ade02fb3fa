import { asObject } from "~/transport/decode";
import { asList, asNumber, asText, type Json } from "./json";

export interface ModelHealth {
  readonly trained: boolean;
  readonly id: string | null;
  /** `simulated` or `live`. */
  readonly trainedOn: string | null;
  readonly trainedAtMs: number | null;
  readonly brierSkill: number | null;
  readonly auc: number | null;
  readonly ece: number | null;
  readonly samples: number | null;
}

export interface Calibration {
  /** `unknown`, `good`, `stale` or `degraded`. */
  readonly status: string;
  readonly outcomes: number | null;
  readonly brierSkill: number | null;
}

export interface Drift {
  readonly feature: string;
  readonly psi: number | null;
  readonly threshold: number | null;
  readonly samples: number | null;
  readonly drifted: boolean;
}

/** A model that forecasts without effect until it has proved better. */
export interface Shadow {
  readonly id: string;
  readonly outcomes: number | null;
  readonly needed: number | null;
  readonly better: boolean;
}

/** The governance of one symbol. */
export interface Governance {
  readonly macroRegime: string;
  readonly sinceMs: number | null;
  /** 0 to 1. */
  readonly volPercentile: number | null;
  readonly model: ModelHealth;
  readonly calibration: Calibration;
  readonly drift: readonly Drift[];
  /** A model on trial, if there is one. */
  readonly shadow: Shadow | null;
}

/** Features whose drift is shown. */
const MOST_FEATURES = 32;

function asModel(value: unknown): ModelHealth {
  const body = asObject(value);
  return {
    trained: body?.["state"] === "trained",
    id: asText(body?.["id"]),
    trainedOn: asText(body?.["trained_on"]),
    trainedAtMs: asNumber(body?.["trained_at_ms"]),
    brierSkill: asNumber(body?.["brier_skill"]),
    auc: asNumber(body?.["auc"]),
    ece: asNumber(body?.["ece"]),
    samples: asNumber(body?.["samples"]),
  };
}

function asDrift(value: unknown): Drift | null {
  const body = asObject(value);
  const feature = asText(body?.["feature"]);
  if (feature === null) return null;
  return {
    feature,
    psi: asNumber(body?.["psi"]),
    threshold: asNumber(body?.["threshold"]),
    samples: asNumber(body?.["samples"]),
    drifted: body?.["drifted"] === true,
  };
}

function asShadow(value: unknown): Shadow | null {
  const body = asObject(value);
  const id = asText(body?.["id"]);
  if (id === null) return null;
  return {
    id,
    outcomes: asNumber(body?.["outcomes"]),
    needed: asNumber(body?.["needed"]),
    better: body?.["better"] === true,
  };
}

/** Reads the data of a `gov_update`; null when it names no regime. */
export function asGovernance(data: Json): Governance | null {
  const macroRegime = asText(data["macro_regime"]);
  if (macroRegime === null) return null;
  const calibration = asObject(data["calibration"]);
  return {
    macroRegime,
    sinceMs: asNumber(data["since_ms"]),
    volPercentile: asNumber(data["vol_percentile"]),
    model: asModel(data["model"]),
    calibration: {
      status: asText(calibration?.["status"]) ?? "unknown",
      outcomes: asNumber(calibration?.["outcomes"]),
      brierSkill: asNumber(calibration?.["brier_skill"]),
    },
    drift: asList(data["drift"], MOST_FEATURES, asDrift),
    shadow: asShadow(data["shadow"]),
  };
}
