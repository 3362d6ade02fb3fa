import type { AgentCheck, AgentRow, AgentWish } from "./auth-types";
import type { ApiError } from "./types";

/** The agents of this computer's user, and how things stand with them. */
export interface OwnAgentList {
  readonly agents: readonly AgentRow[];
  /** Where approvals go, `mainnet` or `testnet`; null where a recording is played. */
  readonly network: string | null;
  /** They end with the run: practice. */
  readonly forTheRun: boolean;
  /** One of them may sign now. */
  readonly ready: boolean;
  /** A page waits in the system's browser. */
  readonly approving: boolean;
  /** Why keys can be neither made nor used; null while the keychain is of use. */
  readonly keychain: ApiError | null;
}

export interface OwnAgentCheck extends AgentCheck {
  /** This computer can sign with its key. */
  readonly signs: boolean;
}

/** What the app does with agents of its own engine. Their keys stay in the app. Refusals are `ApiError`s. */
export interface AgentPort {
  list(): Promise<OwnAgentList>;
  /** The address of this computer's own key, which is made with the first call and shown nowhere. */
  wallet(): Promise<string>;
  create(wish: AgentWish): Promise<AgentRow>;
  rotate(agent: string): Promise<AgentRow>;
  /** Done when the page in the system's browser was answered and the venue told. */
  approveInBrowser(agent: string): Promise<void>;
  /** For an account whose wallet is this computer's key. */
  approveByKey(agent: string): Promise<void>;
  cancelApproval(): Promise<void>;
  check(agent: string): Promise<OwnAgentCheck>;
  revoke(agent: string): Promise<void>;
}
