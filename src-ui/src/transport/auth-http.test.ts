import { describe, expect, it } from "vitest";
import { HttpAuth } from "./auth-http";

const STATE = {
  mode: "gateway",
  login: "optional",
  chains: [{ id: 1, name: "Ethereum" }],
  domain: "desk.example",
  uri: "https://desk.example",
  session: {
    user: { id: "u1", address: "0x71C7656EC7ab88b098defB751B7401B5f6d8976F", name: "", role: "admin" },
    session_id: "s1",
    created_ms: 1,
    expires_ms: 3,
    idle_expires_ms: 2,
    csrf: "C5",
  },
  session_authenticated: true,
  execution_agent_ready: false,
  accounts: [{ account: "0xabc", grants: ["view", "fly"] }],
};

function serving(answers: Record<string, unknown>, status = 200) {
  const asked: { key: string; csrf: string | null; body: unknown; credentials: string | undefined }[] = [];
  const auth = new HttpAuth(new URL("https://desk.example/"), (input, init) => {
    const key = `${init?.method} ${new URL(String(input)).pathname}`;
    const headers = new Headers(init?.headers);
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : null;
    asked.push({ key, csrf: headers.get("X-HyperSentry-CSRF"), body, credentials: init?.credentials });
    return Promise.resolve(new Response(JSON.stringify(answers[key] ?? null), { status }));
  });
  return { auth, asked };
}

describe("login over HTTP", () => {
  it("reads the state and leaves out what it does not know", async () => {
    const { auth } = serving({ "GET /auth/state": STATE });
    const state = await auth.state();
    expect(state.session?.user).toEqual({
      id: "u1",
      address: "0x71C7656EC7ab88b098defB751B7401B5f6d8976F",
      name: null,
      role: "admin",
    });
    expect(state.accounts).toEqual([{ account: "0xabc", grants: ["view"] }]);
    expect([state.sessionAuthenticated, state.executionAgentReady]).toEqual([true, false]);
  });

  it("sends the token with changes, never with questions, and keeps credentials to its own origin", async () => {
    const { auth, asked } = serving({
      "GET /auth/state": STATE,
      "GET /auth/sessions": { sessions: [] },
      "POST /auth/sessions/revoke-others": { revoked: 1 },
    });
    await auth.state();
    await auth.sessions();
    await auth.revokeOthers();
    expect(asked.map(({ key, csrf }) => `${key} ${csrf}`)).toEqual([
      "GET /auth/state null",
      "GET /auth/sessions null",
      "POST /auth/sessions/revoke-others C5",
    ]);
    expect(new Set(asked.map(({ credentials }) => credentials))).toEqual(new Set(["same-origin"]));
  });

  it("sends no field that the protocol does not have", async () => {
    const { auth, asked } = serving({ "POST /auth/nonce": { nonce: "n", message: "m", expires_ms: 1 } });
    await auth.challenge("0xabc", 1);
    await auth.removeGrants("u1", "0xabc");
    expect(asked.map(({ body }) => body)).toEqual([
      { address: "0xabc", chain_id: 1 },
      { user: "u1", account: "0xabc" },
    ]);
  });

  it("keeps the document that an agent waits for", async () => {
    const agent = {
      id: "a1",
      account: "0xabc",
      address: "0xdef",
      name: "desk",
      state: "pending",
      created_ms: 1,
      expires_ms: 2,
    };
    const { auth } = serving({ "POST /agents": { agent, approve: { typed_data: { primaryType: "X" } } } });
    const made = await auth.createAgent({ account: "0xabc", name: "desk", validDays: 9 });
    expect([made.id, made.typedData]).toEqual(["a1", '{"primaryType":"X"}']);
  });

  it("gives refusals by the server's code, and by the status where there is none", async () => {
    const refused = serving(
      { "GET /agents": { code: "role_required", message: "no", retryable: false } },
      403,
    );
    await expect(refused.auth.agents()).rejects.toMatchObject({ code: "role_required" });
    const absent = serving({}, 404);
    await expect(absent.auth.state()).rejects.toMatchObject({ code: "http_404" });
    const strange = serving({ "GET /auth/state": { mode: "submarine" } });
    await expect(strange.auth.state()).rejects.toMatchObject({ code: "malformed_answer" });
  });
});
