import { expect, test } from "@playwright/test";
import { MockGateway } from "../e2e/mock/server";
import { BareBrowser } from "./browser";

/** How long the page is watched; nothing is judged before it has warmed up. */
const MINUTES = Number(process.env["HYPERSENTRY_HEAP_MINUTES"] ?? 10);
const EVERY_MS = 30_000;

interface Sample {
  readonly seconds: number;
  readonly heapMb: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly residentMb: number | null;
}

interface Metrics {
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

interface DomCounters {
  readonly nodes: number;
  readonly jsEventListeners: number;
}

function textOf(testId: string): string {
  return document.querySelector(`[data-testid="${testId}"]`)?.textContent ?? "";
}

async function sample(browser: BareBrowser, startedAt: number): Promise<Sample> {
  // Twice: what the first round's finalizers let go is gone after the second.
  await browser.send("HeapProfiler.collectGarbage");
  await browser.send("HeapProfiler.collectGarbage");
  const { metrics } = await browser.send<Metrics>("Performance.getMetrics");
  const { nodes, jsEventListeners } = await browser.send<DomCounters>("Memory.getDOMCounters");
  const used = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  const resident = await browser.residentBytes();
  return {
    seconds: Math.round((performance.now() - startedAt) / 1000),
    heapMb: used / 2 ** 20,
    nodes,
    listeners: jsEventListeners,
    residentMb: resident === null ? null : resident / 2 ** 20,
  };
}

test(`what the page holds over ${MINUTES} minutes`, async () => {
  test.setTimeout((MINUTES + 2) * 60_000);
  const given = process.env["HYPERSENTRY_URL"];
  const mock = given === undefined ? await MockGateway.start() : null;
  const browser = await BareBrowser.open(given ?? mock?.url ?? "", 1440, 1043);
  try {
    await expect
      .poll(() => browser.evaluate(textOf, "ladder-hyperliquid-bid-0"), { timeout: 30_000 })
      .toMatch(/\d\.\d/);
    await browser.send("Performance.enable");
    const startedAt = performance.now();
    const samples: Sample[] = [];
    console.log("seconds  heap after GC MB  nodes  listeners  resident MB");
    while (performance.now() - startedAt < MINUTES * 60_000) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const found = await sample(browser, startedAt);
      samples.push(found);
      const { seconds, heapMb, nodes, listeners, residentMb } = found;
      console.log(
        `${String(seconds).padStart(7)}  ${heapMb.toFixed(2).padStart(16)}  ${String(nodes).padStart(5)}  ${String(listeners).padStart(9)}  ${(residentMb?.toFixed(1) ?? "unknown").padStart(11)}`,
      );
    }
    expect(samples.length).toBeGreaterThan(0);
  } finally {
    await browser.close();
    await mock?.stop();
  }
});
