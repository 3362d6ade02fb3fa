import type { Page } from "@playwright/test";
import { expect, openTerminal } from "./gateway";
import type { TestWallet } from "./wallet";

/** Two looks at the account, on a busy machine. They wait for no chart, but for other accounts that were opened within the same minute. */
export const FIRST_LOOK = { timeout: 45_000 };

/** Logs in at a server with a simulated venue, and waits until the ticket takes orders. */
export async function openPractice(page: Page, address: string, wallet: TestWallet): Promise<void> {
  await wallet.install(page);
  await openTerminal(page, address);
  await page.keyboard.press("a");
  await page.getByRole("button", { name: `Log in with ${wallet.name}` }).click();
  await expect(page.getByTestId("account-mark")).toHaveAttribute("data-state", "in");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("ticket")).toBeVisible();
  // The account is compared with the venue before it takes orders.
  await expect(page.getByTestId("standing")).toHaveCount(0, FIRST_LOOK);
}

/** The last price on the screen. */
export async function lastPrice(page: Page): Promise<number> {
  const text = await page.getByTestId("last-price").textContent();
  return Number((text ?? "").replaceAll(/[^0-9.]/g, ""));
}
