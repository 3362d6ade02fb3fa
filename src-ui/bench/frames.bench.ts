import { expect, test } from "@playwright/test";
import { MockGateway } from "../e2e/mock/server";

const UPDATES_PER_SECOND = 2000;
const SECONDS = 15;

/** Times between animation frames, taken inside the page. */
function recordFrames(ms: number): Promise<number[]> {
  return new Promise((resolve) => {
    const frames: number[] = [];
    const start = performance.now();
    let last = start;
    const frame = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      if (now - start < ms) requestAnimationFrame(frame);
      else resolve(frames);
    };
    requestAnimationFrame(frame);
  });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

test(`frames at ${UPDATES_PER_SECOND} updates a second`, async ({ page }) => {
  const mock = await MockGateway.start({ updatesPerSecond: UPDATES_PER_SECOND });
  try {
    await page.goto(mock.url);
    await expect(page.getByTestId("ladder-hyperliquid-bid-0").locator("td").first()).not.toBeEmpty();
    const before = mock.sent;
    const frames = await page.evaluate(recordFrames, SECONDS * 1000);
    const sent = mock.sent - before;
    const sorted = frames.toSorted((a, b) => a - b);
    const result = {
      updates_per_s: Math.round(sent / SECONDS),
      frames: frames.length,
      fps_mean: round(frames.length / SECONDS),
      fps_median: round(1000 / quantile(sorted, 0.5)),
      frame_p99_ms: round(quantile(sorted, 0.99)),
      frame_longest_ms: round(sorted.at(-1) ?? Number.NaN),
      gaps: await page.getByTestId("resyncs").textContent(),
    };
    console.log(JSON.stringify(result));
  } finally {
    await mock.stop();
  }
});
