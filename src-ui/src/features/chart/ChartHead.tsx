import type { ReactNode } from "react";
import { LiveText } from "~/shared/LiveText";
import { ModeChip } from "~/shared/ModeChip";
import { PanelAge } from "~/shared/PanelAge";
import type { PanelProps } from "~/shared/panel";
import { SourceSwitch } from "~/shared/SourceSwitch";
import { type CandleSeries, INTERVAL_MS, INTERVALS } from "~/stores/candles";
import { useSession, useSessionSnapshot } from "~/stores/react";
import { qualityWords } from "~/stores/rows";
import { useSettings } from "~/stores/settings";
import { sourceFor, sourcesOf } from "~/stores/sources";
import { coverageOf, coverageWords } from "./gaps";

export function ChartHead({ symbol, source: wanted, choose }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const { interval, set } = useSettings();
  const series = (): CandleSeries => session.candles.open(source, symbol, interval);
  return (
    <div className="head">
      <span className="switch-chart">
        <SourceSwitch sources={sourcesOf(snapshot, symbol)} chosen={source} choose={choose} what="Chart" />
      </span>
      <span className="switch" role="group" aria-label="Timeframe">
        {INTERVALS.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === interval}
            title={`${name} candles ([ and ])`}
            onClick={() => set({ interval: name })}
          >
            {name}
          </button>
        ))}
      </span>
      <ModeChip mode={snapshot.mode} />
      <span className="spring" />
      <LiveText
        className="quality"
        titled
        everyMs={250}
        testId={`quality-chart-${source}`}
        read={() => qualityWords(session.view(source, symbol)?.flow.quality ?? null)}
      />
      <LiveText
        className="panel-coverage"
        everyMs={500}
        testId="chart-coverage"
        read={() => coverageWords(coverageOf(series().rows, INTERVAL_MS[interval]))}
        state={() =>
          (coverageOf(series().rows, INTERVAL_MS[interval])?.seen ?? 1) < 1 ? "partial" : "whole"
        }
      />
      <PanelAge read={() => series().stamped} link={snapshot.link} testId={`age-chart-${source}`} />
    </div>
  );
}
