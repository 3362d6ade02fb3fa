import { createContext, useContext, useMemo, useSyncExternalStore } from "react";
import { clock } from "~/shared/clock";
import { useSampled } from "~/shared/useSampled";
import type { Intent } from "./intents";
import type { AskedMargin, MarginSetting } from "./margin-desk";
import type { Session } from "./session";
import type { TicketDesk, TicketSnapshot } from "./ticket-desk";
import type { TradingDesk } from "./trading-desk";
import type { TradingSnapshot } from "./trading-phase";
import { type Standing, standingOf } from "./standing";
import { practiceOf } from "./trading-words";
import type { SessionSnapshot } from "./session-snapshot";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("no session above this component");
  return session;
}

export function useSessionSnapshot(): SessionSnapshot {
  const session = useSession();
  return useSyncExternalStore(session.subscribeToChanges, session.getSnapshot);
}

/** Re-renders only when the chosen part changes; the part must be a primitive or keep its identity. */
export function useSessionPart<T>(choose: (snapshot: SessionSnapshot) => T): T {
  const session = useSession();
  return useSyncExternalStore(session.subscribeToChanges, () => choose(session.getSnapshot()));
}

export function useTrading(desk: TradingDesk): TradingSnapshot {
  return useSyncExternalStore(desk.subscribe, desk.getSnapshot);
}

export function useTicket(desk: TicketDesk): TicketSnapshot {
  return useSyncExternalStore(desk.subscribe, desk.getSnapshot);
}

export function useIntents({ intents }: TradingDesk): readonly Intent[] {
  return useSyncExternalStore(intents.subscribe, intents.getSnapshot);
}

/** What was asked last of a market's leverage, or of a position's margin; null where nothing was. */
export function useAskedMargin(
  { margins }: TradingDesk,
  account: string,
  symbol: string,
  what: MarginSetting["what"],
): AskedMargin | null {
  return useSyncExternalStore(margins.subscribe, () => margins.of(account, symbol, what));
}

const nothing = (): (() => void) => () => undefined;

/** Whether there is an account to trade with; false also where nothing can ever be traded. */
export function useCanTrade(): boolean {
  const { trading } = useSession();
  return useSyncExternalStore(trading?.subscribe ?? nothing, () => trading?.getSnapshot().phase === "here");
}

/** Whether orders are taken, in words. */
export function useStanding(desk: TradingDesk): Standing {
  const session = useSession();
  const key = useSampled(() => {
    const stale = desk.state?.positions?.read(clock.now()).state === "stale";
    return JSON.stringify(standingOf(desk.getSnapshot(), desk.state, stale, session.linked));
  }, 200);
  return useMemo(() => JSON.parse(key) as Standing, [key]);
}

/** The mark of practice that everything of the account bears; empty for a live one. */
export function usePractice(desk: TradingDesk | null): ReturnType<typeof practiceOf> {
  return useSampled(() => practiceOf(desk?.state ?? null), 200);
}
