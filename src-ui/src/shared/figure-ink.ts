/** The drawable parts of a figure. Only the figure component and the canvas pen, both in this folder, may open one. */
export interface Ink {
  /** Sign, or empty; it stands in a column of its own. */
  readonly sign: string;
  readonly body: string;
  /** Zeros added to reach the tick or lot: drawn, but quieter. */
  readonly pad: string;
  readonly unit: string;
}

declare const figureBrand: unique symbol;

/** Formatted digits that cannot be drawn without the stamp they belong to. */
export interface FigureText {
  readonly [figureBrand]: true;
}

export function seal(ink: Ink): FigureText {
  return ink as unknown as FigureText;
}

export function inkOf(text: FigureText): Ink {
  return text as unknown as Ink;
}

export function plainText(text: FigureText): string {
  const ink = inkOf(text);
  return ink.sign + ink.body + ink.pad + ink.unit;
}
