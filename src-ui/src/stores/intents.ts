import { clock } from "~/shared/clock";
import { asApiError } from "~/transport/decode";
import type { OrderView } from "~/transport/trading-types";
import type { ApiError } from "~/transport/types";

/** Intents that are held; the oldest that is not open makes room. */
const INTENTS_KEPT = 20;
/** A lost answer is asked after so soon, and then so often. */
const FIRST_ASK_MS = 1000;
const ASK_EVERY_MS = 3000;

export type IntentPhase =
  /** On its way. */
  | "sending"
  /** The server has it: its orders tell the rest. */
  | "taken"
  /** The server refused it: nothing was done. */
  | "refused"
  /** The answer was lost, and it may have been done. */
  | "unknown"
  /** It never arrived, and never will: nothing was done. */
  | "never";

export interface Intent {
  /** The same key with the same body is one order, however often it is sent. */
  readonly key: string;
  /** What is wanted, in words. */
  readonly what: string;
  readonly account: string;
  readonly symbol: string;
  readonly phase: IntentPhase;
  readonly error: ApiError | null;
  readonly orders: readonly OrderView[];
  /** UTC ms here. */
  readonly at: number;
  /** Monotonic time of the next question what became of it; null when none is planned. */
  readonly asksAt: number | null;
  /** The server was asked after its answer was lost, and has not seen it; it may still be on its way. */
  readonly unseen: boolean;
  /** What is so once it was taken, where no order says it. */
  readonly done: string | null;
}

export interface Wish {
  readonly key: string;
  readonly what: string;
  readonly account: string;
  readonly symbol: string;
  /** What is so once it was taken, where no order says it. */
  readonly done?: string;
  /** Sends it with its key; may be called again with the same effect. */
  readonly send: () => Promise<readonly OrderView[]>;
  /** Asks what became of the key; nothing while the server has not seen it. */
  readonly find: () => Promise<readonly OrderView[]>;
  /** Of what has no orders: whether the server shows it running. */
  readonly runs?: () => boolean;
}

const LOST = /^(unreachable|malformed_answer|http_5\d\d|http_429|http_408)$/;

/** Whether an error leaves open what happened: only a coded refusal says that nothing did. */
export function isLost({ code }: ApiError): boolean {
  return LOST.test(code);
}

/** What the user asked for, from the click until it is known what became of it. */
export class Intents {
  #list: readonly Intent[] = [];
  readonly #wishes = new Map<string, Wish>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly taken: (orders: readonly OrderView[]) => void,
    private readonly wall: () => number = () => Date.now(),
    private readonly now: () => number = () => clock.now(),
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Newest first. */
  getSnapshot = (): readonly Intent[] => this.#list;

  /** Nothing else is on its way while one is. */
  get sending(): boolean {
    return this.#list.some(({ phase }) => phase === "sending");
  }

  get(key: string): Intent | null {
    return this.#list.find((intent) => intent.key === key) ?? null;
  }

  async run(wish: Wish): Promise<IntentPhase> {
    this.#wishes.set(wish.key, wish);
    const { key, what, account, symbol, done = null } = wish;
    const at = this.wall();
    const begun = { phase: "sending", error: null, orders: [], asksAt: null, unseen: false } as const;
    this.#set([
      { key, what, account, symbol, at, done, ...begun },
      ...this.#list.filter((intent) => intent.key !== key),
    ]);
    await this.#answered(key, wish.send());
    return this.get(key)?.phase ?? "never";
  }

  /** Sends one whose answer was lost once more, with the key that it had: it cannot become a second order. */
  async again(key: string): Promise<void> {
    const wish = this.#wishes.get(key);
    if (wish === undefined || this.get(key)?.phase !== "unknown") return;
    this.#cancelTimer(key);
    this.#change(key, { phase: "sending", asksAt: null });
    await this.#answered(key, wish.send());
  }

  /** Takes one that is over off the list. */
  dismiss(key: string): void {
    const phase = this.get(key)?.phase;
    if (phase === "sending" || phase === "unknown") return;
    this.#forget(key);
    this.#set(this.#list.filter((intent) => intent.key !== key));
  }

  clear(): void {
    for (const { key } of this.#list) this.#forget(key);
    this.#set([]);
  }

  async #answered(key: string, answer: Promise<readonly OrderView[]>): Promise<void> {
    try {
      this.#take(key, await answer);
    } catch (thrown) {
      const error = asApiError(thrown);
      if (isLost(error)) this.#lost(key, error, FIRST_ASK_MS);
      else this.#change(key, { phase: "refused", error, asksAt: null });
    }
  }

  #take(key: string, orders: readonly OrderView[]): void {
    this.taken(orders);
    this.#change(key, { phase: "taken", orders, error: null, asksAt: null });
  }

  #lost(key: string, error: ApiError, wait: number): void {
    this.#change(key, { phase: "unknown", error });
    this.#plan(key, wait);
  }

  #plan(key: string, wait: number): void {
    this.#change(key, { asksAt: this.now() + wait });
    this.#cancelTimer(key);
    this.#timers.set(
      key,
      setTimeout(() => void this.#find(key), wait),
    );
  }

  /** Asks what became of it. A question never places an order, so it may be asked without the user. */
  async #find(key: string): Promise<void> {
    const wish = this.#wishes.get(key);
    if (wish === undefined || this.get(key)?.phase !== "unknown") return;
    this.#change(key, { asksAt: null });
    try {
      const orders = await wish.find();
      if (this.get(key)?.phase !== "unknown") return;
      if (orders.length > 0 || wish.runs?.() === true) this.#take(key, orders);
      else {
        this.#change(key, { unseen: true });
        this.#plan(key, ASK_EVERY_MS);
      }
    } catch (thrown) {
      if (this.get(key)?.phase !== "unknown") return;
      const error = asApiError(thrown);
      if (error.code === "order_unknown") this.#change(key, { phase: "never", error, asksAt: null });
      else if (isLost(error)) this.#lost(key, error, ASK_EVERY_MS);
      // A server that does not know the question leaves it to the user to send again with the same key.
    }
  }

  #cancelTimer(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  #forget(key: string): void {
    this.#cancelTimer(key);
    this.#wishes.delete(key);
  }

  #change(key: string, part: Partial<Intent>): void {
    this.#set(this.#list.map((intent) => (intent.key === key ? { ...intent, ...part } : intent)));
  }

  #set(list: readonly Intent[]): void {
    let kept = list;
    while (kept.length > INTENTS_KEPT) {
      const oldest = kept.findLast(({ phase }) => phase !== "sending" && phase !== "unknown");
      if (oldest === undefined) break;
      this.#forget(oldest.key);
      kept = kept.filter((intent) => intent !== oldest);
    }
    this.#list = kept;
    for (const listener of this.#listeners) listener();
  }
}

/** A key of 128 random bits. `randomUUID` is for pages over https alone, and a gateway may be a machine of the office. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `ui-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
