import type { Page } from "@playwright/test";
import { expect, openTerminal, reloadTerminal, strike, test } from "./gateway";
import { TestWallet } from "./wallet";

const mark = (page: Page) => page.getByTestId("account-mark");
const refusal = (page: Page) => page.getByTestId("refusal");

async function logIn(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Log in with Test Wallet" }).click();
}

test("logs in with a browser wallet, sees two facts, and logs out", async ({ page, address, complaints }) => {
  const wallet = new TestWallet();
  await wallet.install(page);
  await openTerminal(page, address);
  await expect(mark(page)).toHaveText("Log in");
  await page.keyboard.press("a");
  await expect(page.getByTestId("account")).toBeFocused();
  await logIn(page);
  await expect(mark(page)).toHaveAttribute("data-state", "in");
  await expect(page.getByTestId("account")).toContainText(wallet.address);
  await expect(page.getByTestId("session-authenticated")).toContainText("authenticated");
  // In practice nobody has to approve a key.
  await expect(page.getByTestId("agent-ready")).toContainText("not needed");
  expect(wallet.asked).toEqual(["eth_requestAccounts", "eth_chainId", "personal_sign"]);
  await page.reload();
  await expect(mark(page)).toHaveAttribute("data-state", "in");
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  // No script of the page can read what the session is.
  expect(
    await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })),
  ).not.toMatch(/hs_session|hs_login|csrf/);
  await mark(page).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(mark(page)).toHaveText("Log in");
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open");
  expect(complaints).toEqual([]);
});

test("says that no wallet is there, and finds one that comes later", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await expect(refusal(page)).toHaveAttribute("data-code", "no_wallet");
  await page.evaluate(() => {
    Object.assign(window, { ethereum: { request: () => Promise.resolve([]) } });
  });
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByRole("button", { name: "Log in with Browser wallet" }).click();
  await expect(refusal(page)).toHaveAttribute("data-code", "wallet_locked");
});

test.describe("refuses", () => {
  test("a wallet on another chain, and takes it on the right one", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    const wallet = new TestWallet();
    wallet.chain = 137;
    await wallet.install(page);
    await openTerminal(page, mock.url);
    await page.keyboard.press("a");
    await logIn(page);
    await expect(refusal(page)).toHaveAttribute("data-code", "chain_not_allowed");
    expect(wallet.asked).not.toContain("personal_sign");
    await page.getByRole("button", { name: "Switch to Arbitrum One and log in" }).click();
    await expect(mark(page)).toHaveAttribute("data-state", "in");
    expect(wallet.chain).toBe(42_161);
  });

  test("a message of another domain, which is not signed", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    mock.auth.domain = "hypersentry.example";
    const wallet = new TestWallet();
    await wallet.install(page);
    await openTerminal(page, mock.url);
    await page.keyboard.press("a");
    await logIn(page);
    await expect(refusal(page)).toHaveAttribute("data-code", "domain_mismatch");
    await expect(refusal(page)).toContainText("Do not sign it");
    expect(wallet.asked).not.toContain("personal_sign");
  });

  test("a message that was signed too late, and takes the next", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"], auth: { nonceMs: 0 } });
    await new TestWallet().install(page);
    await openTerminal(page, mock.url);
    await page.keyboard.press("a");
    await logIn(page);
    await expect(refusal(page)).toHaveAttribute("data-code", "nonce_expired");
    mock.auth.nonceMs = 60_000;
    await logIn(page);
    await expect(mark(page)).toHaveAttribute("data-state", "in");
    await expect(refusal(page)).toHaveCount(0);
  });

  test("nothing by itself when the user declines", async ({ page, startMock }) => {
    const mock = await startMock({ symbols: ["BTC"] });
    const wallet = new TestWallet();
    wallet.declines = true;
    await wallet.install(page);
    await openTerminal(page, mock.url);
    await page.keyboard.press("a");
    await logIn(page);
    await expect(refusal(page)).toHaveAttribute("data-code", "wallet_declined");
    await expect(mark(page)).toHaveText("Log in");
  });
});

test("a session that ends while somebody watches leaves the market", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  await new TestWallet().install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await logIn(page);
  await expect(mark(page)).toHaveAttribute("data-state", "in");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("account")).toBeHidden();
  for (const session of mock.auth.sessions) session.expiresMs = Date.now();
  await expect(mark(page)).toHaveText("session expired: log in");
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open");
  await expect(page.getByTestId("age-ladder-hyperliquid")).not.toHaveText(/STALE|held/);
  await mark(page).click();
  await expect(refusal(page)).toHaveAttribute("data-code", "session_expired");
  await logIn(page);
  await expect(mark(page)).toHaveAttribute("data-state", "in");
});

test("a session is revoked from another window", async ({ page, context, address }) => {
  const wallet = new TestWallet();
  await wallet.install(page);
  await openTerminal(page, address);
  await page.keyboard.press("a");
  await logIn(page);
  await expect(mark(page)).toHaveAttribute("data-state", "in");
  // Another browser of the same user, with cookies of its own.
  const browser = context.browser();
  if (browser === null) throw new Error("no browser");
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await wallet.install(other);
  await openTerminal(other, address);
  await other.keyboard.press("a");
  await logIn(other);
  await other.getByRole("tab", { name: "Sessions" }).click();
  const rows = other.getByTestId("sessions").locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: "this one" })).toHaveCount(1);
  await rows.getByRole("button", { name: "Revoke" }).click();
  await expect(rows).toHaveCount(1);
  await expect(other.getByText("You are logged in nowhere else.")).toBeVisible();
  await expect(mark(page)).toHaveText("session revoked: log in");
  await expect(refusal(page)).toHaveAttribute("data-code", "session_revoked");
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open");
  await elsewhere.close();
});

test("a server that shows nothing without a login asks for it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], auth: { login: "required" } });
  await new TestWallet().install(page);
  await page.goto(mock.url);
  await expect(page.getByTestId("account")).toBeVisible();
  await expect(page.getByTestId("link")).toContainText("this server shows nothing without a login");
  await logIn(page);
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "open");
});

test("makes, approves, renews and revokes an agent, and warns before its end", async ({
  page,
  startMock,
}) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live" });
  await new TestWallet().install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await logIn(page);
  await page.getByRole("tab", { name: "Agents" }).click();
  await expect(page.getByTestId("agent-mark")).toHaveText("no agent");
  await page.getByRole("textbox", { name: "Name" }).fill("desk-1");
  await page.getByRole("spinbutton", { name: "Days" }).fill("30");
  await page.getByRole("button", { name: "Make and sign" }).click();
  const row = page.getByTestId("agent-desk-1");
  await expect(row).toContainText("approved");
  await expect(page.getByTestId("agent-mark")).toHaveText(/^agent (30|29) d$/);
  await expect(page.getByTestId("agent-mark")).toHaveAttribute("data-warning", "none");
  await row.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText(/^The venue lists desk-1 until \d+ \w+ \d{4}\.$/)).toBeVisible();
  for (const [days, warning] of [
    [13.5, "soon"],
    [2.9, "near"],
    [0.9, "last"],
  ] as const) {
    for (const agent of mock.auth.agents.all) agent.expires_ms = Date.now() + days * 86_400_000;
    await page.getByRole("tab", { name: "Account" }).click();
    await page.getByRole("tab", { name: "Agents" }).click();
    await expect(page.getByTestId("agent-mark")).toHaveAttribute("data-warning", warning);
    await expect(row.locator("[data-warning]")).toHaveAttribute("data-warning", warning);
  }
  await row.getByRole("button", { name: "Renew" }).click();
  await expect(row.filter({ hasText: "revoked" })).toHaveCount(1);
  await expect(row.filter({ hasText: "approved" })).toHaveCount(1);
  await row.getByRole("button", { name: "Revoke" }).click();
  await expect(row.filter({ hasText: "revoked" })).toHaveCount(2);
  await expect(page.getByTestId("agent-mark")).toHaveText("no agent");
});

test("an administrator gives roles and grants, and cannot lock everybody out", async ({
  page,
  startMock,
}) => {
  const wallet = new TestWallet();
  const mock = await startMock({ symbols: ["BTC"], auth: { admins: [wallet.address] } });
  await wallet.install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await logIn(page);
  await page.getByRole("tab", { name: "Users" }).click();
  await page.getByRole("combobox", { name: `Role of ${wallet.address}` }).selectOption("viewer");
  await expect(refusal(page)).toHaveAttribute("data-code", "last_admin");
  const invite = page.getByRole("form", { name: "Invite a user" });
  await invite.getByRole("textbox", { name: "Wallet" }).fill(new TestWallet().address);
  await invite.getByRole("textbox", { name: "Name" }).fill("Ada");
  await invite.getByRole("button", { name: "Invite" }).click();
  await page.getByRole("combobox", { name: "Role of Ada" }).selectOption("risk_manager");
  await expect(page.getByTestId("user-Ada").getByRole("combobox")).toHaveValue("risk_manager");
  await expect.poll(() => mock.auth.users.find(({ name }) => name === "Ada")?.role).toBe("risk_manager");
  const grant = page.getByRole("form", { name: "Grant an account" });
  await grant.getByRole("combobox", { name: "User" }).selectOption({ label: "Ada" });
  await grant.getByRole("textbox", { name: "Account" }).fill(wallet.address);
  await grant.getByRole("checkbox", { name: "manage risk" }).check();
  await grant.getByRole("button", { name: "Grant" }).click();
  await expect(page.getByTestId("grants")).toContainText("view, manage risk");
  await page.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByTestId("grants")).toHaveCount(0);
  await page.getByTestId("user-Ada").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByTestId("user-Ada").getByRole("button", { name: "Enable" })).toBeVisible();
});

test("an administrator reads who changed what, and others are not offered it", async ({
  page,
  startMock,
}) => {
  const wallet = new TestWallet();
  const mock = await startMock({ symbols: ["BTC"], auth: { admins: [wallet.address] } });
  await wallet.install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await logIn(page);
  await page.getByRole("tab", { name: "Audit" }).click();
  await expect(page.getByText("Nothing was changed yet.")).toBeVisible();
  const me = mock.auth.users.find(({ address }) => address === wallet.address);
  if (me === undefined) throw new Error("nobody is logged in");
  const ada = mock.auth.add(new TestWallet().address, "Ada", "viewer");
  mock.auth.note(me, "user_added", ada.id, "viewer Ada");
  for (let n = 0; n < 100; n += 1) mock.auth.note(me, "role_set", ada.id, n % 2 === 0 ? "trader" : "viewer");
  await page.getByRole("button", { name: "Read again" }).click();
  const rows = page.getByTestId("audit").locator("tbody tr");
  await expect(rows).toHaveCount(101);
  await expect(rows.first()).toContainText("role set");
  await expect(rows.first()).toContainText("viewer");
  await expect(rows.last()).toContainText("user added");
  me.role = "viewer";
  await reloadTerminal(page);
  await page.keyboard.press("a");
  await expect(page.getByTestId("account-role")).toHaveText("viewer");
  await expect(page.getByRole("tab", { name: "Audit" })).toHaveCount(0);
  // Only an app can choose its server: a page has the one that it came from.
  await expect(page.getByRole("tab", { name: "Team server" })).toHaveCount(0);
});

test("an owner shares the own account with another user, by id", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  const ada = mock.auth.add(new TestWallet().address, "Ada", "viewer");
  await new TestWallet().install(page);
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await logIn(page);
  const share = page.getByRole("form", { name: "Grant an account" });
  await share.getByRole("textbox", { name: "User" }).fill("nobody");
  await share.getByRole("button", { name: "Share" }).click();
  await expect(refusal(page)).toHaveAttribute("data-code", "user_not_found");
  await share.getByRole("textbox", { name: "User" }).fill(ada.id);
  await share.getByRole("button", { name: "Share" }).click();
  await expect(page.getByTestId("grants")).toContainText(ada.id);
  await expect(refusal(page)).toHaveCount(0);
  expect(mock.auth.grants).toMatchObject([{ user: ada.id, grants: ["view"] }]);
});

test("tells how good the connection is", async ({ page, address }) => {
  await openTerminal(page, address);
  await page.keyboard.press("a");
  await page.getByRole("tab", { name: "Connection" }).click();
  await expect(page.getByTestId("connection-trips")).toHaveText(/\d ms, 95 % within [\d.]+ ms, worst/);
  await expect(page.getByTestId("connection-link")).toHaveText(/^open for/);
  await expect(page.getByTestId("connection-losses")).toHaveText("0 times since this window opened");
  await strike(page, "Escape");
  await expect(page.getByTestId("account")).toBeHidden();
});

test("stays within a narrow window, with the way in and out in reach", async ({ page, startMock }) => {
  const wallet = new TestWallet();
  const mock = await startMock({ symbols: ["BTC"], auth: { admins: [wallet.address] } });
  await wallet.install(page);
  await page.setViewportSize({ width: 390, height: 800 });
  await openTerminal(page, mock.url);
  await mark(page).click();
  await logIn(page);
  await expect(page.getByTestId("account-role")).toHaveText("admin");
  await expect(mark(page)).toBeInViewport({ ratio: 1 });
  for (const tab of ["Sessions", "Agents", "Users", "Audit", "Connection", "Account"]) {
    await page.getByRole("tab", { name: tab }).click();
    const body = page.locator(".account-body");
    await expect(body.locator("section").first()).toBeVisible();
    if (tab === "Agents") await expect(page.getByTestId("agents-practice")).toBeVisible();
    expect(await body.evaluate((box) => box.scrollWidth - box.clientWidth)).toBeLessThanOrEqual(0);
  }
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(page.getByTestId("account")).toBeHidden();
});
