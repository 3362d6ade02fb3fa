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
      // A refusal is an answer of the trading routes, of which the browser complains by itself.
      if (/\/(trading|audit\/order|risk|alpha\/autonomous)\//.test(message.location().url)) return;
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await use(complaints);
  },
});

export { expect };

/** Figures are on the screen, so that the page has drawn and listens to keys. */
async function terminalDrawn(page: Page): Promise<void> {
  await expect(page.getByTestId("last-price")).not.toHaveText("\u2014", { timeout: 20_000 });
  await expect(page.getByTestId("ladder-hyperliquid-bid-0").locator("td").first()).not.toBeEmpty();
}

export async function openTerminal(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await terminalDrawn(page);
}

export async function reloadTerminal(page: Page): Promise<void> {
  await page.reload();
  await terminalDrawn(page);
}

export async function openCockpit(page: Page, address: string, symbol: string): Promise<void> {
  await page.goto(new URL(`/alpha?symbol=${symbol}`, address).href);
  await expect(page.getByTestId("score-shown")).not.toHaveText("\u2014", { timeout: 20_000 });
}

/** Presses the strokes of one action without a pause: a slow machine must not turn them into several actions. */
export async function strike(page: Page, ...strokes: readonly string[]): Promise<void> {
  await Promise.all(strokes.map((stroke) => page.keyboard.press(stroke)));
}

/** Every text that an element shows from now on, so that a state which passes by is not missed. */
export async function recordTexts(page: Page, testId: string): Promise<() => Promise<readonly string[]>> {
  const handle = await page.getByTestId(testId).evaluateHandle((element) => {
    const texts = [element.textContent ?? ""];
    const observer = new MutationObserver(() => texts.push(element.textContent ?? ""));
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    return texts;
  });
  return () => handle.jsonValue();
}

/** What the page keeps over a reload under this name. */
export function kept(page: Page, name: string): Promise<string> {
  return page.evaluate((key) => localStorage.getItem(key) ?? "", name);
}

/** The mirror's prices of one moment, best first, without their thousands marks. */
export function mirrorPrices(page: Page, source: string): Promise<{ bid: number[]; ask: number[] }> {
  return page.evaluate((venue) => {
    const prices = (side: string): number[] =>
      Array.from({ length: 10 }, (_, index) => {
        const row = document.querySelector(`[data-testid="ladder-${venue}-${side}-${index}"]`);
        return Number((row?.querySelector("td")?.textContent ?? "").replace(/[^0-9.]/g, ""));
        // A thin book fills fewer rows, and a row without a price has none.
      }).filter((px) => px > 0);
    return { bid: prices("bid"), ask: prices("ask") };
  }, source);
}
