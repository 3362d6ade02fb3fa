import { expect, kept, mirrorPrices, openTerminal, reloadTerminal, strike, test } from "./gateway";

test("shows a moving price without a complaint in the console", async ({ page, address, complaints }) => {
  await openTerminal(page, address);
  // One market may rest for half a minute in a quiet spell; of all that are listed, some trade.
  const prices = () => page.locator(".watch-price").allTextContents();
  const first = await prices();
  await expect.poll(prices, { timeout: 15_000 }).not.toEqual(first);
  await expect(page.getByTestId("last-price")).toHaveAttribute("data-state", /fresh|aging/);
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open");
  expect(complaints).toEqual([]);
});

test("keeps the best bid under the best ask, and both sides in order", async ({ page, address }) => {
  await openTerminal(page, address);
  for (let look = 0; look < 5; look += 1) {
    const { bid, ask } = await mirrorPrices(page, "hyperliquid");
    expect(bid[0]).toBeLessThan(ask[0] ?? 0);
    expect(bid).toEqual(bid.toSorted((a, b) => b - a));
    expect(ask).toEqual(ask.toSorted((a, b) => a - b));
    await expect.poll(() => mirrorPrices(page, "hyperliquid")).not.toEqual({ bid, ask });
  }
});

test("changes the symbol from the keyboard alone", async ({ page, address }) => {
  await openTerminal(page, address);
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Symbol" })).toBeFocused();
  await page.keyboard.type("et");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("symbol")).toHaveText("ETH");
  await expect(page.getByTestId("ladder-hyperliquid").locator("caption")).toContainText("ETH");
  await expect(page.getByTestId("ladder-hyperliquid-bid-0").locator("td").first()).not.toBeEmpty();
});

test("moves the mark in the list with the arrows", async ({ page, address }) => {
  await openTerminal(page, address);
  const options = page.getByRole("listbox", { name: "Symbols" }).getByRole("option");
  const names = await options.locator(".watch-symbol").allTextContents();
  const chosen = (await page.getByTestId("symbol").textContent()) ?? "";
  const next = names[Math.min(names.length - 1, names.indexOf(chosen) + 1)];
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Symbol" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("symbol")).toHaveText(next ?? "");
});

test("runs a command from the palette and lists the keys", async ({ page, address }) => {
  await openTerminal(page, address);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("dark light");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toContainText("Open the command palette");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
});

test("keeps the arrangement, the symbol and the look over a reload", async ({ page, address }) => {
  await openTerminal(page, address);
  const before = await page.locator(".dv-groupview").count();
  await strike(page, "n", "b");
  await page.keyboard.press(".");
  await page.keyboard.press("d");
  await expect(page.locator(".dv-groupview")).toHaveCount(before + 1);
  const symbol = await page.getByTestId("symbol").textContent();
  await expect.poll(() => kept(page, "hypersentry.layout")).toMatch(/ladder-3/);
  await reloadTerminal(page);
  await expect(page.locator(".dv-groupview")).toHaveCount(before + 1);
  await expect(page.getByTestId("symbol")).toHaveText(symbol ?? "");
  await expect(page.locator("html")).toHaveAttribute("data-density", "compact");
  await strike(page, "n", "r");
  await expect(page.locator(".dv-groupview")).toHaveCount(before);
});

test("changes the venue of a ladder and remembers it", async ({ page, address }) => {
  await openTerminal(page, address);
  await page.getByRole("combobox", { name: "Order book: venue" }).first().selectOption({ label: "BIN" });
  await expect(page.getByTestId("ladder-hyperliquid")).toHaveCount(0);
  await expect
    .poll(async () => JSON.parse((await kept(page, "hypersentry.layout")) || "{}").layout?.panels["ladder-1"])
    .toMatchObject({ params: { source: "binance-spot" } });
  await page.reload();
  await expect(page.getByTestId("ladder-binance-spot")).toHaveCount(2);
});

test("shows the feeds of both venues", async ({ page, address }) => {
  await openTerminal(page, address);
  await expect(page.getByTestId("connection-hyperliquid")).toContainText("live");
  await expect(page.getByTestId("connection-binance-spot")).toContainText("live");
  await page.getByText("Feeds", { exact: true }).click();
  await expect(page.getByTestId("feeds-summary")).toContainText("streams fresh");
});

test("is one column with tabs in a narrow window, and nothing leaves it", async ({ page, address }) => {
  await page.setViewportSize({ width: 700, height: 900 });
  await openTerminal(page, address);
  await expect(page.getByRole("tab", { name: "Book" })).toHaveAttribute("aria-selected", "true");
  await page.getByRole("tab", { name: "Tape" }).click();
  await expect(page.getByTestId("tape-hyperliquid-0").locator("td").first()).not.toBeEmpty();
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Symbol" })).toBeFocused();
  for (const width of [899, 700, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  }
});
