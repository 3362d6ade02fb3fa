import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, decimals, digits, fromUnits, parseDecimal, toUnits } from "~/shared/decimal";
import { cut, type Grid, less, middleOf, readAmount, sizeOfRisk, sizeOfUsd, snapPrice } from "./ticket-size";

const decimal = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (value === null) throw new Error(`not a decimal: ${text}`);
  return value;
};

const positive = (most: bigint, scale: number) =>
  fc.bigInt({ min: 1n, max: most }).map((units) => fromUnits(units, scale));

const HYPERLIQUID: Grid = { pxDecimals: 1, szDecimals: 5, significant: 5 };

describe("an amount as it is typed", () => {
  it.each([
    ["0.01", "0.01"],
    [".5", "0.5"],
    ["97 412.5", "97412.5"],
    ["97\u2009412", "97412"],
    [" 7 ", "7"],
  ])("reads %j", (typed, meant) => {
    expect(readAmount(typed)).toBe(meant);
  });
  it.each(["", "1,5", "1,000", "-1", "1e5", "0x10", "1.2.3", "abc", "NaN", "9".repeat(31)])(
    "refuses %j",
    (typed) => {
      expect(readAmount(typed)).toBeNull();
    },
  );
});

describe("the price grid", () => {
  it.each([
    ["97412.57", "97413"],
    ["9741.257", "9741.3"],
    ["123456.7", "123457"],
    ["99999.96", "100000"],
    ["1.23456", "1.2"],
  ])("takes %s to %s with one decimal and five figures", (typed, sent) => {
    expect(digits(snapPrice(decimal(typed), HYPERLIQUID))).toBe(sent);
  });
  it.each([
    ["0.0123456", "0.012346"],
    ["0.00123456", "0.001235"],
    ["1.23456", "1.2346"],
  ])("counts figures from the first that is not zero: %s is %s", (typed, sent) => {
    expect(digits(snapPrice(decimal(typed), { pxDecimals: 6, szDecimals: 0, significant: 5 }))).toBe(sent);
  });
  it("keeps what is on it, moves by no more than half a step, and does so once", () => {
    fc.assert(
      fc.property(positive(10n ** 12n, 7), fc.integer({ min: 0, max: 6 }), (px, pxDecimals) => {
        const grid: Grid = { pxDecimals, szDecimals: 3, significant: 5 };
        const snapped = snapPrice(px, grid);
        expect(snapPrice(snapped, grid)).toBe(snapped);
        expect(decimals(snapped)).toBeLessThanOrEqual(pxDecimals);
        const text = digits(snapped)
          .replace(/^0+(?=\d)/, "")
          .replace(".", "")
          .replace(/^0+/, "");
        if (digits(snapped).includes(".")) expect(text.replace(/0+$/, "").length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe("a size by USD", () => {
  it("costs no more than was meant, and one lot more would", () => {
    fc.assert(
      fc.property(
        positive(10n ** 10n, 2),
        positive(10n ** 12n, 6),
        fc.integer({ min: 0, max: 6 }),
        (usd, px, lot) => {
          const size = sizeOfUsd(usd, px, lot);
          if (size === null) throw new Error("no size");
          const scale = lot + 6;
          const cost = (units: bigint): bigint => units * toUnits(px, 6);
          const meant = toUnits(usd, scale);
          expect(cost(toUnits(size, lot))).toBeLessThanOrEqual(meant);
          expect(cost(toUnits(size, lot) + 1n)).toBeGreaterThan(meant);
        },
      ),
    );
  });
  it("has none at no price", () => {
    expect(sizeOfUsd(decimal("100"), decimal("0"), 3)).toBeNull();
  });
  it("is exact where floats are not", () => {
    expect(sizeOfUsd(decimal("0.3"), decimal("0.1"), 0)).toBe("3");
  });
});

describe("a size by risk", () => {
  it("loses no more between entry and stop than the share of the equity, on either side", () => {
    fc.assert(
      fc.property(
        positive(10n ** 10n, 2),
        positive(9999n, 2),
        positive(10n ** 9n, 3),
        positive(10n ** 9n, 3),
        fc.integer({ min: 0, max: 5 }),
        (equity, percent, entry, stop, lot) => {
          const size = sizeOfRisk(equity, percent, entry, stop, lot);
          const distance = toUnits(entry, 3) - toUnits(stop, 3);
          if (size === null) {
            expect(distance).toBe(0n);
            return;
          }
          const away = distance < 0n ? -distance : distance;
          const lost = (units: bigint): bigint => units * away * 1000n;
          const most = toUnits(equity, 2) * toUnits(percent, 2) * 10n ** BigInt(lot);
          expect(lost(toUnits(size, lot))).toBeLessThanOrEqual(most);
          expect(lost(toUnits(size, lot) + 1n)).toBeGreaterThan(most);
        },
      ),
    );
  });
});

describe("cutting and comparing", () => {
  it("never makes a size larger", () => {
    fc.assert(
      fc.property(positive(10n ** 12n, 8), fc.integer({ min: 0, max: 8 }), (size, lot) => {
        expect(less(size, cut(size, lot))).toBe(false);
      }),
    );
  });
  it("has the middle between both", () => {
    expect(middleOf(decimal("97411.5"), decimal("97411.6"))).toBe("97411.55");
  });
});
