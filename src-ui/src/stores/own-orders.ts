import { type Stamp, Stamped } from "~/shared/stamped";
import type { OrderState, OrderView } from "~/transport/trading-types";

/** Open orders that are held: a venue allows an account fewer. */
export const OPEN_KEPT = 1000;
/** Ended orders that are held; the one that ended first makes room. */
export const ENDED_KEPT = 200;

const ENDED: ReadonlySet<OrderState> = new Set(["filled", "cancelled", "rejected", "expired"]);

export function hasEnded(state: OrderState): boolean {
  return ENDED.has(state);
}

/** Names an order here: by our name for it, or by the venue's where it is not ours. */
export function orderKey({ cloid, oid }: Pick<OrderView, "cloid" | "oid">): string {
  return cloid ?? `oid ${oid}`;
}

export interface OrderRow {
  readonly key: string;
  readonly view: OrderView;
  readonly stamped: Stamped<OrderView>;
  /** The server's time at which the view was so: what it counts goes on from there. */
  readonly toldMs: number;
}

/** The orders of one account by cloid. An open one is as fresh as the account's own proof; an ended one is final. */
export class OwnOrders {
  readonly #open = new Map<string, OrderRow>();
  readonly #ended = new Map<string, OrderRow>();
  /** Orders that found no room. */
  dropped = 0;
  /** Grows with each change. */
  revision = 0;
  #openList: readonly OrderRow[] | null = null;
  #endedList: readonly OrderRow[] | null = null;

  /** What an event or an answer tells of one order; news that is older than what is held is left out. */
  take(view: OrderView, proof: Stamp): void {
    if (this.#put(view, proof)) this.#changed();
  }

  /** What the server holds at `nowMs`: an open order of ours that it does not tell of is gone. */
  replace(views: readonly OrderView[], proof: Stamp, nowMs: number): void {
    const told = new Set(views.map(orderKey));
    for (const [key, row] of this.#open)
      if (!told.has(key) && row.view.changedMs <= nowMs) this.#open.delete(key);
    for (const view of views) this.#put(view, proof);
    this.#changed();
  }

  /** The account was proved again, and its open orders with it. */
  prove(proof: Stamp): void {
    for (const [key, row] of this.#open) this.#open.set(key, rowOf(row.view, proof, row.toldMs));
    this.#openList = null;
  }

  clear(): void {
    this.#open.clear();
    this.#ended.clear();
    this.dropped = 0;
    this.#changed();
  }

  get(key: string): OrderRow | null {
    return this.#open.get(key) ?? this.#ended.get(key) ?? null;
  }

  /** Newest first; those of a group stay together, its entry first. */
  get open(): readonly OrderRow[] {
    this.#openList ??= grouped([...this.#open.values()]);
    return this.#openList;
  }

  /** The one that ended last first. */
  get ended(): readonly OrderRow[] {
    this.#endedList ??= [...this.#ended.values()].toSorted((a, b) => b.view.changedMs - a.view.changedMs);
    return this.#endedList;
  }

  #put(view: OrderView, proof: Stamp): boolean {
    const key = orderKey(view);
    const held = this.get(key)?.view;
    if (held !== undefined) {
      if (held.changedMs > view.changedMs) return false;
      // Within one millisecond an end is the later word.
      if (held.changedMs === view.changedMs && hasEnded(held.state) && !hasEnded(view.state)) return false;
    }
    if (hasEnded(view.state)) {
      this.#open.delete(key);
      this.#ended.delete(key);
      this.#ended.set(key, {
        key,
        view,
        stamped: Stamped.final("execution", view, view.changedMs),
        toldMs: proof.coreNow,
      });
      const first = this.#ended.keys().next().value;
      if (this.#ended.size > ENDED_KEPT && first !== undefined) this.#ended.delete(first);
      return true;
    }
    if (held === undefined && this.#open.size >= OPEN_KEPT) {
      this.dropped += 1;
      return true;
    }
    this.#ended.delete(key);
    this.#open.set(key, rowOf(view, proof, proof.coreNow));
    return true;
  }

  #changed(): void {
    this.#openList = null;
    this.#endedList = null;
    this.revision += 1;
  }
}

function rowOf(view: OrderView, proof: Stamp, toldMs: number): OrderRow {
  const stamp: Stamp = { ...proof, asOf: view.changedMs };
  return { key: orderKey(view), view, stamped: Stamped.of("execution", view, stamp), toldMs };
}

const LEG_ORDER = { entry: 0, single: 0, scale: 1, slice: 1, take_profit: 2, stop_loss: 3 } as const;

function grouped(rows: OrderRow[]): readonly OrderRow[] {
  const begun = new Map<string, number>();
  const nameOf = ({ key, view }: OrderRow): string => view.group ?? key;
  for (const row of rows) begun.set(nameOf(row), Math.max(begun.get(nameOf(row)) ?? 0, row.view.createdMs));
  return rows.toSorted((a, b) => {
    const [groupA, groupB] = [nameOf(a), nameOf(b)];
    if (groupA !== groupB)
      return (begun.get(groupB) ?? 0) - (begun.get(groupA) ?? 0) || (groupA < groupB ? -1 : 1);
    return LEG_ORDER[a.view.leg] - LEG_ORDER[b.view.leg] || b.view.createdMs - a.view.createdMs;
  });
}
