import type { Page } from "@playwright/test";
import { expect, mirrorPrices, test } from "./gateway";
import { openDesk, send, showPanel, size } from "./trade";

/** Rests a limit, and shows it in the list of orders. */
async function rest(page: Page, px = "96000"): Promise<void> {
  await size(page, "Limit", "0.01");
  await page.getByTestId("ticket-px").fill(px);
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting");
  await showPanel(page, "Orders");
}

test("changes a price by ticks from the keyboard, and shows old and new as one line", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await rest(page);
  await page.getByTestId("orders-open").locator("tbody tr").first().click();
  await page.keyboard.press("o");
  const entry = page.getByTestId("change-px");
  await expect(entry).toBeFocused();
  await expect(page.getByTestId("change-send")).toBeDisabled();
  await page.keyboard.press("ArrowUp");
  await expect(entry).toHaveValue("96001");
  await page.keyboard.press("Shift+ArrowDown");
  await expect(entry).toHaveValue("95991");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("change")).toHaveCount(0);
  const line = page.locator("[data-testid^=succession]");
  await expect(line).toContainText("changed once: 96000 \u2192 95991");
  await expect(page.locator("[data-testid^=order-0x]")).toHaveCount(1);
  expect(account.exchange.open).toHaveLength(1);
  expect(account.exchange.open[0]).toMatchObject({ px: "95991", size: "0.01" });
  // The one that was replaced has no line of its own among those that ended either.
  await page.getByRole("group", { name: "Orders" }).getByRole("button", { name: "ended" }).click();
  await expect(page.locator("[data-testid^=order-0x]")).toHaveCount(0);
});

test("shows what refuses a change before it is sent", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await rest(page);
  await page.getByRole("button", { name: "Change buy BTC" }).click();
  await page.getByTestId("change-size").fill("1");
  await expect(page.getByTestId("change-refusals")).toContainText("The order is too large");
  await expect(page.getByTestId("change-send")).toBeDisabled();
  await page.getByTestId("change-size").fill("0.0123456");
  await expect(page.getByText("sent as 0.01234")).toBeVisible();
  await page.getByTestId("change-send").click();
  await expect(page.getByTestId("result").first()).toContainText("size from 0.01 to 0.01234");
  await expect.poll(() => account.exchange.open[0]?.size).toBe("0.01234");
});

test("moves an order by hand in the book: it is sent only when it is confirmed", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC", "ETH"], trading: {} });
  const account = await openDesk(page, mock);
  await page.keyboard.press(".");
  await expect(page.getByTestId("symbol")).toHaveText("ETH");
  // Until the other market's book is there, the mirror tells of the one before.
  await expect
    .poll(async () => (await mirrorPrices(page, "hyperliquid")).bid.every((px) => px > 0 && px < 20_000))
    .toBe(true);
  // The price stands still from here on, so that a row stays where it was seen.
  mock.feed("hyperliquid", "ETH").market.still = true;
  const best = mock.feed("hyperliquid", "ETH").market.best.bid[0];
  await expect.poll(async () => (await mirrorPrices(page, "hyperliquid")).bid[0]).toBe(Number(best));
  const from = (await mirrorPrices(page, "hyperliquid")).bid[6];
  if (from === undefined) throw new Error("no book");
  await size(page, "Post", "0.1");
  await page.getByTestId("ticket-px").fill(String(from));
  await send(page);
  await expect(page.getByTestId("result")).toContainText("resting");
  const { bid } = await mirrorPrices(page, "hyperliquid");
  const at = bid.indexOf(from);
  const to = bid[at - 3];
  const box = await page.getByTestId("ladder-canvas-hyperliquid").boundingBox();
  if (box === null || to === undefined) throw new Error("no row");
  const row = (index: number): number => box.y + rowMiddle(index, box.height);
  await page.mouse.move(box.x + 60, row(at));
  await page.mouse.down();
  await page.mouse.move(box.x + 60, row(at - 1), { steps: 3 });
  await page.mouse.move(box.x + 60, row(at - 3), { steps: 3 });
  await page.mouse.up();
  await expect(page.getByTestId("change-px")).toHaveValue(new RegExp(`^${to}(\\.0)?$`));
  expect(account.exchange.open.map(({ px }) => Number(px))).toEqual([from]);
  await page.getByTestId("change-send").click();
  await expect.poll(() => account.exchange.open.map(({ px }) => Number(px))).toEqual([to]);
});

/** Where the row of a bid is in the book's picture: below the head, the asks and the row of the spread. */
function rowMiddle(index: number, height: number): number {
  const free = height - 48;
  const rows = Math.max(1, Math.round(free / 2 / 24));
  return 48 + free / 2 + (index + 0.5) * (free / 2 / rows);
}

test("moves a stop from the position that it protects", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await size(page, "Market", "0.01");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-stopLoss").fill("95000");
  await send(page);
  await page.getByRole("button", { name: "Move the stop of BTC" }).click();
  await expect(page.getByTestId("change-trigger")).toHaveValue("95000");
  await page.getByTestId("change-trigger").fill("96000");
  await page.getByTestId("change-send").click();
  await showPanel(page, "Orders");
  await expect(page.locator("[data-testid^=succession]")).toContainText("95000 \u2192 96000");
  expect(account.exchange.open.map(({ trigger_px: px }) => px)).toEqual(["96000"]);
  await expect(page.locator(".leg[data-leg=stop_loss]")).toHaveCount(1);
});

test("leaves a TWAP to the venue, shows how far it is and ends it alone", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await rest(page);
  await size(page, "TWAP", "0.04");
  await page.getByRole("group", { name: "Sliced by" }).getByRole("button", { name: "venue" }).click();
  await page.getByTestId("ticket-review").click();
  await expect(page.getByTestId("review")).toContainText("over 30 min by the venue");
  await page.getByTestId("ticket-send").click();
  const twaps = page.getByTestId("twaps");
  await expect(twaps).toContainText("0 % of 0.04, 0.04 left, by the venue");
  const [twap] = account.twaps.rows;
  if (twap === undefined) throw new Error("no TWAP");
  twap["left"] = "0.03";
  await expect(twaps).toContainText("25 % of 0.04");
  await page.getByRole("button", { name: "End TWAP buy BTC" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("End this TWAP alone");
  await page.getByRole("button", { name: "End it" }).click();
  await expect(twaps).toHaveCount(0);
  expect(account.exchange.open).toHaveLength(1);
  await expect(page.getByTestId("result").first()).toContainText("It has ended");
});

test("cries while what was filled stands without its stop, and says how long it did", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.exchange.nakedFor = 600_000;
  await size(page, "Market", "0.01");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-stopLoss").fill("95000");
  await send(page);
  const alert = page.getByTestId("naked-alert");
  await expect(alert).toContainText("NO STOP Long 0.01 BTC is open without the stop");
  // It has a row of its own: neither the bar above nor the panels below are hidden.
  for (const width of [1440, 1024, 700]) {
    await page.setViewportSize({ width, height: 800 });
    const [over, own, under] = await Promise.all(
      [page.locator("header.top"), alert, page.locator("main.work")].map((part) => part.boundingBox()),
    );
    if (over == null || own == null || under == null) throw new Error("something has no place");
    expect(own.y).toBeGreaterThanOrEqual(over.y + over.height);
    expect(under.y).toBeGreaterThanOrEqual(own.y + own.height);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await showPanel(page, "Orders");
  await page.getByRole("group", { name: "Orders" }).getByRole("button", { name: "ended" }).click();
  await expect(page.locator(".guard")).toContainText(/NO STOP for/);
  account.exchange.naked();
  await expect(alert).toHaveCount(0);
  await expect(page.locator(".guard")).toContainText(/stop after [\d.]+ m?s/);
});

test("shows that one-click is armed in the top bar too, and disarms there", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await page.getByRole("button", { name: "Arm one-click" }).click();
  await expect(page.getByTestId("armed-mark")).toContainText(/ARMED \d+ s/);
  await page.getByTestId("armed-mark").click();
  await expect(page.getByTestId("armed")).toHaveCount(0);
  await expect(page.getByTestId("armed-mark")).toHaveCount(0);
});
