/** The protocol's limit for one client. */
export const MOST_WATCHED = 64;

/** The symbols that this window watches, in the order in which they came. */
export class WatchedSymbols {
  readonly #symbols = new Set<string>();

  constructor(
    private readonly begin: (symbol: string) => void,
    private readonly end: (symbol: string) => void,
  ) {}

  has = (symbol: string): boolean => this.#symbols.has(symbol);

  get full(): boolean {
    return this.#symbols.size >= MOST_WATCHED;
  }

  /** Watches one more; at the limit the newest makes room, but never `kept`. */
  add(symbol: string, kept: string): void {
    if (this.#symbols.has(symbol)) return;
    if (this.full) this.#drop(kept);
    this.#symbols.add(symbol);
    this.begin(symbol);
  }

  #drop(kept: string): void {
    const symbol = [...this.#symbols].toReversed().find((item) => item !== kept);
    if (symbol === undefined) return;
    this.#symbols.delete(symbol);
    this.end(symbol);
  }
}
