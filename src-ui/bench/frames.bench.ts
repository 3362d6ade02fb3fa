import { cpus, loadavg } from "node:os";
import { expect, test } from "@playwright/test";
import { MockGateway } from "../e2e/mock/server";
import { BareBrowser } from "./browser";

const UPDATES_PER_SECOND = 2000;
const SECONDS = 15;

interface Recorded {
  readonly frames: readonly number[];
  readonly size: string;
}

/** Times between animation frames, taken inside the page. */
function recordFrames(ms: number): Promise<Recorded> {
  return new Promise((resolve) => {
    const frames: number[] = [];
    const start = performance.now();
    let last = start;
    const frame = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      if (now - start < ms) requestAnimationFrame(frame);
      else resolve({ frames, size: `${innerWidth}x${innerHeight}` });
    };
    requestAnimationFrame(frame);
  });
}

function textOf(testId: string): string {
  return document.querySelector(`[data-testid="${testId}"]`)?.textContent ?? "";
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

test(`frames at ${UPDATES_PER_SECOND} updates a second`, async () => {
  const mock = await MockGateway.start({ updatesPerSecond: UPDATES_PER_SECOND });
  // The window is taller than the page by the browser's own bars; the page gets 900.
  const browser = await BareBrowser.open(mock.url, 1440, 1043);
  try {
    await expect
      .poll(() => browser.evaluate(textOf, "ladder-hyperliquid-bid-0"), { timeout: 15_000 })
      .toMatch(/\d\.\d/);
    const sentBefore = mock.sent;
    const { frames, size } = await browser.evaluate(recordFrames, SECONDS * 1000);
    const sent = mock.sent - sentBefore;
    const sorted = frames.toSorted((a, b) => a - b);
    const result = {
      window: size,
      updates_per_s: Math.round(sent / SECONDS),
      frames: frames.length,
      fps_mean: round(frames.length / SECONDS),
      fps_median: round(1000 / quantile(sorted, 0.5)),
      frame_p99_ms: round(quantile(sorted, 0.99)),
      frame_longest_ms: round(sorted.at(-1) ?? Number.NaN),
      resyncs: await browser.evaluate(textOf, "resyncs"),
      // A figure from a busy machine says more about the machine.
      load_per_core: round((loadavg()[0] ?? 0) / cpus().length),
    };
    console.log(JSON.stringify(result));
  } finally {
    await browser.close();
    await mock.stop();
  }
});
