import { ageText, shortMs, spanText } from "~/shared/age";
import {
  type BudgetUse,
  connectedForMs,
  connectionState,
  cooldownMs,
  type VenueStatus,
} from "~/stores/venue-view";

/** `+1.2 ms ±3`: a clock offset without its bound says nothing. */
export function clockText(venue: VenueStatus): string {
  if (venue.clock === null) return "\u2014";
  const { offsetMs, boundMs, steps } = venue.clock;
  const sign = offsetMs < 0 ? "\u2212" : "+";
  const stepped = steps === 0 ? "" : `, ${steps} ${steps === 1 ? "step" : "steps"}`;
  return `${sign}${shortMs(Math.abs(offsetMs))} \u00b1${shortMs(boundMs)} ms${stepped}`;
}

export function millisecondsText(ms: number | null): string {
  return ms === null ? "\u2014" : `${shortMs(Math.max(0, ms))} ms`;
}

export function rateText(rate: number | null): string {
  return rate === null ? "\u2014" : `${rate < 9.95 ? rate.toFixed(1) : Math.round(rate)} /s`;
}

export function connectionText(venue: VenueStatus | null, linked: boolean, now: number): string {
  if (venue === null) return "";
  const state = connectionState(venue, linked, now);
  if (state === "unknown") return `no status for ${ageText(now - venue.arrivedAt)}`;
  return `${state} for ${spanText(connectedForMs(venue, now))}`;
}

export function cooldownText(venue: VenueStatus | null, now: number): string {
  const left = venue === null ? 0 : cooldownMs(venue, now);
  return left <= 0 ? "" : `refused by the venue (429, 418): no request for ${Math.ceil(left / 1000)} s`;
}

export function reasonText(venue: VenueStatus | null): string {
  return venue?.reason == null ? "" : `last loss: ${venue.reason}`;
}

const MOST_REFUSED = 3;

/** The most frequent refusals by reason, and by market where one stands out. */
export function refusedText(venue: VenueStatus | null): string {
  if (venue === null || venue.refused.length === 0) return "";
  const shown = venue.refused.slice(0, MOST_REFUSED).map(([code, count]) => {
    const worst = venue.refusedBy.find((row) => row.code === code && row.symbol !== "*");
    return worst === undefined ? `${code} ${count}` : `${code} ${count} (${worst.symbol} ${worst.count})`;
  });
  const rest = venue.refused.length - shown.length;
  return `refused: ${shown.join(", ")}${rest > 0 ? `, ${rest} more` : ""}`;
}

export type Load = "low" | "high" | "full";

export function loadOf({ used, limit }: BudgetUse): Load {
  const share = limit <= 0 ? 1 : used / limit;
  return share >= 1 ? "full" : share >= 0.75 ? "high" : "low";
}

export function budgetText({ used, limit, windowMs }: BudgetUse): string {
  const per = windowMs === null ? "" : ` / ${spanText(windowMs)}`;
  return `${used} of ${limit}${per}`;
}
