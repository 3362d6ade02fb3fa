import {
  type AgentCheck,
  type AgentPhase,
  type AgentRow,
  type AuditEntry,
  type AuthSession,
  type AuthState,
  type AuthUser,
  type Chain,
  type Challenge,
  type Grant,
  type GrantedAccount,
  type GrantRow,
  GRANTS,
  type Role,
  ROLES,
  type SessionRow,
  type UserRow,
} from "./auth-types";
import { asObject } from "./decode";

/** Rows of one answer that are read; no server lists more. */
const MOST_ROWS = 1000;

const PHASES: readonly AgentPhase[] = ["pending", "approved", "revoked", "expired"];

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function time(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function member<T extends string>(value: unknown, of: readonly T[]): T | null {
  return of.find((item) => item === value) ?? null;
}

function list<T>(value: unknown, read: (item: unknown) => T | null): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MOST_ROWS)
    .map(read)
    .filter((item): item is NonNullable<typeof item> => item !== null);
}

function asRole(value: unknown): Role | null {
  return member(value, ROLES);
}

function asGrants(value: unknown): readonly Grant[] {
  return list(value, (item) => member(item, GRANTS));
}

function asUser(value: unknown): AuthUser | null {
  const body = asObject(value);
  const id = text(body?.["id"]);
  const address = text(body?.["address"]);
  const role = asRole(body?.["role"]);
  if (id === null || role === null) return null;
  return { id, address, role, name: text(body?.["name"]) };
}

function asSession(value: unknown): AuthSession | null {
  const body = asObject(value);
  const id = text(body?.["session_id"]);
  const user = asUser(body?.["user"]);
  const createdMs = time(body?.["created_ms"]);
  const expiresMs = time(body?.["expires_ms"]);
  if (id === null || user === null || createdMs === null || expiresMs === null) return null;
  return { id, user, createdMs, expiresMs, idleExpiresMs: time(body?.["idle_expires_ms"]) ?? expiresMs };
}

function asChain(value: unknown): Chain | null {
  const body = asObject(value);
  const id = time(body?.["id"]);
  return id === null ? null : { id, name: text(body?.["name"]) ?? `chain ${id}` };
}

function asGranted(value: unknown): GrantedAccount | null {
  const body = asObject(value);
  const account = text(body?.["account"]);
  return account === null ? null : { account, grants: asGrants(body?.["grants"]) };
}

export function asAuthState(value: unknown): AuthState | null {
  const body = asObject(value);
  const mode = member(body?.["mode"], ["gateway", "desktop"] as const);
  const login = member(body?.["login"], ["required", "optional"] as const);
  if (body === null || mode === null || login === null) return null;
  const session = asSession(body["session"]);
  return {
    mode,
    login,
    chains: list(body["chains"], asChain),
    domain: text(body["domain"]) ?? "",
    session,
    ended: text(body["ended"]),
    sessionAuthenticated: session !== null && body["session_authenticated"] === true,
    executionAgentReady: body["execution_agent_ready"] === true,
    accounts: list(body["accounts"], asGranted),
  };
}

/** The token that a program or the page must repeat beside the cookie; null without a session. */
export function csrfOf(value: unknown): string | null {
  return text(asObject(asObject(value)?.["session"])?.["csrf"]);
}

export function asChallenge(value: unknown): Challenge | null {
  const body = asObject(value);
  const message = text(body?.["message"]);
  const expiresMs = time(body?.["expires_ms"]);
  return message === null || expiresMs === null ? null : { message, expiresMs };
}

function asSessionRow(value: unknown): SessionRow | null {
  const body = asObject(value);
  const id = text(body?.["id"]);
  const createdMs = time(body?.["created_ms"]);
  const lastUsedMs = time(body?.["last_used_ms"]);
  const expiresMs = time(body?.["expires_ms"]);
  if (id === null || createdMs === null || lastUsedMs === null || expiresMs === null) return null;
  return {
    id,
    createdMs,
    lastUsedMs,
    expiresMs,
    current: body?.["current"] === true,
    userAgent: text(body?.["user_agent"]),
    ip: text(body?.["ip"]),
  };
}

function asUserRow(value: unknown): UserRow | null {
  const body = asObject(value);
  const user = asUser(value);
  const createdMs = time(body?.["created_ms"]);
  return user === null || createdMs === null
    ? null
    : { ...user, createdMs, disabled: body?.["disabled"] === true };
}

function asGrantRow(value: unknown): GrantRow | null {
  const body = asObject(value);
  const user = text(body?.["user"]);
  const granted = asGranted(value);
  return user === null || granted === null ? null : { user, ...granted };
}

export function asAgent(value: unknown, approve: unknown = null): AgentRow | null {
  const body = asObject(value);
  const id = text(body?.["id"]);
  const account = text(body?.["account"]);
  const address = text(body?.["address"]);
  const state = member(body?.["state"], PHASES);
  const createdMs = time(body?.["created_ms"]);
  const expiresMs = time(body?.["expires_ms"]);
  if (id === null || account === null || address === null || state === null) return null;
  if (createdMs === null || expiresMs === null) return null;
  const typed = asObject(asObject(approve ?? body?.["approve"])?.["typed_data"]);
  return {
    id,
    account,
    address,
    state,
    createdMs,
    expiresMs,
    name: text(body?.["name"]) ?? "unnamed",
    network: text(body?.["network"]) ?? "mainnet",
    permissions: list(body?.["permissions"], text),
    warning: time(body?.["warning"]),
    replaces: text(body?.["replaces"]),
    typedData: typed === null ? null : JSON.stringify(typed),
  };
}

/** An agent that was made just now; the answer is the agent itself, or has it as `agent`. */
export function asMadeAgent(value: unknown): AgentRow | null {
  const body = asObject(value);
  return asAgent(body?.["agent"] ?? value, body?.["approve"]);
}

export function asCheck(value: unknown): AgentCheck | null {
  const body = asObject(value);
  const listed = body?.["listed"];
  return typeof listed === "boolean" ? { listed, validUntilMs: time(body?.["valid_until_ms"]) } : null;
}

function rows<T>(name: string, read: (item: unknown) => T | null): (value: unknown) => readonly T[] | null {
  return (value) => {
    const found = asObject(value)?.[name];
    return Array.isArray(found) ? list(found, read) : null;
  };
}

function asAuditEntry(value: unknown): AuditEntry | null {
  const body = asObject(value);
  const atMs = time(body?.["at_ms"]);
  const actor = text(body?.["actor"]);
  const action = text(body?.["action"]);
  if (atMs === null || actor === null || action === null) return null;
  return {
    atMs,
    actor,
    action,
    subject: text(body?.["subject"]) ?? "",
    detail: text(body?.["detail"]) ?? "",
  };
}

export const asAudit = rows("entries", asAuditEntry);
export const asSessions = rows("sessions", asSessionRow);
export const asUsers = rows("users", asUserRow);
export const asGrantRows = rows("grants", asGrantRow);
export const asAgents = rows("agents", (item) => asAgent(item));
