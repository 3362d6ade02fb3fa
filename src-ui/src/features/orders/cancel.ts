import { digits } from "~/shared/decimal";
import { canChange } from "~/stores/change";
import { hasEnded } from "~/stores/own-orders";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";
import type { OrderView } from "~/transport/trading-types";
import { useOrdersView } from "./view";

/** An order that rests at the venue without being ours can be seen here and not cancelled. */
export function canCancel({ cloid, foreign, state }: OrderView): boolean {
  return cloid !== null && !foreign && !hasEnded(state) && state !== "cancelling";
}

export function cancelWords({ side, size, symbol }: OrderView): string {
  return `Cancel ${side} ${digits(size)} ${symbol}`;
}

export function cancel(desk: TradingDesk, view: OrderView): void {
  if (view.cloid === null || !canCancel(view)) return;
  void desk.run(desk.wish.cancel(view.account, view.symbol, view.cloid, cancelWords(view)));
}

/** Cancels at once what only takes risk away; what protects a position is asked about first. */
export function wantCancel(desk: TradingDesk, key: string): void {
  const view = desk.orders.get(key)?.view;
  if (view === undefined || !canCancel(view)) return;
  if (view.leg === "stop_loss" || (view.reduceOnly && view.kind.startsWith("stop")))
    useOrdersView.getState().ask({ key });
  else cancel(desk, view);
}

/** For the key: the order that is chosen in the list. */
export function cancelSelected(desk: TradingDesk | null): void {
  const { selected } = useOrdersView.getState();
  if (desk !== null && selected !== null) wantCancel(desk, selected);
}

/** For the key: asks before all are cancelled. */
export function askCancelAll(desk: TradingDesk | null): void {
  if (desk === null || desk.orders.open.length === 0) return;
  const { show, ask } = useOrdersView.getState();
  show("open");
  ask("all");
}

/** For the key: opens the chosen order to be changed; nothing where it cannot be. */
export function changeSelected(desk: TradingDesk | null): void {
  const { selected } = useOrdersView.getState();
  const view = selected === null ? undefined : desk?.orders.get(selected)?.view;
  if (selected !== null && view !== undefined && canChange(view)) useUi.getState().openChange(selected);
}
