const PAUSE_MS = 2000;
/** Symbols remembered; more than a client may watch. */
const MOST_SYMBOLS = 256;

/** Once per gap, and never in a tight loop against a server that keeps sending wrong versions. */
export class ResyncPace {
  readonly #lastAt = new Map<string, number>();

  constructor(
    private readonly now: () => number,
    private readonly run: (symbol: string) => void,
  ) {}

  after(symbol: string): void {
    const wait = (this.#lastAt.get(symbol) ?? -Infinity) + PAUSE_MS - this.now();
    if (this.#lastAt.size > MOST_SYMBOLS) this.#lastAt.clear();
    this.#lastAt.set(symbol, this.now() + Math.max(0, wait));
    if (wait > 0) setTimeout(() => this.run(symbol), wait);
    else this.run(symbol);
  }
}
