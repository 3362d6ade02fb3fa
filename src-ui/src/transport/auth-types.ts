/** Who may do what at a gateway, as the protocol has it. Times are UTC ms of the server's clock. */

export const ROLES = ["viewer", "trader", "risk_manager", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role has to do with agents: nobody else trades. */
export function trades(role: Role): boolean {
  return role === "trader" || role === "admin";
}

export const GRANTS = ["view", "trade", "manage_risk"] as const;
export type Grant = (typeof GRANTS)[number];

export interface Chain {
  readonly id: number;
  readonly name: string;
}

export interface AuthUser {
  readonly id: string;
  /** EIP-55; null for a user that has no wallet. */
  readonly address: string | null;
  readonly name: string | null;
  readonly role: Role;
}

export interface AuthSession {
  readonly id: string;
  readonly user: AuthUser;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly idleExpiresMs: number;
}

export interface GrantedAccount {
  readonly account: string;
  readonly grants: readonly Grant[];
}

export interface AuthState {
  readonly mode: "gateway" | "desktop";
  readonly login: "required" | "optional";
  readonly chains: readonly Chain[];
  readonly domain: string;
  readonly session: AuthSession | null;
  /** Why this browser's last session is over, as long as the server knows of it: a code. */
  readonly ended: string | null;
  /** Two facts, and neither follows from the other. */
  readonly sessionAuthenticated: boolean;
  readonly executionAgentReady: boolean;
  readonly accounts: readonly GrantedAccount[];
}

export interface Challenge {
  /** The whole EIP-4361 text that the wallet signs. */
  readonly message: string;
  readonly expiresMs: number;
}

export interface SessionRow {
  readonly id: string;
  readonly current: boolean;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly expiresMs: number;
  readonly userAgent: string | null;
  readonly ip: string | null;
}

export interface UserRow extends AuthUser {
  readonly createdMs: number;
  readonly disabled: boolean;
}

export interface Invitation {
  readonly address: string;
  readonly name: string;
  readonly role: Role;
}

export interface GrantRow {
  readonly user: string;
  readonly account: string;
  readonly grants: readonly Grant[];
}

/** A change of users, roles, grants or agents, as the server noted it. */
export interface AuditEntry {
  readonly atMs: number;
  /** A user's id, or `configuration`. */
  readonly actor: string;
  readonly action: string;
  /** The id of what it was done to. */
  readonly subject: string;
  /** What it is since then. */
  readonly detail: string;
}

export type AgentPhase = "pending" | "approved" | "revoked" | "expired";

export interface AgentRow {
  readonly id: string;
  readonly account: string;
  readonly address: string;
  readonly name: string;
  /** `mainnet` or `testnet`. */
  readonly network: string;
  readonly permissions: readonly string[];
  readonly state: AgentPhase;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Days before the end from which the server warns: 14, 3 or 1; null before. */
  readonly warning: number | null;
  /** The agent whose place it takes once it is approved. */
  readonly replaces: string | null;
  /** What the account's wallet signs (EIP-712), where it was made just now. */
  readonly typedData: string | null;
}

/** What the venue says of an agent. */
export interface AgentCheck {
  readonly listed: boolean;
  /** UTC ms; null where the venue names no end. */
  readonly validUntilMs: number | null;
}

export interface AgentWish {
  readonly account: string;
  readonly name: string;
  readonly validDays: number;
}

/** Login and what follows from it, where the server has it. Refusals are `ApiError`s with the server's code. */
export interface AuthPort {
  state(): Promise<AuthState>;
  challenge(address: string, chainId: number): Promise<Challenge>;
  login(message: string, signature: string): Promise<AuthState>;
  logout(): Promise<void>;
  sessions(): Promise<readonly SessionRow[]>;
  revoke(session: string): Promise<void>;
  revokeOthers(): Promise<void>;
  users(): Promise<readonly UserRow[]>;
  invite(user: Invitation): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
  setDisabled(user: string, disabled: boolean): Promise<void>;
  grants(): Promise<readonly GrantRow[]>;
  setGrants(row: GrantRow): Promise<void>;
  removeGrants(user: string, account: string): Promise<void>;
  /** The newest changes first, at most so many. */
  audit(limit: number): Promise<readonly AuditEntry[]>;
  agents(): Promise<readonly AgentRow[]>;
  createAgent(wish: AgentWish): Promise<AgentRow>;
  approveAgent(agent: string, signature: string): Promise<void>;
  rotateAgent(agent: string): Promise<AgentRow>;
  checkAgent(agent: string): Promise<AgentCheck>;
  revokeAgent(agent: string): Promise<void>;
}
