import type { Envelope } from "~/transport/types";
import { readVenueStatus, type VenueStatus } from "./venue-view";

/** How each venue's connection stands, by the newest word of it. */
export class VenueBook {
  readonly #venues = new Map<string, VenueStatus>();

  get(source: string): VenueStatus | null {
    return this.#venues.get(source) ?? null;
  }

  get all(): readonly VenueStatus[] {
    return [...this.#venues.values()];
  }

  /** Whether it was news. */
  take(envelope: Envelope, arrivedAt: number): boolean {
    const { source, seq } = envelope;
    const held = this.#venues.get(source);
    if (held !== undefined && seq <= held.seq) return false;
    this.#venues.set(source, readVenueStatus(envelope, arrivedAt, held));
    return true;
  }

  clear(): void {
    this.#venues.clear();
  }
}
