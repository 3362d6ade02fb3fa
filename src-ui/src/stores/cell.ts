/** Cold facts that React is told of; each change is a new object. */
export class Cell<T extends object> {
  readonly #listeners = new Set<() => void>();

  constructor(private value: T) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get = (): T => this.value;

  change(part: Partial<T>): void {
    this.value = { ...this.value, ...part };
    for (const listener of this.#listeners) listener();
  }
}
