import { expect, test } from "./gateway";
import { openDesk, send, size } from "./trade";

for (const width of [1024, 1280, 1440]) {
  test(`gives the readout a place that no label of an own order can reach at ${width} px`, async ({
    page,
    startMock,
  }) => {
    const mock = await startMock({ symbols: ["BTC"], trading: {} });
    await page.setViewportSize({ width, height: 768 });
    await openDesk(page, mock);
    await size(page, "Limit", "0.01");
    await page.getByTestId("ticket-px").fill("96000");
    await send(page);
    await expect(page.getByTestId("result")).toContainText("resting");
    const readout = page.getByTestId("chart-readout");
    const chart = page.getByTestId("chart-hyperliquid");
    const place = async () => {
      const [words, picture] = await Promise.all([readout.boundingBox(), chart.boundingBox()]);
      if (words === null || picture === null) throw new Error("nothing is drawn");
      return { words, picture };
    };
    const { words, picture } = await place();
    expect(picture.y).toBeGreaterThanOrEqual(words.y + words.height);
    // Nothing of it is cut, and figures that change move nothing.
    const lacks = await readout.evaluate((element) => element.scrollHeight - element.clientHeight);
    expect(lacks).toBeLessThanOrEqual(0);
    await page.mouse.move(picture.x + picture.width / 3, picture.y + picture.height / 2);
    // The candle under the crosshair has closed.
    await expect(readout.locator(".readout-age")).toHaveText(/^closed/);
    expect(await place()).toEqual({ words, picture });
    expect(
      await readout.evaluate((element) => element.scrollHeight - element.clientHeight),
    ).toBeLessThanOrEqual(0);
  });
}
