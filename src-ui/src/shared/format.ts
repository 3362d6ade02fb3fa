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

export interface Style {
  readonly sign: "always" | "negative";
  readonly unit: string;
  /** Zeros that only fill the lot are quieter; those of a price are digits like any other. */
  readonly quietZeros?: boolean;
}

/** The digits of a figure by the house's rules; formats for readers are made of it. */
export function write(value: Decimal, places: number, { sign, unit, quietZeros = false }: Style): FigureText {
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

/** Under a heading that names the unit. */
export function barePercent(value: Decimal): FigureText {
  return write(round(value, 2), 2, { sign: "always", unit: "" });
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

/** `brief` keeps three digits that count, for columns that are read down. */
function abbreviate(
  value: Decimal,
  prefix: string,
  sign: Style["sign"] = "negative",
  brief = false,
): FigureText {
  const whole = digits(value).replace("-", "").split(".")[0] ?? "0";
  const step = whole.length > (brief ? 3 : 4) ? STEPS.find(([power]) => whole.length > power) : undefined;
  const shifted = step ? fromUnits(toUnits(value, decimals(value)), decimals(value) + step[0]) : value;
  const lead = step ? whole.length - step[0] : whole.length;
  const most = brief ? Math.max(0, 3 - lead) : 2;
  const places = step ? most : Math.min(most, decimals(value));
  const ink = write(round(shifted, places), places, { sign, unit: step?.[1] ?? "" });
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

/** USD in full, for what an account may risk. */
export function wholeUsd(value: Decimal): FigureText {
  return withPrefix(write(round(value, 2), 2, { sign: "negative", unit: "" }), "$");
}

/** A profit or a loss in full: its sign always stands. */
export function profitUsd(value: Decimal): FigureText {
  return withPrefix(write(round(value, 2), 2, { sign: "always", unit: "" }), "$");
}

/** A flow of USD: its sign always stands. */
export function signedUsd(value: Decimal): FigureText {
  return abbreviate(value, "$", "always", true);
}

/** USD with three digits that count. */
export function briefUsd(value: Decimal): FigureText {
  return abbreviate(value, "$", "negative", true);
}

/** Three digits that count after a prefix such as `$`, which may be empty. */
export function briefAmount(value: Decimal, prefix: string): FigureText {
  return abbreviate(value, prefix, "negative", true);
}

/** What a venue that samples reports is a lower bound. */
export function atLeastUsd(value: Decimal): FigureText {
  return withPrefix(briefUsd(value), "\u2265");
}

/** A difference in basis points, under a heading that names them: its sign always stands. */
export function signedBps(value: Decimal): FigureText {
  return write(round(value, 2), 2, { sign: "always", unit: "" });
}

/** A ratio between -1 and 1. */
export function ratio(value: Decimal): FigureText {
  return write(round(value, 2), 2, { sign: "always", unit: "" });
}

/** A price beside an axis, where it is a place and not a value; the tick gives its places. */
export function axisPrice(value: number, places: number): string {
  const text = Math.abs(value).toFixed(places);
  const [whole = "0", fraction] = text.split(".");
  const sign = value < 0 && Number(text) !== 0 ? "\u2212" : "";
  return sign + group(whole) + (fraction === undefined ? "" : `.${fraction}`);
}

/** A limit of money: in full, with cents only where it has any. */
export function limitUsd(value: Decimal): FigureText {
  return withPrefix(write(value, 0, { sign: "negative", unit: "" }), "$");
}

/** A sum of money beside an axis or a mark: `$1.2 M`. */
export function axisUsd(value: number): string {
  const amount = Math.abs(value);
  const [power, unit] = STEPS.find(([step]) => amount >= 10 ** step) ?? [0, ""];
  const shifted = amount / 10 ** power;
  return `${value < 0 ? "\u2212" : ""}$${shifted.toFixed(shifted >= 100 || power === 0 ? 0 : 1)}${unit}`;
}
