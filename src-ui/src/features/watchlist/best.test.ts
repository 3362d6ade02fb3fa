import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarketView } from "~/stores/market-view";
import { bestView, visibleRows } from "./best";

function view(source: string, ageMs: number | null): MarketView {
  const made = new MarketView(source, "BTC");
  const stamp = { as_of: 10_000, proved_at: 10_000 - (ageMs ?? 0), age_limit_ms: 3000, state: "fresh" };
  const price = ageMs === null ? {} : { price: { ...stamp, v: "1" } };
  made.apply(
    {
      event_type: "agg_update",
      symbol: "BTC",
      ts_ms: 10_000,
      source,
      seq: 1,
      data: { kind: "snapshot", version: 1, now_ms: 10_000, ...price },
    },
    0,
  );
  return made;
}

describe("the source of a row", () => {
  it("is the first with a fresh price, else the first with any, else the first there is", () => {
    const [fresh, stale, silent] = [view("okx", 0), view("bybit", 5000), view("coinbase", null)];
    expect(bestView([null, silent, stale, fresh], 0)).toBe(fresh);
    expect(bestView([silent, stale], 0)).toBe(stale);
    expect(bestView([null, silent], 0)).toBe(silent);
    expect(bestView([null], 0)).toBeNull();
  });
});

describe("the rows of a long list", () => {
  it("cover what is in view and stay few", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(100_000), fc.integer({ min: 0, max: 2000 }), (count, top, height) => {
        const row = 24;
        const scrollTop = Math.min(top, Math.max(0, count * row - height));
        const { from, to } = visibleRows(scrollTop, height, row, count);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(count);
        expect(from * row).toBeLessThanOrEqual(scrollTop);
        expect(to * row).toBeGreaterThanOrEqual(Math.min(count * row, scrollTop + height));
        expect(to - from).toBeLessThanOrEqual(height / row + 18);
      }),
    );
  });
});
