import { type FigureText, plainText } from "./figure-ink";
import type { Reading } from "./stamped";

/** A figure as text for a tooltip, which names the state in a line of its own. */
export function tipFigure(text: FigureText): string {
  return plainText(text);
}

/** A figure as text for a hidden mirror; it takes the reading so that the state is written beside it. */
export function plainFigure(text: FigureText, reading: Reading): string {
  return reading.state === "stale" ? `${plainText(text)} (stale)` : plainText(text);
}
