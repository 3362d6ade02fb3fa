import type { ReactNode, RefObject } from "react";
import { ageText, dayText, timeText } from "~/shared/age";
import { type Decimal, divide, scaleBy, subtract } from "~/shared/decimal";
import type { FigureText } from "~/shared/figure-ink";
import { axisPrice, percent, price, size } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { tipFigure } from "~/shared/mirror";
import { type Candle, type CandleSeries, INTERVAL_MS } from "~/stores/candles";
import { coverageText, gradeOf } from "~/stores/coverage";
import type { MarketView } from "~/stores/market-view";
import { STUDIES, type Study, useSettings } from "~/stores/settings";
import type { ChartPicture } from "./picture";
import { BAND_LENGTH, BAND_WIDTH, EMA_LENGTH, type Plot, RSI_LENGTH } from "./plot";

const EVERY_MS = 80;

const NAMES: Readonly<Record<Study, string>> = {
  volume: "Vol",
  ema: `EMA ${EMA_LENGTH}`,
  vwap: "VWAP",
  bollinger: "BB",
  rsi: "RSI",
  liquidations: "Liq",
};

const TITLES: Readonly<Record<Study, string>> = {
  volume: "Volume (i v)",
  ema: `Exponential moving average of ${EMA_LENGTH} closes (i e)`,
  vwap: "Volume-weighted average price since midnight UTC (i w)",
  bollinger: `Bollinger bands: ${BAND_LENGTH} closes, ${BAND_WIDTH} standard deviations (i b)`,
  rsi: `Relative strength index of ${RSI_LENGTH} candles (i r)`,
  liquidations: "Liquidations that this venue reported (i l)",
};

const COVERAGE_TITLE =
  "How much of the candle\u2019s time was seen; unv.: the venue numbers nothing that would show whether a trade is missing";

interface StudyValue {
  readonly of: (plot: Plot) => ArrayLike<number>;
  /** Null takes the market's tick. */
  readonly decimals: number | null;
}

const VALUES: Readonly<Partial<Record<Study, readonly StudyValue[]>>> = {
  ema: [{ of: (plot) => plot.ema, decimals: null }],
  vwap: [{ of: (plot) => plot.vwap, decimals: null }],
  bollinger: [
    { of: (plot) => plot.bands.upper, decimals: null },
    { of: (plot) => plot.bands.lower, decimals: null },
  ],
  rsi: [{ of: (plot) => plot.rsi, decimals: 1 }],
};

function valuesOf(
  values: readonly StudyValue[],
  picture: RefObject<ChartPicture | null>,
  { index }: Place,
  places: number | null,
): string {
  const { plot } = picture.current ?? {};
  return values
    .map(({ of, decimals }) => {
      const value = plot == null ? Number.NaN : (of(plot)[index] ?? Number.NaN);
      return ` ${Number.isNaN(value) ? "\u2014" : axisPrice(value, decimals ?? places ?? 2)}`;
    })
    .join("");
}

interface ReadoutProps {
  readonly picture: RefObject<ChartPicture | null>;
  readonly series: () => CandleSeries;
  readonly view: () => MarketView | null;
}

interface Place {
  readonly row: Candle | undefined;
  readonly index: number;
}

/** The candle under the crosshair, else the newest; a place in a gap has no candle. */
function placeOf(rows: readonly Candle[], hovered: number | null): Place {
  const index = hovered === null ? rows.length - 1 : rows.findLastIndex((row) => row.openMs === hovered);
  return { row: rows[index], index };
}

function change({ o, c }: Candle): Decimal | null {
  return divide(scaleBy(subtract(c, o), 100), o, 4);
}

export function Readout({ picture, series, view }: ReadoutProps): ReactNode {
  const { studies, set } = useSettings();
  const places = (): number | null => view()?.instrument?.pxDecimals ?? null;
  const place = (): Place => placeOf(series().rows, picture.current?.hovered ?? null);
  const figure = (pick: (row: Candle) => FigureText | null) => (): string => {
    const { row } = place();
    const text = row === undefined ? null : pick(row);
    return text === null ? "\u2014" : tipFigure(text);
  };
  // A candle that has closed is what it is; the one that runs is as old as its trades.
  const stale = (row: Candle, now: number): boolean =>
    !row.closed && series().stamped?.read(now).state === "stale";
  const tone = (now: number): string => {
    const { row } = place();
    if (row === undefined) return "";
    return stale(row, now) ? "stale" : row.at.c >= row.at.o ? "up" : "down";
  };
  return (
    <div className="readout" data-testid="chart-readout">
      <div className="readout-row">
        <LiveText
          className="readout-time"
          everyMs={EVERY_MS}
          read={() => timeOf(place(), picture, series())}
        />
        <Cell name="O" read={figure((row) => price(row.o, places()))} tone={tone} />
        <Cell name="H" read={figure((row) => price(row.h, places()))} tone={tone} />
        <Cell name="L" read={figure((row) => price(row.l, places()))} tone={tone} />
        <Cell name="C" read={figure((row) => price(row.c, places()))} tone={tone} />
        <Cell name="" read={figure((row) => percentOf(row))} tone={tone} />
        <Cell
          name="V"
          read={figure((row) => size(row.volume, null))}
          tone={(now) => (tone(now) === "stale" ? "stale" : "")}
        />
      </div>
      <span className="readout-coverage">
        <LiveText className="readout-age" everyMs={EVERY_MS} read={(now) => ageOf(place(), series(), now)} />
        <LiveText
          everyMs={EVERY_MS}
          read={() => seenLine(place(), series())}
          state={() => gradeOf(place().row?.coverage ?? null)}
          title={() => COVERAGE_TITLE}
        />
      </span>
      <i className="readout-break" aria-hidden="true" />
      <div className="readout-studies" role="group" aria-label="Studies">
        {STUDIES.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={studies.includes(name)}
            title={TITLES[name]}
            data-ink={name}
            onClick={() =>
              set({ studies: STUDIES.filter((item) => (item === name) !== studies.includes(item)) })
            }
          >
            {NAMES[name]}
            {studies.includes(name) && VALUES[name] !== undefined ? (
              <LiveText
                everyMs={EVERY_MS}
                read={() => valuesOf(VALUES[name] ?? [], picture, place(), places())}
              />
            ) : null}
          </button>
        ))}
      </div>
    </div>
  );
}

function percentOf(row: Candle): FigureText | null {
  const value = change(row);
  return value === null ? null : percent(value);
}

function timeOf({ row }: Place, picture: RefObject<ChartPicture | null>, series: CandleSeries): string {
  const at = row?.openMs ?? picture.current?.hovered ?? null;
  if (at === null) return "";
  const day = dayText(at, "day");
  return INTERVAL_MS[series.interval] >= INTERVAL_MS["1d"] ? day : `${day} ${timeText(at).slice(0, 5)}`;
}

function ageOf({ row }: Place, series: CandleSeries, now: number): string {
  if (row === undefined) return "";
  const reading = series.stamped?.read(now) ?? null;
  return `${row.closed ? "closed" : reading === null ? "age unknown" : `age ${ageText(reading.ageMs)}`} \u00b7 `;
}

function seenLine({ row }: Place, series: CandleSeries): string {
  if (row === undefined) return series.rows.length === 0 ? "" : "no candle: not seen, or no trade";
  return `seen ${coverageText(row.coverage)}`;
}

interface CellProps {
  readonly name: string;
  readonly read: (now: number) => string;
  readonly tone: (now: number) => string;
}

function Cell({ name, read, tone }: CellProps): ReactNode {
  return (
    <span className="readout-cell">
      {name === "" ? null : <span className="readout-name">{name}</span>}
      <LiveText everyMs={EVERY_MS} read={read} state={tone} />
    </span>
  );
}
