import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { MockAgents } from "./agents";
import { type Answer, answer, bodyOf, type Json, refuse } from "./answers";
import { checksummed, personalDigest, signerOf } from "./ethereum";

export interface MockAuthOptions {
  readonly login?: "optional" | "required";
  readonly nonceMs?: number;
  readonly sessionMs?: number;
  /** Wallets whose first login makes them administrators. */
  readonly admins?: readonly string[];
  /** The role of everybody else; trader if left out. */
  readonly everybody?: string;
}

export interface MockUser {
  readonly id: string;
  readonly address: string;
  name: string;
  role: string;
  readonly created_ms: number;
  disabled: boolean;
}

export interface MockSession {
  readonly id: string;
  readonly token: string;
  readonly csrf: string;
  readonly user: MockUser;
  readonly agent: string;
  readonly createdMs: number;
  expiresMs: number;
  lastUsedMs: number;
  ended: "session_expired" | "session_revoked" | null;
}

interface Nonce {
  readonly message: string;
  readonly address: string;
  readonly expiresMs: number;
  used: boolean;
}

const CHAINS = [
  { id: 42_161, name: "Arbitrum One" },
  { id: 1, name: "Ethereum" },
];

const DONE: Answer = { status: 204 };

/** Users, sessions and agents of a mock gateway, with real signatures. */
export class MockAuth {
  readonly sessions: MockSession[] = [];
  readonly users: MockUser[] = [];
  readonly agents = new MockAgents();
  readonly grants: { user: string; account: string; grants: string[] }[] = [];
  /** What was changed, oldest first. */
  readonly audit: { at_ms: number; actor: string; action: string; subject: string; detail: string }[] = [];
  readonly #nonces = new Map<string, Nonce>();
  /** What messages name as the asking site; null for the server's own. */
  domain: string | null = null;
  nonceMs: number;
  sessionMs: number;
  readonly login: "optional" | "required";

  constructor(
    private readonly options: MockAuthOptions,
    private readonly host: () => string,
    /** Ends the live sockets of a session. */
    private readonly close: (token: string, code: string) => void,
  ) {
    this.login = options.login ?? "optional";
    this.nonceMs = options.nonceMs ?? 300_000;
    this.sessionMs = options.sessionMs ?? 3_600_000;
  }

  tokenOf(request: IncomingMessage): string | null {
    return /(?:^|;\s*)hs_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? null;
  }

  /** The session of a request while it lives. */
  sessionOf(request: IncomingMessage): MockSession | null {
    const found = this.#held(request);
    return found === null || found.ended !== null ? null : found;
  }

  end(session: MockSession, code: "session_expired" | "session_revoked"): void {
    session.ended = code;
    this.close(session.token, code);
  }

  /** Ends what is over by its time; the real server has a timer for each. */
  expire(now: number): void {
    for (const session of this.sessions)
      if (session.ended === null && now >= session.expiresMs) this.end(session, "session_expired");
  }

  async serve(request: IncomingMessage, path: string): Promise<Answer | null> {
    if (!/^\/(auth|admin|agents)(\/|$)/.test(path)) return null;
    const method = request.method ?? "GET";
    const body = await bodyOf(request);
    const key = `${method} ${path}`;
    if (key === "GET /auth/state") return answer(this.#state(request));
    if (key === "POST /auth/nonce") return this.#nonce(body);
    if (key === "POST /auth/login") return this.#login(request, body);
    const session = this.sessionOf(request);
    if (session === null) return refuse(this.#held(request)?.ended ?? "session_required");
    if (method !== "GET" && request.headers["x-hypersentry-csrf"] !== session.csrf)
      return refuse("csrf_required");
    session.lastUsedMs = Date.now();
    const [, room, first, second] = path.split("/");
    if (room === "auth") return this.#own(session, method, first, second);
    if (room === "admin") return this.#admin(session, method, first, second, body, path.split("/")[4]);
    return session.user.role === "viewer"
      ? refuse("role_required")
      : this.agents.serve(method, first, second, body);
  }

  #held(request: IncomingMessage): MockSession | null {
    const token = this.tokenOf(request);
    return this.sessions.find((session) => session.token === token) ?? null;
  }

  #accounts(user: MockUser): Json[] {
    const may = { viewer: ["view"], trader: ["view", "trade"], risk_manager: ["view", "manage_risk"] };
    const own = may[user.role as keyof typeof may] ?? ["view", "trade", "manage_risk"];
    const given = this.grants.filter((grant) => grant.user === user.id);
    return [
      { account: user.address, grants: own },
      ...given.map(({ account, grants }) => ({ account, grants })),
    ];
  }

  #state(request: IncomingMessage): Json {
    const session = this.sessionOf(request);
    const common = {
      mode: "gateway",
      login: this.login,
      chains: CHAINS,
      domain: this.host(),
      uri: `http://${this.host()}`,
      execution_agent_ready: session !== null && this.agents.ready,
    };
    if (session === null)
      return {
        ...common,
        session: null,
        ended: this.#held(request)?.ended ?? null,
        session_authenticated: false,
        accounts: [],
      };
    const { id, address, name, role } = session.user;
    return {
      ...common,
      session: {
        user: { id, address, name, role },
        session_id: session.id,
        created_ms: session.createdMs,
        expires_ms: session.expiresMs,
        idle_expires_ms: session.expiresMs,
        csrf: session.csrf,
      },
      session_authenticated: true,
      accounts: this.#accounts(session.user),
    };
  }

  #nonce(body: Json): Answer {
    const address = checksummed(String(body["address"]));
    const chain = Number(body["chain_id"]);
    if (!CHAINS.some(({ id }) => id === chain)) return refuse("chain_not_allowed", `chain ${chain}`);
    const nonce = randomBytes(12).toString("hex");
    const now = Date.now();
    const expiresMs = now + this.nonceMs;
    const message = [
      `${this.domain ?? this.host()} wants you to sign in with your Ethereum account:`,
      address,
      "",
      "Log in to HyperSentry.",
      "",
      `URI: http://${this.host()}`,
      "Version: 1",
      `Chain ID: ${chain}`,
      `Nonce: ${nonce}`,
      `Issued At: ${new Date(now).toISOString()}`,
      `Expiration Time: ${new Date(expiresMs).toISOString()}`,
    ].join("\n");
    this.#nonces.set(nonce, { message, address, expiresMs, used: false });
    return answer({ nonce, message, expires_ms: expiresMs });
  }

  #login(request: IncomingMessage, body: Json): Answer {
    const message = String(body["message"]);
    const nonce = this.#nonces.get(/\nNonce: (\w+)\n/.exec(message)?.[1] ?? "");
    if (nonce === undefined) return refuse("nonce_unknown");
    if (nonce.used) return refuse("nonce_used");
    if (Date.now() >= nonce.expiresMs) return refuse("nonce_expired");
    if (nonce.message !== message) return refuse("message_mismatch");
    const signer = signerOf(personalDigest(new TextEncoder().encode(message)), String(body["signature"]));
    if (signer !== nonce.address) return refuse("signature_invalid");
    nonce.used = true;
    const user = this.#user(signer);
    if (user.disabled) return refuse("user_disabled");
    const session: MockSession = {
      id: randomBytes(6).toString("hex"),
      token: randomBytes(16).toString("hex"),
      csrf: randomBytes(8).toString("hex"),
      user,
      agent: request.headers["user-agent"] ?? "",
      createdMs: Date.now(),
      expiresMs: Date.now() + this.sessionMs,
      lastUsedMs: Date.now(),
      ended: null,
    };
    this.sessions.push(session);
    const cookie = `hs_session=${session.token}; HttpOnly; SameSite=Strict; Path=/`;
    request.headers.cookie = `hs_session=${session.token}`;
    return { ...answer(this.#state(request)), cookie };
  }

  #user(address: string): MockUser {
    const found = this.users.find((user) => user.address === address);
    if (found !== undefined) return found;
    const role = this.options.admins?.includes(address) ? "admin" : (this.options.everybody ?? "trader");
    return this.add(address, "", role);
  }

  add(address: string, name: string, role: string): MockUser {
    const id = `u${this.users.length + 1}`;
    const user = { id, address, name, role, created_ms: Date.now(), disabled: false };
    this.users.push(user);
    return user;
  }

  note(by: MockUser, action: string, subject: string, detail: string): void {
    this.audit.push({ at_ms: Date.now(), actor: by.id, action, subject, detail });
  }

  #own(session: MockSession, method: string, what?: string, id?: string): Answer {
    const mine = this.sessions.filter(({ user, ended }) => user === session.user && ended === null);
    if (method === "POST" && what === "logout") {
      this.end(session, "session_revoked");
      return { ...DONE, cookie: "hs_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0" };
    }
    if (what !== "sessions") return refuse("not_found");
    if (method === "GET")
      return answer({
        sessions: mine.map((item) => ({
          id: item.id,
          current: item === session,
          created_ms: item.createdMs,
          last_used_ms: item.lastUsedMs,
          expires_ms: item.expiresMs,
          user_agent: item.agent,
          ip: "127.0.0.1",
        })),
      });
    const gone = mine.filter((item) => (id === "revoke-others" ? item !== session : item.id === id));
    if (gone.length === 0 && id !== "revoke-others") return refuse("session_not_found");
    for (const item of gone) this.end(item, "session_revoked");
    return id === "revoke-others" ? answer({ revoked: gone.length }) : DONE;
  }

  #admin(
    session: MockSession,
    method: string,
    what?: string,
    id?: string,
    body: Json = {},
    field?: string,
  ): Answer {
    if (what === "grants") return this.#grant(session.user, method, body);
    if (session.user.role !== "admin") return refuse("role_required");
    if (what === "audit") return answer({ entries: this.audit.toReversed() });
    if (method === "GET") return answer({ users: this.users });
    if (method === "POST") {
      const made = this.add(checksummed(String(body["address"])), String(body["name"]), String(body["role"]));
      this.note(session.user, "user_added", made.id, `${made.role} ${made.name}`);
      return answer({ ...made });
    }
    const user = this.users.find((item) => item.id === id);
    if (user === undefined) return refuse("user_not_found");
    const admins = this.users.filter(({ role, disabled }) => role === "admin" && !disabled);
    if (admins.length === 1 && admins[0] === user) return refuse("last_admin");
    if (field === "role") user.role = String(body["role"]);
    else user.disabled = body["disabled"] === true;
    const [action, now] = field === "role" ? ["role_set", user.role] : ["user_disabled", `${user.disabled}`];
    this.note(session.user, action, user.id, now);
    return answer({ ...user });
  }

  /** Owners share their own account, administrators any. */
  #grant(by: MockUser, method: string, body: Json): Answer {
    const mine = (account: string): boolean => by.role === "admin" || by.address === account;
    if (method === "GET") return answer({ grants: this.grants.filter(({ account }) => mine(account)) });
    const user = String(body["user"]);
    const account = String(body["account"]);
    if (!mine(account)) return refuse("grant_required");
    if (!this.users.some(({ id }) => id === user)) return refuse("user_not_found");
    const at = this.grants.findIndex((grant) => grant.user === user && grant.account === account);
    if (at >= 0) this.grants.splice(at, 1);
    if (method === "DELETE") return DONE;
    const grants = (body["grants"] as string[] | undefined) ?? [];
    this.grants.push({ user, account, grants });
    return answer({ user, account, grants });
  }
}
