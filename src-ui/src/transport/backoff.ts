/** Doubling waits with jitter, so that many windows do not come back at the same moment. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly firstMs = 500,
    private readonly lastMs = 15_000,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const ceiling = Math.min(this.lastMs, this.firstMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    return ceiling * (0.5 + this.random() * 0.5);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
