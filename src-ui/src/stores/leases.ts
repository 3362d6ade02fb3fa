import { asApiError } from "~/transport/decode";
import type { Lease, ScopeName } from "~/transport/risk-types";
import type { TradingPort } from "~/transport/trading-port";
import type { ApiError } from "~/transport/types";
import { isLost } from "./intents";
import { nameOf, scopeKey } from "./risk-desk";

/** A lease is renewed after a third of its time, so that two lost answers do not end it. */
const SHARE = 3;
/** A renewal that failed is tried again so soon. */
const AGAIN_MS = 1000;
const LOOK_EVERY_MS = 500;
/** Leases that one window keeps. */
const MOST_KEPT = 16;

export interface KeptLease {
  readonly of: ScopeName;
  readonly seconds: number;
  /** Monotonic time of the last renewal that the server confirmed. */
  readonly renewedAt: number;
  /** Why the last renewal failed; null after one that did not. */
  readonly error: ApiError | null;
}

interface Keeping extends KeptLease {
  readonly nextAt: number;
  readonly asking: boolean;
}

/** Renews what this window took a lease of, as long as the window lives. What has lapsed is taken again by a person alone. */
export class LeaseKeeper {
  readonly #kept = new Map<string, Keeping>();
  readonly #listeners = new Set<() => void>();
  #snapshot: readonly KeptLease[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly port: Pick<TradingPort, "lease">,
    private readonly now: () => number,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): readonly KeptLease[] => this.#snapshot;

  keeps(of: ScopeName): boolean {
    return this.#kept.has(scopeKey(of));
  }

  /** Takes a lease, also in the place of one that has lapsed, and renews it from then on. */
  async take(of: ScopeName, seconds: number): Promise<readonly Lease[]> {
    const leases = await this.port.lease(nameOf(of), seconds);
    if (this.#kept.size >= MOST_KEPT && !this.keeps(of)) return leases;
    const now = this.now();
    this.#put({
      of: nameOf(of),
      seconds,
      renewedAt: now,
      error: null,
      nextAt: now + (seconds * 1000) / SHARE,
      asking: false,
    });
    this.#timer ??= setInterval(() => this.renew(), LOOK_EVERY_MS);
    return leases;
  }

  async end(of: ScopeName): Promise<readonly Lease[]> {
    this.#drop(scopeKey(of));
    return this.port.lease(nameOf(of), 0);
  }

  /**
   * Renews what is due. Called by a timer and by each event of the account, because a browser slows the timers of a page that nobody looks at
   * and not its sockets.
   */
  renew(): void {
    const now = this.now();
    for (const kept of this.#kept.values()) if (!kept.asking && now >= kept.nextAt) void this.#renew(kept);
  }

  /** What the server says of all leases: one that has lapsed is not renewed by a window that slept. */
  told(leases: readonly Lease[]): void {
    for (const lease of leases) if (lease.lapsed) this.#drop(scopeKey(lease));
  }

  clear(): void {
    for (const key of this.#kept.keys()) this.#drop(key);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #renew(kept: Keeping): Promise<void> {
    const { of, seconds, renewedAt } = kept;
    if (this.now() - renewedAt > seconds * 1000) {
      // Its time has passed without a word of the server: it has lapsed, or is about to.
      this.#drop(scopeKey(of));
      return;
    }
    this.#put({ ...kept, asking: true });
    let next: Keeping;
    try {
      await this.port.lease(of, seconds);
      const now = this.now();
      next = { ...kept, renewedAt: now, error: null, nextAt: now + (seconds * 1000) / SHARE };
    } catch (thrown) {
      const error = asApiError(thrown);
      if (!isLost(error)) {
        this.#drop(scopeKey(of));
        return;
      }
      next = { ...kept, error, nextAt: this.now() + AGAIN_MS };
    }
    if (this.#kept.has(scopeKey(of))) this.#put({ ...next, asking: false });
  }

  #put(kept: Keeping): void {
    this.#kept.set(scopeKey(kept.of), kept);
    this.#changed();
  }

  #drop(key: string): void {
    if (!this.#kept.delete(key)) return;
    if (this.#kept.size === 0) this.stop();
    this.#changed();
  }

  #changed(): void {
    this.#snapshot = [...this.#kept.values()];
    for (const listener of this.#listeners) listener();
  }
}
