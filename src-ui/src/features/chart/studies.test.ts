import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candle, CandleNumbers } from "~/stores/candles";
import { bollinger, ema, rsi, stretches, vwap } from "./studies";

const MINUTE = 60_000;
const DAY = 86_400_000;

function whole(length: number): Int32Array {
  return new Int32Array(length);
}

function known(line: Float64Array): number[] {
  return [...line].filter((value) => !Number.isNaN(value));
}

function candle(minute: number, missing = 0): Candle {
  return { openMs: minute * MINUTE, coverage: { verified: 1 - missing, unverified: 0, missing } } as Candle;
}

const closes = fc.array(
  fc.integer({ min: 1, max: 200_000 }).map((ticks) => ticks / 10),
  {
    minLength: 1,
    maxLength: 120,
  },
);

describe("stretches", () => {
  it("begin anew after a gap, and go on over a time without a trade", () => {
    const rows = [candle(0), candle(1), candle(2, 0.5), candle(5), candle(6), candle(9)];
    expect([...stretches(rows, MINUTE)]).toEqual([0, 0, 0, 3, 3, 3]);
  });
});

describe("the moving average", () => {
  it("begins with the plain mean and then follows the formula", () => {
    const line = ema([2, 4, 6, 8, 4], whole(5), 3);
    expect([...line]).toEqual([Number.NaN, Number.NaN, 4, 6, 5]);
  });
  it("stays between the lowest and the highest close so far", () => {
    fc.assert(
      fc.property(closes, fc.integer({ min: 1, max: 30 }), (values, n) => {
        ema(values, whole(values.length), n).forEach((value, index) => {
          if (Number.isNaN(value)) return;
          const past = values.slice(0, index + 1);
          expect(value).toBeGreaterThanOrEqual(Math.min(...past) - 1e-6);
          expect(value).toBeLessThanOrEqual(Math.max(...past) + 1e-6);
        });
      }),
    );
  });
});

describe("every study", () => {
  const studies = {
    ema: (values: number[], starts: Int32Array) => [ema(values, starts, 5)],
    bollinger: (values: number[], starts: Int32Array) => Object.values(bollinger(values, starts, 5, 2)),
    rsi: (values: number[], starts: Int32Array) => [rsi(values, starts, 5)],
  };
  const warmUp = { ema: 4, bollinger: 4, rsi: 5 };
  it.each(Object.keys(studies) as (keyof typeof studies)[])("%s draws nothing while it warms up", (name) => {
    fc.assert(
      fc.property(closes, (values) => {
        for (const line of studies[name](values, whole(values.length)))
          expect(known(line).length).toBe(Math.max(0, values.length - warmUp[name]));
      }),
    );
  });
  it.each(Object.keys(studies) as (keyof typeof studies)[])(
    "%s knows nothing of what lies before a gap",
    (name) => {
      fc.assert(
        fc.property(closes, closes, (before, after) => {
          const starts = whole(before.length + after.length);
          starts.fill(before.length, before.length);
          const joined = studies[name]([...before, ...after], starts);
          const alone = studies[name](after, whole(after.length));
          joined.forEach((line, index) => {
            expect(line.slice(before.length)).toEqual(alone[index]);
          });
        }),
      );
    },
  );
});

describe("Bollinger bands", () => {
  it("are the mean and two population deviations", () => {
    const { middle, upper, lower } = bollinger([2, 4, 4, 4, 5, 5, 7, 9], whole(8), 8, 2);
    expect([middle[7], upper[7], lower[7]]).toEqual([5, 9, 1]);
    expect(middle[6]).toBeNaN();
  });
});

describe("RSI", () => {
  it("is 100 of rises alone, 0 of falls alone and 50 without a move", () => {
    expect(known(rsi([1, 2, 3, 4], whole(4), 2))).toEqual([100, 100]);
    expect(known(rsi([4, 3, 2, 1], whole(4), 2))).toEqual([0, 0]);
    expect(known(rsi([3, 3, 3], whole(3), 2))).toEqual([50]);
  });
  it("smooths as Wilder does", () => {
    // Means over two changes: gain 1, loss 0.5; then (1 * 1 + 0) / 2 = 0.5 and (0.5 * 1 + 1) / 2 = 0.75.
    expect(known(rsi([10, 12, 11, 10], whole(4), 2))).toEqual([(100 * 1) / 1.5, (100 * 0.5) / 1.25]);
  });
  it("stays between 0 and 100", () => {
    fc.assert(
      fc.property(closes, (values) => {
        for (const value of known(rsi(values, whole(values.length), 14))) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});

describe("VWAP", () => {
  const row = (price: number, volume: number, notional: number | null = price * volume): CandleNumbers => ({
    o: price,
    h: price,
    l: price,
    c: price,
    volume,
    notional,
  });
  it("is known only once midnight was seen, and begins anew each day", () => {
    const open = [DAY - MINUTE, DAY, DAY + MINUTE, 2 * DAY].map((ms) => ms);
    const starts = whole(4);
    const line = vwap([row(5, 1), row(10, 1), row(20, 3), row(7, 2)], open, starts);
    expect([...line]).toEqual([Number.NaN, 10, 17.5, 7]);
  });
  it("says nothing for the rest of a day of which trades are missing", () => {
    const open = [DAY, DAY + MINUTE, DAY + 5 * MINUTE, DAY + 6 * MINUTE];
    const line = vwap([row(10, 1), row(20, 1), row(30, 1), row(40, 1)], open, Int32Array.from([0, 0, 2, 2]));
    expect([...line]).toEqual([10, 15, Number.NaN, Number.NaN]);
  });
  it("begins anew with the first trade of a day that began quietly", () => {
    const open = [DAY, 2 * DAY + 3 * MINUTE];
    expect([...vwap([row(10, 1), row(30, 1)], open, whole(2))]).toEqual([10, 30]);
  });
  it("takes the typical price where the notional is not known", () => {
    const venueCandle = { o: 1, h: 12, l: 6, c: 9, volume: 2, notional: null };
    expect(vwap([venueCandle], [DAY], whole(1))[0]).toBe(9);
  });
  it("without volume has no value", () => {
    expect(vwap([row(10, 0)], [DAY], whole(1))[0]).toBeNaN();
  });
});
