import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlotLine, type Sampled, scaleOf, spanOf, spread } from "./lines";

function line(values: readonly number[]): PlotLine {
  const samples: Sampled = {
    first: 0,
    slot: values.length - 1,
    at: (slot) => values[slot] ?? Number.NaN,
  };
  return { name: "x", ink: "ink-0", samples, strong: false };
}

describe("a plot", () => {
  it("has every value within its scale, and zero where it is asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const scale = scaleOf([line(values)], 0, values.length - 1, true);
        for (const value of [...values, 0]) {
          expect(value).toBeGreaterThanOrEqual(scale?.low ?? Infinity);
          expect(value).toBeLessThanOrEqual(scale?.high ?? -Infinity);
        }
      }),
    );
  });
  it("has no scale without a value", () => {
    expect(scaleOf([line([Number.NaN])], 0, 0, true)).toBeNull();
    expect(spanOf([])).toBeNull();
  });
  it("puts names apart and inside", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: 0, max: 200 }), { maxLength: 8 }), (wanted) => {
        const tops = spread(wanted, 12, 200).toSorted((a, b) => a - b);
        tops.forEach((top, index) => {
          expect(top).toBeGreaterThanOrEqual(-1e-9);
          expect(top).toBeLessThanOrEqual(188 + 1e-9);
          if (index > 0) expect(top - (tops[index - 1] ?? 0)).toBeGreaterThanOrEqual(12 - 1e-9);
        });
      }),
    );
  });
});
