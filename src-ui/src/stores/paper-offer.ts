import { trades } from "~/transport/auth-types";
import type { AuthDesk } from "./auth-desk";
import type { TradingDesk } from "./trading-desk";

interface Desks {
  readonly auth: Pick<AuthDesk, "getSnapshot"> | null;
  readonly trading: Pick<TradingDesk, "getSnapshot" | "state"> | null;
}

/**
 * Whether a paper account can be opened, or gone to: the server has them, and the role trades. To a user without any account a server
 * does not tell what it has; there it is offered too, and a server without paper accounts refuses it in words.
 */
export function offersPaper({ auth, trading }: Desks): boolean {
  if (trading === null) return false;
  const role = auth?.getSnapshot().state?.session?.user.role ?? null;
  if (role !== null && !trades(role)) return false;
  const { phase, error, accounts } = trading.getSnapshot();
  return trading.state?.has.paper ?? (phase === "barred" && error === null && accounts.length === 0);
}

/** There is none yet among the user's accounts. */
export function needsPaper(desks: Desks): boolean {
  return offersPaper(desks) && !(desks.trading?.getSnapshot().accounts.some(({ paper }) => paper) ?? false);
}
