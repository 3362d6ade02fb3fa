import { timeText } from "~/shared/age";
import { sortKey } from "~/shared/decimal";
import { price } from "~/shared/format";
import type { Pen } from "~/shared/pen";
import type { MarketView } from "~/stores/market-view";
import { type Column, COLUMN_MS } from "./history";
import { gridSteps, type Range, strongSize } from "./scale";

const AXIS_WIDTH = 72;
const FOOT_HEIGHT = 20;
/** The time in view on any but the narrowest panel. */
const SECONDS_IN_VIEW = 240;

function columnWidth(width: number): number {
  return Math.max(2, Math.floor((width - AXIS_WIDTH) / SECONDS_IN_VIEW));
}

/** How many columns fit. */
export function columnsIn(width: number): number {
  return Math.max(1, Math.floor((width - AXIS_WIDTH) / columnWidth(width)));
}

interface Place {
  readonly right: number;
  readonly bottom: number;
  readonly column: number;
  readonly range: Range;
  readonly yOf: (px: number) => number;
}

export function drawMap(
  pen: Pen,
  view: MarketView | null,
  columns: readonly Column[],
  range: Range,
  now: number,
): void {
  pen.begin(11);
  const right = pen.width - AXIS_WIDTH;
  const bottom = pen.height - FOOT_HEIGHT;
  const yOf = (px: number): number => bottom - ((px - range.low) / (range.high - range.low)) * bottom;
  const column = columnWidth(pen.width);
  const place: Place = { right, bottom, column, range, yOf };
  const newest = Math.floor(now / COLUMN_MS) * COLUMN_MS;
  const strong = strongSize(columns);
  const xOf = ({ at }: Column): number => right - (Math.round((newest - at) / COLUMN_MS) + 1) * column;
  const shown = columns.filter((item) => xOf(item) >= 0);
  // One colour after the other: changing the fill for each cell costs more than the cells.
  for (const item of shown) drawSide(pen, item.askPx, item.askSz, xOf(item), strong, place, "down");
  for (const item of shown) drawSide(pen, item.bidPx, item.bidSz, xOf(item), strong, place, "up");
  for (const item of shown) drawQuote(pen, item, xOf(item), place);
  drawAxes(pen, view, place, now);
  drawLast(pen, view, place, now);
}

/** Each level reaches to the next one behind it, so that a thin book shows as wide, faint bands. */
function drawSide(
  pen: Pen,
  px: Float64Array,
  sz: Float64Array,
  x: number,
  strong: number,
  { bottom, column, yOf }: Place,
  tone: "up" | "down",
): void {
  for (let index = 0; index < px.length; index += 1) {
    const at = px[index] ?? 0;
    const next = px[index + 1] ?? at;
    const y = yOf(at);
    const height = Math.min(24, Math.max(1, Math.abs(yOf(next) - y)));
    const top = tone === "down" ? y - height : y;
    if (top + height < 0 || top > bottom) continue;
    const alpha = 0.05 + Math.min(1, (sz[index] ?? 0) / strong) * 0.55;
    pen.rect(x, top, column, height, tone, alpha);
  }
}

function drawQuote(pen: Pen, item: Column, x: number, { column, yOf }: Place): void {
  for (const best of [item.bidPx[0], item.askPx[0]])
    if (best !== undefined) pen.rect(x, Math.round(yOf(best)), column, 1, "ink-0", 0.9);
}

function drawAxes(pen: Pen, view: MarketView | null, place: Place, now: number): void {
  const { right, bottom, column, range, yOf } = place;
  pen.rect(right, 0, AXIS_WIDTH, pen.height, "bg-1");
  pen.rect(0, bottom, pen.width, FOOT_HEIGHT, "bg-1");
  pen.rect(right, 0, 1, bottom, "line");
  pen.rect(0, bottom, pen.width, 1, "line");
  const places = view?.instrument?.pxDecimals ?? 2;
  const last = view?.figure("price")?.draw(now, sortKey) ?? null;
  for (const step of gridSteps(range, bottom / 48)) {
    const y = Math.round(yOf(step));
    pen.rect(0, y, right, 1, "line", 0.5);
    const covered = last !== null && Math.abs(yOf(last) - y) < 14;
    if (!covered && y > 8 && y < bottom - 8) pen.label(step.toFixed(places), right + 6, y, "ink-2");
  }
  const wall = Date.now();
  const perLabel = Math.ceil(72 / column / 30) * 30 * COLUMN_MS;
  const offset = wall % perLabel;
  for (let back = offset; ; back += perLabel) {
    const x = right - (back / COLUMN_MS) * column;
    if (x < 36) break;
    pen.rect(Math.round(x), bottom, 1, 4, "line");
    if (x < right - 24) pen.label(timeText(wall - back), x, bottom + 11, "ink-2", "center");
  }
}

function drawLast(pen: Pen, view: MarketView | null, { right, yOf, bottom }: Place, now: number): void {
  view?.figure("price")?.draw(now, (value, reading) => {
    const y = Math.max(9, Math.min(bottom - 9, yOf(sortKey(value))));
    pen.rect(right + 1, y - 9, AXIS_WIDTH - 1, 18, "bg-3");
    pen.fontSize(12, 500);
    pen.figure(
      price(value, view.instrument?.pxDecimals ?? null),
      reading,
      right + 6,
      y + 0.5,
      "ink-0",
      "left",
    );
  });
}
