import type { SessionSnapshot } from "./session-snapshot";

/** The venues of a symbol: its own when the list is known, else every venue seen so far. */
export function sourcesOf(snapshot: SessionSnapshot, symbol: string): readonly string[] {
  return snapshot.symbols?.find((listed) => listed.symbol === symbol)?.sources ?? snapshot.sources;
}

export function sourceFor(snapshot: SessionSnapshot, symbol: string, wanted: string | null): string {
  const sources = sourcesOf(snapshot, symbol);
  // A panel set to a venue keeps it: showing another venue's figures in its place would mislead.
  return wanted ?? sources[0] ?? "hyperliquid";
}
