import { sortKey } from "~/shared/decimal";
import { basisPoints, price, ratio } from "~/shared/format";
import type { Pen } from "~/shared/pen";
import { type Reading, type Stamped, worseOf } from "~/shared/stamped";
import { look } from "~/shared/theme";
import type { Level } from "~/stores/book";
import type { Spread } from "~/stores/figures";
import type { BookView, MarketView } from "~/stores/market-view";
import type { OwnMark } from "~/stores/own-marks";
import { columns, NARROW } from "./columns";
import { cumulate, type Geometry, geometry, HEAD_HEIGHT, rowTop } from "./rows";

const PAD = 8;

interface SideLook {
  readonly side: "bid" | "ask";
  readonly reading: Reading;
  readonly deep: Reading | null;
  readonly deepFrom: number | null;
  /** Prices of the walls, by their sort keys. */
  readonly walls: ReadonlySet<number>;
  /** What the account has there, by the same keys. */
  readonly own: ReadonlyMap<number, OwnMark>;
}

function wallsOf(view: MarketView, side: "bids" | "asks", now: number): ReadonlySet<number> {
  const walls = view.flow.walls?.draw(now, (both) => both[side]) ?? [];
  return new Set(walls.map((wall) => sortKey(wall.px)));
}

export function drawLadder(
  pen: Pen,
  view: MarketView,
  spread: Stamped<Spread> | null,
  own: readonly OwnMark[],
  now: number,
): void {
  const place = geometry(pen.height, look().row);
  pen.begin(12);
  drawHead(pen);
  const deep = view.deep?.read(now) ?? null;
  view.book?.draw(now, (book, reading) => {
    const bids = cumulate(book.bids, place.rows);
    const asks = cumulate(book.asks, place.rows);
    const most = Math.max(bids.last, asks.last);
    const common = {
      reading,
      deep,
      deepFrom: view.deepFrom,
      own: new Map(own.filter(rests).map((mark) => [mark.order, mark])),
    };
    drawSide(pen, view, book, asks.totals, most, place, {
      side: "ask",
      walls: wallsOf(view, "asks", now),
      ...common,
    });
    drawSide(pen, view, book, bids.totals, most, place, {
      side: "bid",
      walls: wallsOf(view, "bids", now),
      ...common,
    });
    pen.ageBar(reading, 0, place.spreadTop + place.spreadHeight - 1, pen.width);
    if (deep !== null && view.deepFrom !== null && view.deepFrom < place.rows) {
      pen.ageBar(deep, 0, rowTop("ask", view.deepFrom - 1, place), pen.width);
      pen.ageBar(deep, 0, rowTop("bid", view.deepFrom, place), pen.width);
    }
  });
  drawSpread(pen, view, spread, place, now);
}

function drawHead(pen: Pen): void {
  const y = HEAD_HEIGHT / 2 + 1;
  pen.words(11);
  pen.label("Price", PAD, y, "ink-2");
  pen.label("Size", sizeEdge(pen.width), y, "ink-2", "right");
  pen.label("Total", pen.width - PAD, y, "ink-2", "right");
  pen.fontSize(rowFont(pen));
}

function rowFont({ width }: Pen): number {
  return width < NARROW ? 11 : 12;
}

function sizeEdge(width: number): number {
  return Math.round(PAD + (width - 2 * PAD) * 0.66);
}

function drawSide(
  pen: Pen,
  view: MarketView,
  book: BookView,
  totals: ReturnType<typeof cumulate>["totals"],
  most: number,
  place: Geometry,
  how: SideLook,
): void {
  const levels: readonly Level[] = how.side === "bid" ? book.bids : book.asks;
  const tone = how.side === "bid" ? "up" : "down";
  const places = view.instrument;
  for (let index = 0; index < totals.length; index += 1) {
    const level = levels[index];
    const total = totals[index];
    if (level === undefined || total === undefined) break;
    const beyond = how.deepFrom !== null && index >= how.deepFrom;
    // Levels whose stamp is missing have no value, although the server still counts on them being held.
    if (beyond && how.deep === null) break;
    const reading = beyond && how.deep !== null ? how.deep : how.reading;
    const top = rowTop(how.side, index, place);
    const height = Math.round(place.row);
    const middle = Math.round(top + height / 2) + 0.5;
    // A total counts the levels before it too, and is no younger than the oldest of them.
    const summed = beyond ? worseOf(reading, how.reading) : reading;
    const share = most === 0 ? 0 : sortKey(total) / most;
    const bar = Math.round((pen.width - PAD) * 0.72 * share);
    const fill = summed.state === "stale" ? "ink-2" : tone;
    pen.rect(pen.width - bar, top, bar, height - 1, fill, look().dark ? 0.16 : 0.13);
    pen.figure(price(level.px, places?.pxDecimals ?? null), reading, PAD, middle, tone, "left");
    const lot = places?.szDecimals ?? null;
    const written = columns(pen.width, lot);
    const mine = how.own.get(level.key);
    if (mine !== undefined) drawOwn(pen, mine, top, height);
    const wall = how.walls.has(level.key);
    const edge = sizeEdge(pen.width);
    const used = pen.figure(written.size(level.sz), reading, edge, middle, wall ? "warn" : "ink-0", "right");
    if (wall) drawWall(pen, edge - used, top, height, middle);
    pen.figure(written.total(total), summed, pen.width - PAD, middle, "ink-1", "right");
  }
}

/** A wall is marked twice: at the edge, and by a word where there is room. */
function drawWall(pen: Pen, right: number, top: number, height: number, middle: number): void {
  pen.rect(0, top, 3, height - 1, "warn");
  if (right < PAD + 88) return;
  pen.words(10);
  pen.label("wall", right - 6, middle, "warn", "right");
  pen.fontSize(rowFont(pen));
}

/** What waits in the book; where a position was opened is the chart's. */
function rests({ kind }: OwnMark): boolean {
  return kind === "order" || kind === "trigger";
}

/** An own order frames its row, in the colour of its side. */
function drawOwn(pen: Pen, { side }: OwnMark, top: number, height: number): void {
  const ink = side === "buy" ? "up" : "down";
  pen.rect(0, top, pen.width, 1, ink);
  pen.rect(0, top + height - 2, pen.width, 1, ink);
  pen.rect(pen.width - 3, top, 3, height - 1, ink);
}

/** The row where an order in hand would come to stand. */
export function drawHeld(
  pen: Pen,
  row: { readonly side: "bid" | "ask"; readonly index: number } | null,
): void {
  if (row === null) return;
  const place = geometry(pen.height, look().row);
  pen.rect(0, rowTop(row.side, row.index, place), pen.width, Math.round(place.row) - 1, "accent", 0.28);
}

function drawSpread(
  pen: Pen,
  view: MarketView,
  spread: Stamped<Spread> | null,
  place: Geometry,
  now: number,
): void {
  const middle = place.spreadTop + place.spreadHeight / 2;
  pen.rect(0, place.spreadTop, pen.width, place.spreadHeight - 1, "bg-2");
  const last = view.figure("price");
  pen.fontSize(15, 500);
  const places = view.instrument?.pxDecimals ?? null;
  if (last === null) pen.label("\u2014", PAD, middle, "ink-2");
  else
    last.draw(now, (value, reading) =>
      pen.figure(price(value, places), reading, PAD, middle, "ink-0", "left"),
    );
  pen.fontSize(11);
  drawImbalance(pen, view, middle, now);
  if (spread === null) pen.label("\u2014", pen.width - PAD, middle, "ink-2", "right");
  else
    spread.draw(now, (value, reading) => {
      const right = pen.width - PAD;
      const used = pen.figure(basisPoints(value.bps), reading, right, middle, "ink-1", "right");
      pen.figure(price(value.width, places), reading, right - used - 12, middle, "ink-1", "right");
    });
  pen.fontSize(12);
}

/** (bids - asks) / (bids + asks) of the first ten levels, by notional. */
function drawImbalance(pen: Pen, view: MarketView, middle: number, now: number): void {
  if (pen.width < 250) return;
  view.figure("imbalance")?.draw(now, (value, reading) => {
    const tone = sortKey(value) >= 0 ? "up" : "down";
    const used = pen.figure(ratio(value), reading, Math.round(pen.width * 0.55), middle, tone, "right");
    pen.words(10);
    pen.label("imb", Math.round(pen.width * 0.55) - used - 4, middle, "ink-2", "right");
    pen.fontSize(11);
  });
}
