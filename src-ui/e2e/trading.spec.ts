import { expect, kept, openTerminal, test } from "./gateway";
import { chooseKind, openDesk, send, showPanel, size } from "./trade";

test("says nothing of trading where there is none, and offers no ticket", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  await expect(page.getByTestId("kill-button")).toHaveCount(0);
  await expect(page.getByTestId("ticket")).toHaveCount(0);
  await page.keyboard.press("b");
  await expect(page.locator(".notice-title", { hasText: "Log in to trade" })).toBeVisible();
});

test("marks practice on the ticket, on the rows and in the top bar", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await expect(page.getByTestId("ticket")).toHaveAttribute("data-practice", "simulated");
  await expect(page.locator("header.top")).toHaveAttribute("data-mode", "simulated");
  await size(page, "Market", "0.01");
  await send(page);
  await expect(page.getByTestId("position-BTC")).toHaveAttribute("data-practice", "simulated");
});

test("marks paper money on a live market", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live", trading: { paper: true } });
  await openDesk(page, mock);
  await expect(page.getByTestId("ticket")).toHaveAttribute("data-practice", "paper");
  await expect(page.getByTestId("paper-mark")).toHaveText("PAPER");
});

test("buys at the market from the keyboard: one Enter reviews, the next sends", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await chooseKind(page, "Market");
  await page.keyboard.press("b");
  await page.keyboard.type("0.01");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("review")).toContainText("Buy 0.01 BTC market");
  expect(account.orderRequests).toHaveLength(0);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("result")).toContainText("filled");
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.01000");
  expect(account.orderRequests).toHaveLength(1);
  expect(account.orderRequests[0]).toMatchObject({
    kind: "market",
    side: "buy",
    size: "0.01",
    symbol: "BTC",
  });
  await showPanel(page, "Fills");
  await expect(page.getByTestId("fills").locator("tbody tr")).toHaveCount(1);
});

test("a key that is held down reviews and does not send", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await chooseKind(page, "Market");
  await page.getByTestId("ticket-amount").fill("0.01");
  await page.getByTestId("ticket-amount").focus();
  await page.keyboard.down("Enter");
  for (let n = 0; n < 5; n += 1) await page.keyboard.down("Enter");
  await expect(page.getByTestId("review")).toBeVisible();
  await page.keyboard.up("Enter");
  expect(account.orderRequests).toHaveLength(0);
});

test("rests a limit on the tick, draws it and cancels it with x", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill("96000.57");
  await expect(page.getByText("sent as 96\u2009001.0")).toBeVisible();
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting");
  expect(account.orderRequests[0]).toMatchObject({ kind: "limit", px: "96001" });
  await showPanel(page, "Orders");
  const row = page.getByTestId("orders-open").locator("tbody tr");
  await expect(row).toHaveCount(1);
  await row.click();
  await page.keyboard.press("x");
  await expect(row).toHaveCount(0);
  await page.getByRole("group", { name: "Orders" }).getByRole("button", { name: "ended" }).click();
  await expect(page.getByTestId("orders-ended")).toContainText("cancelled");
});

test("sends an entry with target and stop, and the legs bear their marks", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "0.01");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-takeProfit").fill("90000");
  await expect(page.getByTestId("ticket-missing")).toHaveText("A target of a buy is above the entry");
  await expect(page.getByTestId("ticket-review")).toBeDisabled();
  await page.getByTestId("ticket-takeProfit").fill("99000");
  await page.getByTestId("ticket-stopLoss").fill("95000");
  await expect(page.getByTestId("preview-orders").locator("tr")).toHaveCount(3);
  await expect(page.getByTestId("preview-orders")).toContainText("buy at worst");
  await send(page);
  expect(account.orderRequests[0]).toMatchObject({ take_profit: "99000", stop_loss: "95000" });
  await showPanel(page, "Orders");
  await expect(page.locator(".leg[data-leg=take_profit]")).toHaveCount(1);
  await expect(page.locator(".leg[data-leg=stop_loss]")).toHaveCount(1);
  // What takes the market names no price that it would be filled at.
  await expect(page.locator("tr", { hasText: "stop market" }).locator("td").nth(3)).toHaveText("market");
  // The stop protects: it is asked about.
  await page.getByRole("button", { name: "Cancel sell BTC stop" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("protects a position");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.locator(".leg[data-leg=stop_loss]")).toHaveCount(1);
});

test("slices a TWAP, and the slices fill", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "TWAP", "0.04");
  await page.getByTestId("ticket-twapMinutes").fill("30");
  await send(page);
  expect(account.orderRequests[0]).toMatchObject({ kind: "twap", twap: { minutes: 30, randomize: false } });
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.04000");
  await showPanel(page, "Fills");
  await expect(page.getByTestId("fills").locator("tbody tr")).toHaveCount(4);
});

test("spreads a scale over its prices", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Scale", "0.05");
  await page.getByTestId("ticket-scaleFrom").fill("95000");
  await page.getByTestId("ticket-scaleTo").fill("96000");
  await send(page);
  expect(account.orderRequests[0]).toMatchObject({ scale: { orders: 5, from: "95000", to: "96000" } });
  await expect(page.getByTestId("result")).toContainText("5 resting");
  await page.keyboard.press("Shift+X");
  await expect(page.getByRole("alertdialog")).toContainText("Cancel all 5 open orders");
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel all" }).click();
  await expect(page.getByTestId("orders-open").locator("tbody tr")).toHaveCount(0);
});

test("sizes by USD and by risk on the lot", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await chooseKind(page, "Limit");
  await page.getByTestId("ticket-px").fill("50000");
  await page.getByRole("group", { name: "Size in" }).getByRole("button", { name: "USD" }).click();
  await page.getByTestId("ticket-amount").fill("1000");
  await expect(page.getByTestId("ticket-sized")).toHaveText("0.02000");
  await page.getByRole("group", { name: "Size in" }).getByRole("button", { name: "Risk %" }).click();
  await page.getByTestId("ticket-amount").fill("1");
  await expect(page.getByTestId("ticket-missing")).toContainText("needs a stop loss");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-stopLoss").fill("49000");
  // One percent of 25 000 over a distance of 1000.
  await expect(page.getByTestId("ticket-sized")).toHaveText("0.25000");
});

test("closes a share of a position after asking", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await size(page, "Market", "0.04");
  await send(page);
  await page.getByRole("button", { name: "Close BTC" }).click();
  await page.getByRole("button", { name: "25 %" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("Close 25 % of the long of 0.04000 BTC");
  await page.getByRole("alertdialog").getByRole("button", { name: "Close 25 %" }).click();
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.03000");
  await page.getByRole("button", { name: "Reverse BTC" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Reverse" }).click();
  await expect(page.getByTestId("position-BTC-size")).toHaveText("\u22120.03000");
});

test("keeps what a trader arranged: closed panels stay closed", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  expect(await kept(page, "hypersentry.trading-offered")).toBe("1");
  await expect.poll(() => kept(page, "hypersentry.layout")).toMatch(/"ticket"/);
});

test("takes a price from the book, and marks the row where an own order rests", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Post", "0.01");
  const canvas = page.getByTestId("ladder-canvas-hyperliquid");
  const box = await canvas.boundingBox();
  if (box === null) throw new Error("no book");
  await page.mouse.click(box.x + 40, box.y + box.height - 30);
  await expect(page.getByTestId("ticket-px")).not.toHaveValue("");
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting");
  expect(account.orderRequests[0]).toMatchObject({ kind: "post_only" });
});

test("gives orders in a narrow window, and nothing leaves it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  for (const width of [899, 700, 390]) {
    await page.setViewportSize({ width, height: 800 });
    for (const name of ["Ticket", "Positions", "Orders", "Fills", "Balances"]) {
      await page.getByRole("tab", { name, exact: true }).click();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
    }
  }
  await page.keyboard.press("b");
  await expect(page.getByTestId("ticket-amount")).toBeFocused();
  await chooseKind(page, "Market");
  await page.getByTestId("ticket-amount").fill("0.01");
  await send(page);
  await page.getByRole("tab", { name: "Positions", exact: true }).click();
  await expect(page.getByTestId("position-BTC-size")).toHaveText("0.01000");
});
