import type { SessionSnapshot } from "./session-snapshot";

/** What is combined from several venues is published as a source of its own. */
export const COMPOSITE = "composite";

/** The venues of a symbol: its own when the list is known, else every venue seen so far. */
export function sourcesOf(snapshot: SessionSnapshot, symbol: string): readonly string[] {
  const listed = snapshot.symbols?.find((item) => item.symbol === symbol)?.sources ?? snapshot.sources;
  return listed.includes(COMPOSITE) ? listed.filter((source) => source !== COMPOSITE) : listed;
}

export function sourceFor(snapshot: SessionSnapshot, symbol: string, wanted: string | null): string {
  const sources = sourcesOf(snapshot, symbol);
  // A panel set to a venue keeps it: showing another venue's figures in its place would mislead.
  return wanted ?? sources[0] ?? "hyperliquid";
}

const PERPS: ReadonlySet<string> = new Set(["hyperliquid", "binance-usdm", "bybit", "okx"]);

export function isPerp(source: string): boolean {
  return PERPS.has(source);
}
