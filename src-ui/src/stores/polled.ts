import { asApiError } from "~/transport/decode";
import type { ApiError } from "~/transport/types";
import { ABSENT } from "./trading-phase";

export interface PolledSnapshot<T> {
  /** Null before the first answer. */
  readonly value: T | null;
  /** Why the last question had no answer. */
  readonly error: ApiError | null;
  /** The server does not know the question. */
  readonly absent: boolean;
}

/** While there is nobody to ask, it is looked for so often. */
const IDLE_MS = 500;

const NOTHING = { value: null, error: null, absent: false } as const;

/** An answer of the server that is asked for anew while anybody listens. */
export class Polled<T> {
  readonly #listeners = new Set<() => void>();
  #snapshot: PolledSnapshot<T> = NOTHING;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    /** Null while there is nothing to ask or nobody to answer. */
    private readonly ask: () => Promise<T> | null,
    private readonly everyMs: number,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.refresh();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  };

  getSnapshot = (): PolledSnapshot<T> => this.#snapshot;

  /** The newest question alone is answered: what was asked before a change tells of before it. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#listeners.size === 0) return;
    const question = (this.#asked += 1);
    const asked = this.#snapshot.absent || document.hidden ? null : this.ask();
    if (asked !== null) {
      const next = await asked.then(
        (value): PolledSnapshot<T> => ({ value, error: null, absent: false }),
        (thrown: unknown): PolledSnapshot<T> => {
          const error = asApiError(thrown);
          const absent = ABSENT.includes(error.code) && error.code !== "malformed_answer";
          return { value: absent ? null : this.#snapshot.value, error, absent };
        },
      );
      if (question !== this.#asked) return;
      this.#set(next);
    }
    const wait = asked === null ? Math.min(IDLE_MS, this.everyMs) : this.everyMs;
    if (this.#listeners.size > 0 && !this.#snapshot.absent)
      this.#timer = setTimeout(() => void this.refresh(), wait);
  }

  /** What an answer to something else told. */
  put(value: T): void {
    this.#asked += 1;
    this.#set({ value, error: null, absent: false });
    clearTimeout(this.#timer);
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.refresh(), this.everyMs);
  }

  /** Nothing that was told holds any more. */
  clear(): void {
    this.#asked += 1;
    if (this.#snapshot !== NOTHING) this.#set(NOTHING);
    void this.refresh();
  }

  #set(next: PolledSnapshot<T>): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}
