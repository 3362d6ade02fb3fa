import { type Decimal, digits, fromUnits, parseDecimal, round, toUnits } from "~/shared/decimal";
import type { FigureText } from "~/shared/figure-ink";
import { limitUsd, price, wholeUsd, write } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";

/** Hundredths of a percent, as a percentage: `30` is `0.3 %`. */
export function bpsText(bps: string): string {
  return shifted(bps, " %");
}

/** Percent of equity, as a multiple of it: `300` is `3×`. */
export function timesText(percent: string): string {
  return shifted(percent, "\u00d7");
}

/** Dollars to the cent, with cents only where there are any. */
export function dollarsText(amount: string): string {
  const value = parseDecimal(amount);
  if (value === null) return amount;
  const units = toUnits(round(value, 2), 2);
  // `$9.50` and not `$9.5`, `$9` and not `$9.00`.
  return inSentence(units % 100n === 0n ? limitUsd(fromUnits(units / 100n, 0)) : wholeUsd(value));
}

/** A number as the locale groups it. */
export function numberText(text: string): string {
  const value = parseDecimal(text);
  return value === null ? text : inSentence(price(value, null));
}

/** A number that no end of a line tears apart. */
function inSentence(figure: FigureText): string {
  return tipFigure(figure).replaceAll("\u2009", "\u202f");
}

/** Two places to the right of the point. */
function shifted(text: string, unit: string): string {
  const value = hundredths(text);
  return value === null ? text : inSentence(write(value, 0, { sign: "negative", unit }));
}

export function hundredths(text: string): Decimal | null {
  return /^-?\d{1,12}$/.test(text) ? fromUnits(BigInt(text), 2) : null;
}

/** The whole number of hundredths that a typed figure is; null where it has finer digits, or is too long. */
export function wholeHundredths(value: Decimal): number | null {
  const text = digits(value);
  if (!/^\d{1,7}(?:\.\d{1,2}0*)?$/.test(text)) return null;
  return Number(toUnits(value, 2));
}

/** How the server writes figures. */
const FIGURE = /(-?\d+(?:\.\d+)?) (USD|bps|%)(?![a-z])/g;

function respelt(text: string, percent: (number: string) => string): string {
  return text.replaceAll(FIGURE, (_whole, number: string, unit: string) =>
    unit === "USD" ? dollarsText(number) : unit === "bps" ? bpsText(number) : percent(number),
  );
}

/** A sentence of the server with its sums and rates in the units that traders read. */
export function inUnits(text: string): string {
  return respelt(text, (number) => `${number} %`);
}

/** A figure that a check found or allows, likewise; of those only leverage is in percent. */
export function checkFigure(text: string): string {
  return respelt(text, timesText)
    .replace(/\bwithin (\d+) ms\b/, (_whole, ms: string) => `\u00b1${numberText(ms)} ms`)
    .replace(/\b(\d+) in 60 s\b/, "$1 in the last minute");
}
