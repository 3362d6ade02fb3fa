import {
  decimals,
  type Decimal,
  digits,
  fromUnits,
  isNegative,
  isZero,
  round,
  scaleBy,
  toUnits,
} from "./decimal";
import { type FigureText, inkOf, seal } from "./figure-ink";

export type ThousandsMark = "thin" | "comma" | "none";

const MARKS: Record<ThousandsMark, string> = { thin: "\u2009", comma: ",", none: "" };

let mark = MARKS.thin;
let revision = 0;

export function setThousandsMark(choice: ThousandsMark): void {
  mark = MARKS[choice];
  revision += 1;
}

/** Changes whenever the same value would be written differently. */
export function formatRevision(): number {
  return revision;
}

function group(whole: string): string {
  if (mark === "" || whole.length < 4) return whole;
  return whole.replace(/\B(?=(?:\d{3})+$)/g, mark);
}

interface Style {
  readonly sign: "always" | "negative";
  readonly unit: string;
  /** Zeros that only fill the lot are quieter; those of a price are digits like any other. */
  readonly quietZeros?: boolean;
}

function write(value: Decimal, places: number, { sign, unit, quietZeros = false }: Style): FigureText {
  const text = digits(value).replace("-", "");
  const point = text.indexOf(".");
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? "" : text.slice(point + 1);
  const significant = fraction.replace(/0+$/, "");
  const shown = Math.max(places, significant.length);
  const pad = "0".repeat(shown - significant.length);
  const negative = isNegative(value);
  const plus = sign === "always" && !negative && !isZero(value) ? "+" : "";
  const filled = significant === "" && pad !== "" ? `.${pad}` : pad;
  const body = group(whole) + (significant === "" ? "" : `.${significant}`);
  return seal({
    sign: negative ? "\u2212" : plus,
    body: quietZeros ? body : body + filled,
    pad: quietZeros ? filled : "",
    unit,
  });
}

/** On the market's tick; a finer price than the tick is shown whole. */
export function price(value: Decimal, places: number | null): FigureText {
  return write(value, places ?? decimals(value), { sign: "negative", unit: "" });
}

/** On the market's lot. */
export function size(value: Decimal, places: number | null): FigureText {
  return write(value, places ?? decimals(value), { sign: "negative", unit: "", quietZeros: true });
}

export function percent(value: Decimal, places = 2): FigureText {
  return write(round(value, places), places, { sign: "always", unit: " %" });
}

export function basisPoints(value: Decimal): FigureText {
  return write(round(value, 2), 2, { sign: "negative", unit: " bps" });
}

/** A funding rate per interval as a percentage. */
export function fundingRate(rate: Decimal): FigureText {
  return write(round(scaleBy(rate, 100), 4), 4, { sign: "always", unit: " %" });
}

export function annualised(rate: Decimal, intervalHours: number): FigureText {
  const yearly = scaleBy(scaleBy(rate, 100), Math.round((365 * 24) / intervalHours));
  return write(round(yearly, 1), 1, { sign: "always", unit: " % a" });
}

const STEPS: readonly (readonly [number, string])[] = [
  [12, " T"],
  [9, " B"],
  [6, " M"],
  [3, " k"],
];

function abbreviate(value: Decimal, prefix: string): FigureText {
  const whole = digits(value).replace("-", "").split(".")[0] ?? "0";
  const step = whole.length > 4 ? STEPS.find(([power]) => whole.length > power) : undefined;
  const shifted = step ? fromUnits(toUnits(value, decimals(value)), decimals(value) + step[0]) : value;
  const places = step ? 2 : Math.min(2, decimals(value));
  const ink = write(round(shifted, places), places, { sign: "negative", unit: step?.[1] ?? "" });
  return prefix === "" ? ink : withPrefix(ink, prefix);
}

function withPrefix(text: FigureText, prefix: string): FigureText {
  const ink = inkOf(text);
  return seal({ ...ink, body: prefix + ink.body });
}

/** USD in an overview cell: k, M, B past 10 000. */
export function usd(value: Decimal): FigureText {
  return abbreviate(value, "$");
}
