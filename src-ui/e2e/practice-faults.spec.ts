import type { Page } from "@playwright/test";
import { expect, recordTexts, test } from "./gateway";
import { openPractice, lastPrice } from "./practice";
import { PROGRAM, PracticeGateway } from "./practice-gateway";
import { send, showPanel, size } from "./trade";
import { TestWallet } from "./wallet";

// Answers that get lost between the server and the simulated venue. Each journey has a server and a venue of its own, whose faults are planned: the
// first signed request is the order.
const ADMIN = new Uint8Array(32).fill(0x22);
/** An order that nobody answers is given up by the venue after 15 s, and then it is asked for. */
const PROVEN = { timeout: 60_000 };

test.describe.configure({ mode: "serial", timeout: 180_000 });
test.skip(() => PROGRAM === undefined, "there is no program of a server");

async function at(
  page: Page,
  scenario: string,
  journey: (venue: PracticeGateway, user: string) => Promise<void>,
): Promise<void> {
  const wallet = new TestWallet("Test Wallet", ADMIN);
  const gateway = await PracticeGateway.start(PROGRAM ?? "", scenario, wallet.address);
  try {
    await openPractice(page, gateway.url, wallet);
    await journey(gateway, wallet.address.toLowerCase());
  } finally {
    await gateway.stop();
  }
}

/** Places a limit that rests, and opens the list of orders with every text that it shows from then on. */
async function placeLimit(page: Page): Promise<() => Promise<readonly string[]>> {
  await showPanel(page, "Orders");
  const texts = await recordTexts(page, "orders-open");
  const price = await lastPrice(page);
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill(String(Math.round(price * 0.99)));
  await send(page);
  return texts;
}

test("an order whose answer got lost is UNKNOWN with its countdown, and rests when the venue says so", async ({
  page,
}) => {
  await at(page, "lost-performed.json", async (venue, user) => {
    const texts = await placeLimit(page);
    const state = page.locator(".order-state").first();
    await expect(state).toContainText(/UNKNOWN, known in \d/, PROVEN);
    await expect(page.getByTestId("result")).not.toContainText(/fail|reject/i);
    await expect(state).toContainText("resting", PROVEN);
    const rows = page.getByTestId("orders-open").locator("tbody tr");
    await expect(rows).toHaveCount(1);
    // It was never taken for anything else in between, and nothing was sent a second time.
    expect((await texts()).join("\n")).not.toMatch(/expired|rejected|cancelled/);
    expect(await venue.resting(user)).toHaveLength(1);
    expect(await venue.ended(user)).toHaveLength(0);
  });
});

test("an order that got lost itself is UNKNOWN until its time is over, and ends as never placed", async ({
  page,
}) => {
  await at(page, "lost-unperformed.json", async (venue, user) => {
    const texts = await placeLimit(page);
    const state = page.locator(".order-state").first();
    await expect(state).toContainText(/UNKNOWN, known in \d/, PROVEN);
    // Before that its absence proves nothing.
    expect(await venue.resting(user)).toHaveLength(0);
    await expect(page.getByTestId("result")).toContainText("expired", PROVEN);
    await expect(page.getByTestId("orders-open").locator("tbody tr")).toHaveCount(0);
    expect((await texts()).join("\n")).not.toContain("resting");
    expect(await venue.resting(user)).toHaveLength(0);
    expect(await venue.ended(user)).toHaveLength(0);
    // The next one is answered: there is one order, and not the lost one besides.
    await size(page, "Limit", "0.01");
    await page.getByTestId("ticket-px").fill(String(Math.round((await lastPrice(page)) * 0.99)));
    await send(page);
    await expect(page.getByTestId("result").first()).toContainText("resting", PROVEN);
    expect(await venue.resting(user)).toHaveLength(1);
    expect(await venue.ended(user)).toHaveLength(0);
  });
});
