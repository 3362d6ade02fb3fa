import { expect, openCockpit, openTerminal, strike, test } from "./gateway";

test("follows a decision from its score to the trades that the venue sent", async ({
  page,
  address,
  complaints,
}) => {
  // A component has to have seen some market before it says anything.
  test.setTimeout(90_000);
  await openCockpit(page, address, "BTC");
  await expect(page.getByTestId("opportunity-BTC")).toBeVisible();
  await expect(page.getByTestId("score-raw")).not.toHaveText("\u2014");
  await page.getByTestId("score-shown").click();
  const drawer = page.getByTestId("why-drawer");
  await expect(drawer).toBeVisible();
  await drawer.getByTestId("drawer-footprint").click();
  await expect(drawer.getByRole("button", { name: "Footprint", exact: true })).toHaveAttribute(
    "aria-current",
    "true",
  );
  await drawer.getByTestId("drawer-footprint.flow").click();
  await expect(drawer.getByTestId("drawer-age")).not.toHaveText("");
  for (let depth = 0; depth < 4 && (await drawer.getByTestId("raw-trades").count()) === 0; depth += 1)
    await drawer.locator(".laid-children button").first().click();
  const trade = drawer.getByTestId("raw-trades").locator("tbody tr").first();
  await expect(trade).toContainText(/buy|sell/, { timeout: 20_000 });
  await expect(trade.locator(".fig").first()).toHaveAttribute("data-state", /fresh|aging|stale/);
  await page.keyboard.press("Backspace");
  await expect(drawer.getByRole("button", { name: "Footprint", exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  expect(complaints).toEqual([]);
});

test("says why it does not trade, gate by gate", async ({ page, address }) => {
  await openCockpit(page, address, "BTC");
  await expect(page.getByTestId("gate-score")).toContainText(/65 or more|35 or less/);
  await expect(page.getByTestId("gate-trained_model")).toContainText("does not pass");
  await expect(page.getByTestId("gate-client_ready")).toHaveAttribute("data-state", /fail|unknown/);
  await expect(page.getByTestId("gate-daily_loss")).toHaveAttribute("data-state", "unknown");
  await expect(page.getByTestId("gates-count")).toHaveText(/^\d+ of 13 do not pass$/);
});

test("marks what is simulated and what is not trained", async ({ page, address }) => {
  await openCockpit(page, address, "BTC");
  await expect(page.locator(".top").getByText("SIMULATED")).toBeVisible();
  await expect(page.locator(".score-head .mode-chip")).toHaveText("SIM");
  await expect(page.locator(".score-head [data-mark=untrained]")).toHaveText("UNTRAINED", {
    timeout: 20_000,
  });
  await expect(page.getByTestId("gov-model")).toHaveText("UNTRAINED", { timeout: 20_000 });
});

test("goes between terminal and cockpit by keys, by the bar and by address", async ({ page, address }) => {
  await openTerminal(page, address);
  await strike(page, "g", "a");
  await expect(page.getByTestId("score")).toBeVisible();
  await expect(page).toHaveURL(/\/alpha\?symbol=BTC$/);
  await page.keyboard.press("/");
  await expect(page.getByRole("textbox", { name: "Symbol" })).toBeFocused();
  await page.keyboard.type("eth");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("symbol")).toHaveText("ETH");
  await expect(page).toHaveURL(/\/alpha\?symbol=ETH$/);
  await page.reload();
  await expect(page.getByTestId("score-shown")).not.toHaveText("\u2014");
  await expect(page.getByTestId("opportunity-ETH")).toHaveAttribute("data-active", "true");
  await strike(page, "g", "t");
  await expect(page.getByTestId("ladder-hyperliquid")).toBeAttached();
  await expect(page).not.toHaveURL(/alpha/);
  await page.goBack();
  await expect(page.getByTestId("score")).toBeVisible();
  await page.getByRole("button", { name: "Terminal" }).click();
  await expect(page.getByTestId("conviction")).toBeVisible();
});

test("shows the conviction in the terminal, and the way to its inputs", async ({ page, address }) => {
  await openTerminal(page, address);
  await expect(page.getByTestId("chip-BTC")).toHaveText(/^\d+$/, { timeout: 20_000 });
  await expect(page.getByTestId("conviction-bias")).toHaveText(/LONG|SHORT|NEUTRAL/);
  await page.getByTestId("component-funding").click();
  await expect(page.getByTestId("why-drawer")).toContainText("Funding");
  await page.keyboard.press("Escape");
  await page.keyboard.press("w");
  await expect(page.getByTestId("why-drawer")).toBeVisible();
  await page.keyboard.press("w");
  await expect(page.getByTestId("why-drawer")).toBeHidden();
});

test.describe("states of a view", () => {
  for (const [bias, lean, tone] of [
    ["LONG", 0.7, "up"],
    ["SHORT", -0.7, "down"],
    ["NEUTRAL", 0, ""],
  ] as const)
    test(bias, async ({ page, startMock }) => {
      const mock = await startMock({ symbols: ["BTC", "ETH"] });
      mock.conviction("ETH").lean = [lean, lean, 0, lean, lean];
      await openCockpit(page, mock.url, "ETH");
      await expect(page.getByTestId("score-bias")).toHaveText(bias, { timeout: 15_000 });
      await expect(page.getByTestId("score-shown")).toHaveAttribute("data-tone", tone);
      await expect(page.getByTestId("opportunity-ETH")).toContainText(bias);
    });

  test("partly stale, and quite still", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    const view = mock.conviction("BTC");
    await openCockpit(page, mock.url, "BTC");
    await expect(page.getByTestId("score-fresh")).toHaveText("5 of 5 fresh");
    view.silence("liquidation", "stale");
    view.silence("funding", "missing");
    await expect(page.getByTestId("score-fresh")).toHaveText("1 STALE, 1 missing");
    await expect(page.getByTestId("why-funding")).toContainText("missing");
    await expect(page.getByTestId("why-funding").locator(".fig").first()).toHaveText("\u2014");
    await expect(page.getByTestId("why-liquidation")).toContainText("STALE", { timeout: 20_000 });
    await expect(page.getByTestId("gate-fresh_inputs")).toContainText("3 of 5");
    view.still = true;
    await expect(page.getByTestId("age-score")).toHaveText(/^STALE/, { timeout: 15_000 });
    await expect(page.getByTestId("score-shown")).toHaveAttribute("data-state", "stale");
    view.still = false;
    view.hear();
    await expect(page.getByTestId("age-score")).not.toHaveText(/STALE/);
    await expect(page.getByTestId("score-fresh")).toHaveText("5 of 5 fresh");
  });

  test("trained, on a simulated market", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    mock.train();
    await openCockpit(page, mock.url, "BTC");
    await expect(page.getByTestId("gov-model")).toHaveText("m-2026-1");
    await expect(page.getByRole("region", { name: "Governance and model of BTC" })).toContainText(
      "SIMULATED",
    );
    await expect(page.getByTestId("drift-regime")).toHaveText("0.31 of 0.20 DRIFTED");
    await expect(page.locator(".score-head [data-mark=untrained]")).toHaveCount(0);
    await expect(page.getByTestId("gate-trained_model")).toHaveAttribute("data-state", "pass");
  });

  test("before the first evaluation, and without a server", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    mock.silentMarkets = true;
    await page.goto(`${mock.url}alpha`);
    await expect(page.getByText("Waiting for the conviction of BTC")).toBeVisible();
    await expect(page.getByText("BTC was not judged yet").first()).toBeVisible();
    await expect(page.getByTestId("score-shown")).toHaveText("\u2014");
    mock.silentMarkets = false;
    await expect(page.getByTestId("score-shown")).not.toHaveText("\u2014");
    await expect(page.getByTestId("why-regime")).toBeVisible();
    await mock.stop();
    await expect(page.getByText("DISCONNECTED", { exact: true })).toBeVisible();
    await expect(page.getByTestId("age-score")).toHaveText(/^STALE/, { timeout: 15_000 });
    await expect(page.getByTestId("score-shown")).not.toHaveText("\u2014");
  });
});

test("the shown score moves smoothed, and the raw one stands beside it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  const view = mock.conviction("BTC");
  view.lean = [0, 0, 0, 0, 0];
  await openCockpit(page, mock.url, "BTC");
  await expect(page.getByTestId("score-bias")).toHaveText("NEUTRAL");
  view.still = true;
  view.lean = [0.9, 0.9, 0, 0.9, 0.9];
  mock.judge("BTC");
  // The raw score is there with this one event; the shown one is on its way and lets the bias wait for five readings.
  const shown = await page.waitForFunction(() => {
    const number = (id: string): number =>
      Number(document.querySelector(`[data-testid="${id}"]`)?.textContent ?? Number.NaN);
    return number("score-raw") >= 80 ? String(number("score-shown")) : null;
  });
  expect(Number(await shown.jsonValue())).toBeLessThan(60);
  view.still = false;
  await expect(page.getByTestId("score-bias")).toHaveText("LONG");
});

test("is one column with tabs in a narrow window, and nothing leaves it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await page.setViewportSize({ width: 700, height: 900 });
  await openCockpit(page, mock.url, "BTC");
  await page.getByRole("tab", { name: "Why it does not trade" }).click();
  await expect(page.getByTestId("gate-score")).toBeVisible();
  for (const width of [899, 700, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  }
});
