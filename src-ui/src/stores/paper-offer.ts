import { trades } from "~/transport/auth-types";
import type { AuthDesk } from "./auth-desk";
import type { TradingDesk } from "./trading-desk";

interface Desks {
  readonly auth: Pick<AuthDesk, "getSnapshot"> | null;
  readonly trading: Pick<TradingDesk, "getSnapshot"> | null;
}

/**
 * Whether a paper account can be opened, or gone to: the server has them, and the role trades. Not while the first account is asked for, or
 * the workspace would be furnished for somebody without one.
 */
export function offersPaper({ auth, trading }: Desks): boolean {
  if (trading === null) return false;
  const role = auth?.getSnapshot().state?.session?.user.role ?? null;
  if (role !== null && !trades(role)) return false;
  const { phase, paperOffered } = trading.getSnapshot();
  return paperOffered && phase !== "asking";
}

/** There is none yet among the user's accounts. */
export function needsPaper(desks: Desks): boolean {
  return offersPaper(desks) && !(desks.trading?.getSnapshot().accounts.some(({ paper }) => paper) ?? false);
}
