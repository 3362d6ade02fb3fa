import { asApiError } from "./decode";
import { ApiError } from "./types";

const ANSWER_LIMIT_MS = 10_000;
/** Requests that may be out at once; the terminal asks for a handful. */
const MOST_PENDING = 64;

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  /** Whether the message was the answer that was asked for. */
  readonly take: (message: Message) => boolean;
  readonly reject: (error: ApiError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Requests whose answers come later on the same connection, by their id. */
export class PendingAnswers {
  readonly #waiting = new Map<number, Waiting>();

  /** `read` gives null for what is no such answer; then the message is the refusal. */
  await<T>(id: number, read: (message: Message) => T | null): Promise<T> {
    if (this.#waiting.size >= MOST_PENDING)
      return Promise.reject(new ApiError("too_many_requests", "too many requests are unanswered", true));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.reject(id, new ApiError("unreachable", "the server gave no answer", true)),
        ANSWER_LIMIT_MS,
      );
      const take = (message: Message): boolean => {
        const answer = read(message);
        if (answer !== null) resolve(answer);
        return answer !== null;
      };
      this.#waiting.set(id, { take, reject, timer });
    });
  }

  /** Whether the message was an answer to one of them. */
  answer(message: Message): boolean {
    const { id } = message;
    const found = typeof id === "number" ? this.#take(id) : undefined;
    if (found === undefined) return false;
    if (!found.take(message)) found.reject(asApiError(message));
    return true;
  }

  reject(id: number, error: ApiError): void {
    this.#take(id)?.reject(error);
  }

  /** The connection is gone, and no answer will come. */
  fail(): void {
    for (const id of this.#waiting.keys())
      this.reject(id, new ApiError("unreachable", "the connection was lost", true));
  }

  #take(id: number): Waiting | undefined {
    const found = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(found?.timer);
    return found;
  }
}
