import type { LinkState } from "~/transport/types";

/** Round trips that are kept: two minutes of one every two seconds. */
export const TRIPS_KEPT = 60;

export interface TripSummary {
  readonly count: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly worstMs: number;
}

/** How the link between this window and its server has been. */
export class LinkQuality {
  readonly #trips: number[] = [];
  /** Times that an open link was lost since the window opened. */
  losses = 0;
  #open = false;

  onRoundTrip(ms: number): void {
    this.#trips.push(ms);
    if (this.#trips.length > TRIPS_KEPT) this.#trips.shift();
  }

  onLink(link: LinkState): void {
    if (this.#open && link.phase === "closed") this.losses += 1;
    if (link.phase !== "connecting") this.#open = link.phase === "open";
    // What an earlier connection was like says nothing of the next.
    if (link.phase === "open") this.#trips.length = 0;
  }

  /** Null before the first answer. */
  trips(): TripSummary | null {
    const sorted = this.#trips.toSorted((a, b) => a - b);
    const worstMs = sorted.at(-1);
    if (worstMs === undefined) return null;
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? worstMs;
    return { count: sorted.length, medianMs: at(0.5), p95Ms: at(0.95), worstMs };
  }
}
