import { expect, openTerminal, test } from "./gateway";
import { pretendDesktop } from "./shell";

test("the app's window goes to a team server, and logs in there", async ({ page, startMock, complaints }) => {
  test.slow();
  const mock = await startMock({ symbols: ["BTC"], mode: "live" });
  await pretendDesktop(page, mock.url, { server: null });
  await openTerminal(page, mock.url);
  await expect(page.getByTestId("team-mark")).toHaveCount(0);
  await expect(page.getByTestId("team-button")).toHaveText("own engine");
  await page.keyboard.press("a");
  const tabs = page.getByTestId("account").getByRole("tab");
  await expect(tabs).toHaveText(["Agents", "Team server", "Connection"]);
  await page.getByRole("tab", { name: "Team server" }).click();
  const address = page.getByRole("textbox", { name: "Address" });
  await address.fill("http://desk.example");
  await address.press("Enter");
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "team_address_insecure");
  await expect(page.getByTestId("refusal")).toContainText("Use the server's https address");
  await address.fill("https://desk.example");
  await address.press("Enter");
  // The page begins anew, at the login.
  await expect(page.getByTestId("team-mark")).toHaveText("TEAM desk.example");
  await expect(page.getByTestId("link")).toHaveText(/^desk\.example [\d.]+ ms$/);
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  await expect(tabs).toHaveText(["Log in", "Team server", "Connection"]);
  await page.getByRole("button", { name: "Show its address" }).click();
  await expect(page.getByTestId("account")).toContainText("0x71C7656EC7ab88b098defB751B7401B5f6d8976F");
  await page.getByRole("button", { name: "Log in with this computer" }).click();
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "user_unknown");
  await page.getByRole("button", { name: "Log in with a wallet in the browser" }).click();
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "sign_in_timeout");
  expect(complaints).toEqual([]);
});

test("names the server everywhere, and goes back to the app's own engine", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"], mode: "live" });
  await pretendDesktop(page, mock.url, { server: "https://desk.example" });
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await page.getByRole("tab", { name: "Connection" }).click();
  await expect(page.getByTestId("connection-server")).toHaveText("team server https://desk.example, live");
  await page.getByRole("tab", { name: "Team server" }).click();
  await expect(page.getByTestId("team-session")).toContainText("not logged in");
  await expect(page.getByTestId("team-link")).toHaveText(/^open for/);
  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.getByTestId("team-button")).toHaveText("own engine");
  await expect(page.getByTestId("team-mark")).toHaveCount(0);
  await expect(page.getByTestId("account")).toContainText("The engine of this app serves this window");
});

test("says that a session lasts for the run where no keychain keeps it", async ({ page, startMock }) => {
  const mock = await startMock({ symbols: ["BTC"] });
  const keychain = "the system's keychain cannot be used: no such service";
  await pretendDesktop(page, mock.url, { server: "https://desk.example", signedIn: true, keychain });
  await openTerminal(page, mock.url);
  await page.keyboard.press("a");
  await page.getByRole("tab", { name: "Team server" }).click();
  await expect(page.getByTestId("refusal")).toHaveAttribute("data-code", "keychain_unavailable");
  await expect(page.getByTestId("refusal")).toContainText(
    "Until then a session lasts until the app is closed",
  );
  await expect(page.getByTestId("team-session")).toContainText("until the app is closed");
});
