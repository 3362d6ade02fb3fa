import { type ReactNode, useRef } from "react";
import { timeText } from "~/shared/age";
import { axisPrice } from "~/shared/format";
import { usePaint } from "~/shared/paint";
import { setText } from "~/shared/set-text";
import { type Candle, type CandleSeries, INTERVAL_MS } from "~/stores/candles";
import { coverageText } from "~/stores/coverage";
import { isGap } from "./gaps";

const ROWS = 12;
const INDICES = Array.from({ length: ROWS }, (_, index) => index);

interface MirrorProps {
  readonly series: () => CandleSeries;
  readonly places: () => number | null;
  readonly caption: string;
  readonly testId: string;
}

/** The newest candles as a table that assistive technology and tests can read; a gap is a row that says so. */
export function Mirror({ series, places, caption, testId }: MirrorProps): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  usePaint((now) => {
    const lines = linesOf(series(), places() ?? 2, now);
    INDICES.forEach((index) => {
      const row = body.current?.rows[index];
      if (row) [...row.cells].forEach((cell, column) => setText(cell, lines[index]?.[column] ?? ""));
    });
  }, 500);
  return (
    <table className="offscreen" data-testid={testId}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {["Opens", "Open", "High", "Low", "Close", "Coverage"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {INDICES.map((index) => (
          <tr key={index} data-testid={`${testId}-${index}`}>
            <td />
            <td />
            <td />
            <td />
            <td />
            <td />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function linesOf(series: CandleSeries, places: number, now: number): readonly (readonly string[])[] {
  const stale = series.stamped?.read(now).state === "stale" ? " (stale)" : "";
  const stepMs = INTERVAL_MS[series.interval];
  const lines: string[][] = [];
  let after: Candle | null = null;
  for (const row of series.rows.slice(-ROWS).toReversed()) {
    const missing = after === null ? 0 : Math.round((after.openMs - row.openMs) / stepMs) - 1;
    if (missing > 0 && after !== null) {
      const unseen = isGap(row, after, stepMs);
      const words = unseen ? `gap of ${missing}` : `no trade in ${missing}`;
      lines.push([timeText(row.openMs + stepMs), words, "", "", "", unseen ? "0 %" : ""]);
    }
    const figures = [row.at.o, row.at.h, row.at.l, row.at.c].map((value) => axisPrice(value, places));
    if (after === null && !row.closed) figures[3] += stale;
    lines.push([timeText(row.openMs), ...figures, coverageText(row.coverage)]);
    after = row;
  }
  return lines;
}
