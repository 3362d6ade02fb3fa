import { clock } from "~/shared/clock";
import { asApiError } from "~/transport/decode";
import { asFill, asOrder } from "~/transport/order-decode";
import { asAccountState } from "~/transport/trading-decode";
import type { TradingPort } from "~/transport/trading-port";
import type {
  AccountAnswer,
  AccountState,
  KillAnswer,
  KillWish,
  TradingAccount,
} from "~/transport/trading-types";
import { ApiError, type Envelope, type LinkState } from "~/transport/types";
import { AutoDesk } from "./auto-desk";
import { freshKey, type Intent, Intents, type Wish } from "./intents";
import { LeaseKeeper } from "./leases";
import { MarginDesk } from "./margin-desk";
import { OwnFills } from "./own-fills";
import { OwnOrders } from "./own-orders";
import { accountProof, eventStamp } from "./proofs";
import { isAccountRisk, RiskDesk } from "./risk-desk";
import { ABSENT, NOTHING, type TradingSnapshot } from "./trading-phase";
import { SequenceBook } from "./sequence-book";
import { ExecutionNotes } from "./execution-notes";
import { wishes } from "./trading-wishes";

/** Events say what changes; an account that nothing is heard of for so long is asked for. */
const QUIET_MS = 5000;
const LOOK_EVERY_MS = 2500;

/** One account's orders, fills, positions and balances, and what the user wants of them. */
export class TradingDesk {
  readonly orders = new OwnOrders();
  readonly fills = new OwnFills();
  readonly notes = new ExecutionNotes();
  readonly intents: Intents;
  readonly wish: ReturnType<typeof wishes>;
  readonly risk: RiskDesk;
  readonly auto: AutoDesk;
  readonly leases: LeaseKeeper;
  readonly margins: MarginDesk;
  state: AccountState | null = null;
  /** Grows whenever the state changes. */
  revision = 0;
  /** Messages that could not be read. */
  refused = 0;
  readonly #sequences = new SequenceBook();
  readonly #listeners = new Set<() => void>();
  #snapshot: TradingSnapshot = NOTHING;
  #heardAt = Number.NEGATIVE_INFINITY;
  #asked = 0;
  #asking = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #followed = false;

  constructor(
    readonly port: TradingPort,
    private readonly link: { followPrivate(): void },
    private readonly linked: () => boolean,
    /** Somebody is logged in, where that is needed: without it nothing is asked. */
    private readonly known: () => boolean = () => true,
    private readonly now: () => number = () => clock.now(),
  ) {
    this.intents = new Intents((views) => {
      const proof = this.#proof();
      const arrivedAt = this.now();
      const coreNow = this.coreNow(arrivedAt);
      if (proof === null || coreNow === null) return;
      const told = { ...proof, coreNow, arrivedAt };
      for (const view of views) if (this.#isOurs(view.account)) this.orders.take(view, told);
    });
    this.wish = wishes(port, freshKey, (key) => this.state?.twaps.some((twap) => twap.key === key) ?? false);
    this.risk = new RiskDesk(port, () => (linked() ? this.coreNow(this.now()) : null));
    this.auto = new AutoDesk(port, () => (linked() ? this.#snapshot.account : null));
    this.leases = new LeaseKeeper(port, now);
    this.margins = new MarginDesk(port, () => void this.refresh());
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): TradingSnapshot => this.#snapshot;

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.leases.stop();
  }

  onLink(link: LinkState): void {
    if (link.phase !== "open") return;
    // Nothing says what was missed while the link was away.
    this.#sequences.clear();
    void this.refresh();
  }

  /** Somebody logged in or out. */
  onLogin(): void {
    const { phase, error } = this.#snapshot;
    const out = phase === "asking" || error?.code === "session_required";
    if (out === this.known() && this.linked()) void this.refresh();
  }

  /** A new run begins every sequence again, and the account is another run's. */
  clear(): void {
    this.#sequences.clear();
    this.leases.clear();
    this.margins.clear();
    this.#forget();
    void this.refresh();
  }

  choose(account: string): void {
    if (account === this.#snapshot.account) return;
    this.#forget();
    this.#change({ account });
    void this.refresh();
  }

  /** Asks for the accounts and for the chosen one's state. */
  async refresh(): Promise<void> {
    const question = (this.#asked += 1);
    if (!this.known()) {
      this.#failed(new ApiError("session_required", "nobody is logged in", false));
      return;
    }
    const current = (): boolean => question === this.#asked;
    this.#asking = true;
    try {
      const { accounts, paperOffered } = await this.port.accounts();
      if (!current()) return;
      const held = accounts.find(({ account }) => account === this.#snapshot.account);
      const chosen = held ?? accounts.find(({ mayTrade }) => mayTrade) ?? accounts[0];
      if (chosen?.account !== this.#snapshot.account) this.#forget();
      this.#change({ accounts, account: chosen?.account ?? null, paperOffered });
      if (chosen === undefined) {
        this.#change({ phase: "barred", error: null });
        return;
      }
      const answer = await this.port.account({ account: chosen.account });
      if (!current()) return;
      this.#takeAnswer(answer);
      this.#change({ phase: "here", error: null });
      if (!this.#followed) this.link.followPrivate();
      this.#followed = true;
    } catch (thrown) {
      if (current()) this.#failed(asApiError(thrown));
    } finally {
      if (current()) this.#asking = false;
    }
  }

  /** Whether the event was one of trading. */
  take(envelope: Envelope, arrivedAt: number): boolean {
    const { event_type: type, data } = envelope;
    if (type !== "order_update" && type !== "fill_update" && type !== "account_update")
      if (type !== "execution_event" && !isAccountRisk(envelope)) return false;
    this.leases.renew();
    if (!this.#isOurs(data["account"])) return true;
    if (this.#sequences.gap(envelope)) void this.refresh();
    if (type === "account_update") this.#takeState(asAccountState(data, arrivedAt));
    else if (type === "execution_event") this.notes.take(data);
    else if (isAccountRisk(envelope)) void this.risk.refresh();
    else this.#takeRow(envelope, arrivedAt);
    return true;
  }

  /** Sends what the user wants, and follows what becomes of it. */
  run(wish: Wish): Promise<Intent["phase"]> {
    return this.intents.run(wish);
  }

  kill(wish: KillWish): Promise<KillAnswer> {
    return this.port.kill(wish).finally(() => void this.refresh());
  }

  /** The account, by the newest word; null while the server tells of none. */
  get chosen(): TradingAccount | null {
    return this.#snapshot.accounts.find(({ account }) => account === this.#snapshot.account) ?? null;
  }

  /** The server's clock now, as far as the newest word tells it. */
  coreNow(now: number): number | null {
    return this.state === null ? null : this.state.nowMs + Math.max(0, now - this.#heardAt);
  }

  /** An address is the same with and without its checksum. */
  #isOurs(account: unknown): boolean {
    return typeof account === "string" && account.toLowerCase() === this.#snapshot.account?.toLowerCase();
  }

  #takeRow({ event_type: type, data }: Envelope, arrivedAt: number): void {
    const nowMs = data["now_ms"];
    if (type === "fill_update") {
      const fill = asFill(data);
      if (fill === null) this.refused += 1;
      else this.fills.take([fill]);
      return;
    }
    const order = asOrder(data);
    if (order === null || typeof nowMs !== "number") {
      this.refused += 1;
      return;
    }
    const own = eventStamp(nowMs, arrivedAt, this.#proof());
    this.orders.take(order, own);
  }

  #takeAnswer({ state, orders, fills }: AccountAnswer): void {
    this.#takeState(state);
    const proof = this.#proof();
    if (proof !== null) this.orders.replace(orders, proof, state.nowMs);
    this.fills.take(fills);
  }

  #takeState(state: AccountState | null): void {
    if (state === null) {
      this.refused += 1;
      return;
    }
    // An answer that was overtaken by an event is older than what is held.
    if (this.state !== null && this.state.runId === state.runId && state.nowMs < this.state.nowMs) return;
    this.state = state;
    this.#heardAt = this.now();
    this.revision += 1;
    this.leases.told(state.leases);
    const proof = this.#proof();
    if (proof !== null) this.orders.prove(proof);
  }

  #proof() {
    return this.state === null ? null : accountProof(this.state, this.#heardAt);
  }

  #look(): void {
    if (this.#asking || document.hidden || !this.linked()) return;
    const { phase } = this.#snapshot;
    if (phase === "absent" || !this.known() || this.now() - this.#heardAt < QUIET_MS) return;
    void this.refresh();
  }

  #failed(error: ApiError): void {
    const { phase } = this.#snapshot;
    if (phase !== "here" && ABSENT.includes(error.code)) this.#change({ phase: "absent", error });
    else if (error.code === "unreachable" || error.code.startsWith("http_5")) this.#change({ error });
    else if (phase === "here" && error.code === "malformed_answer") {
      this.refused += 1;
      this.#change({ error });
    } else {
      this.#forget();
      this.leases.clear();
      this.#change({ phase: ABSENT.includes(error.code) ? "absent" : "barred", error, paperOffered: false });
    }
  }

  #forget(): void {
    this.state = null;
    this.#heardAt = Number.NEGATIVE_INFINITY;
    this.orders.clear();
    this.fills.clear();
    this.notes.clear();
    this.auto.clear();
    this.revision += 1;
  }

  #change(part: Partial<TradingSnapshot>): void {
    const { account } = this.#snapshot;
    this.#snapshot = { ...this.#snapshot, ...part };
    if (account !== this.#snapshot.account) this.auto.clear();
    for (const listener of this.#listeners) listener();
  }
}
