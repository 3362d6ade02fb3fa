import type { LiquidationEvent, LiquidationFeed } from "~/stores/liquidations";

/** The newest liquidations of all venues, newest first; those of one venue are in its own order already. */
export function newest(feeds: readonly LiquidationFeed[], most: number): readonly LiquidationEvent[] {
  const at = feeds.map((feed) => feed.events.length - 1);
  const out: LiquidationEvent[] = [];
  while (out.length < most) {
    let best = -1;
    let bestMs = -Infinity;
    feeds.forEach((feed, index) => {
      const event = feed.events[at[index] ?? -1];
      if (event === undefined || event.tsMs <= bestMs) return;
      best = index;
      bestMs = event.tsMs;
    });
    const event = feeds[best]?.events[at[best] ?? -1];
    if (event === undefined) break;
    out.push(event);
    at[best] = (at[best] ?? 0) - 1;
  }
  return out;
}
