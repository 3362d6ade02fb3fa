import { expect, test } from "vitest";
import { parseDecimal } from "~/shared/decimal";
import { bpsText, checkFigure, dollarsText, inUnits, timesText, wholeHundredths } from "./trader-units";

test("rates are percent, leverage is a multiple, money is dollars", () => {
  expect(bpsText("30")).toBe("0.3 %");
  expect(bpsText("10000")).toBe("100 %");
  expect(timesText("300")).toBe("3\u00d7");
  expect(timesText("125")).toBe("1.25\u00d7");
  expect(dollarsText("25000")).toBe("$25\u202f000");
  expect(dollarsText("-12.5")).toBe("\u2212$12.50");
  expect(dollarsText("498850.129999")).toBe("$498\u202f850.13");
});

test("figures of checks are read as the server writes them", () => {
  expect(checkFigure("42 bps")).toBe("0.42 %");
  expect(checkFigure("133 %")).toBe("1.33\u00d7");
  expect(checkFigure("equity of -3.5 USD")).toBe("equity of \u2212$3.50");
  expect(checkFigure("within 1200 ms")).toBe("\u00b11\u202f200 ms");
  expect(checkFigure("30 in 60 s")).toBe("30 in the last minute");
  expect(checkFigure("out of range")).toBe("out of range");
  expect(checkFigure("1.2 within 97500")).toBe("1.2 within 97500");
});

test("sentences keep percent as percent", () => {
  expect(inUnits("lost 12 USD, 31 bps, at 5 % of the size")).toBe("lost $12, 0.31 %, at 5 % of the size");
});

test("what is typed in percent is whole hundredths or nothing", () => {
  const of = (text: string) => wholeHundredths(parseDecimal(text) ?? never());
  expect(of("0.3")).toBe(30);
  expect(of("3")).toBe(300);
  expect(of("0.300")).toBe(30);
  expect(of("0.305")).toBeNull();
  expect(of("-1")).toBeNull();
});

function never(): never {
  throw new Error("not a decimal");
}
