import type { ReactNode } from "react";
import { useSessionSnapshot } from "~/stores/react";

export function WatchlistHead(): ReactNode {
  const { symbols } = useSessionSnapshot();
  return (
    <div className="head">
      <span className="hint">{symbols?.length ?? ""}</span>
      <span className="spring" />
      <span className="hint">last, 24 h</span>
    </div>
  );
}
