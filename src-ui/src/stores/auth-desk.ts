import { type AgentRow, type AuthPort, type AuthState, trades } from "~/transport/auth-types";
import { asApiError } from "~/transport/decode";
import { ApiError, type LinkState } from "~/transport/types";
import { addressOf, chainOf, signText, switchChain, type Wallet } from "~/transport/wallet";

/** How far a login has come; each step waits for somebody else. */
export type LoginStep = "account" | "network" | "message" | "signature" | "answer";

export interface AuthSnapshot {
  /** `absent`: this server knows no login. */
  readonly phase: "asking" | "absent" | "here";
  readonly state: AuthState | null;
  readonly step: LoginStep | null;
  /** What the last login or logout ended with; null while there is nothing to say. */
  readonly failure: ApiError | null;
  /** How the last session ended, if not by the user: a code, and when it was seen here, UTC ms. */
  readonly ended: { readonly code: string; readonly at: number } | null;
  /** The agents that this user may see; null while they are not known. */
  readonly agents: readonly AgentRow[] | null;
}

const NOTHING: AuthSnapshot = {
  phase: "asking",
  state: null,
  step: null,
  failure: null,
  ended: null,
  agents: null,
};

/** What the desk needs of the link to the server. */
export interface Link {
  /** Connects anew, so that the handshake carries what the browser holds now. */
  reopen(): void;
  /** Makes no further attempt until `reopen` or a reader's retry, and says why. */
  hold(reason: string): void;
}

const ENDS: readonly string[] = ["session_expired", "session_revoked"];
/** Beyond this a timer would overflow; it is set again then. */
const LONGEST_WAIT_MS = 86_400_000;
/** The server has to have seen the end too. */
const GRACE_MS = 500;
const LEAST_PAUSE_MS = 2000;
/** Agents are looked at again this often: their warnings come by the day. */
const AGENTS_MS = 600_000;

/** The first line of an EIP-4361 message names who asks. */
function askedBy(message: string): string | null {
  return /^(\S+) wants you to sign in with your Ethereum account:\n/.exec(message)?.[1] ?? null;
}

/** Who the user is at this server, and how that begins and ends. */
export class AuthDesk {
  readonly #listeners = new Set<() => void>();
  #snapshot: AuthSnapshot = NOTHING;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #agentTimer: ReturnType<typeof setTimeout> | undefined;
  /** The wallet that logged in here, for what has to be signed later. */
  wallet: Wallet | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;
  /** The session that the user ended: it ends without a word. */
  #left: string | null = null;

  constructor(
    readonly port: AuthPort,
    private readonly link: Link,
    private readonly host: () => string = () => location.host,
    private readonly now: () => number = () => Date.now(),
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): AuthSnapshot => this.#snapshot;

  start(): void {
    document.addEventListener("visibilitychange", this.#shown);
    void this.refresh();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.#shown);
    clearTimeout(this.#timer);
    clearTimeout(this.#agentTimer);
  }

  /** Reads the agents anew; without a session that may see them there are none to know. */
  async readAgents(): Promise<void> {
    clearTimeout(this.#agentTimer);
    const session = this.#snapshot.state?.session ?? null;
    if (session === null || !trades(session.user.role)) {
      if (this.#snapshot.agents !== null) this.#change({ agents: null });
      return;
    }
    const agents = await this.port.agents();
    this.#change({ agents });
    this.#agentTimer = setTimeout(() => this.#lookAtAgents(), AGENTS_MS);
  }

  #lookAtAgents(): void {
    this.readAgents().catch(() => {
      this.#agentTimer = setTimeout(() => this.#lookAtAgents(), AGENTS_MS);
    });
  }

  /** Somebody may have logged in meanwhile, in another tab of this browser. */
  #shown = (): void => {
    if (!document.hidden && this.#snapshot.phase === "here" && this.#snapshot.step === null)
      void this.refresh();
  };

  /** Asks the server who we are; answers at once if that is being asked already. */
  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  onLink(link: LinkState): void {
    if (link.phase === "open" && this.#snapshot.phase === "asking") void this.refresh();
    if (link.phase !== "closed") return;
    if (link.code !== undefined && ENDS.includes(link.code)) this.#end(link.code);
    // A handshake that was refused looks like a server that is not there; only the question tells them apart.
    else if (this.now() - this.#askedAt > LEAST_PAUSE_MS) void this.refresh();
  }

  /** A refusal elsewhere; true if it says that a session is over. */
  noticed(error: ApiError): boolean {
    const over = ENDS.includes(error.code) || error.code === "session_required";
    if (over) void this.refresh();
    return over;
  }

  async login(wallet: Wallet): Promise<void> {
    if (this.#snapshot.step !== null) return;
    this.#change({ failure: null });
    try {
      await this.#login(wallet);
      this.wallet = wallet;
      this.#change({ step: null, ended: null });
      this.link.reopen();
    } catch (error) {
      this.#change({ step: null, failure: asApiError(error) });
    }
  }

  /** Brings the wallet to a chain that the server takes, and logs in there. */
  async switchAndLogin(wallet: Wallet, chain: number): Promise<void> {
    if (this.#snapshot.step !== null) return;
    this.#change({ step: "network", failure: null });
    try {
      await switchChain(wallet, chain);
    } catch (error) {
      this.#change({ step: null, failure: asApiError(error) });
      return;
    }
    this.#change({ step: null });
    await this.login(wallet);
  }

  async logout(): Promise<void> {
    this.#left = this.#snapshot.state?.session?.id ?? null;
    try {
      await this.port.logout();
      this.#change({ failure: null, ended: null });
    } catch (error) {
      this.#change({ failure: asApiError(error) });
    }
    await this.refresh();
    this.link.reopen();
  }

  forgetFailure(): void {
    if (this.#snapshot.failure !== null) this.#change({ failure: null });
  }

  async #login(wallet: Wallet): Promise<void> {
    this.#change({ step: "account" });
    const address = await addressOf(wallet);
    this.#change({ step: "network" });
    const chain = await chainOf(wallet);
    const chains = this.#snapshot.state?.chains ?? [];
    if (chains.length > 0 && !chains.some(({ id }) => id === chain))
      throw new ApiError("chain_not_allowed", `the wallet is on chain ${chain}`, true);
    this.#change({ step: "message" });
    const { message } = await this.port.challenge(address, chain);
    const asker = askedBy(message);
    // The wallet would show the other name too; a reader in a hurry would not see it.
    if (asker !== this.host())
      throw new ApiError(
        "domain_mismatch",
        `the message is for ${asker ?? "nobody"}, not ${this.host()}`,
        false,
      );
    this.#change({ step: "signature" });
    const signature = await signText(wallet, address, message);
    this.#change({ step: "answer" });
    this.#take(await this.port.login(message, signature));
  }

  async #ask(): Promise<void> {
    this.#askedAt = this.now();
    try {
      const before = this.#snapshot.state?.session ?? null;
      const state = await this.port.state();
      if (
        before !== null &&
        state.session === null &&
        this.#snapshot.ended === null &&
        before.id !== this.#left
      )
        this.#change({ ended: { code: state.ended ?? "session_expired", at: this.now() } });
      const joined = before === null && state.session !== null && this.#snapshot.phase === "here";
      if (joined) this.#change({ ended: null });
      this.#take(state);
      if (joined) this.link.reopen();
    } catch (error) {
      const { code } = asApiError(error);
      if (code === "http_404" || code === "not_found" || code === "malformed_answer")
        this.#change({ phase: "absent", state: null });
    }
  }

  #take(state: AuthState): void {
    const known = this.#snapshot.state?.session?.id;
    this.#change({ phase: "here", state });
    clearTimeout(this.#timer);
    if (known !== state.session?.id) this.#lookAtAgents();
    if (state.session !== null) this.#watch(Math.min(state.session.expiresMs, state.session.idleExpiresMs));
    else if (state.login === "required") this.link.hold("this server shows nothing without a login");
  }

  #watch(endMs: number): void {
    const wait = endMs + GRACE_MS - this.now();
    const soon = Math.min(Math.max(wait, LEAST_PAUSE_MS), LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => void this.refresh(), soon);
  }

  #end(code: string): void {
    const session = this.#snapshot.state?.session ?? null;
    if (session !== null && session.id !== this.#left) this.#change({ ended: { code, at: this.now() } });
    void this.refresh();
  }

  #change(part: Partial<AuthSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
