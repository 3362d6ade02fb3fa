import { Stamped } from "~/shared/stamped";
import type { FillView } from "~/transport/trading-types";

/** Fills that are held; the oldest makes room. */
export const FILLS_KEPT = 500;

export interface FillRow {
  readonly view: FillView;
  readonly stamped: Stamped<FillView>;
}

/** The fills of one account by the venue's number of the trade, each once however often it is told. */
export class OwnFills {
  readonly #rows = new Map<number, FillRow>();
  #list: readonly FillRow[] | null = null;
  /** Grows with each change. */
  revision = 0;

  take(fills: readonly FillView[]): void {
    for (const view of fills)
      this.#rows.set(view.tid, { view, stamped: Stamped.final("execution", view, view.timeMs) });
    this.#list = null;
    if (this.#rows.size > FILLS_KEPT)
      for (const { view } of this.newest.slice(FILLS_KEPT)) this.#rows.delete(view.tid);
    this.#list = null;
    this.revision += 1;
  }

  clear(): void {
    this.#rows.clear();
    this.#list = null;
    this.revision += 1;
  }

  get newest(): readonly FillRow[] {
    this.#list ??= [...this.#rows.values()].toSorted(
      (a, b) => b.view.timeMs - a.view.timeMs || b.view.tid - a.view.tid,
    );
    return this.#list;
  }
}
