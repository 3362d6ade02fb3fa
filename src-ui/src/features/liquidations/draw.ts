import { timeText } from "~/shared/age";
import { sortKey } from "~/shared/decimal";
import { briefUsd, price, size } from "~/shared/format";
import type { Pen } from "~/shared/pen";
import type { Reading } from "~/shared/stamped";
import { look } from "~/shared/theme";
import { venueShort } from "~/shared/venue";
import type { LiquidationEvent } from "~/stores/liquidations";

const PAD = 8;
/** Room for price and size beside amount and time. */
const WIDE = 380;

export interface Places {
  readonly px: number | null;
  readonly sz: number | null;
}

export function drawFeed(
  pen: Pen,
  events: readonly LiquidationEvent[],
  readingOf: (event: LiquidationEvent) => Reading | null,
  places: (source: string) => Places,
): void {
  const row = look().row;
  pen.begin(11);
  const most = events.reduce((value, event) => Math.max(value, sortKey(event.usd)), 0);
  const wide = pen.width >= WIDE;
  events.forEach((event, index) => {
    const reading = readingOf(event);
    const top = index * row;
    if (reading === null || top > pen.height) return;
    const middle = top + row / 2 + 0.5;
    const tone = event.liquidated === "long" ? "down" : "up";
    const share = most === 0 ? 0 : sortKey(event.usd) / most;
    pen.rect(0, top, Math.round(pen.width * share), row - 1, tone, look().dark ? 0.12 : 0.1);
    pen.label(venueShort(event.source), PAD, middle, "ink-1");
    pen.label(event.liquidated, PAD + 46, middle, tone);
    pen.label(timeText(event.tsMs), pen.width - PAD, middle, "ink-2", "right");
    const amountEdge = wide ? Math.round(pen.width * 0.45) : pen.width - PAD - 62;
    pen.figure(briefUsd(event.usd), reading, amountEdge, middle, "ink-0", "right");
    if (!wide) return;
    const { px, sz } = places(event.source);
    pen.figure(size(event.sz, sz), reading, Math.round(pen.width * 0.62), middle, "ink-1", "right");
    pen.figure(price(event.px, px), reading, pen.width - PAD - 66, middle, "ink-1", "right");
  });
}
