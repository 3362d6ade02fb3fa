import { ageText } from "./age";
import type { Stamped } from "./stamped";

export type PanelState = "waiting" | "live" | "quiet" | "stale";

/** What a panel's header says about the age of what it shows. */
export function panelState(stamped: Stamped<unknown> | null, now: number): PanelState {
  const reading = stamped?.read(now) ?? null;
  if (reading === null) return "waiting";
  if (reading.state === "stale") return "stale";
  return reading.eventAgeMs > reading.limitMs ? "quiet" : "live";
}

export function panelAge(stamped: Stamped<unknown> | null, now: number): string {
  const reading = stamped?.read(now) ?? null;
  if (reading === null) return "waiting";
  if (reading.state === "stale") return `STALE ${ageText(reading.ageMs)}`;
  return reading.eventAgeMs > reading.limitMs
    ? `quiet ${ageText(reading.eventAgeMs)}`
    : ageText(reading.eventAgeMs);
}
