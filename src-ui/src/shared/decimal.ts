declare const decimalBrand: unique symbol;

/**
 * A decimal number exactly as it was received. It is a string at run time and opaque to the type checker, so that
 * neither JSX nor a canvas accepts it: a figure is drawn from a stamp or not at all.
 */
export interface Decimal {
  readonly [decimalBrand]: true;
}

const PATTERN = /^-?\d{1,40}(?:\.\d{1,40})?$/;

export function parseDecimal(text: unknown): Decimal | null {
  return typeof text === "string" && PATTERN.test(text) ? (text as unknown as Decimal) : null;
}

/**
 * A float of the conviction engine, rounded for display; null where it is no finite number. Signals are floats, and
 * nobody is paid by them: money never passes here.
 */
export function fromSignal(value: number, places: number): Decimal | null {
  return Number.isFinite(value) ? parseDecimal(value.toFixed(places)) : null;
}

export function digits(value: Decimal): string {
  return value as unknown as string;
}

export function decimals(value: Decimal): number {
  const text = digits(value);
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** An order-preserving number, for sorting, for equality of levels and for geometry; never for display. */
export function sortKey(value: Decimal): number {
  return Number(digits(value));
}

export function isZero(value: Decimal): boolean {
  return !/[1-9]/.test(digits(value));
}

export function isNegative(value: Decimal): boolean {
  return digits(value).startsWith("-") && !isZero(value);
}

/** The value in units of 10^-scale; digits beyond the scale are cut. */
export function toUnits(value: Decimal, scale: number): bigint {
  const text = digits(value);
  const point = text.indexOf(".");
  if (point < 0) return BigInt(text) * 10n ** BigInt(scale);
  const fraction = text.slice(point + 1, point + 1 + scale).padEnd(scale, "0");
  return BigInt(text.slice(0, point) + fraction);
}

export function fromUnits(units: bigint, scale: number): Decimal {
  const negative = units < 0n;
  const text = (negative ? -units : units).toString().padStart(scale + 1, "0");
  const whole = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
  return (negative ? `-${whole}` : whole) as unknown as Decimal;
}

function divideHalfAway(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (n * 2n + d) / (d * 2n);
  return negative ? -rounded : rounded;
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(decimals(a), decimals(b));
  return fromUnits(toUnits(a, scale) - toUnits(b, scale), scale);
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(decimals(a), decimals(b));
  return fromUnits(toUnits(a, scale) + toUnits(b, scale), scale);
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  const [sa, sb] = [decimals(a), decimals(b)];
  return fromUnits(toUnits(a, sa) * toUnits(b, sb), sa + sb);
}

/** a / b rounded half away from zero to `places`; null when b is zero. */
export function divide(a: Decimal, b: Decimal, places: number): Decimal | null {
  if (isZero(b)) return null;
  const scale = Math.max(decimals(a), decimals(b));
  return fromUnits(divideHalfAway(toUnits(a, scale) * 10n ** BigInt(places), toUnits(b, scale)), places);
}

export function round(value: Decimal, places: number): Decimal {
  const scale = decimals(value);
  if (scale <= places) return value;
  return fromUnits(divideHalfAway(toUnits(value, scale), 10n ** BigInt(scale - places)), places);
}

export function scaleBy(value: Decimal, factor: number): Decimal {
  return multiply(value, String(factor) as unknown as Decimal);
}
