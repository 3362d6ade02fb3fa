import type { AgentPort, OwnAgentList } from "~/transport/agent-types";
import { asApiError } from "~/transport/decode";
import type { ApiError } from "~/transport/types";

/** Time does to agents what nobody tells: they come near their end. */
const AGAIN_MS = 60_000;

export interface OwnAgentsSnapshot {
  /** Null before the first answer. */
  readonly list: OwnAgentList | null;
  /** Why the last question had no answer. */
  readonly failure: ApiError | null;
}

/** The agents of this computer's user, as the app last told of them. It asks while anybody listens. */
export class OwnAgents {
  readonly #listeners = new Set<() => void>();
  #snapshot: OwnAgentsSnapshot = { list: null, failure: null };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(readonly port: AgentPort) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.refresh();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  };

  getSnapshot = (): OwnAgentsSnapshot => this.#snapshot;

  /** The newest question alone is answered: what was asked before a change tells of before it. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const question = (this.#asked += 1);
    const next = await this.port.list().then(
      (list) => ({ list, failure: null }),
      (error: unknown) => ({ list: this.#snapshot.list, failure: asApiError(error) }),
    );
    if (question !== this.#asked) return;
    this.#snapshot = next;
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.refresh(), AGAIN_MS);
    for (const listener of this.#listeners) listener();
  }
}
