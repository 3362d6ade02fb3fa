import { useSyncExternalStore } from "react";
import type { AutoView } from "~/transport/auto-types";
import type { RiskView } from "~/transport/risk-types";
import type { KeptLease } from "./leases";
import { needsPaper } from "./paper-offer";
import type { PolledSnapshot } from "./polled";
import { useCanTrade, useSession } from "./react";
import type { TradingDesk } from "./trading-desk";

/** Asked for while the component is there. */
export function useRisk({ risk }: TradingDesk): PolledSnapshot<RiskView> {
  return useSyncExternalStore(risk.polled.subscribe, risk.polled.getSnapshot);
}

/** Asked for while the component is there. */
export function useAuto({ auto }: TradingDesk): PolledSnapshot<AutoView> {
  return useSyncExternalStore(auto.polled.subscribe, auto.polled.getSnapshot);
}

export function useKeptLeases({ leases }: TradingDesk): readonly KeptLease[] {
  return useSyncExternalStore(leases.subscribe, leases.getSnapshot);
}

const nothing = (): (() => void) => () => undefined;

/** Whether a paper account can be opened and there is none yet. */
export function usePaperOffer(): boolean {
  const session = useSession();
  return useSyncExternalStore(session.trading?.subscribe ?? nothing, () => needsPaper(session));
}

/** Whether the panels of an account stand in the workspace: there is one, or the ticket offers the first. */
export function useTradingPanels(): boolean {
  const offered = usePaperOffer();
  return useCanTrade() || offered;
}
