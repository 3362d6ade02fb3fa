import { type Decimal, digits, isNegative, sortKey } from "~/shared/decimal";
import type { Side } from "~/transport/trading-types";
import { canChange } from "./change";
import type { TradingDesk } from "./trading-desk";
import { LEG_NAMES } from "./trading-words";

/** A price at which an account has something, as the book and the chart mark it. */
export interface OwnMark {
  readonly px: Decimal;
  readonly order: number;
  readonly kind: "order" | "trigger" | "entry" | "liquidation";
  readonly side: Side;
  readonly text: string;
  /** The order that it marks, where it can be moved; null for what cannot. */
  readonly movable: string | null;
}

/** Marks that are drawn of one market. */
const MOST_MARKS = 60;

/** What the account has in one market; nothing at a venue where it does not trade. */
export function ownMarks(desk: TradingDesk | null, source: string, symbol: string): readonly OwnMark[] {
  if (desk === null || desk.state === null || desk.state.venue !== source) return [];
  const marks: OwnMark[] = [];
  for (const { key, view } of desk.orders.open) {
    const px = view.triggerPx ?? view.px;
    if (view.symbol !== symbol || px === null || marks.length >= MOST_MARKS) continue;
    const kind = view.triggerPx === null ? "order" : "trigger";
    const name = LEG_NAMES[view.leg] || named(view.kind, view.side);
    const text = `${name} ${digits(view.size)}`;
    const movable = canChange(view) ? key : null;
    marks.push({ px, order: sortKey(px), kind, side: view.side, text, movable });
  }
  const position = desk.state.positions?.draw(0, (rows) => rows.find((row) => row.symbol === symbol));
  if (position === undefined) return marks;
  const { size, entryPx, liquidationPx } = position;
  const short = isNegative(size);
  const side = short ? "sell" : "buy";
  const held = `${short ? "short" : "long"} ${digits(size).replace("-", "")}`;
  if (entryPx !== null)
    marks.push({ px: entryPx, order: sortKey(entryPx), kind: "entry", side, text: held, movable: null });
  if (liquidationPx !== null)
    marks.push({
      px: liquidationPx,
      order: sortKey(liquidationPx),
      kind: "liquidation",
      side,
      text: "liquidation",
      movable: null,
    });
  return marks;
}

/** One word: the line says the rest. */
function named(kind: string, side: Side): string {
  return kind.startsWith("stop") ? "stop" : kind.startsWith("take") ? "take" : side;
}

/** Changes whenever the marks could. */
export function marksKey(desk: TradingDesk | null): string {
  return desk === null ? "" : `${desk.orders.revision} ${desk.revision}`;
}
