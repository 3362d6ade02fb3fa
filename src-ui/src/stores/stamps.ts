import { asObject } from "~/transport/decode";

export { asStamp } from "~/transport/stamp";

export interface Instrument {
  readonly venueSymbol: string;
  readonly pxDecimals: number;
  readonly szDecimals: number;
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
