import type { LiquidationFeed } from "~/stores/liquidations";
import type { Session } from "~/stores/session";
import type { Trade } from "~/stores/trades";
import { isPerp, sourcesOf } from "~/stores/sources";
import type { WhyNode } from "~/stores/why";

/** What a node's statistics are made of at the venue. */
export type RawKind = "trades" | "interest" | "funding" | "liquidations" | null;

/** Rows of raw input that are shown. */
export const MOST_RAW = 12;

/** By the component that a node belongs to, which its id begins with. */
export function rawKind({ id }: WhyNode): RawKind {
  const [component, statistic] = id.split(".");
  if (component === "regime")
    return statistic === "x_oi" || statistic?.startsWith("oi") ? "interest" : "trades";
  if (component === "footprint" || component === "volatility") return "trades";
  if (component === "funding") return "funding";
  return component === "liquidation" ? "liquidations" : null;
}

/** The venues that a node names and this window has data of; else those of the symbol. */
export function rawSources(
  session: Session,
  symbol: string,
  node: WhyNode,
  kind: RawKind,
): readonly string[] {
  const seen = session.sourcesSeen(symbol);
  const named = node.sources.filter((source) => seen.includes(source));
  const all = named.length > 0 ? named : sourcesOf(session.getSnapshot(), symbol);
  if (kind === "trades") return all.slice(0, 1);
  return all.filter((source) => isPerp(source));
}

/** The newest trades of a venue, newest first. */
export function newestTrades(session: Session, source: string, symbol: string): readonly Trade[] {
  const ring = session.view(source, symbol)?.trades?.draw(0, (value) => value) ?? null;
  const found: Trade[] = [];
  if (ring === null) return found;
  for (let index = 0; index < MOST_RAW; index += 1) {
    const trade = ring.newest(index);
    if (trade !== undefined) found.push(trade);
  }
  return found;
}

export function newestLiquidations(feeds: readonly LiquidationFeed[]): LiquidationFeed["events"] {
  return feeds
    .flatMap(({ events }) => events)
    .toSorted((a, b) => b.tsMs - a.tsMs)
    .slice(0, MOST_RAW);
}
