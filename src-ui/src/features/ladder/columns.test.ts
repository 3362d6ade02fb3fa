import { expect, test } from "vitest";
import { type Decimal, parseDecimal } from "~/shared/decimal";
import { tipFigure } from "~/shared/mirror";
import { columns } from "./columns";

const decimal = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (value === null) throw new Error("not a decimal");
  return value;
};

test("a wide book writes sizes and sums on the lot", () => {
  const { size, total } = columns(242, 5);
  expect(tipFigure(size(decimal("55.54486")))).toBe("55.54486");
  expect(tipFigure(total(decimal("57.83802")))).toBe("57.83802");
});

test("a narrow book writes sums with the digits that count, and sizes too where they are whole units", () => {
  const { size, total } = columns(180, 5);
  expect(tipFigure(size(decimal("55.54486")))).toBe("55.54486");
  expect(tipFigure(total(decimal("57.83802")))).toBe("57.8");
  expect(tipFigure(columns(180, 0).size(decimal("1234567")))).toBe("1.23 M");
});
