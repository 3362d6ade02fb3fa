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
  subtract,
  toUnits,
} from "~/shared/decimal";

/** What a market's prices and sizes must be multiples of. */
export interface Grid {
  /** Decimals of a price. */
  readonly pxDecimals: number;
  /** Decimals of a size. */
  readonly szDecimals: number;
  /** Digits that a price may have before and after the point together, whole prices aside; null where the venue has no such rule. */
  readonly significant: number | null;
}

/** Hyperliquid takes prices of at most five significant figures; whole prices are always taken. */
export function significantOf(venue: string): number | null {
  return venue === "hyperliquid" ? 5 : null;
}

/** A number as it was typed: digits with at most one point, spaces between them; a comma means different things to different readers. */
export function readAmount(typed: string): Decimal | null {
  const text = typed.replaceAll(/[\s\u2009\u00a0]/g, "");
  if (text.startsWith("-") || text.length > 30) return null;
  return parseDecimal(text.startsWith(".") ? `0${text}` : text);
}

export function isPositive(value: Decimal | null): value is Decimal {
  return value !== null && !isZero(value) && !isNegative(value);
}

export function less(a: Decimal, b: Decimal): boolean {
  return isNegative(subtract(a, b)) && !isZero(subtract(a, b));
}

/** Cut to `places`, towards zero: a size is never more than was meant. */
export function cut(value: Decimal, places: number): Decimal {
  return decimals(value) <= places ? value : fromUnits(toUnits(value, places), places);
}

/** Decimals that a price of this height may have. */
function placesOf(px: Decimal, { pxDecimals, significant }: Grid): number {
  if (significant === null) return pxDecimals;
  const [whole = "0", fraction = ""] = digits(px).replace("-", "").split(".");
  const lead = whole.replace(/^0+/, "").length;
  const zeros = lead > 0 ? 0 : (/^0*/.exec(fraction)?.[0].length ?? 0);
  return Math.min(pxDecimals, Math.max(0, significant - lead + zeros));
}

/** The step between two prices of this height. */
export function tickAt(px: Decimal, grid: Grid): Decimal {
  return fromUnits(1n, placesOf(px, grid));
}

/** The nearest price on the grid. */
export function snapPrice(px: Decimal, grid: Grid): Decimal {
  const snapped = round(px, placesOf(px, grid));
  // Rounding up may have added a digit before the point.
  return round(snapped, placesOf(snapped, grid));
}

/** The largest size on the lot that costs no more than `usd` at `px`. */
export function sizeOfUsd(usd: Decimal, px: Decimal, szDecimals: number): Decimal | null {
  return floorDivide(usd, px, szDecimals);
}

/** The largest size on the lot that loses no more than `percent` of the equity between entry and stop, fees and slippage aside. */
export function sizeOfRisk(
  equity: Decimal,
  percent: Decimal,
  entry: Decimal,
  stop: Decimal,
  szDecimals: number,
): Decimal | null {
  const distance = less(entry, stop) ? subtract(stop, entry) : subtract(entry, stop);
  const product = multiply(equity, percent);
  const scale = decimals(product);
  return floorDivide(fromUnits(toUnits(product, scale), scale + 2), distance, szDecimals);
}

/** a / b towards zero on `places`; null where b is zero. */
function floorDivide(a: Decimal, b: Decimal, places: number): Decimal | null {
  if (isZero(b)) return null;
  const scale = Math.max(decimals(a), decimals(b));
  return fromUnits((toUnits(a, scale) * 10n ** BigInt(places)) / toUnits(b, scale), places);
}

/** The middle of two prices, with one more decimal than they have. */
export function middleOf(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(decimals(a), decimals(b)) + 1;
  return fromUnits((toUnits(a, scale) + toUnits(b, scale)) / 2n, scale);
}

export function notional(size: Decimal, px: Decimal): Decimal {
  return multiply(size, px);
}

/** How far `px` is from `from`, in percent with two decimals. */
export function awayPercent(px: Decimal, from: Decimal): Decimal | null {
  const delta = subtract(px, from);
  return divide(multiply(delta, fromUnits(100n, 0)), from, 2);
}
