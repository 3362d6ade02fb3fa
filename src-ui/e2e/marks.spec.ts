import { expect, openTerminal, reloadTerminal, strike, test } from "./gateway";

const MINUTE = 60_000;

test("sees each mark of a bad quarter of an hour appear and go", async ({ page, startMock }) => {
  test.setTimeout(90_000);
  const mock = await startMock({ symbols: ["BTC", "ETH"] });
  const feed = mock.feed("hyperliquid", "BTC");
  const venue = mock.venue("hyperliquid");
  await openTerminal(page, mock.url);
  const chart = page.getByTestId("candles-hyperliquid");
  const coverage = page.getByTestId("chart-coverage");
  await expect(coverage).toHaveText("coverage 100 %");

  await test.step("a venue that closes the connection", async () => {
    venue.lose();
    await expect(page.getByTestId("connection-hyperliquid")).toContainText("reconnecting");
    await expect(page.getByTestId("venue-hyperliquid")).toContainText("reconnecting");
    await expect(page.getByTestId("health-summary")).toHaveText("5 of 6 live");
    await expect(page.getByTestId("age-chart-hyperliquid")).toHaveText(/^STALE/, { timeout: 10_000 });
    await expect(page.getByTestId("age-ladder-hyperliquid")).toHaveText(/^STALE/);
    await expect(page.getByTestId("chart-hyperliquid")).toHaveAttribute("data-state", "stale");
    venue.comeBack();
    await expect(page.getByTestId("connection-hyperliquid")).toContainText("live");
    await expect(page.getByTestId("age-chart-hyperliquid")).not.toHaveText(/STALE/);
    await expect(page.getByTestId("chart-hyperliquid")).toHaveAttribute("data-state", "live");
    await expect(page.getByTestId("health-hyperliquid")).toContainText("Reconnects1");
  });

  await test.step("candles that nobody saw, until the venue gives them", async () => {
    const minute = Math.floor(Date.now() / MINUTE) * MINUTE;
    feed.candles.lose(minute - 5.5 * MINUTE, minute - 2 * MINUTE);
    // A length that is not on screen is asked for anew. Keys are heard once the page has drawn.
    await page.keyboard.press("]");
    await expect(chart).toContainText("5m");
    await reloadTerminal(page);
    await expect(chart).toContainText("5m");
    await page.keyboard.press("[");
    await expect(chart).toContainText("gap of 3");
    await expect(coverage).toContainText("1 gap");
    await expect(coverage).toContainText("1 partial");
    feed.candles.mend();
    await page.reload();
    await expect(coverage).toHaveText("coverage 100 %");
    await expect(chart).not.toContainText("gap of");
  });

  await test.step("a feed that misses its cadence, and a window with a hole", async () => {
    feed.flow.degraded.add("trades");
    feed.flow.missing = 0.25;
    await expect(page.getByTestId("quality-ladder-hyperliquid")).toHaveText("degraded: trades");
    await expect(page.getByTestId("degraded-hyperliquid")).toHaveText("BTC degraded: trades");
    await expect(page.getByTestId("degraded")).toHaveText("BTC DEGRADED HL trades");
    await expect(page.getByTestId("cvd-coverage-hyperliquid")).toHaveText("75 % unv.");
    feed.flow.degraded.clear();
    feed.flow.missing = 0;
    await expect(page.getByTestId("quality-ladder-hyperliquid")).toHaveText("");
    await expect(page.getByTestId("cvd-coverage-hyperliquid")).toHaveText("100 % unv.");
  });

  await test.step("a venue that asks to be left alone", async () => {
    venue.cooldownUntil = Date.now() + 50_000;
    await expect(page.getByTestId("cooldown-hyperliquid")).toHaveText(/no request for \d\d s/);
    await expect(page.getByTestId("venue-hyperliquid")).toContainText("cooldown");
    await expect(page.getByTestId("health-summary")).toContainText("1 cooling");
    venue.cooldownUntil = Date.now() + 1500;
    await expect(page.getByTestId("cooldown-hyperliquid")).toHaveText("", { timeout: 10_000 });
    await expect(page.getByTestId("health-summary")).toHaveText("6 of 6 live");
  });

  await test.step("a clock that says that words came before they were sent", async () => {
    const bar = page.getByTestId("venue-hyperliquid");
    const latency = page.getByTestId("health-hyperliquid").locator("dd span").first();
    await expect(bar).toContainText(/\d+ ms \u00b14\.7/);
    venue.latency = -1.2;
    await expect(bar).toContainText("< 3.5 ms");
    await expect(latency).toHaveText("< 3.5 ms");
    venue.latency = -300;
    await expect(latency).toHaveText("\u2014");
    await expect(bar).not.toContainText("ms");
    await expect(latency).toHaveAttribute("title", /runs ahead of what is known of it/);
    venue.latency = null;
    await expect(bar).toContainText(/\d+ ms \u00b1/);
  });

  await test.step("a journal that fails", async () => {
    mock.setJournal("degraded");
    await expect(page.getByTestId("journal")).toHaveText("journal DEGRADED");
    mock.setJournal("healthy");
    await expect(page.getByTestId("journal")).toHaveText("journal healthy");
  });
});

test("steps through timeframes and studies from the keyboard and remembers them", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  const pressed = page.getByRole("group", { name: "Timeframe" }).locator('[aria-pressed="true"]');
  await expect(pressed).toHaveText("1m");
  await page.keyboard.press("]");
  await expect(pressed).toHaveText("5m");
  await strike(page, "i", "r");
  const rsi = page.getByRole("group", { name: "Studies" }).getByRole("button", { name: "RSI" });
  await expect(rsi).toHaveAttribute("aria-pressed", "true");
  await expect(rsi).toHaveText(/RSI \d/);
  await page.reload();
  await expect(pressed).toHaveText("5m");
  await expect(rsi).toHaveAttribute("aria-pressed", "true");
});

test("labels what each venue reports of its liquidations", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  await expect(page.getByTestId("liquidations-bybit")).toContainText("all");
  await expect(page.getByTestId("liquidations-okx")).toContainText("sampled");
  await expect(page.getByTestId("liquidations-okx")).toContainText("\u2265$");
});
