import { readingOf } from "~/shared/stamped";
import type { StreamStatus, VenueStatus } from "~/stores/venue-view";

/** A stream without a symbol of its own concerns every symbol. */
export function streamsOf(venue: VenueStatus, symbol: string, all: boolean): readonly StreamStatus[] {
  const chosen = all ? venue.streams : venue.streams.filter((stream) => concerns(stream, symbol));
  return chosen.toSorted(
    (a, b) =>
      Number(concerns(b, symbol)) - Number(concerns(a, symbol)) ||
      a.symbol.localeCompare(b.symbol) ||
      a.channel.localeCompare(b.channel),
  );
}

export function concerns(stream: StreamStatus, symbol: string): boolean {
  return stream.symbol === symbol || stream.symbol === "*";
}

export interface StreamCount {
  readonly fresh: number;
  readonly all: number;
}

export function countFresh(venues: readonly VenueStatus[], now: number): StreamCount {
  let fresh = 0;
  let all = 0;
  for (const venue of venues)
    for (const { stamp } of venue.streams) {
      all += 1;
      if (stamp !== null && readingOf(stamp, now).state !== "stale") fresh += 1;
    }
  return { fresh, all };
}

export function countsText(venue: VenueStatus): string {
  const refused = venue.refused.map(([code, count]) => `${code} ${count}`).join(", ");
  const skipped = venue.skipped.reduce((sum, [, count]) => sum + count, 0);
  return [
    `reconnects ${venue.reconnects}`,
    `gaps ${venue.gaps}`,
    `duplicates ${venue.duplicates}`,
    `refused ${refused === "" ? "0" : refused}`,
    ...(skipped === 0 ? [] : [`skipped ${skipped}`]),
  ]
    .map((part) => part.replaceAll(" ", "\u00a0"))
    .join(" \u00b7 ");
}
