import { expect, test } from "./gateway";
import { chooseKind, logIn, openDesk, send, showPanel, size } from "./trade";

test("enables orders by themselves only with every bound stated and acknowledged, and ends by itself", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await showPanel(page, "Auto");
  await expect(page.getByTestId("auto")).toContainText("Off.");
  await page.getByRole("button", { name: "Enable for a time" }).click();
  const on = page.getByTestId("auto-on");
  await expect(on).toBeDisabled();
  await page.getByTestId("auto-usd").fill("500");
  await page.getByRole("button", { name: "15 m" }).click();
  await expect(on).toBeDisabled();
  await page.getByText("I know that the server then gives orders").click();
  await expect(page.getByTestId("auto-enable")).toContainText("simulated money");
  await on.click();
  await expect(page.getByTestId("auto-left")).toContainText("for 15 m");
  await expect(page.getByTestId("auto-mark")).toContainText(/AUTO ON 1[45] m/);
  expect(account.auto.requests[0]).toMatchObject({
    on: true,
    minutes: 15,
    symbols: ["BTC"],
    size_usd: "500",
    acknowledge: true,
  });
  const gates = page.getByTestId("auto-BTC");
  await expect(gates).toContainText("1 of 5 hold it back");
  await expect(gates.locator("tr[data-holds=false]")).toContainText("at least 65");
  account.auto.holds = true;
  await page.getByRole("button", { name: "Judge now: BTC" }).click();
  await expect(gates).toContainText("all gates hold");
  expect(account.auto.judged).toBe(1);
  account.auto.untilMs = 0;
  await expect(page.getByTestId("auto")).toContainText("Off.");
  await expect(page.getByTestId("auto-mark")).toHaveText("");
});

test("ends orders by themselves with one button", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await showPanel(page, "Auto");
  await page.getByRole("button", { name: "Enable for a time" }).click();
  await page.getByTestId("auto-usd").fill("500");
  await page.getByText("I know that the server then gives orders").click();
  await page.getByTestId("auto-on").click();
  await page.getByTestId("auto-off").click();
  await expect(page.getByTestId("auto")).toContainText("Off.");
  expect(account.auto.on).toBe(false);
});

test("opens a paper account, marks everything of it PAPER and says how it fills", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live", trading: {} });
  const live = await openDesk(page, mock);
  await expect(page.getByTestId("ticket")).toHaveAttribute("data-practice", "");
  await page.getByTestId("account-mark").click();
  await page.getByTestId("account").getByRole("button", { name: "Open a paper account" }).click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("first try");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("paper-open")).toHaveCount(0);
  await expect(page.getByTestId("paper-mark")).toHaveText("PAPER");
  await expect(page.locator("header.top")).toHaveAttribute("data-practice", "paper");
  await expect(page.locator("select[aria-label=Account]").locator("option:checked")).toHaveText(
    "PAPER first try",
  );
  await size(page, "Market", "0.01");
  await expect(page.getByTestId("ticket-review")).toContainText("PAPER");
  await send(page);
  await expect(page.getByTestId("position-BTC")).toHaveAttribute("data-practice", "paper");
  await showPanel(page, "Fills");
  await expect(page.getByTestId("fills").locator("tbody tr")).toHaveAttribute("data-practice", "paper");
  await showPanel(page, "Balances");
  await expect(page.getByTestId("paper-words")).toContainText("reaches the market after 60 ms");
  await expect(page.getByTestId("paper-words")).toContainText("never at the middle");
  expect(live.exchange.orders.size).toBe(0);
  expect(mock.room.papers[0]?.exchange.orders.size).toBe(1);
  // The account drawer lists it beside the wallet's own, and the account that is traded can be changed there.
  await page.getByTestId("account-mark").click();
  const list = page.getByTestId("account-list");
  await expect(list.getByTestId("account-paper")).toContainText("first try");
  await expect(list.getByTestId("account-paper")).toContainText("PAPER");
  await expect(list.getByTestId("account-paper")).toContainText("traded here");
  await expect(list.getByTestId("account-granted")).toContainText("real");
  await list.getByTestId("account-granted").getByRole("button", { name: "Trade this one" }).click();
  await expect(page.getByTestId("paper-mark")).toHaveCount(0);
  await list.getByTestId("account-paper").getByRole("button", { name: "Trade this one" }).click();
  await expect(page.getByTestId("paper-mark")).toHaveText("PAPER");
  await page.keyboard.press("Escape");
  await page.locator("select[aria-label=Account]").selectOption({ index: 0 });
  await expect(page.getByTestId("paper-mark")).toHaveCount(0);
  await expect(page.getByTestId("ticket-review")).not.toContainText("PAPER");
});

test("opens a paper account for whoever has no account at all", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live", trading: { none: true } });
  await logIn(page, mock);
  await page.keyboard.press("Escape");
  await expect(page.getByText("You have no account here.").first()).toBeVisible();
  await page.getByRole("button", { name: "Open a paper account" }).click();
  await page.getByRole("button", { name: "Open it" }).click();
  await expect(page.getByTestId("paper-mark")).toHaveText("PAPER");
  await size(page, "Market", "0.01");
  await send(page);
  await expect(page.getByTestId("position-BTC")).toHaveAttribute("data-practice", "paper");
  await expect(page.getByRole("button", { name: "Open a paper account" })).toHaveCount(0);
  // Its workspace is the one of anybody with an account.
  await showPanel(page, "Limits");
  await showPanel(page, "Auto");
  await expect(page.getByTestId("auto")).toContainText("Off.");
});

for (const none of [true, false])
  test(`offers no paper account at a server without them to a trader ${none ? "without" : "with"} an account`, async ({
    page,
    startMock,
  }) => {
    const mock = await startMock({ symbols: ["BTC"], mode: "live", trading: { none, noPaper: true } });
    await logIn(page, mock);
    await page.keyboard.press("Escape");
    // Their answer is there once the button for what may be traded is, or the page says that nothing may.
    if (none) {
      await page.keyboard.press("b");
      await expect(page.getByText("You have no account here.").first()).toBeVisible();
    } else await expect(page.getByTestId("ticket")).toBeVisible();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Command" }).fill("paper");
    await expect(page.getByRole("listbox", { name: "Commands" }).getByRole("option")).toHaveCount(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await expect(page.getByTestId("paper-open")).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Open a paper account" })).toHaveCount(0);
  });

test("offers no paper account to whoever does not trade", async ({ page, startMock }) => {
  const auth = { everybody: "viewer" };
  const mock = await startMock({ symbols: ["BTC"], mode: "live", trading: { none: true }, auth });
  await logIn(page, mock);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("paper");
  await expect(page.getByRole("listbox", { name: "Commands" }).getByRole("option")).toHaveCount(0);
  await expect(page.getByTestId("ticket")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Open a paper account" })).toHaveCount(0);
});

test("counts an order against the strategy that the ticket names", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  await chooseKind(page, "Limit");
  await page.getByTestId("ticket-amount").fill("0.01");
  await page.getByTestId("ticket-px").fill("96000");
  await page.getByTestId("ticket-strategy").fill("Break out");
  await expect(page.getByTestId("ticket-missing")).toContainText("1 to 32 of a-z");
  await page.getByTestId("ticket-strategy").fill("breakout");
  await send(page);
  expect(account.orderRequests[0]).toMatchObject({ strategy: "breakout" });
  await showPanel(page, "Orders");
  await expect(page.locator(".leg[data-leg=strategy]")).toHaveText("breakout");
});
