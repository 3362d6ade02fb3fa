import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bias,
  DEAD_BAND,
  type Reading,
  REFRESH_MS,
  SAME_SIDE,
  refreshed,
  smooth,
  type Smoothed,
} from "./smoothing";

const STEP_MS = 200;

function biasOf(score: number): Bias {
  return score >= 55 ? "LONG" : score <= 45 ? "SHORT" : "NEUTRAL";
}

function run(scores: readonly number[], stepMs = STEP_MS): Smoothed[] {
  const states: Smoothed[] = [];
  scores.forEach((score, index) => {
    states.push(smooth(states.at(-1) ?? null, { score, bias: biasOf(score), at: index * stepMs }));
  });
  return states;
}

const last = (states: readonly Smoothed[]): Smoothed => states.at(-1) as Smoothed;

describe("the shown score", () => {
  it("is the first reading as it came", () => {
    expect(run([71])[0]).toMatchObject({ score: 71, bias: "LONG", average: 71 });
  });
  it("stands still while the score trembles inside the dead band", () => {
    const states = run([60, 62, 58, 61, 59, 62, 58, 60, 62, 58]);
    expect(new Set(states.map(({ score }) => score))).toEqual(new Set([60]));
    expect(last(states).raw.score).toBe(58);
  });
  it("leaves for the average once that is three points away", () => {
    // 50 + 20 * (1 - 0.92^n) passes 53 with the second reading of 70 (3.07).
    const states = run([50, 70, 70]);
    expect(states.map(({ score }) => score)).toEqual([50, 50, states[2]?.average]);
    expect(states[2]?.average).toBeCloseTo(53.07, 2);
  });
  it("passes a small step too, though the average alone would never be three points away", () => {
    const states = run(Array.from({ length: 60 }, (_, index) => (index === 0 ? 60 : 62)));
    expect(last(states).score).toBe(62);
    expect(states[49]?.score).toBe(60);
    expect(states[50]?.score).toBe(62);
  });
  it("is the raw one when no reading came for ten seconds", () => {
    const state = last(run([50, 70]));
    expect(refreshed(state, REFRESH_MS - 1)).toMatchObject({ score: 50, bias: "NEUTRAL" });
    expect(refreshed(state, REFRESH_MS)).toMatchObject({ score: 70, bias: "LONG" });
  });
});

describe("the shown bias", () => {
  it("turns with the fifth reading in a row on the same side", () => {
    const biases = run([50, 58, 58, 58, 58, 58]).map(({ bias }) => bias);
    expect(biases).toEqual(["NEUTRAL", "NEUTRAL", "NEUTRAL", "NEUTRAL", "NEUTRAL", "LONG"]);
  });
  it("does not turn when one of the five differs", () => {
    expect(last(run([50, 58, 58, 58, 50, 58, 58, 58, 58])).bias).toBe("NEUTRAL");
  });
});

describe("smoothing", () => {
  const scores = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 200 });

  it("shows nothing that lies outside what was read", () => {
    fc.assert(
      fc.property(scores, (read) => {
        for (const [index, { score, average }] of run(read).entries()) {
          const seen = read.slice(0, index + 1);
          const [low, high] = [Math.min(...seen) - 1e-9, Math.max(...seen) + 1e-9];
          expect(score >= low && score <= high && average >= low && average <= high).toBe(true);
        }
      }),
    );
  });
  it("shows only biases that were read", () => {
    fc.assert(
      fc.property(scores, (read) => {
        for (const [index, { bias }] of run(read).entries())
          expect(read.slice(0, index + 1).map(biasOf)).toContain(bias);
      }),
    );
  });
  it("keeps the average within the dead band of what is shown, whatever is read", () => {
    fc.assert(
      fc.property(scores, (read) => {
        for (const { score, average } of run(read)) expect(Math.abs(score - average)).toBeLessThan(DEAD_BAND);
      }),
    );
  });
  it("agrees with the raw values in the end, whatever came before", () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 100 }), (read, end) => {
        const calm = Array.from({ length: SAME_SIDE + 2 * (REFRESH_MS / STEP_MS) }, () => end);
        const state = last(run([...read, ...calm]));
        const at = (read.length + calm.length) * STEP_MS + REFRESH_MS;
        expect(refreshed(state, at)).toMatchObject({ score: end, bias: biasOf(end) });
      }),
    );
  });
  it("mirrors: the reflected readings show the reflected score", () => {
    fc.assert(
      fc.property(scores, (read) => {
        const mirrored = run(read.map((score) => 100 - score));
        for (const [index, { score }] of run(read).entries())
          expect(mirrored[index]?.score).toBeCloseTo(100 - score, 9);
      }),
    );
  });
  it("changes nothing that it was given", () => {
    const raw: Reading = Object.freeze({ score: 80, bias: "LONG", at: 0 });
    const state = Object.freeze(smooth(null, raw));
    smooth(state, { score: 20, bias: "SHORT", at: 200 });
    expect(state.score).toBe(80);
  });
});
