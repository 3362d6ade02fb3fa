import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AuthPort, AuthState } from "~/transport/auth-types";
import { ApiError } from "~/transport/types";
import type { Wallet } from "~/transport/wallet";
import { AuthDesk } from "./auth-desk";

const ADDRESS = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";
const HOST = "desk.example";

const nobody: AuthState = {
  mode: "gateway",
  login: "optional",
  chains: [{ id: 42161, name: "Arbitrum One" }],
  domain: HOST,
  session: null,
  ended: null,
  sessionAuthenticated: false,
  executionAgentReady: false,
  accounts: [],
};

function known(id: string, endsInMs = 3_600_000): AuthState {
  const now = Date.now();
  return {
    ...nobody,
    sessionAuthenticated: true,
    session: {
      id,
      user: { id: "u1", address: ADDRESS, name: null, role: "trader" },
      createdMs: now,
      expiresMs: now + endsInMs,
      idleExpiresMs: now + endsInMs,
    },
  };
}

describe("the desk of the account", () => {
  let server: AuthState | ApiError;
  let asker: string;
  let chain: string;
  const asked: string[] = [];
  const link: string[] = [];

  const port = {
    state: () => (server instanceof Error ? Promise.reject(server) : Promise.resolve(server)),
    challenge: (address: string, id: number) => {
      asked.push(`nonce ${address} ${id}`);
      const message = `${asker} wants you to sign in with your Ethereum account:\n${address}`;
      return Promise.resolve({ message, expiresMs: 0 });
    },
    login: (_message: string, signature: string) => {
      asked.push(`login ${signature}`);
      server = known("s1");
      return Promise.resolve(server);
    },
    logout: () => {
      server = nobody;
      return Promise.resolve();
    },
    agents: () => Promise.resolve([]),
  } as unknown as AuthPort;

  const wallet: Wallet = {
    id: "w",
    name: "Test",
    icon: null,
    request: (method, params) => {
      asked.push(method);
      if (method === "eth_requestAccounts") return Promise.resolve([ADDRESS]);
      if (method === "eth_chainId") return Promise.resolve(chain);
      if (method === "wallet_switchEthereumChain")
        chain = (params as readonly { chainId: string }[])[0]?.chainId ?? "";
      return Promise.resolve(method === "personal_sign" ? "0xabcd" : null);
    },
  };

  let desk: AuthDesk;

  beforeEach(() => {
    vi.useFakeTimers();
    server = nobody;
    asker = HOST;
    chain = "0xa4b1";
    asked.length = 0;
    link.length = 0;
    desk = new AuthDesk(
      port,
      { reopen: () => void link.push("reopen"), hold: (reason) => void link.push(`hold: ${reason}`) },
      () => HOST,
    );
    return () => {
      desk.stop();
      vi.useRealTimers();
    };
  });

  it("logs in step by step, and opens the link anew", async () => {
    await desk.refresh();
    await desk.login(wallet);
    expect(asked).toEqual([
      "eth_requestAccounts",
      "eth_chainId",
      `nonce ${ADDRESS} 42161`,
      "personal_sign",
      "login 0xabcd",
    ]);
    expect(desk.getSnapshot()).toMatchObject({
      step: null,
      failure: null,
      state: { sessionAuthenticated: true },
    });
    expect(link).toEqual(["reopen"]);
  });

  it("does not sign for another site", async () => {
    asker = "evil.example";
    await desk.refresh();
    await desk.login(wallet);
    expect(desk.getSnapshot().failure?.code).toBe("domain_mismatch");
    expect(asked).not.toContain("personal_sign");
    expect(link).toEqual([]);
  });

  it("asks for a message only on a chain that the server takes, and goes there on request", async () => {
    chain = "0x89";
    await desk.refresh();
    await desk.login(wallet);
    expect(desk.getSnapshot().failure?.code).toBe("chain_not_allowed");
    expect(asked).toEqual(["eth_requestAccounts", "eth_chainId"]);
    await desk.switchAndLogin(wallet, 42161);
    expect(desk.getSnapshot()).toMatchObject({ failure: null, state: { sessionAuthenticated: true } });
  });

  it("notices a session that the server ended, and not one that the user ended", async () => {
    server = known("s1");
    await desk.refresh();
    server = nobody;
    desk.onLink({ phase: "closed", reason: "", code: "session_revoked", at: 0, retryAt: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(desk.getSnapshot()).toMatchObject({
      ended: { code: "session_revoked" },
      state: { session: null },
    });
    server = known("s2");
    await desk.login(wallet);
    const leaving = desk.logout();
    desk.onLink({ phase: "closed", reason: "", code: "session_revoked", at: 0, retryAt: 0 });
    await leaving;
    expect(desk.getSnapshot()).toMatchObject({ ended: null, state: { session: null } });
  });

  it("takes over a login of another tab when the page is looked at", async () => {
    desk.start();
    await vi.advanceTimersByTimeAsync(0);
    server = known("s1");
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(desk.getSnapshot().state?.session?.id).toBe("s1");
    expect(link).toEqual(["reopen"]);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(link).toEqual(["reopen"]);
  });

  it("looks again when the session should be over", async () => {
    server = known("s1", 60_000);
    await desk.refresh();
    server = { ...nobody, ended: "session_expired" };
    await vi.advanceTimersByTimeAsync(61_000);
    expect(desk.getSnapshot().ended?.code).toBe("session_expired");
  });

  it("holds the link where nothing is shown without a login", async () => {
    server = { ...nobody, login: "required" };
    await desk.refresh();
    expect(link).toEqual(["hold: this server shows nothing without a login"]);
  });

  it("knows a server without logins by its answer, and an absent one by none", async () => {
    server = new ApiError("unreachable", "", true);
    await desk.refresh();
    expect(desk.getSnapshot().phase).toBe("asking");
    server = new ApiError("http_404", "", false);
    await desk.refresh();
    expect(desk.getSnapshot().phase).toBe("absent");
  });

  it("takes refusals that mean the end of the session, and no others", () => {
    expect(desk.noticed(new ApiError("session_expired", "", false))).toBe(true);
    expect(desk.noticed(new ApiError("role_required", "", false))).toBe(false);
  });
});
