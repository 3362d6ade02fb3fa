import type { Decimal } from "~/shared/decimal";
import type { FigureText } from "~/shared/figure-ink";
import { briefAmount, size } from "~/shared/format";

/** Narrower books have no room for three columns of whole digits: they would run into each other. */
export const NARROW = 220;

interface Columns {
  readonly size: (value: Decimal) => FigureText;
  readonly total: (value: Decimal) => FigureText;
}

const brief = (value: Decimal): FigureText => briefAmount(value, "");

/** How sizes and sums are written in a book of so many pixels: by its width alone, so that no update changes it. */
export function columns(width: number, lot: number | null): Columns {
  const whole = (value: Decimal): FigureText => size(value, lot);
  if (width >= NARROW) return { size: whole, total: whole };
  // Lots of whole units run to many digits.
  return { size: lot === 0 ? brief : whole, total: brief };
}
