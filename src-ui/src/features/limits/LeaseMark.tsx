import type { ReactNode } from "react";
import { spanText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { useSession } from "~/stores/react";
import type { TradingDesk } from "~/stores/trading-desk";

/** In the status bar: the lease that ends first, or that one has lapsed. */
export function LeaseMark(): ReactNode {
  const { trading } = useSession();
  return trading === null ? null : (
    <LiveText
      className="status-lease"
      everyMs={250}
      testId="lease-mark"
      read={(now) => leaseText(trading, now)}
      state={() => (trading.state?.leases.some(({ lapsed }) => lapsed) === true ? "lapsed" : "held")}
    />
  );
}

function leaseText(desk: TradingDesk, now: number): string {
  const leases = desk.state?.leases ?? [];
  if (leases.length === 0) return "";
  if (leases.some(({ lapsed }) => lapsed)) return "LEASE LAPSED";
  const core = desk.coreNow(now);
  const first = Math.min(...leases.map(({ untilMs }) => untilMs));
  return core === null ? "" : `lease ${spanText(Math.max(0, first - core))}`;
}
