import { afterEach, describe, expect, it } from "vitest";
import { ageText, setUtc, timeText } from "./age";
import { parseDecimal, type Decimal } from "./decimal";
import { inkOf, plainText } from "./figure-ink";
import { annualised, basisPoints, fundingRate, percent, price, setThousandsMark, size, usd } from "./format";

const decimal = (text: string): Decimal => parseDecimal(text) as Decimal;
const plain = (text: string): string => text.replaceAll("\u2009", "_").replaceAll("\u2212", "-");

afterEach(() => {
  setThousandsMark("thin");
  setUtc(false);
});

describe("figures", () => {
  it("writes a price on the tick with a thousands mark", () => {
    expect(plain(plainText(price(decimal("97437"), 1)))).toBe("97_437.0");
    expect(plain(plainText(price(decimal("1234567.25"), 2)))).toBe("1_234_567.25");
  });
  it("keeps apart the zeros that only fill the lot", () => {
    expect(inkOf(size(decimal("12"), 1))).toMatchObject({ body: "12", pad: ".0" });
    expect(inkOf(size(decimal("1.50"), 3))).toMatchObject({ body: "1.5", pad: "00" });
    expect(inkOf(price(decimal("1.5"), 3))).toMatchObject({ body: "1.500", pad: "" });
  });
  it("never hides a digit finer than the tick", () => {
    expect(plainText(price(decimal("0.123456"), 2))).toBe("0.123456");
  });
  it("obeys the chosen thousands mark", () => {
    setThousandsMark("comma");
    expect(plainText(price(decimal("97437.5"), 1))).toBe("97,437.5");
    setThousandsMark("none");
    expect(plainText(price(decimal("97437.5"), 1))).toBe("97437.5");
  });
  it("signs percentages, with no sign for zero", () => {
    expect(
      ["1.8432", "-0.005", "-0.0001", "0"].map((text) => plain(plainText(percent(decimal(text))))),
    ).toEqual(["+1.84 %", "-0.01 %", "0.00 %", "0.00 %"]);
  });
  it("shortens USD past ten thousand only", () => {
    expect(
      ["9999.5", "10000", "184300", "3412345678.9", "5920000000000"].map((text) =>
        plain(plainText(usd(decimal(text)))),
      ),
    ).toEqual(["$9_999.5", "$10.00 k", "$184.30 k", "$3.41 B", "$5.92 T"]);
  });
  it("writes funding by interval and by year", () => {
    expect(plainText(fundingRate(decimal("0.0000125")))).toBe("+0.0013 %");
    expect(plainText(annualised(decimal("0.0000125"), 1))).toBe("+11.0 % a");
    expect(plainText(annualised(decimal("0.0001"), 8))).toBe("+11.0 % a");
  });
  it("writes basis points", () => {
    expect(plainText(basisPoints(decimal("0.0103")))).toBe("0.01 bps");
  });
});

describe("ages and times", () => {
  it.each([
    [0, "0.0 s"],
    [430, "0.4 s"],
    [9949, "9.9 s"],
    [9950, "9 s"],
    [12_900, "12 s"],
    [61_000, "1 m"],
    [7_300_000, "2 h"],
  ])("writes %i ms as %s", (ms, text) => {
    expect(ageText(ms)).toBe(text);
  });
  it("writes UTC when asked", () => {
    setUtc(true);
    expect(timeText(1_739_550_000_123)).toBe("16:20:00");
    expect(timeText(1_739_550_000_123, 1)).toBe("16:20:00.1");
    expect(timeText(1_739_550_000_023, 3)).toBe("16:20:00.023");
  });
});
