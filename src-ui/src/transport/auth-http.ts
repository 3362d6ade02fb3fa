import {
  asAgents,
  asAudit,
  asAuthState,
  asChallenge,
  asCheck,
  asGrantRows,
  asMadeAgent,
  asSessions,
  asUsers,
  csrfOf,
} from "./auth-decode";
import type {
  AgentCheck,
  AgentRow,
  AgentWish,
  AuditEntry,
  AuthPort,
  AuthState,
  Challenge,
  GrantRow,
  Invitation,
  Role,
  SessionRow,
  UserRow,
} from "./auth-types";
import { asApiError, asObject } from "./decode";
import { ApiError } from "./types";

const CSRF_HEADER = "X-HyperSentry-CSRF";

type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * Login over the gateway's HTTP. The browser keeps the session in a cookie that no script can read; what is kept here is
 * the token that must come with every change, and it goes with the page.
 */
export class HttpAuth implements AuthPort {
  #csrf: string | null = null;

  constructor(
    private readonly base: URL,
    private readonly ask: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  state(): Promise<AuthState> {
    return this.#stateOf(this.send("GET", "auth/state"));
  }

  challenge(address: string, chainId: number): Promise<Challenge> {
    return this.#read(this.send("POST", "auth/nonce", { address, chain_id: chainId }), asChallenge);
  }

  login(message: string, signature: string): Promise<AuthState> {
    return this.#stateOf(this.send("POST", "auth/login", { message, signature }));
  }

  async logout(): Promise<void> {
    await this.send("POST", "auth/logout");
    this.#csrf = null;
  }

  sessions(): Promise<readonly SessionRow[]> {
    return this.#read(this.send("GET", "auth/sessions"), asSessions);
  }

  async revoke(session: string): Promise<void> {
    await this.send("DELETE", `auth/sessions/${encodeURIComponent(session)}`);
  }

  async revokeOthers(): Promise<void> {
    await this.send("POST", "auth/sessions/revoke-others");
  }

  users(): Promise<readonly UserRow[]> {
    return this.#read(this.send("GET", "admin/users"), asUsers);
  }

  async invite({ address, name, role }: Invitation): Promise<void> {
    await this.send("POST", "admin/users", { address, name, role });
  }

  async setDisabled(user: string, disabled: boolean): Promise<void> {
    await this.send("PUT", `admin/users/${encodeURIComponent(user)}/disabled`, { disabled });
  }

  async setRole(user: string, role: Role): Promise<void> {
    await this.send("PUT", `admin/users/${encodeURIComponent(user)}/role`, { role });
  }

  grants(): Promise<readonly GrantRow[]> {
    return this.#read(this.send("GET", "admin/grants"), asGrantRows);
  }

  async setGrants({ user, account, grants }: GrantRow): Promise<void> {
    await this.send("PUT", "admin/grants", { user, account, grants });
  }

  async removeGrants(user: string, account: string): Promise<void> {
    await this.send("DELETE", "admin/grants", { user, account });
  }

  audit(limit: number): Promise<readonly AuditEntry[]> {
    return this.#read(this.send("GET", `admin/audit?limit=${limit}`), asAudit);
  }

  agents(): Promise<readonly AgentRow[]> {
    return this.#read(this.send("GET", "agents"), asAgents);
  }

  createAgent({ account, name, validDays }: AgentWish): Promise<AgentRow> {
    return this.#read(this.send("POST", "agents", { account, name, valid_days: validDays }), asMadeAgent);
  }

  async approveAgent(agent: string, signature: string): Promise<void> {
    await this.send("POST", `agents/${encodeURIComponent(agent)}/approve`, { signature });
  }

  rotateAgent(agent: string): Promise<AgentRow> {
    return this.#read(this.send("POST", `agents/${encodeURIComponent(agent)}/rotate`), asMadeAgent);
  }

  checkAgent(agent: string): Promise<AgentCheck> {
    return this.#read(this.send("POST", `agents/${encodeURIComponent(agent)}/check`), asCheck);
  }

  async revokeAgent(agent: string): Promise<void> {
    await this.send("DELETE", `agents/${encodeURIComponent(agent)}`);
  }

  async #stateOf(answer: Promise<unknown>): Promise<AuthState> {
    const body = await answer;
    const state = asAuthState(body);
    if (state === null) throw malformed();
    this.#csrf = csrfOf(body);
    return state;
  }

  async #read<T>(answer: Promise<unknown>, read: (body: unknown) => T | null): Promise<T> {
    const found = read(await answer);
    if (found === null) throw malformed();
    return found;
  }

  /** One request of who is logged in; a change carries the token that belongs to the session. */
  async send(method: Method, path: string, body?: object): Promise<unknown> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (method !== "GET" && this.#csrf !== null) headers[CSRF_HEADER] = this.#csrf;
    const response = await this.ask(new URL(path, this.base), {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw asApiError(error);
    });
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer;
    throw asObject(answer)?.["code"] === undefined
      ? new ApiError(
          `http_${response.status}`,
          `the server answered ${response.status}`,
          response.status >= 500,
        )
      : asApiError(answer);
  }
}

function malformed(): ApiError {
  return new ApiError("malformed_answer", "the server's answer could not be read", true);
}
