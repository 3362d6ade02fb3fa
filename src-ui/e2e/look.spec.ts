import { test } from "./gateway";
import { chooseKind, openDesk, showPanel } from "./trade";

test.describe.configure({ timeout: 120_000 });
test("looks", async ({ page, startMock }) => {
  const mock = await startMock({ trading: {} });
  await openDesk(page, mock);
  const shot = (name: string) => page.screenshot({ path: `/tmp/shots/${name}.png` });
  await page.waitForTimeout(1500);
  await shot("1-empty");
  await page.keyboard.press("b");
  await page.keyboard.type("0.01");
  await chooseKind(page, "Market");
  await page.waitForTimeout(800);
  await shot("2-market");
  await page.getByTestId("ticket-review").click();
  await page.waitForTimeout(400);
  await shot("3-review");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(1500);
  await shot("4-filled");
  await chooseKind(page, "Limit");
  await page.keyboard.press("b");
  await page.keyboard.type("0.01");
  await page.getByTestId("ticket-px").fill("97000.57");
  await page.getByLabel("Bracket").check();
  await page.getByTestId("ticket-takeProfit").fill("99000");
  await page.getByTestId("ticket-stopLoss").fill("95000");
  await page.waitForTimeout(800);
  await shot("5-bracket");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(900);
  await showPanel(page, "Orders");
  await page.waitForTimeout(500);
  await shot("6-orders");
  await page
    .getByRole("button", { name: /^Proof/ })
    .first()
    .click();
  await page.waitForTimeout(500);
  await shot("7-proof");
  await page.keyboard.press("Escape");
  await showPanel(page, "Balances");
  await page.getByTestId("kill-button").click();
  await page.waitForTimeout(500);
  await shot("8-kill");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.keyboard.press("t");
  await page.waitForTimeout(900);
  await shot("9-1280");
});
