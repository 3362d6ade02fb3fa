import { isZero } from "~/shared/decimal";
import type { OrderView } from "~/transport/trading-types";
import { hasEnded, type OrderRow } from "./own-orders";
import type { TradingDesk } from "./trading-desk";

/** Whether what was filled of it stands without the stop that was asked for. */
function isNaked(desk: TradingDesk, view: OrderView): boolean {
  if (view.guarded !== false || view.nakedMs === null) return false;
  if (!hasEnded(view.state)) return true;
  // The account's word is older than the fill: it cannot say yet what is open.
  if (desk.state === null || desk.state.nowMs < view.changedMs) return true;
  // Once the position is gone there is nothing to protect.
  const { positions } = desk.state;
  const held = positions?.draw(0, (rows) => rows.find(({ symbol }) => symbol === view.symbol));
  return held === undefined ? positions === null : !isZero(held.size);
}

/** For how long it has been so; the server's word grows by its clock. */
export function nakedMs(desk: TradingDesk, { view, toldMs }: OrderRow, now: number): number {
  const core = desk.coreNow(now);
  const grown = core === null ? 0 : Math.max(0, core - toldMs);
  return (view.nakedMs ?? 0) + (view.guarded === false ? grown : 0);
}

/** Entries whose fills stand without their stop, newest first. */
export function nakedEntries(desk: TradingDesk): readonly OrderRow[] {
  return [...desk.orders.open, ...desk.orders.ended].filter(({ view }) => isNaked(desk, view));
}

/** What is protected sooner is told by its line alone: nobody can act on it in less. */
const CRY_AFTER_MS = 1000;

/** Those of them that have been so for as long as somebody can act on. */
export function cryingEntries(desk: TradingDesk, now: number): readonly OrderRow[] {
  return nakedEntries(desk).filter((row) => nakedMs(desk, row, now) >= CRY_AFTER_MS);
}
