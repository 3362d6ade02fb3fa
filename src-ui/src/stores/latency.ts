import { shortMs } from "~/shared/age";
import type { VenueStatus } from "./venue-view";

/** Nothing finer is written. */
const LEAST_MS = 0.1;

type Timed = Pick<VenueStatus, "latencyMs" | "clock">;

/**
 * How long a venue's word was on its way. It is measured between two clocks, and what is known of theirs has a bound: a measure below zero
 * says that the truth lies between nothing and what the bound leaves, or that the clock has moved and nothing is known.
 */
export function latencyText({ latencyMs, clock }: Timed): string {
  if (latencyMs === null) return "\u2014";
  if (latencyMs < 0) {
    const most = mostMs(latencyMs, clock);
    return most === null ? "\u2014" : `< ${shortMs(most)} ms`;
  }
  return `${shortMs(latencyMs)} ms${clock === null ? "" : ` \u00b1${shortMs(clock.boundMs)}`}`;
}

export function latencyTitle({ latencyMs, clock }: Timed): string {
  if (latencyMs === null) return "Latency unknown: the venue stamps no time, or its clock is not known yet.";
  if (latencyMs >= 0)
    return clock === null
      ? "Latency by the venue\u2019s own time; nothing bounds its clock\u2019s error."
      : `Latency by the venue\u2019s clock, which is known within \u00b1${shortMs(clock.boundMs)} ms.`;
  const measured = `Measured \u2212${shortMs(-latencyMs)} ms`;
  const most = mostMs(latencyMs, clock);
  return most === null || clock === null
    ? `${measured}: the venue\u2019s clock runs ahead of what is known of it, so that no latency can be told.`
    : `${measured}, by a clock that is known within \u00b1${shortMs(clock.boundMs)} ms: the latency is between 0 and ${shortMs(most)} ms.`;
}

/** What the bound leaves above zero; null where it leaves nothing. */
function mostMs(latencyMs: number, clock: Timed["clock"]): number | null {
  const most = clock === null ? -1 : latencyMs + clock.boundMs;
  return most <= 0 ? null : Math.max(LEAST_MS, most);
}
