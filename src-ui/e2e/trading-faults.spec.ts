import { expect, test } from "./gateway";
import { openDesk, send, showPanel, size } from "./trade";

test("counts down an order whose acknowledgement was lost, until the venue proves it", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.fault = "lost_ack";
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await send(page);
  await showPanel(page, "Orders");
  const state = page.locator(".order-state").first();
  await expect(state).toContainText(/UNKNOWN, known in \d/);
  await expect(page.getByTestId("orders-count")).toContainText("1 unknown");
  await expect(page.getByTestId("result")).not.toContainText(/fail|reject/i);
  await expect(state).toContainText("resting", { timeout: 10_000 });
  expect(account.exchange.orders.size).toBe(1);
});

test("asks what became of an order whose answer was lost, and never makes a second", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.fault = "lost_answer";
  await size(page, "Market", "0.01");
  await send(page);
  const result = page.getByTestId("result");
  await expect(result).toContainText("UNKNOWN: the answer was lost");
  await expect(page.getByTestId("result-countdown")).toContainText(/Asked after in/);
  await expect(result).toContainText("filled", { timeout: 10_000 });
  expect(account.exchange.orders.size).toBe(1);
  expect(account.orderRequests).toHaveLength(1);
});

test("sends again under the same key where the server cannot say", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.fault = "lost_answer";
  account.knowsKeys = false;
  await size(page, "Market", "0.01");
  await send(page);
  const result = page.getByTestId("result");
  await expect(result).toContainText("UNKNOWN");
  await page.getByRole("button", { name: "Send again, same key" }).click();
  await expect(result).toContainText("filled");
  expect(account.orderRequests).toHaveLength(2);
  expect(account.orderRequests[0]).toEqual(account.orderRequests[1]);
  expect(account.exchange.orders.size).toBe(1);
});

test("says that an order never arrived, once its key is closed", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.fault = "lost_request";
  await size(page, "Market", "0.01");
  await send(page);
  await expect(page.getByTestId("result")).toContainText("never reached the server", { timeout: 10_000 });
  expect(account.exchange.orders.size).toBe(0);
});

test("shows refusals in plain words before and after sending", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "1");
  await expect(page.getByTestId("preview-refusals")).toContainText(
    /The order is too large: \$\d+\s\d+ \(limit \$5\s000\)/,
  );
  await page.getByTestId("ticket-review").click();
  await expect(page.getByTestId("ticket-send")).toBeDisabled();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("review")).toHaveCount(0);
  await page.getByRole("button", { name: "Arm one-click" }).click();
  await page.getByTestId("ticket-review").click();
  await expect(page.getByTestId("result")).toContainText("The risk check refused it.");
  await expect(page.getByTestId("result")).toContainText("The order is too large");
  const refusal = page.getByTestId("result").locator("[data-code=risk_order_size]");
  await expect(refusal).toHaveAttribute("title", /5000 USD allowed\nrisk_order_size$/);
  expect(account.exchange.orders.size).toBe(0);
});

test("says what the venue refused in a plain sentence, and keeps its words and its code", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await size(page, "Post", "0.01");
  await page.getByTestId("ticket-px").fill("99000");
  await send(page);
  const result = page.getByTestId("result");
  await expect(result).toContainText("rejected: post-only, and it would have traded at once.");
  await expect(result).toContainText("Take a price further from the market");
  await expect(result.locator("q")).toHaveText(/^Post only order would have immediately matched/);
  await showPanel(page, "Orders");
  await page.getByRole("group", { name: "Orders" }).getByRole("button", { name: "ended" }).click();
  const state = page.getByTestId("orders-ended").locator(".order-state span");
  await expect(state).toHaveText("rejected post-only, and it would have traded at once.");
  await expect(state).toHaveAttribute("title", /Code: venue_post_only$/);
});

test("arms one-click on purpose, shows it, and disarms by Esc and by a lost connection", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "0.01");
  await page.getByRole("button", { name: "Arm one-click" }).click();
  await expect(page.getByTestId("armed")).toContainText("ONE-CLICK ARMED");
  await page.getByTestId("ticket-review").click();
  await expect(page.getByTestId("result")).toContainText("filled");
  expect(account.orderRequests).toHaveLength(1);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("armed")).toHaveCount(0);
  await page.getByRole("button", { name: "Arm one-click" }).click();
  await expect(page.getByTestId("armed")).toBeVisible();
  await mock.stop();
  await expect(page.getByTestId("armed")).toHaveCount(0);
  await expect(page.getByTestId("standing")).toContainText("Disconnected.");
  await expect(page.getByTestId("ticket-review")).toBeDisabled();
});

test("kills by the held key: orders go, new ones are refused, a release is asked for", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting");
  await page.locator("header.top").click({ position: { x: 400, y: 30 } });
  await page.keyboard.press("k");
  await expect(page.getByTestId("kill-options")).toBeVisible();
  expect(account.killed).toBe(false);
  await page.keyboard.down("k");
  await expect(page.getByTestId("kill-said")).toContainText("Killed: 1 order cancelled");
  await page.keyboard.up("k");
  await expect(page.getByTestId("kill-button")).toHaveText("KILLED");
  await expect(page.getByTestId("standing")).toContainText("The kill switch is on.");
  await expect(page.getByTestId("ticket-review")).toBeDisabled();
  expect(account.exchange.open).toHaveLength(0);
  const release = page.getByTestId("kill-release");
  await release.focus();
  await page.keyboard.down("Enter");
  await expect(page.getByTestId("kill-button")).toHaveText("Kill");
  await page.keyboard.up("Enter");
  await expect(page.getByTestId("standing")).toHaveCount(0);
});

test("drills the kill switch without touching anything", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await page.getByTestId("kill-button").click();
  await page.getByLabel("Drill").check();
  await page.getByTestId("kill-hold").hover();
  await page.mouse.down();
  await expect(page.getByTestId("kill-said")).toContainText("Drill: 0 orders would be cancelled");
  await page.mouse.up();
  expect(account.killed).toBe(false);
});

test("asks for the account anew when private events were missed", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await send(page);
  await showPanel(page, "Orders");
  await expect(page.getByTestId("orders-open").locator("tbody tr")).toHaveCount(1);
  const [order] = account.exchange.open;
  if (order === undefined) throw new Error("no order");
  // Both steps of the end are lost; the next word of the account shows the hole.
  mock.room.skip = 3;
  account.exchange.cancel(order);
  await expect(page.getByTestId("orders-open").locator("tbody tr")).toHaveCount(0);
});

test("lays open the records of an order with its checkpoint", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await send(page);
  await showPanel(page, "Orders");
  await page.getByRole("button", { name: "Proof of buy BTC" }).click();
  const records = page.getByTestId("proof-records").locator("li");
  await expect(records).toHaveCount(5);
  await expect(records.nth(2)).toContainText("Buy 0.01 BTC at 96\u2009000");
  await expect(records.nth(4)).toContainText("The venue took it");
  await expect(page.getByTestId("proof")).not.toContainText("{");
  // The window checks paths and signature by itself, and says with what anybody else does.
  await expect(page.getByTestId("proof-paths")).toHaveText(/^all 5 lead to the checkpoint\u2019s root/);
  await expect(page.getByTestId("proof-signature")).toHaveAttribute("data-state", "good");
  await expect(records.locator('[data-state="holds"]')).toHaveCount(5);
  await expect(page.getByTestId("proof-checkpoint")).toContainText("hypersentry/orders");
  await expect(page.getByTestId("proof")).toContainText(
    "python3 tools/verify_audit.py proof proof.json --key audit.pub",
  );
  await expect(page.getByTestId("proof")).toContainText("hypersentry-gateway audit verify DIR");
  await records.nth(2).getByRole("button", { name: "raw record 42 as it was written" }).click();
  await expect(records.nth(2).locator("pre")).toContainText('"record":"intent"');
  await page.getByRole("button", { name: "Show raw" }).click();
  await expect(records.locator("pre")).toHaveCount(5);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("proof")).toHaveCount(0);
});

test("says why trading is locked and what to do", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.locked = { code: "trading_locked", text: "the account does not match the venue" };
  await expect(page.getByTestId("standing")).toContainText("Trading is locked.");
  await expect(page.getByTestId("standing")).toContainText("does not match the venue");
  // It matched before: there is a way out of what is held.
  await expect(page.getByTestId("standing")).toContainText("Orders that only reduce are taken.");
  await expect(page.getByTestId("ticket-review")).toBeDisabled();
});
