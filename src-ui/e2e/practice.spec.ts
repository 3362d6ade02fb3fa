import type { Page } from "@playwright/test";
import { expect, openTerminal, test } from "./gateway";
import { chooseKind, send, showPanel, size } from "./trade";
import { TestWallet } from "./wallet";

// Orders from the ticket through the server's relay to the simulated venue and back. The one user is an admin there by this key, which everybody
// knows; the server runs for this alone.
const ADMIN = new Uint8Array(32).fill(0x22);
/** What the venue takes to answer, on a busy machine. */
const PATIENCE = { timeout: 30_000 };

test.describe.configure({ mode: "serial" });
test.skip(() => process.env["HYPERSENTRY_URL"] === undefined, "there is no server with a simulated venue");

async function openDesk(page: Page, address: string): Promise<void> {
  const wallet = new TestWallet("Test Wallet", ADMIN);
  await wallet.install(page);
  await openTerminal(page, address);
  await page.keyboard.press("a");
  await page.getByRole("button", { name: "Log in with Test Wallet" }).click();
  await expect(page.getByTestId("account-mark")).toHaveAttribute("data-state", "in");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("ticket")).toBeVisible();
  // The account is compared with the venue before it takes orders.
  await expect(page.getByTestId("standing")).toHaveCount(0, PATIENCE);
}

test("trades at the simulated venue: a market order, its position, its end", async ({
  page,
  address,
  complaints,
}) => {
  await openDesk(page, address);
  await expect(page.getByTestId("ticket")).toHaveAttribute("data-practice", "simulated");
  await size(page, "Market", "0.01");
  await send(page);
  await expect(page.getByTestId("result")).toContainText("filled", PATIENCE);
  await showPanel(page, "Positions");
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.01000", PATIENCE);
  await showPanel(page, "Fills");
  await expect(page.getByTestId("fills").locator("tbody tr").first()).toBeVisible(PATIENCE);
  expect(complaints).toEqual([]);
});

test("rests a limit at the simulated venue and cancels it", async ({ page, address }) => {
  await openDesk(page, address);
  const text = await page.getByTestId("last-price").textContent();
  const price = Number((text ?? "").replaceAll(/[^0-9.]/g, ""));
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill(String(Math.round(price * 0.994)));
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting", PATIENCE);
  await showPanel(page, "Orders");
  const rows = page.getByTestId("orders-open").locator("tbody tr");
  await expect(rows).toHaveCount(1, PATIENCE);
  await rows.first().click();
  await page.keyboard.press("x");
  await expect(rows).toHaveCount(0, PATIENCE);
});

test("is refused beyond its limits, in words, and sends nothing", async ({ page, address }) => {
  await openDesk(page, address);
  await size(page, "Market", "5");
  await expect(page.getByTestId("preview")).toContainText("size of the order", PATIENCE);
  await chooseKind(page, "Limit");
});
