import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, expect, test } from "vitest";
import { ownTrading } from "./desktop-trading";

afterEach(clearMocks);

test("what is asked of the engine is one command with the type beside the body", async () => {
  const calls: unknown[] = [];
  mockIPC((command, args) => {
    calls.push([command, args]);
    return { orders: [] };
  });
  await ownTrading.cancel({ account: "0xa", key: "k", cloid: "0xb" });
  expect(calls).toEqual([["trade", { request: { type: "cancel", account: "0xa", key: "k", cloid: "0xb" } }]]);
});

test("the engine's refusal comes as it is", async () => {
  mockIPC(() => {
    throw { code: "kill_switch_on", message: "on", retryable: false, details: {} };
  });
  await expect(ownTrading.accounts()).rejects.toMatchObject({ code: "kill_switch_on" });
});

test("an app without the command has no trading", async () => {
  mockIPC(() => {
    throw "Command trade not found";
  });
  await expect(ownTrading.accounts()).rejects.toMatchObject({ code: "trading_absent" });
});
