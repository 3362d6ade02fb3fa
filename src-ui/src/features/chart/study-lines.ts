import {
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type PriceFormat,
  type UTCTimestamp,
} from "lightweight-charts";
import { look } from "~/shared/theme";
import type { Candle } from "~/stores/candles";
import type { Study } from "~/stores/settings";
import { faint, type Plot } from "./plot";
import type { Line } from "./studies";

type LineName = "ema" | "vwap" | "upper" | "middle" | "lower" | "rsi";

const STUDY_OF: Readonly<Record<LineName, Study>> = {
  ema: "ema",
  vwap: "vwap",
  upper: "bollinger",
  middle: "bollinger",
  lower: "bollinger",
  rsi: "rsi",
};

const LINE_NAMES = Object.keys(STUDY_OF) as readonly LineName[];

const RSI_HEIGHT = 72;

export function seconds(ms: number): UTCTimestamp {
  return Math.floor(ms / 1000) as UTCTimestamp;
}

function lineOf(plot: Plot, name: LineName): Line {
  if (name === "ema" || name === "vwap" || name === "rsi") return plot[name];
  return plot.bands[name];
}

/** While a study warms up there is a place and no value. */
function point(row: Candle, value: number): { time: UTCTimestamp; value?: number } {
  const time = seconds(row.openMs);
  return Number.isNaN(value) ? { time } : { time, value };
}

function colourOf(name: LineName): string {
  const { colours } = look();
  if (name === "ema") return colours.accent;
  if (name === "vwap") return colours.warn;
  if (name === "rsi") return colours.sim;
  return name === "middle" ? faint(colours["ink-1"], 0.5) : colours["ink-2"];
}

/** The lines of the chosen studies. */
export class StudyLines {
  readonly #lines = new Map<LineName, ISeriesApi<"Line">>();
  #studies: readonly Study[] = [];
  #priceFormat: PriceFormat | null = null;
  #levels: readonly IPriceLine[] = [];

  constructor(private readonly chart: IChartApi) {}

  /** Tells whether the choice changed; the lines then await their data. */
  choose(studies: readonly Study[]): boolean {
    if (studies === this.#studies) return false;
    this.#studies = studies;
    for (const name of LINE_NAMES) {
      const wanted = studies.includes(STUDY_OF[name]);
      const held = this.#lines.get(name);
      if (!wanted && held !== undefined) {
        this.chart.removeSeries(held);
        this.#lines.delete(name);
      }
      if (wanted && held === undefined) this.#lines.set(name, this.#add(name));
    }
    return true;
  }

  applyLook(): void {
    for (const [name, series] of this.#lines) series.applyOptions({ color: colourOf(name) });
    for (const level of this.#levels) level.applyOptions({ color: look().colours.line });
  }

  setPriceFormat(priceFormat: PriceFormat): void {
    this.#priceFormat = priceFormat;
    for (const [name, series] of this.#lines) if (name !== "rsi") series.applyOptions({ priceFormat });
  }

  setAll(plot: Plot, empty: readonly number[]): void {
    for (const [name, line] of this.#lines) {
      const values = lineOf(plot, name);
      const points = plot.rows.map((row, index) => point(row, values[index] ?? Number.NaN));
      const places = empty.map((ms) => ({ time: seconds(ms) }));
      line.setData([...points, ...places].toSorted((a, b) => a.time - b.time));
    }
  }

  update(plot: Plot, index: number): void {
    const row = plot.rows[index];
    if (row === undefined) return;
    for (const [name, line] of this.#lines) line.update(point(row, lineOf(plot, name)[index] ?? Number.NaN));
  }

  #add(name: LineName): ISeriesApi<"Line"> {
    const series = this.chart.addSeries(
      LineSeries,
      {
        color: colourOf(name),
        lineWidth: 1,
        lineStyle: name === "vwap" ? LineStyle.Dashed : LineStyle.Solid,
        priceLineVisible: false,
        lastValueVisible: name === "rsi",
        crosshairMarkerVisible: false,
        ...(this.#priceFormat === null ? {} : { priceFormat: this.#priceFormat }),
      },
      name === "rsi" ? 1 : 0,
    );
    if (name === "rsi") this.#layOutRsi(series);
    // Candles set the scale: a study far away must not press them flat.
    else series.applyOptions({ autoscaleInfoProvider: () => null });
    return series;
  }

  #layOutRsi(series: ISeriesApi<"Line">): void {
    series.applyOptions({
      priceFormat: { type: "custom", minMove: 0.1, formatter: (value: number) => value.toFixed(1) },
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 100 } }),
    });
    this.#levels = [30, 70].map((price) =>
      series.createPriceLine({
        price,
        color: look().colours.line,
        lineWidth: 1,
        lineStyle: LineStyle.Solid,
        axisLabelVisible: false,
      }),
    );
    this.chart.panes()[1]?.setHeight(RSI_HEIGHT);
  }
}
