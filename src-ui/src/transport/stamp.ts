import { type Decimal, parseDecimal } from "~/shared/decimal";
import { type Stamp, Stamped } from "~/shared/stamped";
import { asObject } from "./decode";

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

/** A stamped amount of a message; null where it is missing. */
export function stampedDecimal(
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
