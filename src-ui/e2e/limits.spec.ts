import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./gateway";
import type { MockGateway } from "./mock/server";
import { openDesk, send, showPanel, size } from "./trade";

/** Rests an order that adds risk. */
async function rest(page: Page): Promise<void> {
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await send(page);
  await expect(page.getByTestId("result").first()).toContainText("resting");
}

/** Another person at another computer. */
async function another(browser: Browser, mock: MockGateway): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await openDesk(page, mock);
  return page;
}

test("shows what is used of each limit, with its number and its bar", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "0.04");
  await send(page);
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.04000");
  await showPanel(page, "Limits");
  const used = page.getByTestId("used-account-gross");
  await expect
    .poll(async () => Number((await used.innerText()).replaceAll(/[^0-9.]/g, "")))
    .toBeGreaterThan(3000);
  await expect(page.getByTestId("scope-account")).toContainText("of $50\u2009000");
  await expect(page.getByTestId("scope-desk")).toContainText("The whole desk");
  await expect(page.getByTestId("scope-strategy")).toContainText("Entries without a stop");
  account.exchange.lost = 450;
  const bar = page.getByTestId("scope-account").getByRole("meter", { name: "Lost today" });
  await expect(bar).toHaveAttribute("aria-valuenow", "90", { timeout: 15_000 });
});

test("tightens at once, and lets a second person agree to what is looser", async ({
  page,
  browser,
  startMock,
}) => {
  test.setTimeout(60_000);
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await showPanel(page, "Limits");
  // Rates are read and typed as traders speak of them, and go out as the server spells them.
  const slippage = page.getByTestId("scope-account").locator("[title='slippage_bps: 30']");
  await expect(slippage).toContainText("0.3 %");
  await expect(page.getByTestId("scope-account").locator("[title='leverage_percent: 300']")).toContainText(
    "3\u00d7",
  );
  await page.getByRole("button", { name: "Change limits: Account desk" }).click();
  await expect(page.getByTestId("limit-order_usd")).toBeFocused();
  await expect(page.getByTestId("limits-send")).toBeDisabled();
  await page.getByTestId("limit-slippage_bps").fill("0.25");
  await page.getByTestId("limit-order_usd").fill("4000");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("limits-form")).toHaveCount(0);
  await expect(page.getByTestId("scope-account")).toContainText("$4\u2009000");
  await expect(page.getByTestId("scope-account").locator("[title='slippage_bps: 25']")).toContainText(
    "0.25 %",
  );
  await page.getByRole("button", { name: "Change limits: Account desk" }).click();
  await page.getByTestId("limit-order_usd").fill("9000");
  await page.getByTestId("limits-send").click();
  const waits = page.getByTestId("limits-waits");
  await expect(waits).toContainText("You asked");
  await expect(waits).toContainText("One order: $4\u2009000 \u2192 $9\u2009000, looser");
  await expect(waits.getByRole("button", { name: "Agree" })).toHaveCount(0);
  const second = await another(browser, mock);
  await showPanel(second, "Limits");
  await expect(second.getByTestId("limits-waiting")).toHaveText("1 change waits for agreement");
  await second.getByTestId("limits-waits").getByRole("button", { name: "Agree" }).click();
  await expect(second.getByTestId("scope-account")).toContainText("$9\u2009000");
  await expect(waits).toHaveCount(0, { timeout: 15_000 });
  await second.context().close();
});

test("takes back a change that waits", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await showPanel(page, "Limits");
  await page.getByRole("button", { name: "Change limits: The whole desk" }).click();
  await page.getByTestId("limit-gross_usd").fill("900000");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Take it back" }).click();
  await expect(page.getByTestId("limits-waits")).toHaveCount(0);
  await expect(page.getByTestId("scope-desk")).toContainText("of $200\u2009000");
});

test("renews a lease while the window lives; lapsed, it cancels what adds risk and asks to be renewed", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "0.01");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-stopLoss").fill("95000");
  await send(page);
  await rest(page);
  await showPanel(page, "Limits");
  const lease = page.getByTestId("lease-account");
  await lease.getByRole("button", { name: "30 s" }).click();
  await lease.getByRole("button", { name: /^Take a lease/ }).click();
  await expect(lease).toContainText("this window renews it while it lives");
  await expect(page.getByTestId("lease-mark")).toContainText(/lease \d+ s/);
  const [held] = mock.room.risk.leases;
  if (held === undefined) throw new Error("no lease");
  // It is renewed by itself: the server hears of it again before its end.
  await expect.poll(() => mock.room.risk.leases[0], { timeout: 20_000 }).not.toBe(held);
  const [renewed] = mock.room.risk.leases;
  if (renewed === undefined) throw new Error("no lease");
  renewed.until_ms = 0;
  await expect(lease).toContainText("Lease LAPSED");
  await expect(page.getByTestId("lease-mark")).toHaveText("LEASE LAPSED");
  await expect(page.getByTestId("standing").first()).toContainText("A lease has lapsed.");
  await expect(page.getByTestId("ticket-review")).toBeDisabled();
  expect(account.exchange.open.map(({ leg }) => leg)).toEqual(["stop_loss"]);
  await lease.getByRole("button", { name: /^Renew the lease/ }).click();
  await expect(lease).toContainText("this window renews it");
  await expect(page.getByTestId("standing")).toHaveCount(0);
  await lease.getByRole("button", { name: /^End the lease/ }).click();
  await expect(lease).toContainText("none: orders stay");
  await expect(page.getByTestId("lease-mark")).toHaveText("");
});

test("sets the venue's timer with its limits in words, and takes it off", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await showPanel(page, "Limits");
  const card = page.getByTestId("schedule");
  await expect(card).toContainText("protective stops too");
  await card.getByLabel("In").fill("3");
  await expect(card.getByRole("button", { name: "Set the timer" })).toBeDisabled();
  await card.getByLabel("In").fill("120");
  await card.getByRole("button", { name: "Set the timer" }).click();
  await expect(page.getByTestId("schedule-left")).toContainText(/cancels all in [12] m|cancels all in \d+ s/);
  await expect(page.getByTestId("schedule-said")).toContainText("9 more times today");
  expect(account.scheduledMs).not.toBeNull();
  await card.getByRole("button", { name: "Take it off" }).click();
  await expect(page.getByTestId("schedule-left")).toHaveCount(0);
});

test("drills the desk's kill switch, throws it, and releases it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {}, auth: { everybody: "admin" } });
  const account = await openDesk(page, mock);
  await rest(page);
  await page.getByTestId("kill-button").click();
  await page.getByRole("button", { name: "the whole desk" }).click();
  await page.getByLabel("Drill").check();
  const hold = page.getByTestId("kill-hold");
  await expect(hold).toContainText("THE WHOLE DESK");
  await hold.focus();
  await page.keyboard.down("Enter");
  await expect(page.getByTestId("kill-said")).toContainText(
    "Drill: 1 order of 1 account would be cancelled, 0 positions flattened",
  );
  await page.keyboard.up("Enter");
  expect(mock.room.risk.killed).toBe(false);
  expect(account.exchange.open).toHaveLength(1);
  await page.getByLabel("Drill").uncheck();
  await hold.focus();
  await page.keyboard.down("Enter");
  await expect(page.getByTestId("kill-button")).toHaveText("DESK KILLED");
  await page.keyboard.up("Enter");
  await expect(page.getByTestId("standing")).toContainText("The desk\u2019s kill switch is on.");
  expect(account.exchange.open).toHaveLength(0);
  await page.getByTestId("kill-release").focus();
  await page.keyboard.down("Enter");
  await expect(page.getByTestId("kill-button")).toHaveText("Kill");
  await page.keyboard.up("Enter");
});

test("offers the desk's kill switch to nobody who does not manage risk", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await page.getByTestId("kill-button").click();
  await expect(page.getByTestId("kill-options")).toContainText("of the account");
  await expect(page.getByRole("button", { name: "the whole desk" })).toHaveCount(0);
});

test("shows none of it at a server that has none of it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: { older: true } });
  await openDesk(page, mock);
  await rest(page);
  await expect(page.getByTestId("ticket-strategy")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Open a paper account" })).toHaveCount(0);
  await showPanel(page, "Orders");
  await expect(page.getByRole("button", { name: "Cancel buy BTC" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Change buy BTC" })).toHaveCount(0);
  await expect(page.locator(".dv-tab").getByText("Balances", { exact: true })).toBeVisible();
  await expect(page.locator(".dv-tab").getByText(/^(Limits|Auto)$/)).toHaveCount(0);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("paper");
  await expect(page.getByRole("listbox", { name: "Commands" }).getByRole("option")).toHaveCount(0);
});

test("shows the books, and takes the account as the venue tells it after a question", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await showPanel(page, "Balances");
  await expect(page.getByTestId("books-tie")).toHaveText("yes, within a cent");
  await expect(page.getByTestId("accept")).toHaveCount(0);
  account.offUsd = "12.50";
  await expect(page.getByTestId("books-tie")).toHaveText("NO");
  await expect(page.getByTestId("books-off-by")).toHaveText("$12.50");
  await page.getByRole("button", { name: "Take the account as the venue tells it" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("12.50 USD off the books");
  await page.getByRole("button", { name: "Take it as it is" }).click();
  await expect(page.getByTestId("accept-said")).toContainText("begin anew");
  await expect(page.getByTestId("books-tie")).toHaveText("yes, within a cent");
});
