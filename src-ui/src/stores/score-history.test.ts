import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stackOf } from "~/stores/score-stack";
import { ScoreHistory, SECONDS_KEPT } from "./score-history";

const row = (second: number, score: number) => ({
  ts_ms: second * 1000,
  score,
  contributions: [0.1, -0.1, 0, 0, 0],
});

describe("a history of scores", () => {
  it("holds an hour and forgets what is older, in whatever order it comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 * SECONDS_KEPT }), { minLength: 1, maxLength: 200 }),
        (seconds) => {
          const history = new ScoreHistory();
          for (const second of seconds) history.merge([row(second, second % 101)]);
          const newest = Math.max(...seconds);
          expect(history.newest).toBe(newest);
          for (const second of seconds) {
            const held = history.at(second)?.score ?? null;
            if (second > newest - SECONDS_KEPT) expect(held).toBe(second % 101);
            else expect(held).toBeNull();
          }
        },
      ),
    );
  });
  it("has no value where nothing came", () => {
    const history = new ScoreHistory();
    history.merge([row(10, 60), row(12, 61)]);
    expect(history.at(11)).toBeNull();
    expect(history.at(10 + SECONDS_KEPT)).toBeNull();
  });
});

describe("contributions", () => {
  it("are stacked away from 50 on the side of their sign, and add up", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: -350, max: 350 }).map((value) => value / 1000),
          { minLength: 5, maxLength: 5 },
        ),
        (contributions) => {
          const { parts, low, high } = stackOf({ score: 50, decay: 1, partly: false, contributions });
          const up = contributions.filter((value) => value > 0).reduce((sum, value) => sum + value, 0);
          const down = contributions.filter((value) => value < 0).reduce((sum, value) => sum + value, 0);
          expect(high).toBeCloseTo(50 + 50 * up, 9);
          expect(low).toBeCloseTo(50 + 50 * down, 9);
          for (const { from, to } of parts)
            expect(Math.sign(to - from)).toBe(Math.sign((from + to) / 2 - 50));
        },
      ),
    );
  });
  it("that are not known take no room", () => {
    expect(stackOf({ score: 50, decay: 1, partly: true, contributions: [Number.NaN, 0.2] }).parts).toEqual([
      { name: "footprint", from: 50, to: 60 },
    ]);
  });
});
