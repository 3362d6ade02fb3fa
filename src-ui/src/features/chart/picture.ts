import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { axisPrice } from "~/shared/format";
import { look } from "~/shared/theme";
import { type Candle, type CandleSeries, INTERVAL_MS } from "~/stores/candles";
import type { LiquidationFeed } from "~/stores/liquidations";
import type { OwnMark } from "~/stores/own-marks";
import type { Study } from "~/stores/settings";
import { gapMarks, liquidationMarks } from "./marks";
import { faint, inkOfCandle, type Plot, plotOf } from "./plot";
import { OwnLines } from "./own-lines";
import { seconds, StudyLines } from "./study-lines";
import { crossTime, tickText } from "./times";

const FIGURES = '"JetBrains Mono", "Inter", monospace';
/** Candles in view when a chart opens. */
const OPENS_WITH = 120;

/** The drawing of one series of candles. */
export class ChartPicture {
  plot: Plot | null = null;
  /** The candle under the crosshair. */
  hovered: number | null = null;
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #gaps: ISeriesApi<"Histogram">;
  readonly #lines: StudyLines;
  readonly #own: OwnLines;
  readonly #marks: ISeriesMarkersPluginApi<Time>;
  readonly #gapMarks: ISeriesMarkersPluginApi<Time>;
  #drawn: { series: CandleSeries | null; revision: number; reshaped: number } = {
    series: null,
    revision: -1,
    reshaped: -1,
  };
  #marked = "";
  #studies: readonly Study[] = [];
  #places = 2;

  constructor(host: HTMLElement) {
    const chart = createChart(host, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: FIGURES, fontSize: 11 },
      timeScale: { timeVisible: true, rightOffset: 4, tickMarkFormatter: tickText, minBarSpacing: 1 },
      localization: { timeFormatter: crossTime },
      handleScale: { axisPressedMouseMove: true },
    });
    this.#chart = chart;
    const quiet = { priceLineVisible: false, lastValueVisible: false };
    this.#gaps = chart.addSeries(HistogramSeries, {
      ...quiet,
      priceScaleId: "gaps",
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 1 } }),
    });
    this.#gaps.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
    this.#volume = chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "volume" });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.#candles = chart.addSeries(CandlestickSeries, { borderVisible: true });
    this.#candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
    this.#lines = new StudyLines(chart);
    this.#own = new OwnLines(this.#candles);
    this.#marks = createSeriesMarkers(this.#candles, []);
    this.#gapMarks = createSeriesMarkers(this.#gaps, []);
    chart.subscribeCrosshairMove(({ logical, time }) => {
      this.hovered = time === undefined || logical === undefined ? null : (time as number) * 1000;
    });
    this.applyLook();
  }

  dispose(): void {
    this.#chart.remove();
  }

  applyLook(): void {
    const { colours } = look();
    const line = colours.line;
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colours["bg-1"] },
        textColor: colours["ink-2"],
        panes: { separatorColor: line, separatorHoverColor: colours["bg-3"] },
      },
      grid: { vertLines: { visible: false }, horzLines: { color: faint(line, 0.55) } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: {
        vertLine: { color: colours["ink-2"], labelBackgroundColor: colours["bg-3"] },
        horzLine: { color: colours["ink-2"], labelBackgroundColor: colours["bg-3"] },
      },
    });
    this.#lines.applyLook();
    this.#own.forget();
    this.#drawn.revision = -1;
    this.#drawn.reshaped = -1;
    this.#marked = "";
  }

  /** A stale price stands in the colour of what is stale. */
  setStale(stale: boolean): void {
    const { colours } = look();
    this.#candles.applyOptions({
      priceLineColor: stale ? colours.stale : "",
      priceLineStyle: LineStyle.Dotted,
    });
  }

  setPlaces(places: number): void {
    if (places === this.#places && this.plot !== null) return;
    this.#places = places;
    const priceFormat = {
      type: "custom",
      minMove: 10 ** -places,
      formatter: (value: number) => axisPrice(value, places),
    } as const;
    this.#candles.applyOptions({ priceFormat });
    this.#lines.setPriceFormat(priceFormat);
  }

  setStudies(studies: readonly Study[]): void {
    if (!this.#lines.choose(studies)) return;
    this.#volume.applyOptions({ visible: studies.includes("volume") });
    this.#studies = studies;
    this.#drawn.reshaped = -1;
    this.#marked = "";
  }

  /** Draws what changed since the last call. */
  draw(series: CandleSeries, feed: LiquidationFeed | null): void {
    const drawn = this.#drawn;
    if (drawn.series !== series || drawn.reshaped !== series.reshaped) this.#layOut(series);
    else if (drawn.revision !== series.revision) this.#follow(series);
    this.#mark(series, feed);
  }

  #layOut(series: CandleSeries): void {
    const opened = this.#drawn.series !== series || this.plot === null || this.plot.rows.length === 0;
    const plot = plotOf(series.rows, series.interval);
    this.plot = plot;
    const gaps = plot.holes.filter((hole) => hole.unseen);
    const empty = plot.holes.flatMap((hole) => hole.places);
    const whitespace = empty.map((ms) => ({ time: seconds(ms) }));
    const inOrder = <T extends { time: UTCTimestamp }>(
      points: readonly T[],
    ): (T | { time: UTCTimestamp })[] => [...points, ...whitespace].toSorted((a, b) => a.time - b.time);
    this.#candles.setData(inOrder(plot.rows.map((row) => this.#bar(row))));
    this.#volume.setData(plot.rows.map((row) => this.#volumeBar(row)));
    this.#lines.setAll(plot, empty);
    const { colours } = look();
    const partial = plot.rows.filter((row) => row.coverage.missing > 0).map((row) => row.openMs);
    const bands = [
      ...gaps
        .flatMap((gap) => gap.places)
        .map((ms) => ({ time: seconds(ms), value: 1, color: faint(colours["bg-3"], 0.8) })),
      ...partial.map((ms) => ({ time: seconds(ms), value: 1, color: faint(colours.stale, 0.1) })),
    ];
    this.#gaps.setData(bands.toSorted((a, b) => a.time - b.time));
    const marks: SeriesMarker<Time>[] = gapMarks(gaps, INTERVAL_MS[series.interval], colours["ink-1"]);
    this.#gapMarks.setMarkers(marks);
    this.#marked = "";
    this.#drawn = { series, revision: series.revision, reshaped: series.reshaped };
    if (opened && plot.rows.length > 0) this.showNewest();
  }

  #follow(series: CandleSeries): void {
    const plot = plotOf(series.rows, series.interval);
    const before = this.plot?.rows.length ?? 0;
    this.plot = plot;
    this.#drawn.revision = series.revision;
    // The candle before the newest closed with its last change.
    const from = Math.max(0, Math.min(before, plot.rows.length) - 1);
    for (let index = from; index < plot.rows.length; index += 1) {
      const row = plot.rows[index];
      if (row === undefined) continue;
      this.#candles.update(this.#bar(row));
      this.#volume.update(this.#volumeBar(row));
      this.#lines.update(plot, index);
    }
  }

  #bar(row: Candle) {
    const { o, h, l, c } = row.at;
    return { time: seconds(row.openMs), open: o, high: h, low: l, close: c, ...inkOfCandle(row, look()) };
  }

  #volumeBar({ openMs, at }: Candle) {
    const tone = at.c >= at.o ? look().colours.up : look().colours.down;
    return { time: seconds(openMs), value: at.volume, color: faint(tone, 0.4) };
  }

  #mark(series: CandleSeries, feed: LiquidationFeed | null): void {
    const wanted = this.#studies.includes("liquidations") ? feed : null;
    const key = `${wanted?.source}${wanted?.revision}`;
    if (key === this.#marked) return;
    this.#marked = key;
    const marks = wanted === null ? [] : liquidationMarks(wanted.events, series.rows, series.interval);
    this.#marks.setMarkers(marks);
  }

  /** The account's orders and position at this venue. */
  drawOwn(marks: readonly OwnMark[]): void {
    this.#own.draw(marks);
  }

  zoom(factor: number): void {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (range === null) return;
    scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
  }

  showNewest(): void {
    const count =
      (this.plot?.rows.length ?? 0) + (this.plot?.holes ?? []).reduce((n, g) => n + g.places.length, 0);
    this.#chart.timeScale().setVisibleLogicalRange({ from: count - OPENS_WITH, to: count + 4 });
  }
}
