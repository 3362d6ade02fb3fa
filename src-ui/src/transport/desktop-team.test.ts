import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, expect, test } from "vitest";
import { desktopTeam, teamAuth } from "./desktop-team";

type Call = readonly [string, unknown];

function shell(answer: (command: string, args: unknown) => unknown): Call[] {
  const calls: Call[] = [];
  mockIPC((command, args) => {
    calls.push([command, args]);
    return answer(command, args);
  });
  return calls;
}

afterEach(clearMocks);

test("what is asked of the server goes through the app, which adds the session", async () => {
  const calls = shell((_, args) => {
    const { path } = args as { path: string };
    if (path === "/auth/logout") return { status: 204, body: "" };
    return {
      status: 200,
      body: JSON.stringify({ entries: [{ at_ms: 5, actor: "u1", action: "role_set" }] }),
    };
  });
  const auth = teamAuth("https://desk.example");
  expect(await auth.audit(50)).toEqual([
    { atMs: 5, actor: "u1", action: "role_set", subject: "", detail: "" },
  ]);
  await auth.logout();
  await auth.setRole("u1", "trader");
  expect(calls.map(([, args]) => args)).toEqual([
    { method: "GET", path: "/admin/audit?limit=50", body: null },
    { method: "POST", path: "/auth/logout", body: null },
    { method: "PUT", path: "/admin/users/u1/role", body: '{"role":"trader"}' },
  ]);
});

test("refusals keep the code of whoever refused", async () => {
  const refusal = { code: "role_required", message: "no", retryable: false, details: {} };
  shell(() => ({ status: 403, body: JSON.stringify(refusal) }));
  await expect(teamAuth("https://desk.example").users()).rejects.toMatchObject({ code: "role_required" });
  shell(() => {
    throw { code: "team_unreachable", message: "no", retryable: true, details: {} };
  });
  await expect(teamAuth("https://desk.example").state()).rejects.toMatchObject({ code: "team_unreachable" });
  await expect(desktopTeam.connect("https://desk.example")).rejects.toMatchObject({
    code: "team_unreachable",
    retryable: true,
  });
});

test("the app says how it stands", async () => {
  const keychain = { code: "keychain_unavailable", message: "none", retryable: true, details: {} };
  shell(() => ({ server: "https://desk.example", signed_in: true, signing_in: false, keychain }));
  expect(await desktopTeam.read()).toMatchObject({
    server: "https://desk.example",
    signedIn: true,
    signingIn: false,
    keychain: { code: "keychain_unavailable" },
  });
});
