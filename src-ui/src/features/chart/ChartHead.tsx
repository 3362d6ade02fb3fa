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
import { type ChartCoverage, coverageOf, coverageRest, coverageShare } from "./gaps";

export function ChartHead({ symbol, source: wanted, choose }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const source = sourceFor(snapshot, symbol, wanted);
  const { interval, set } = useSettings();
  const series = (): CandleSeries => session.candles.open(source, symbol, interval);
  const coverage = (): ChartCoverage | null => coverageOf(series().rows, INTERVAL_MS[interval]);
  const seen = (): string => ((coverage()?.seen ?? 1) < 1 ? "partial" : "whole");
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
      <span className="panel-coverage" data-testid="chart-coverage">
        <LiveText everyMs={500} read={() => coverageShare(coverage())} state={seen} />
        <LiveText
          className="coverage-rest"
          everyMs={500}
          read={() => coverageRest(coverage())}
          state={seen}
        />
      </span>
      <PanelAge read={() => series().stamped} link={snapshot.link} testId={`age-chart-${source}`} />
    </div>
  );
}
