import type { Transport } from "~/transport/types";
import type { AuthDesk } from "./auth-desk";
import { TradingDesk } from "./trading-desk";

/** The desk of a window; null where nothing can ever be traded. Where there are logins, orders belong to a user. */
export function tradingOf(
  transport: Pick<Transport, "trading" | "followPrivate">,
  auth: AuthDesk | null,
  linked: () => boolean,
): TradingDesk | null {
  if (transport.trading === null) return null;
  const known = (): boolean => {
    const held = auth?.getSnapshot();
    return held === undefined || held.phase === "absent" || (held.state?.session ?? null) !== null;
  };
  const desk = new TradingDesk(transport.trading, transport, linked, known);
  auth?.subscribe(() => desk.onLogin());
  return desk;
}
