import { ApiError } from "./types";

const ANSWER_LIMIT_MS = 10_000;
/** Requests that may be out at once; the terminal asks for a handful. */
const MOST_PENDING = 64;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: ApiError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Requests whose answers come later on the same connection, by their id. */
export class PendingAnswers<T> {
  readonly #waiting = new Map<number, Waiting<T>>();

  await(id: number): Promise<T> {
    if (this.#waiting.size >= MOST_PENDING)
      return Promise.reject(new ApiError("too_many_requests", "too many requests are unanswered", true));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.reject(id, new ApiError("unreachable", "the server gave no answer", true)),
        ANSWER_LIMIT_MS,
      );
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  has(id: number): boolean {
    return this.#waiting.has(id);
  }

  resolve(id: number, value: T): void {
    this.#take(id)?.resolve(value);
  }

  reject(id: number, error: ApiError): void {
    this.#take(id)?.reject(error);
  }

  /** The connection is gone, and no answer will come. */
  fail(): void {
    for (const id of this.#waiting.keys())
      this.reject(id, new ApiError("unreachable", "the connection was lost", true));
  }

  #take(id: number): Waiting<T> | undefined {
    const found = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(found?.timer);
    return found;
  }
}
