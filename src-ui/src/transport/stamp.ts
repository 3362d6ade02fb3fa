import type { Stamp } from "~/shared/stamped";

type Json = Readonly<Record<string, unknown>>;

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
