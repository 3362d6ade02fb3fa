import type { SeriesMarker, Time, UTCTimestamp } from "lightweight-charts";
import { spanText } from "~/shared/age";
import { sortKey } from "~/shared/decimal";
import { axisUsd } from "~/shared/format";
import { look } from "~/shared/theme";
import { type Candle, INTERVAL_MS } from "~/stores/candles";
import type { LiquidationEvent } from "~/stores/liquidations";
import type { CandleInterval } from "~/transport/types";
import type { Gap } from "./gaps";

/** Marks that carry their amount; the others are dots, so that the candles stay readable. */
const MOST_WORDS = 10;
/** Candles that the words of a mark cover. */
const WORD_CANDLES = 12;

export interface LiquidationGroup {
  readonly openMs: number;
  readonly liquidated: "long" | "short";
  readonly usd: number;
}

/** Liquidations by candle and side, oldest first; those outside the candles are left out. */
export function groupLiquidations(
  events: readonly LiquidationEvent[],
  rows: readonly Pick<Candle, "openMs">[],
  stepMs: number,
): readonly LiquidationGroup[] {
  const times = new Set(rows.map((row) => row.openMs));
  const sums = new Map<string, LiquidationGroup>();
  for (const { tsMs, liquidated, usd } of events) {
    const openMs = Math.floor(tsMs / stepMs) * stepMs;
    if (!times.has(openMs)) continue;
    const key = `${openMs} ${liquidated}`;
    sums.set(key, { openMs, liquidated, usd: (sums.get(key)?.usd ?? 0) + sortKey(usd) });
  }
  return [...sums.values()].toSorted((a, b) => a.openMs - b.openMs);
}

/** The largest, as long as their words do not stand on each other. */
export function spokenOf(groups: readonly LiquidationGroup[], stepMs: number): ReadonlySet<LiquidationGroup> {
  const spoken = new Set<LiquidationGroup>();
  for (const group of groups.toSorted((a, b) => b.usd - a.usd)) {
    if (spoken.size >= MOST_WORDS) break;
    const crowded = [...spoken].some(
      ({ openMs, liquidated }) =>
        liquidated === group.liquidated && Math.abs(openMs - group.openMs) < WORD_CANDLES * stepMs,
    );
    if (!crowded) spoken.add(group);
  }
  return spoken;
}

export function liquidationMarks(
  events: readonly LiquidationEvent[],
  rows: readonly Candle[],
  interval: CandleInterval,
): SeriesMarker<Time>[] {
  const groups = groupLiquidations(events, rows, INTERVAL_MS[interval]);
  const spoken = spokenOf(groups, INTERVAL_MS[interval]);
  const { colours } = look();
  return groups.map((group) => ({
    time: (group.openMs / 1000) as UTCTimestamp,
    // A long is closed by selling: its mark stands under the candle that the selling made.
    position: group.liquidated === "long" ? "belowBar" : "aboveBar",
    shape: group.liquidated === "long" ? "arrowDown" : "arrowUp",
    color: group.liquidated === "long" ? colours.down : colours.up,
    size: spoken.has(group) ? 0.8 : 0.4,
    ...(spoken.has(group) ? { text: axisUsd(group.usd) } : {}),
  }));
}

export function gapMarks(gaps: readonly Gap[], stepMs: number, color: string): SeriesMarker<Time>[] {
  return gaps.map(({ places, count }) => ({
    time: ((places[places.length >> 1] ?? 0) / 1000) as UTCTimestamp,
    position: "atPriceMiddle",
    price: 0.96,
    shape: "circle",
    size: 0,
    color,
    text: `gap ${spanText(count * stepMs)}`,
  }));
}
