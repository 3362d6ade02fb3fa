import type { Stamp } from "~/shared/stamped";
import { asObject } from "~/transport/decode";

type Json = Readonly<Record<string, unknown>>;

export interface Instrument {
  readonly venueSymbol: string;
  readonly pxDecimals: number;
  readonly szDecimals: number;
}

/** Null for a missing field: it has no stamps, and a field without stamps is as good as missing. */
export function asStamp(field: Json, coreNow: number, arrivedAt: number): Stamp | null {
  const { state, as_of, proved_at, age_limit_ms } = field;
  if (
    state === "missing" ||
    typeof as_of !== "number" ||
    typeof proved_at !== "number" ||
    typeof age_limit_ms !== "number" ||
    age_limit_ms <= 0
  )
    return null;
  return { asOf: as_of, provedAt: proved_at, limitMs: age_limit_ms, coreNow, arrivedAt };
}

function asPlaces(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 20 ? value : null;
}

export function asInstrument(value: unknown): Instrument | null {
  const body = asObject(value);
  const pxDecimals = asPlaces(body?.["px_decimals"]);
  const szDecimals = asPlaces(body?.["sz_decimals"]);
  if (pxDecimals === null || szDecimals === null) return null;
  return { venueSymbol: String(body?.["venue_symbol"] ?? ""), pxDecimals, szDecimals };
}
