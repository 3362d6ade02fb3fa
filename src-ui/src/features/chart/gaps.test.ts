import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asCandle, type Candle } from "~/stores/candles";
import { coverageOf, coverageRest, coverageShare, gapsOf, holesOf, MOST_EMPTY } from "./gaps";
import { groupLiquidations, spokenOf } from "./marks";

const MINUTE = 60_000;

function candle(minute: number, missing = 0): Candle {
  const made = asCandle({
    open_ms: minute * MINUTE,
    o: "1",
    h: "2",
    l: "1",
    c: "2",
    volume_base: "3",
    closed: true,
    coverage: { verified: 1 - missing, unverified: 0, missing },
  });
  if (made === null) throw new Error("the candle is not sound");
  return made;
}

describe("gaps", () => {
  it("are the times beside a candle of which a part is missing; elsewhere nothing was traded", () => {
    const [gap, ...more] = gapsOf([candle(10, 0.5), candle(13), candle(14), candle(16)], MINUTE);
    expect(more).toEqual([]);
    expect(gap).toEqual({
      fromMs: 11 * MINUTE,
      toMs: 12 * MINUTE,
      count: 2,
      places: [11 * MINUTE, 12 * MINUTE],
      unseen: true,
    });
  });
  it("that are very long are drawn shorter and say how long they were", () => {
    const [gap] = gapsOf([candle(0), candle(5000, 0.1)], MINUTE);
    expect([gap?.count, gap?.places.length, gap?.places.at(-1)]).toEqual([4999, MOST_EMPTY, 4999 * MINUTE]);
  });
  it("and quiet times and candles together are every time once, in order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(100), { minLength: 1 }), (minutes) => {
        const rows = minutes.toSorted((a, b) => a - b).map((minute) => candle(minute));
        const gaps = holesOf(rows, MINUTE);
        const times = [...rows.map((row) => row.openMs), ...gaps.flatMap((gap) => gap.places)];
        const first = rows[0]?.openMs ?? 0;
        const last = rows.at(-1)?.openMs ?? 0;
        const every = Array.from({ length: (last - first) / MINUTE + 1 }, (_, at) => first + at * MINUTE);
        expect(times.toSorted((a, b) => a - b)).toEqual(every);
      }),
    );
  });
});

describe("the coverage of a chart", () => {
  it("counts gaps and parts that are missing", () => {
    const coverage = coverageOf([candle(0), candle(1, 0.5), candle(3), candle(5)], MINUTE);
    expect(coverage).toEqual({ seen: 4.5 / 6, gaps: 1, partial: 1, unverified: 0 });
    expect(coverageShare(coverage)).toBe("coverage 75 %");
    expect(coverageRest(coverage)).toBe(" \u00b7 1 gap \u00b7 1 partial");
  });
  it("is never rounded up to the whole", () => {
    const rows = Array.from({ length: 1500 }, (_, minute) => candle(minute, minute === 7 ? 0.01 : 0));
    expect(coverageShare(coverageOf(rows, MINUTE))).toBe("coverage 99.9 %");
    expect(coverageRest(coverageOf(rows, MINUTE))).toBe(" \u00b7 1 partial");
  });
  it("of nothing is nothing", () => {
    expect(coverageShare(coverageOf([], MINUTE))).toBe("");
    expect(coverageRest(coverageOf([], MINUTE))).toBe("");
  });
});

describe("liquidations on a chart", () => {
  it("speak where their words do not stand on each other, the largest first", () => {
    const group = (minute: number, liquidated: "long" | "short", usd: number) => ({
      openMs: minute * MINUTE,
      liquidated,
      usd,
    });
    const groups = [group(0, "long", 5), group(3, "long", 9), group(4, "short", 1), group(40, "long", 2)];
    expect([...spokenOf(groups, MINUTE)].map(({ usd }) => usd)).toEqual([9, 2, 1]);
  });
  it("are summed by candle and side, and left out where there is no candle", () => {
    const event = (ms: number, liquidated: "long" | "short", usd: string) => ({
      source: "bybit",
      tsMs: ms,
      liquidated,
      px: "1" as never,
      pxKind: "fill",
      sz: "1" as never,
      usd: usd as never,
    });
    const events = [
      event(60_100, "long", "10"),
      event(119_999, "long", "5.5"),
      event(61_000, "short", "1"),
      event(200_000, "long", "9"),
    ];
    expect(groupLiquidations(events, [candle(1), candle(2)], MINUTE)).toEqual([
      { openMs: 60_000, liquidated: "long", usd: 15.5 },
      { openMs: 60_000, liquidated: "short", usd: 1 },
    ]);
  });
});
