import { timeText } from "~/shared/age";
import { sortKey } from "~/shared/decimal";
import { briefAmount, price, size } from "~/shared/format";
import type { Pen } from "~/shared/pen";
import { look } from "~/shared/theme";
import type { MarketView } from "~/stores/market-view";
import type { TradeRing } from "~/stores/trades";

const PAD = 8;
const NARROW = 200;
export const HEAD_HEIGHT = 20;

function rowsIn(height: number, row: number): number {
  return Math.max(0, Math.ceil((height - HEAD_HEIGHT) / row));
}

export function drawTape(pen: Pen, view: MarketView, offset: number, now: number): void {
  const row = look().row;
  pen.begin(11);
  pen.words(11);
  const headMiddle = HEAD_HEIGHT / 2 + 1;
  const timeEdge = pen.width - PAD;
  const narrow = pen.width < NARROW;
  const sizeEdge = Math.round(PAD + (pen.width - 2 * PAD) * (narrow ? 0.64 : 0.62));
  pen.label("Price", PAD, headMiddle, "ink-2");
  pen.label("Size", sizeEdge, headMiddle, "ink-2", "right");
  pen.label("Time", timeEdge, headMiddle, "ink-2", "right");
  pen.fontSize(narrow ? 11 : 12);
  // A narrow tape has no room for tenths beside the size.
  const fraction = narrow ? 0 : 1;
  view.trades?.draw(now, (ring, reading) => {
    const shown = rowsIn(pen.height, row);
    const most = largest(ring, offset, shown);
    for (let index = 0; index < shown; index += 1) {
      const trade = ring.newest(offset + index);
      if (trade === undefined) break;
      const top = HEAD_HEIGHT + index * row;
      const middle = top + row / 2 + 0.5;
      const tone = trade.side === "buy" ? "up" : "down";
      const share = most === 0 ? 0 : sortKey(trade.sz) / most;
      const fill = reading.state === "stale" ? "ink-2" : tone;
      pen.rect(0, top, Math.round(pen.width * share), row - 1, fill, look().dark ? 0.1 : 0.09);
      const places = view.instrument;
      pen.figure(price(trade.px, places?.pxDecimals ?? null), reading, PAD, middle, tone, "left");
      const lot = places?.szDecimals ?? null;
      // Lots of whole units run to many digits.
      const sized = narrow && lot === 0 ? briefAmount(trade.sz, "") : size(trade.sz, lot);
      pen.figure(sized, reading, sizeEdge, middle, "ink-0", "right");
      pen.label(timeText(trade.tsMs, fraction), timeEdge, middle, "ink-2", "right");
    }
    pen.ageBar(reading, 0, HEAD_HEIGHT - 1, pen.width);
  });
}

function largest(ring: TradeRing, offset: number, shown: number): number {
  let most = 0;
  for (let index = 0; index < shown; index += 1) {
    const trade = ring.newest(offset + index);
    if (trade !== undefined) most = Math.max(most, sortKey(trade.sz));
  }
  return most;
}
