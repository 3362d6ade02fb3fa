import { type IPriceLine, type ISeriesApi, LineStyle } from "lightweight-charts";
import { look } from "~/shared/theme";
import type { OwnMark } from "~/stores/own-marks";

/** The account's orders and position as lines across the candles. */
export class OwnLines {
  #lines: IPriceLine[] = [];
  #drawn = "";

  constructor(private readonly series: ISeriesApi<"Candlestick">) {}

  draw(marks: readonly OwnMark[]): void {
    const key = marks.map(({ order, kind, text }) => `${order}${kind}${text}`).join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    for (const line of this.#lines) this.series.removePriceLine(line);
    this.#lines = marks.map((mark) => this.#line(mark));
  }

  /** Another look: everything is drawn anew. */
  forget(): void {
    this.#drawn = "\u0000";
  }

  #line({ order, kind, side, text }: OwnMark): IPriceLine {
    const { colours } = look();
    const ink = kind === "liquidation" ? colours.danger : side === "buy" ? colours.up : colours.down;
    const style = {
      order: LineStyle.Solid,
      trigger: LineStyle.Dashed,
      entry: LineStyle.LargeDashed,
      liquidation: LineStyle.Dotted,
    }[kind];
    return this.series.createPriceLine({
      price: order,
      color: ink,
      lineWidth: 1,
      lineStyle: style,
      axisLabelVisible: kind !== "liquidation",
      title: text,
    });
  }
}
