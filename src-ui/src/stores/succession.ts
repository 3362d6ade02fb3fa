import { digits, subtract } from "~/shared/decimal";
import type { OrderView } from "~/transport/trading-types";
import { hasEnded, type OwnOrders } from "./own-orders";

/** Orders of one line that are told; who changes an order more often sees the newest. */
const MOST_BEFORE = 12;

/** The orders in whose place this one stands, oldest first, as far as they are held. */
export function before(orders: OwnOrders, view: OrderView): readonly OrderView[] {
  const line: OrderView[] = [];
  for (let at = view; at.replaces !== null && line.length < MOST_BEFORE;) {
    const held = orders.get(at.replaces)?.view;
    if (held === undefined || line.includes(held)) break;
    line.unshift(held);
    at = held;
  }
  return line;
}

/** Whether it is over and its successor tells of it: one line for both. */
export function isSucceeded(orders: OwnOrders, view: OrderView): boolean {
  return view.replacedBy !== null && hasEnded(view.state) && orders.get(view.replacedBy) !== null;
}

/** Where it stood: its trigger, else its price. */
function place(view: OrderView): string {
  const px = view.triggerPx ?? view.px;
  return px === null ? "the market" : digits(px);
}

/** `96000 → 96010 → 96020, 0.02 → 0.01`: what changed, in the order of time. */
export function successionText(line: readonly OrderView[], view: OrderView): string {
  const all = [...line, view];
  const prices = steps(all.map(place));
  const sizes = steps(all.map(({ size }) => digits(size)));
  const said = [
    prices.length > 1 ? prices.join(" \u2192 ") : "",
    sizes.length > 1 ? sizes.join(" \u2192 ") : "",
  ];
  return said.filter((part) => part !== "").join(", ");
}

function steps(texts: readonly string[]): readonly string[] {
  return texts.filter((text, index) => text !== texts[index - 1]);
}

/** What is not filled yet, base units. */
export function remaining({ size, filled }: OrderView): OrderView["size"] {
  return subtract(size, filled);
}
