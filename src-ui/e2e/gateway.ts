import { test as base, expect, type Page } from "@playwright/test";
import { MockGateway, type MockOptions } from "./mock/server";

interface Fixtures {
  /** The address under test: the running gateway when one is given, else the mock. */
  readonly address: string;
  /** A mock of its own for faults that no healthy gateway shows. */
  readonly startMock: (options?: MockOptions) => Promise<MockGateway>;
  readonly complaints: string[];
}

export const test = base.extend<Fixtures>({
  address: async ({}, use) => {
    const given = process.env["HYPERSENTRY_URL"];
    if (given !== undefined) return use(given);
    const mock = await MockGateway.start();
    await use(mock.url);
    await mock.stop();
  },
  startMock: async ({}, use) => {
    const started: MockGateway[] = [];
    await use(async (options) => {
      const mock = await MockGateway.start(options);
      started.push(mock);
      return mock;
    });
    for (const mock of started) await mock.stop();
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await use(complaints);
  },
});

export { expect };

export async function openTerminal(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014");
  await expect(page.getByTestId("ladder-hyperliquid-bid-0").locator("td").first()).not.toBeEmpty();
}

/** The mirror's prices of one moment, best first, without their thousands marks. */
export function mirrorPrices(page: Page, source: string): Promise<{ bid: number[]; ask: number[] }> {
  return page.evaluate((venue) => {
    const prices = (side: string): number[] =>
      Array.from({ length: 10 }, (_, index) => {
        const row = document.querySelector(`[data-testid="ladder-${venue}-${side}-${index}"]`);
        return Number((row?.querySelector("td")?.textContent ?? "").replace(/[^0-9.]/g, ""));
      });
    return { bid: prices("bid"), ask: prices("ask") };
  }, source);
}
