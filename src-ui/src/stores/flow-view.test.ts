import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asCoverage, coverageText, gradeOf } from "./coverage";
import { FlowView } from "./flow-view";
import { LIQUIDATIONS_KEPT, LiquidationDesk } from "./liquidations";
import { qualityWords } from "./rows";
import { SampleRing, SAMPLES_KEPT } from "./samples";

const STAMP = { as_of: 90, proved_at: 95, age_limit_ms: 5000, state: "fresh" };
const WHOLE = { verified: 1, unverified: 0, missing: 0 };

describe("coverage", () => {
  it("is in words that never round up to the whole", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (parts) => {
        const coverage = { verified: 1 - parts / 10_000, unverified: 0, missing: parts / 10_000 };
        const text = coverageText(coverage);
        expect(text === "100 %").toBe(parts === 0);
        expect(gradeOf(coverage)).toBe(parts === 0 ? "whole" : parts === 10_000 ? "none" : "partial");
      }),
    );
  });
  it("names what nobody can verify", () => {
    expect(coverageText({ verified: 0, unverified: 0.994, missing: 0.006 })).toBe("99.4 % unv.");
    expect(coverageText(null)).toBe("\u2014");
  });
  it.each([null, {}, { verified: 2, unverified: 0, missing: 0 }, { verified: "1" }])(
    "is refused as %j",
    (value) => expect(asCoverage(value)).toBeNull(),
  );
});

describe("a window", () => {
  const window = (body: object) => ({ cvd_venue: { window_ms: 300_000, coverage: WHOLE, ...body } });
  it("is held with its coverage and its stamp", () => {
    const flow = new FlowView("okx");
    expect(flow.take(window({ ...STAMP, v: "-12.5" }), 100, 0)).toBe(0);
    const read = flow.window("cvd_venue")?.draw(0, ({ usd, coverage }, { ageMs }) => [usd, coverage, ageMs]);
    expect(read).toEqual(["-12.5", WHOLE, 5]);
  });
  it("that goes missing keeps its coverage and loses its value", () => {
    const flow = new FlowView("okx");
    flow.take(window({ ...STAMP, v: "1" }), 100, 0);
    const coverage = { verified: 0, unverified: 0, missing: 1 };
    flow.take(window({ state: "missing", age_limit_ms: 5000, coverage }), 100, 0);
    expect(flow.window("cvd_venue")).toBeNull();
    expect(flow.coverage("cvd_venue")).toEqual(coverage);
  });
  it("without coverage is refused: the sum alone says nothing", () => {
    const flow = new FlowView("okx");
    expect(flow.take(window({ ...STAMP, v: "1", coverage: undefined }), 100, 0)).toBe(1);
    expect(flow.window("cvd_venue")).toBeNull();
  });
});

describe("composites, walls and quality", () => {
  it("keep a part that is missing, with its weight", () => {
    const flow = new FlowView("composite");
    flow.take(
      {
        oi_source: [
          { source: "hyperliquid", weight: "0.4", v: "10", ...STAMP },
          { source: "binance-usdm", weight: "0.6", state: "missing", age_limit_ms: 1 },
        ],
      },
      100,
      0,
    );
    expect(flow.parts("oi_source").map(({ source, weight, usd }) => [source, weight, usd === null])).toEqual([
      ["hyperliquid", "0.4", false],
      ["binance-usdm", "0.6", true],
    ]);
  });
  it("take walls that can be read and leave out the others", () => {
    const flow = new FlowView("okx");
    const wall = { px: "10", sz: "3", times_median: "8", since_ms: 5 };
    flow.take({ walls: { ...STAMP, bids: [wall, { px: "x" }], asks: [] } }, 100, 0);
    expect(flow.walls?.draw(0, ({ bids, asks }) => [bids.length, asks.length])).toEqual([1, 0]);
  });
  it("say in words what is wrong, and nothing when nothing is", () => {
    const flow = new FlowView("okx");
    expect(qualityWords(flow.quality)).toBe("");
    flow.take({ quality: { degraded: ["trades"], quarantined: 2, outliers: 9, missing_s: {} } }, 0, 0);
    expect(qualityWords(flow.quality)).toBe("degraded: trades \u00b7 2 held back");
    flow.take({ quality: { degraded: [], quarantined: 0, outliers: 9, missing_s: {} } }, 0, 0);
    expect(qualityWords(flow.quality)).toBe("");
  });
});

describe("liquidations", () => {
  const batch = (seq: number, rows: number) => ({
    event_type: "liquidation_batch",
    symbol: "BTC",
    ts_ms: 100,
    source: "bybit",
    seq,
    data: {
      now_ms: 100,
      feed_coverage: "all",
      dropped: 1,
      rows: Array.from({ length: rows }, (_, index) => ({
        ts_ms: seq * 1000 + index,
        liquidated: "long",
        px: "1",
        px_kind: "fill",
        sz: "1",
        notional_usd: "1",
      })),
      sums: [{ window_ms: 60_000, long_usd: "3", short_usd: "0", count: 3, coverage: WHOLE }],
      ...STAMP,
    },
  });
  it("are kept up to their bound, each batch once", () => {
    const desk = new LiquidationDesk();
    desk.take(batch(1, 10), 0);
    desk.take(batch(1, 10), 0);
    expect(desk.feed("bybit", "BTC")?.events.length).toBe(10);
    desk.take(batch(2, LIQUIDATIONS_KEPT), 0);
    const feed = desk.feed("bybit", "BTC");
    expect([feed?.events.length, feed?.events[0]?.tsMs, feed?.dropped, feed?.reports]).toEqual([
      LIQUIDATIONS_KEPT,
      2000,
      2,
      "all",
    ]);
  });
});

describe("samples", () => {
  it("are what was pushed, and not a number where nothing was", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(9000), { minLength: 1, maxLength: 60 }), (slots) => {
        const ring = new SampleRing();
        const known = new Map<number, number>();
        for (const slot of slots.toSorted((a, b) => a - b)) {
          ring.push(slot, slot * 2);
          known.set(slot, slot * 2);
        }
        const wrong: number[] = [];
        for (let slot = ring.slot; slot > ring.slot - SAMPLES_KEPT && slot >= 0; slot -= 1)
          if (!Object.is(ring.at(slot), known.get(slot) ?? Number.NaN)) wrong.push(slot);
        expect(wrong).toEqual([]);
        expect(ring.at(ring.slot + 1)).toBeNaN();
        expect(ring.at(ring.slot - SAMPLES_KEPT)).toBeNaN();
      }),
      { numRuns: 30 },
    );
  });
});
