import type { Page } from "@playwright/test";
import { expect, openTerminal, test } from "./gateway";
import { openDesk, send, showPanel, size } from "./trade";

/** What stands in a head or a row of the left column and does not fit: its words, and by how many pixels. */
function cut(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const box of document.querySelectorAll(".head, .watch-row, .conviction-row, .conviction-facts")) {
      const { right, width } = box.getBoundingClientRect();
      for (const part of width === 0 ? [] : box.querySelectorAll<HTMLElement>("*")) {
        const over = part.getBoundingClientRect().right - right;
        const hidden = part.scrollWidth - part.clientWidth;
        if (part.children.length > 0 || part.getBoundingClientRect().width === 0) continue;
        if (over > 0.5) found.push(`${part.textContent} ends ${over} px beyond its ${box.className}`);
        // An inline box has no width of its own, and cuts nothing.
        else if (part.clientWidth > 0 && hidden > 1 && getComputedStyle(part).overflow !== "visible")
          found.push(`${part.textContent} lacks ${hidden} px in its ${box.className}`);
      }
    }
    return found;
  });
}

for (const width of [1024, 1280, 1440]) {
  test(`cuts nothing in the heads of the market's panels at ${width} px`, async ({ page, startMock }) => {
    const mock = await startMock();
    await page.setViewportSize({ width, height: 800 });
    await openTerminal(page, mock.url);
    await expect(page.getByTestId("age-conviction")).not.toBeEmpty();
    expect(await cut(page)).toEqual([]);
  });

  test(`cuts nothing in the heads of an account's panels at ${width} px`, async ({ page, startMock }) => {
    test.setTimeout(120_000);
    const mock = await startMock({ trading: {} });
    await page.setViewportSize({ width, height: 800 });
    await openDesk(page, mock);
    await size(page, "Market", "0.01");
    await send(page);
    await expect(page.getByTestId("position-BTC-size")).toHaveText("0.01000");
    await size(page, "Limit", "0.01");
    await page.getByTestId("ticket-px").fill("96000");
    await send(page);
    await showPanel(page, "Orders");
    await expect(page.getByTestId("orders-open").locator("tbody tr")).toHaveCount(1);
    // A price that lacks its last digit is another price.
    const lacking = await page.getByTestId("orders-open").evaluate((table) =>
      [...table.querySelectorAll("tbody td")].flatMap((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        const [box, words] = [cell.getBoundingClientRect(), range.getBoundingClientRect()];
        // What is left out of a narrow list is in the proof of its order.
        if (cell.textContent === "" || getComputedStyle(cell).fontSize === "0px") return [];
        // Figures are clipped at their own box, which ends where the cell's padding begins.
        const padding = cell.querySelector(".fig") === null ? "0" : getComputedStyle(cell).paddingRight;
        const end = box.right - Number.parseFloat(padding);
        const torn = words.left < box.left - 0.5 || words.right > end + 0.5;
        const top = document.elementFromPoint((words.left + words.right) / 2, (words.top + words.bottom) / 2);
        return torn || !cell.contains(top) ? [cell.textContent] : [];
      }),
    );
    expect(lacking).toEqual([]);
    for (const panel of ["Orders", "Fills", "Balances", "Limits", "Auto", "Venues", "Positions"]) {
      await showPanel(page, panel);
      expect(await cut(page)).toEqual([]);
    }
    for (const panel of ["OI + funding", "Liquidations", "Basis", "Depth"]) {
      await showPanel(page, panel);
      expect(await cut(page)).toEqual([]);
    }
  });
}
