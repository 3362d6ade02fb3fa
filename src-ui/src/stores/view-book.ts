import { MarketView } from "./market-view";

/** What each source says of each symbol. Symbols are bounded by what may be watched, sources by the venues that there are. */
export class ViewBook {
  readonly #views = new Map<string, Map<string, MarketView>>();

  get(source: string, symbol: string): MarketView | null {
    return this.#views.get(symbol)?.get(source) ?? null;
  }

  /** The view of a market, made when there is none yet; `made` is told of a new one. */
  open(source: string, symbol: string, made: (source: string) => void): MarketView {
    let bySource = this.#views.get(symbol);
    if (bySource === undefined) this.#views.set(symbol, (bySource = new Map()));
    let view = bySource.get(source);
    if (view === undefined) {
      bySource.set(source, (view = new MarketView(source, symbol)));
      made(source);
    }
    return view;
  }

  /** The views of one symbol. */
  of(symbol: string): readonly MarketView[] {
    return [...(this.#views.get(symbol)?.values() ?? [])];
  }

  *all(): Iterable<MarketView> {
    for (const bySource of this.#views.values()) yield* bySource.values();
  }

  drop(symbol: string): void {
    this.#views.delete(symbol);
  }
}
