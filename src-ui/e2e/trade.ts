import type { Page } from "@playwright/test";
import { expect, openTerminal } from "./gateway";
import type { MockGateway } from "./mock/server";
import type { MockTrading } from "./mock/trading";
import { TestWallet } from "./wallet";

/** Logs in with a wallet that nobody has seen before; the account stays open. */
export async function logIn(page: Page, mock: MockGateway): Promise<void> {
  const wallet = new TestWallet();
  await wallet.install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await page.getByRole("button", { name: "Log in with Test Wallet" }).click();
  await expect(page.getByTestId("account-mark")).toHaveAttribute("data-state", "in");
}

/** Logs in as somebody with an account, and waits until the ticket takes orders. */
export async function openDesk(page: Page, mock: MockGateway): Promise<MockTrading> {
  await logIn(page, mock);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("ticket")).toBeVisible();
  await expect(page.getByTestId("standing")).toHaveCount(0);
  return mock.room.account;
}

/** Chooses the kind of an order. */
export async function chooseKind(page: Page, name: string): Promise<void> {
  await page.getByRole("group", { name: "Kind of order" }).getByRole("button", { name, exact: true }).click();
}

/** Brings a panel of the account forward. */
export async function showPanel(page: Page, name: string): Promise<void> {
  await page.locator(".dv-tab").getByText(name, { exact: true }).click();
}

/** Fills in a kind and a size. */
export async function size(page: Page, kind: string, amount: string): Promise<void> {
  await chooseKind(page, kind);
  await page.getByTestId("ticket-amount").fill(amount);
}

/** Reviews and sends what the ticket says. */
export async function send(page: Page): Promise<void> {
  await page.getByTestId("ticket-review").click();
  await page.getByTestId("ticket-send").click();
  await expect(page.getByTestId("review")).toHaveCount(0);
}
