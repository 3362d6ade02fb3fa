import type { Look } from "~/shared/theme";
import { type Candle, INTERVAL_MS } from "~/stores/candles";
import type { CandleInterval } from "~/transport/types";
import { type Hole, holesOf } from "./gaps";
import { type Bands, bollinger, ema, type Line, rsi, stretches, vwap } from "./studies";

export const EMA_LENGTH = 20;
export const BAND_LENGTH = 20;
export const BAND_WIDTH = 2;
export const RSI_LENGTH = 14;

/** Everything that a chart draws, computed from one series. */
export interface Plot {
  readonly rows: readonly Candle[];
  readonly holes: readonly Hole[];
  readonly ema: Line;
  readonly vwap: Line;
  readonly bands: Bands;
  readonly rsi: Line;
}

export function plotOf(rows: readonly Candle[], interval: CandleInterval): Plot {
  const stepMs = INTERVAL_MS[interval];
  const openMs = rows.map((row) => row.openMs);
  const closes = Float64Array.from(rows, (row) => row.at.c);
  const starts = stretches(rows, stepMs);
  return {
    rows,
    holes: holesOf(rows, stepMs),
    ema: ema(closes, starts, EMA_LENGTH),
    vwap: vwap(
      rows.map((row) => row.at),
      openMs,
      starts,
    ),
    bands: bollinger(closes, starts, BAND_LENGTH, BAND_WIDTH),
    rsi: rsi(closes, starts, RSI_LENGTH),
  };
}

/** A colour of the theme at part of its strength, for canvases that know no `color-mix`. */
export function faint(colour: string, alpha: number): string {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (hex === undefined) return colour;
  return `#${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0")}`;
}

export interface CandleInk {
  readonly color: string;
  readonly borderColor: string;
  readonly wickColor: string;
}

/** A candle of which a part was not seen is hollow and in the colour of what is stale. */
export function inkOfCandle({ at, coverage }: Candle, { colours }: Look): CandleInk {
  const tone = at.c >= at.o ? colours.up : colours.down;
  return coverage.missing > 0
    ? { color: colours["bg-1"], borderColor: colours.stale, wickColor: colours.stale }
    : { color: tone, borderColor: tone, wickColor: tone };
}
