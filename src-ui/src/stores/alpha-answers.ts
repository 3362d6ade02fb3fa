import { clock } from "~/shared/clock";
import { Stamped } from "~/shared/stamped";
import { asApiError } from "~/transport/decode";
import type { AlphaQuestion, ApiError, Transport } from "~/transport/types";
import type { Json } from "./json";

/** An answer is asked for again each second while somebody looks at it. */
export const ASK_EVERY_MS = 1000;
/** Three questions without an answer, and what is held is stale. */
export const ANSWER_LIMIT_MS = 4000;
/** Answers held; the one that was looked at longest ago makes room. */
const ANSWERS_KEPT = 16;

export type AnswerState =
  | { readonly phase: "asking" }
  | { readonly phase: "here" }
  | { readonly phase: "failed"; readonly error: ApiError };

interface Held {
  readonly question: AlphaQuestion;
  answer: Stamped<Json> | null;
  /** The answer as a panel reads it, kept by the identity of what it was read from. */
  read: { from: Stamped<Json>; value: Stamped<unknown> | null } | null;
  state: AnswerState;
  lookers: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  asking: boolean;
}

function keyOf(question: AlphaQuestion): string {
  return question.kind === "opportunities" ? question.kind : `${question.kind} ${question.symbol}`;
}

/** Questions to the conviction engine, asked again while a panel looks at the answer. */
export class AlphaAnswers {
  readonly #held = new Map<string, Held>();

  constructor(
    private readonly transport: Pick<Transport, "alpha">,
    private readonly linked: () => boolean,
  ) {}

  /** Asks while somebody looks; gives what ends the looking. */
  look(question: AlphaQuestion): () => void {
    const key = keyOf(question);
    const held = this.#open(key, question);
    held.lookers += 1;
    if (!held.asking) this.#ask(held);
    return () => {
      held.lookers -= 1;
      if (held.lookers <= 0) clearTimeout(held.timer);
    };
  }

  state(question: AlphaQuestion): AnswerState {
    return this.#held.get(keyOf(question))?.state ?? { phase: "asking" };
  }

  /** The newest answer as `read` understands it; what it does not understand is no answer. */
  get<T>(question: AlphaQuestion, read: (body: Json, arrivedAt: number) => T | null): Stamped<T> | null {
    const held = this.#held.get(keyOf(question));
    const answer = held?.answer ?? null;
    if (held === undefined || answer === null) return null;
    if (held.read?.from !== answer) {
      const mapped = answer.map((body) => read(body, answer.stamps[0]?.arrivedAt ?? 0));
      const known = mapped.draw(0, (value) => value !== null);
      held.read = { from: answer, value: known ? mapped : null };
    }
    return held.read.value as Stamped<T> | null;
  }

  clear(): void {
    for (const held of this.#held.values()) {
      held.answer = null;
      held.read = null;
      held.state = { phase: "asking" };
    }
  }

  #open(key: string, question: AlphaQuestion): Held {
    let held = this.#held.get(key);
    held ??= {
      question,
      answer: null,
      read: null,
      state: { phase: "asking" },
      lookers: 0,
      timer: undefined,
      asking: false,
    };
    this.#held.delete(key);
    this.#held.set(key, held);
    for (const [other, { lookers }] of this.#held) {
      if (this.#held.size <= ANSWERS_KEPT) break;
      if (lookers <= 0) this.#held.delete(other);
    }
    return held;
  }

  #ask(held: Held): void {
    clearTimeout(held.timer);
    const again = (): void => {
      held.asking = false;
      if (held.lookers > 0) held.timer = setTimeout(() => this.#ask(held), ASK_EVERY_MS);
    };
    if (!this.linked()) return again();
    held.asking = true;
    this.transport.alpha(held.question).then(
      (body) => {
        const arrivedAt = clock.now();
        const at = typeof body["now_ms"] === "number" ? body["now_ms"] : null;
        const stamp = { limitMs: ANSWER_LIMIT_MS, coreNow: at ?? 0, arrivedAt };
        held.answer = Stamped.of("alpha", body, { ...stamp, asOf: at ?? 0, provedAt: at ?? 0 });
        held.state = { phase: "here" };
        again();
      },
      (error: unknown) => {
        held.state = { phase: "failed", error: asApiError(error) };
        again();
      },
    );
  }
}
