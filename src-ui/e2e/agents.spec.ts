import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, openTerminal, test } from "./gateway";
import { type TypedData } from "./mock/ethereum";
import { pretendDesktop } from "./shell";
import { TestWallet } from "./wallet";

const PAGE = readFileSync(new URL("../../src-tauri/src/wallet_page.html", import.meta.url), "utf8");
const HERE = "http://127.0.0.1:9";
const PROOF = "ab".repeat(32);
const ACCOUNT = "0x71C7656EC7ab88b098defB751B7401B5f6d8976F";

const APPROVAL: TypedData = {
  types: {
    EIP712Domain: [
      { name: "name", type: "string" },
      { name: "version", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
    ],
    "HyperliquidTransaction:ApproveAgent": [
      { name: "hyperliquidChain", type: "string" },
      { name: "agentAddress", type: "address" },
      { name: "agentName", type: "string" },
      { name: "nonce", type: "uint64" },
    ],
  },
  primaryType: "HyperliquidTransaction:ApproveAgent",
  domain: {
    name: "HyperliquidSignTransaction",
    version: "1",
    chainId: 42_161,
    verifyingContract: "0x0000000000000000000000000000000000000000",
  },
  message: {
    hyperliquidChain: "Mainnet",
    agentAddress: "0x1be31a94361a391bbafb2a4ccd704f57dc04d4bb",
    agentName: "bot valid_until 1800000000000",
    nonce: 1_790_000_000_000,
  },
};

interface Step {
  readonly step: string;
  readonly address?: string;
  readonly chain_id?: number;
  readonly signature?: string;
}

/** The app's side of its page: what it was told, in order. */
async function servePage(page: Page, answer: (step: Step) => object | string): Promise<Step[]> {
  const told: Step[] = [];
  const words = { MARK: "mark", TITLE: "Approve an agent", ASKS: "Asks.", READ: "Read.", DONE: "Done." };
  const html = Object.entries({ ...words, PROOF }).reduce(
    (text, [name, word]) => text.replaceAll(`{{${name}}}`, word),
    PAGE,
  );
  await page.route(`${HERE}/**`, async (route) => {
    const request = route.request();
    if (request.method() === "GET")
      return route.fulfill({ contentType: "text/html; charset=utf-8", body: html });
    expect(request.headers()["x-hypersentry-login"]).toBe(PROOF);
    const step = request.postDataJSON() as Step;
    told.push(step);
    const said = answer(step);
    const refused = typeof said === "object" && "code" in said;
    return route.fulfill({
      status: refused ? 400 : 200,
      contentType: "application/json",
      body: JSON.stringify(said),
    });
  });
  return told;
}

test("the app's page has the account's wallet sign an agent's approval", async ({ page }) => {
  const wallet = new TestWallet();
  await wallet.install(page);
  let wrong = true;
  const text = "Approve an agent at Hyperliquid (Mainnet)\n\nName: bot";
  const told = await servePage(page, ({ step }) => {
    if (step === "signed") return "done";
    if (!wrong) return { typed: { text, data: APPROVAL } };
    wrong = false;
    return { code: "address_mismatch", message: "the wallet is another account's" };
  });
  await page.goto(`${HERE}/${"cd".repeat(32)}`);
  await expect(page).toHaveTitle("HyperSentry: Approve an agent");
  // The link is used up and leaves the bar.
  expect(page.url()).toBe(`${HERE}/`);
  await page.getByRole("button", { name: "Use Test Wallet" }).click();
  await expect(page.getByRole("status")).toHaveText("the wallet is another account's (address_mismatch)");
  await page.getByRole("button", { name: "Use Test Wallet" }).click();
  await expect(page.locator("#text")).toContainText("Approve an agent at Hyperliquid (Mainnet)");
  wallet.declines = true;
  await page.getByRole("button", { name: "Sign in the wallet" }).click();
  await expect(page.getByRole("status")).toContainText("The wallet declined");
  wallet.declines = false;
  await page.getByRole("button", { name: "Sign in the wallet" }).click();
  await expect(page.getByRole("status")).toHaveText("Done. Go back to HyperSentry; this page can be closed.");
  expect(told.map(({ step }) => step)).toEqual(["wallet", "wallet", "signed"]);
  expect(told[1]).toEqual({ step: "wallet", address: wallet.address.toLowerCase(), chain_id: 42_161 });
  expect(told[2]?.signature).toBe(wallet.answer("eth_signTypedData_v4", ["", JSON.stringify(APPROVAL)]));
  expect(wallet.asked).not.toContain("personal_sign");
});

test("the same page signs a login as text", async ({ page }) => {
  const wallet = new TestWallet();
  await wallet.install(page);
  const told = await servePage(page, ({ step }) =>
    step === "signed" ? "done" : { message: "desk.example wants you to sign in" },
  );
  await page.goto(`${HERE}/${"cd".repeat(32)}`);
  await page.getByRole("button", { name: "Use Test Wallet" }).click();
  await expect(page.locator("#text")).toHaveText("desk.example wants you to sign in");
  await page.getByRole("button", { name: "Sign in the wallet" }).click();
  await expect(page.getByRole("status")).toContainText("Done.");
  expect(told[1]?.signature).toMatch(/^0x[0-9a-f]{130}$/);
  expect(wallet.asked).toContain("personal_sign");
});

test("an agent of the app goes from its making to its end", async ({ page, startMock, complaints }) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live" });
  await pretendDesktop(page, mock.url, { server: null });
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await page.getByRole("tab", { name: "Agents" }).click();
  await expect(page.getByTestId("agents-place")).toHaveText("Agents are approved at Hyperliquid.");
  await page.getByRole("textbox", { name: "Account" }).fill(ACCOUNT.toLowerCase());
  await page.getByRole("textbox", { name: "Name" }).fill("bot");
  await page.getByRole("button", { name: "Make and sign" }).click();
  const row = page.getByTestId("agent-bot");
  await expect(row).toContainText("approved");
  await expect(page.getByTestId("agent-mark")).toHaveText(/^agent (90|89) d$/);
  await row.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText("This computer can sign with its key.")).toBeVisible();
  await row.getByRole("button", { name: "Renew" }).click();
  await expect(row).toHaveCount(2);
  // It is another account's than this computer's key.
  await row.nth(1).getByRole("button", { name: "Sign by key" }).click();
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "address_mismatch");
  await row.nth(1).getByRole("button", { name: "Sign in browser" }).click();
  await expect(row.nth(0)).toContainText("revoked");
  await expect(row.nth(1)).toContainText("approved");
  await row.nth(1).getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByTestId("agent-mark")).toHaveText("no agent");
  expect(complaints).toEqual([]);
});

test("says why no key is made where the keychain is of no use", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live" });
  const keychain = "agent keys are kept in the system's keychain alone: no such service";
  await pretendDesktop(page, mock.url, { server: null, keychain });
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await page.getByRole("tab", { name: "Agents" }).click();
  await page.getByRole("button", { name: "With this computer" }).click();
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "keystore_unavailable");
  await expect(page.getByTestId("refusal")).toContainText("no such service");
  await expect(page.getByTestId("refusal")).toContainText("unlock or start this computer's keychain");
});
