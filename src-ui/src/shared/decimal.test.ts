import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Decimal,
  decimals,
  digits,
  divide,
  fromUnits,
  isNegative,
  isZero,
  multiply,
  parseDecimal,
  round,
  sortKey,
  subtract,
  toUnits,
} from "./decimal";

const decimal = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (value === null) throw new Error(`not a decimal: ${text}`);
  return value;
};

const someDecimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 9 }))
  .map(([units, scale]) => ({ value: fromUnits(units, scale), units, scale }));

describe("parseDecimal", () => {
  it.each(["0", "97437.5", "-0.0001", "123456789012345678901234567890.5"])("takes %s", (text) => {
    expect(parseDecimal(text)).toBe(text);
  });
  it.each(["", "1e5", "NaN", ".5", "5.", "1,000", "+1", " 1", "0x10", "--1"])("refuses %j", (text) => {
    expect(parseDecimal(text)).toBeNull();
  });
  it("refuses what is no text", () => {
    expect([1.5, null, undefined, {}].map(parseDecimal)).toEqual([null, null, null, null]);
  });
});

describe("decimal arithmetic", () => {
  it("turns units into text and back", () => {
    fc.assert(
      fc.property(someDecimal, ({ value, units, scale }) => {
        expect(toUnits(value, scale)).toBe(units);
        expect(decimals(value)).toBe(scale);
        expect(parseDecimal(digits(value))).toBe(value);
      }),
    );
  });
  it("subtracts without a floating-point error", () => {
    expect(subtract(decimal("0.3"), decimal("0.1"))).toBe("0.2");
    expect(subtract(decimal("97437"), decimal("97437.5"))).toBe("-0.5");
  });
  it("multiplies exactly", () => {
    fc.assert(
      fc.property(someDecimal, someDecimal, (a, b) => {
        expect(toUnits(multiply(a.value, b.value), a.scale + b.scale)).toBe(a.units * b.units);
      }),
    );
  });
  it("rounds half away from zero", () => {
    expect(["1.005", "-1.005", "1.004", "-0.001"].map((text) => round(decimal(text), 2))).toEqual([
      "1.01",
      "-1.01",
      "1.00",
      "0.00",
    ]);
  });
  it("divides to the places asked for, and not by zero", () => {
    expect(divide(decimal("1"), decimal("3"), 4)).toBe("0.3333");
    expect(divide(decimal("-2"), decimal("3"), 2)).toBe("-0.67");
    expect(divide(decimal("1"), decimal("0.00"), 4)).toBeNull();
  });
  it("knows zero and sign whatever the spelling", () => {
    expect(["0", "0.00", "-0.0"].map((text) => isZero(decimal(text)))).toEqual([true, true, true]);
    expect(["-0.0", "-0.1", "1"].map((text) => isNegative(decimal(text)))).toEqual([false, true, false]);
  });
  it("gives equal keys to equal values", () => {
    expect(sortKey(decimal("97437"))).toBe(sortKey(decimal("97437.00")));
  });
});
