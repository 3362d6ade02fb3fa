import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";
import { expect, openCockpit, openTerminal, test } from "./gateway";
import { chooseKind, openDesk, send, showPanel, size } from "./trade";
import { TestWallet } from "./wallet";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Looking at every element of a full workspace takes its time on a busy machine.
test.describe.configure({ timeout: 90_000 });

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

for (const theme of ["dark", "light"] as const)
  test(`has no serious barrier, ${theme}`, async ({ page, address }) => {
    await openTerminal(page, address);
    if (theme === "light") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    expect(await violations(page)).toEqual([]);
  });

for (const [title, plot] of [
  ["OI + funding", "interest-plot"],
  ["Basis", "basis-plot"],
] as const)
  test(`has no serious barrier in a panel behind another: ${title}`, async ({ page, address }) => {
    await openTerminal(page, address);
    await page.getByText(title, { exact: true }).click();
    await expect(page.getByTestId(plot)).toBeAttached();
    expect(await violations(page)).toEqual([]);
  });

test("has no serious barrier in a narrow window", async ({ page, address }) => {
  await page.setViewportSize({ width: 700, height: 900 });
  await openTerminal(page, address);
  expect(await violations(page)).toEqual([]);
});

test("has no serious barrier with the palette open", async ({ page, address }) => {
  await openTerminal(page, address);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Command" })).toBeFocused();
  expect(await violations(page)).toEqual([]);
});

test("has no serious barrier while everything is stale", async ({ page, startMock }) => {
  const mock = await startMock();
  await openTerminal(page, mock.url);
  await mock.stop();
  await expect(page.getByTestId("last-price")).toHaveAttribute("data-state", "stale", { timeout: 15_000 });
  expect(await violations(page)).toEqual([]);
});

for (const theme of ["dark", "light"] as const)
  test(`has no serious barrier in the cockpit, ${theme}`, async ({ page, address }) => {
    await openCockpit(page, address, "BTC");
    if (theme === "light") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await expect(page.getByTestId("why-regime")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("w");
    await expect(page.getByTestId("drawer-value")).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });

test("has no serious barrier in the cockpit while inputs are stale", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  mock.conviction("BTC").silence("regime", "stale");
  mock.conviction("BTC").silence("funding", "missing");
  await page.goto(`${mock.url}alpha`);
  await expect(page.getByTestId("score-fresh")).toHaveText("1 STALE, 1 missing");
  await expect(page.getByTestId("why-regime")).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

for (const theme of ["dark", "light"] as const)
  test(`has no serious barrier in the account, ${theme}`, async ({ page, startMock }) => {
    const wallet = new TestWallet();
    const mock = await startMock({ symbols: ["BTC"], mode: "live", auth: { admins: [wallet.address] } });
    await wallet.install(page);
    await openTerminal(page, mock.url);
    if (theme === "light") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await page.keyboard.press("a");
    wallet.declines = true;
    const logIn = page.getByRole("button", { name: "Log in with Test Wallet" });
    await logIn.click();
    await expect(page.getByTestId("refusal")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    wallet.declines = false;
    await logIn.click();
    await expect(page.getByTestId("account-role")).toHaveText("admin");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("tab", { name: "Agents" }).click();
    await page.getByRole("button", { name: "Make and sign" }).click();
    await expect(page.getByTestId("agent-terminal")).toContainText("approved");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("tab", { name: "Users" }).click();
    await expect(page.getByTestId("users")).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });

for (const theme of ["dark", "light"] as const)
  test(`has no serious barrier where orders are given, ${theme}`, async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"], trading: {} });
    const account = await openDesk(page, mock);
    await page.locator("header.top").click({ position: { x: 500, y: 34 } });
    if (theme === "light") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await size(page, "Market", "0.01");
    await send(page);
    await expect(page.getByTestId("position-BTC")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    account.fault = "lost_ack";
    await size(page, "Limit", "0.01");
    await page.getByTestId("ticket-px").fill("96000.57");
    await page.getByLabel("Bracket").check();
    await page.getByTestId("ticket-stopLoss").fill("95000");
    await page.getByTestId("ticket-review").click();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("ticket-send").click();
    await showPanel(page, "Orders");
    await expect(page.locator(".order-state").first()).toContainText("UNKNOWN");
    expect(await violations(page)).toEqual([]);
    await size(page, "Market", "1");
    await expect(page.getByTestId("preview-refusals")).toBeVisible();
    await page.getByRole("button", { name: "Arm one-click" }).click();
    await page
      .getByRole("button", { name: /^Proof/ })
      .first()
      .click();
    await expect(page.getByTestId("proof-records")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByTestId("kill-button").click();
    await showPanel(page, "Balances");
    await expect(page.getByTestId("balance-equity")).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });

test("has no serious barrier where orders are given in a narrow window", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], trading: {} });
  await openDesk(page, mock);
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByRole("tab", { name: "Ticket" }).click();
  await chooseKind(page, "Scale");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("tab", { name: "Positions" }).click();
  expect(await violations(page)).toEqual([]);
});

for (const theme of ["dark", "light"] as const)
  test(`has no serious barrier in limits, leases and autonomous orders, ${theme}`, async ({
    page,
    startMock,
  }) => {
    const mock = await startMock({ symbols: ["BTC"], trading: {}, auth: { everybody: "admin" } });
    const account = await openDesk(page, mock);
    await page.locator("header.top").click({ position: { x: 500, y: 34 } });
    if (theme === "light") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    account.exchange.nakedFor = 600_000;
    await size(page, "Market", "0.01");
    await page.getByLabel("Bracket").check();
    await page.getByTestId("ticket-stopLoss").fill("95000");
    await send(page);
    await expect(page.getByTestId("naked-alert")).toBeVisible();
    await page.getByRole("button", { name: "Move the stop of BTC" }).click();
    await page.getByTestId("change-trigger").fill("94000");
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await showPanel(page, "Limits");
    await page.getByRole("button", { name: "Change limits: The whole desk" }).click();
    await page.getByTestId("limit-order_usd").fill("90000");
    await page.getByTestId("limits-send").click();
    await expect(page.getByTestId("limits-waits")).toBeVisible();
    await page.getByRole("button", { name: /^Take a lease: Account/ }).click();
    await expect(page.getByTestId("lease-account")).toContainText("this window renews it");
    expect(await violations(page)).toEqual([]);
    const [lease] = mock.room.risk.leases;
    if (lease !== undefined) lease.until_ms = 0;
    await expect(page.getByTestId("lease-account")).toContainText("LAPSED");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: /^Renew the lease/ }).click();
    await showPanel(page, "Auto");
    await page.getByRole("button", { name: "Enable for a time" }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("auto-usd").fill("500");
    await page.getByText("I know that the server then gives orders").click();
    await page.getByTestId("auto-on").click();
    await expect(page.getByTestId("auto-BTC")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("kill-button").click();
    await page.getByRole("button", { name: "the whole desk" }).click();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open a paper account" }).click();
    await page.keyboard.press("Enter");
    await expect(page.getByTestId("paper-mark")).toBeVisible();
    await showPanel(page, "Balances");
    expect(await violations(page)).toEqual([]);
  });
