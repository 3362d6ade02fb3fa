import { expect, test } from "./gateway";
import { openDesk, send, showPanel, size } from "./trade";

const ISOLATED_5 = "Isolated 5\u00d7";

test("sets kind of margin and leverage from the keyboard, and gives the focus back", async ({
  page,
  startMock,
  complaints,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  const mode = page.getByTestId("margin-mode");
  // Said before anything is typed that could be previewed.
  await expect(mode).toHaveText("Cross 20\u00d7");
  await mode.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("margin-leverage")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("margin-form")).toHaveCount(0);
  await expect(mode).toBeFocused();
  await page.keyboard.press("l");
  await page.getByTestId("margin-form").getByRole("button", { name: "Isolated" }).click();
  await page.getByTestId("margin-leverage").fill("5");
  await expect(page.getByTestId("margin-slider")).toHaveValue("5");
  await page.getByTestId("margin-leverage").press("Enter");
  await expect(page.getByTestId("margin-form")).toHaveCount(0);
  await expect(mode).toHaveText(ISOLATED_5);
  await expect(mode).toBeFocused();
  await expect(page.getByTestId("margin-said")).toContainText("The venue has it: Isolated 5\u00d7.");
  expect(account.margins.requests).toHaveLength(1);
  expect(account.margins.requests[0]).toMatchObject({ symbol: "BTC", leverage: 5, margin: "isolated" });
  // The ticket's own Enter is not that of the form.
  expect(account.orderRequests).toHaveLength(0);
  expect(complaints).toEqual([]);
});

test("the preview's liquidation price follows the leverage that was set", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await size(page, "Market", "0.01");
  const liquidation = page.getByTestId("preview-liq-price");
  await expect(liquidation).not.toHaveText("\u2014");
  const shared = await liquidation.textContent();
  await page.getByTestId("margin-mode").click();
  await page.getByTestId("margin-form").getByRole("button", { name: "Isolated" }).click();
  await page.getByTestId("margin-leverage").fill("10");
  await page.getByTestId("margin-apply").click();
  await expect(page.getByTestId("margin-mode")).toHaveText("Isolated 10\u00d7");
  await expect(liquidation).not.toHaveText(shared ?? "");
});

test("waits for the venue's proof and says so, also while the form is closed", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.margins.delayMs = 2500;
  await page.getByTestId("margin-mode").click();
  await page.getByTestId("margin-leverage").fill("7");
  await page.getByTestId("margin-leverage").press("Enter");
  await expect(page.getByTestId("margin-said")).toContainText("waiting for the venue\u2019s proof");
  await page.getByTestId("margin-leverage").press("Enter");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("margin-form")).toHaveCount(0);
  await expect(page.getByTestId("margin-mode")).toHaveAttribute("aria-busy", "true");
  await expect(page.getByTestId("margin-mode")).toHaveText("Cross 7\u00d7");
  expect(account.margins.requests).toHaveLength(1);
});

test("says what the venue refused, and asks again under the same key after a lost answer", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.margins.refusal = "Cannot switch leverage type with open orders";
  await page.getByTestId("margin-mode").click();
  await page.getByTestId("margin-leverage").fill("3");
  await page.getByTestId("margin-apply").click();
  const said = page.getByTestId("margin-said");
  await expect(said).toContainText("The venue did not make the change.");
  await expect(said).toContainText("Cannot switch leverage type with open orders.");
  account.fault = "lost_answer";
  await page.getByTestId("margin-apply").click();
  await expect(said).toContainText("The answer was lost: it may have been done.");
  await expect(page.getByTestId("margin-apply")).toContainText("Ask again");
  await page.getByTestId("margin-apply").click();
  await expect(page.getByTestId("margin-mode")).toHaveText("Cross 3\u00d7");
  const [refused, lost, again] = account.margins.requests;
  expect(again).toEqual(lost);
  expect(refused?.["key"]).not.toBe(lost?.["key"]);
});

test("offers no shared margin where there is none", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.margins.onlyIsolated.add("BTC");
  await size(page, "Market", "0.01");
  await expect(page.getByTestId("margin-mode")).toHaveText("Isolated 20\u00d7");
  await page.getByTestId("margin-mode").click();
  const kinds = page.getByRole("group", { name: "Kind of margin" }).getByRole("button");
  await expect(kinds).toHaveText(["Isolated"]);
  await page.getByTestId("margin-leverage").fill("99");
  await expect(page.getByTestId("margin-form")).toContainText("a whole number from 1 to 40");
  await expect(page.getByTestId("margin-apply")).toBeDisabled();
});

test("says nothing of margin where the server cannot set it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: { older: true } });
  await openDesk(page, mock);
  await size(page, "Market", "0.01");
  await expect(page.getByTestId("preview-margin")).not.toHaveText("\u2014");
  await expect(page.getByTestId("margin-mode")).toHaveCount(0);
});

test("moves margin into an isolated position, and out of it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  const account = await openDesk(page, mock);
  account.margins.modes.set("BTC", { margin: "isolated", leverage: 5 });
  await size(page, "Market", "0.01");
  await send(page);
  await showPanel(page, "Positions");
  const row = page.getByTestId("position-BTC");
  await expect(row).toContainText("5\u00d7 isolated");
  // Its kind stays as long as it is open.
  await page.getByTestId("margin-mode").click();
  await expect(page.getByTestId("margin-form").getByRole("button", { name: "Cross" })).toBeDisabled();
  await page.keyboard.press("Escape");
  const used = page.getByTestId("position-BTC-margin-used");
  const dollars = async (): Promise<number> =>
    Number(((await used.textContent()) ?? "").replaceAll(/[^0-9.]/g, ""));
  const before = await dollars();
  const open = row.getByRole("button", { name: "Move margin of BTC" });
  await open.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("margin-usd")).toBeFocused();
  await page.keyboard.type("50");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("margin-move-said")).toContainText("The venue has it: $50 more margin.");
  await expect.poll(dollars).toBeGreaterThan(before + 40);
  await expect(page.getByTestId("margin-usd")).toHaveValue("");
  await page.getByTestId("margin-move").getByRole("button", { name: "Remove" }).click();
  await page.getByTestId("margin-usd").fill("20");
  await page.getByTestId("margin-send").click();
  await expect(page.getByTestId("margin-move-said")).toContainText("$20 less margin");
  await page.keyboard.press("Escape");
  await expect(open).toBeFocused();
  expect(account.margins.requests.map(({ usd }) => usd)).toEqual(["50", "-20"]);
});
