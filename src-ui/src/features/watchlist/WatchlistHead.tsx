import type { ReactNode } from "react";
import { useSessionSnapshot } from "~/stores/react";
import type { ListedSymbol } from "~/transport/types";

/** How many are followed, and of how many that are listed. */
function countText(symbols: readonly ListedSymbol[] | null): string {
  if (symbols === null) return "";
  const followed = symbols.filter((item) => item.followed).length;
  return followed === symbols.length ? `${followed}` : `${followed} of ${symbols.length}`;
}

export function WatchlistHead(): ReactNode {
  const { symbols } = useSessionSnapshot();
  return (
    <div className="head">
      <span className="hint head-count watch-count">{countText(symbols)}</span>
      <span className="spring" />
      <span className="hint watch-columns">last, 24 h %, score</span>
    </div>
  );
}
