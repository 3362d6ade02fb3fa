import { beforeEach, expect, test, vi } from "vitest";
import { desktopAgents } from "./desktop-agents";

const AGENT = {
  id: "agent_1",
  account: "0x71C7656EC7ab88b098defB751B7401B5f6d8976F",
  address: "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb",
  name: "bot",
  network: "testnet",
  permissions: ["order", "cancel", "modify"],
  state: "pending",
  created_ms: 1,
  expires_ms: 2,
  warning: 14,
  replaces: null,
};

const invoke = vi.fn<(name: string, args: unknown) => unknown>();

beforeEach(() => {
  invoke.mockReset();
  Object.assign(window, {
    __TAURI_INTERNALS__: { invoke: async (name: string, args: unknown) => invoke(name, args) },
  });
});

test("reads the list as the app writes it", async () => {
  const keychain = { code: "keychain_unavailable", message: "no", retryable: true, details: {} };
  const body = {
    agents: [AGENT],
    network: "testnet",
    for_the_run: true,
    ready: false,
    approving: true,
    keychain,
  };
  invoke.mockReturnValue(JSON.stringify(body));
  const list = await desktopAgents.list();
  expect(list).toMatchObject({ network: "testnet", forTheRun: true, ready: false, approving: true });
  expect(list.keychain?.code).toBe("keychain_unavailable");
  expect(list.agents).toMatchObject([{ id: "agent_1", state: "pending", warning: 14, createdMs: 1 }]);
});

test("names what it wants, and tells refusals by their codes", async () => {
  invoke.mockReturnValue(JSON.stringify(AGENT));
  const made = await desktopAgents.create({ account: AGENT.account, name: "bot", validDays: 90 });
  expect(invoke).toHaveBeenCalledWith("agent_create", { account: AGENT.account, name: "bot", validDays: 90 });
  expect(made.id).toBe("agent_1");
  invoke.mockImplementation(() => {
    throw { code: "keystore_unavailable", message: "no", retryable: true, details: {} };
  });
  await expect(desktopAgents.approveByKey("agent_1")).rejects.toMatchObject({
    code: "keystore_unavailable",
  });
  invoke.mockImplementation(() =>
    JSON.stringify({ agent: AGENT, listed: true, valid_until_ms: 2, signs: false }),
  );
  expect(await desktopAgents.check("agent_1")).toEqual({ listed: true, validUntilMs: 2, signs: false });
  invoke.mockImplementation(() => "[]");
  await expect(desktopAgents.list()).rejects.toMatchObject({ code: "malformed_answer" });
});
