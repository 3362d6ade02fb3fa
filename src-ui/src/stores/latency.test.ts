import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latencyText, latencyTitle } from "./latency";

const clock = (boundMs: number) => ({ offsetMs: 1, boundMs, asOf: 0, steps: 0 });

describe("latency", () => {
  it("is told with the bound of the clock that it is measured by", () => {
    expect(latencyText({ latencyMs: 42.4, clock: clock(3) })).toBe("42 ms \u00b13.0");
    expect(latencyText({ latencyMs: 4, clock: null })).toBe("4.0 ms");
    expect(latencyText({ latencyMs: null, clock: clock(3) })).toBe("\u2014");
  });
  it("is bounded where the measure is below zero and the clock's error explains it", () => {
    const timed = { latencyMs: -2.1, clock: clock(5) };
    expect(latencyText(timed)).toBe("< 2.9 ms");
    expect(latencyTitle(timed)).toBe(
      "Measured \u22122.1 ms, by a clock that is known within \u00b15.0 ms: the latency is between 0 and 2.9 ms.",
    );
  });
  it("is unknown, with the reason, where nothing explains it", () => {
    for (const timed of [
      { latencyMs: -40, clock: clock(5) },
      { latencyMs: -40, clock: null },
    ]) {
      expect(latencyText(timed)).toBe("\u2014");
      expect(latencyTitle(timed)).toContain("Measured \u221240 ms: the venue\u2019s clock runs ahead");
    }
  });
  it("is never below zero", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
        (latencyMs, bound) => {
          const text = latencyText({ latencyMs, clock: bound === null ? null : clock(bound) });
          expect(text).not.toMatch(/[-\u2212]/);
        },
      ),
    );
  });
});
