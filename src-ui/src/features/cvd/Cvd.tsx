import type { ReactNode } from "react";
import { axisUsd, signedUsd } from "~/shared/format";
import { Figure } from "~/shared/Figure";
import { LinePlot } from "~/shared/LinePlot";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { venueInk, venueName, venueShort } from "~/shared/venue";
import { coverageText, gradeOf } from "~/stores/coverage";
import { direction } from "~/stores/figures";
import type { WindowField } from "~/stores/flow-view";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { partOf, sampledLines, weightText } from "~/stores/rows";
import { COMPOSITE, sourcesOf } from "~/stores/sources";

/** Aggressive buying less aggressive selling: each venue's own trades, and the spot venues combined. */
export function Cvd({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const sources = sourcesOf(snapshot, symbol);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const known = useSampled(() =>
    [COMPOSITE, ...sources].some((source) => {
      const flow = session.view(source, symbol)?.flow;
      return flow?.coverage(source === COMPOSITE ? "cvd_spot_5m" : "cvd_venue") != null;
    }),
  );
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  return (
    <div className="panel sheet-panel">
      <div className="sheet-box" tabIndex={0} role="region" aria-label={`Volume delta of ${symbol}`}>
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Venue</th>
              <th scope="col" className="sheet-narrow">
                Weight
              </th>
              <th scope="col">1 m</th>
              <th scope="col">5 m</th>
              <th scope="col">Seen of 5 m</th>
            </tr>
          </thead>
          <tbody>
            <Row symbol={symbol} source={COMPOSITE} name="Spot" fields={["cvd_spot_1m", "cvd_spot_5m"]} />
            {sources.map((source) => (
              <Row
                key={source}
                symbol={symbol}
                source={source}
                name={venueShort(source)}
                fields={["cvd_venue_1m", "cvd_venue"]}
              />
            ))}
          </tbody>
        </table>
      </div>
      <LinePlot
        testId="cvd-plot"
        label={`Volume delta of ${symbol} over 5 minutes, by venue, as seen since this window opened`}
        lines={() => sampledLines(session, symbol, "cvd", sources, "spot")}
        write={axisUsd}
        zero
        held={snapshot.link.phase === "closed"}
      />
      {known ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for trades of ${symbol}`}
          detail="The volume delta is summed from them."
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly symbol: string;
  readonly source: string;
  readonly name: string;
  /** Over a minute and over five. */
  readonly fields: readonly [WindowField, WindowField];
}

function Row({ symbol, source, name, fields }: RowProps): ReactNode {
  const session = useSession();
  const flow = () => session.view(source, symbol)?.flow ?? null;
  const composite = source === COMPOSITE;
  return (
    <tr data-strong={composite} data-testid={`cvd-${source}`}>
      <th scope="row" title={composite ? "Spot venues, weighted" : venueName(source)}>
        <i className="swatch" style={{ background: `var(--${venueInk(source)})` }} />
        {name}
      </th>
      <td className="sheet-words sheet-narrow">
        <LiveText
          everyMs={500}
          read={() => (composite ? "" : weightText(partOf(session, symbol, "cvd_source", source)))}
        />
      </td>
      {fields.map((field, index) => (
        <td key={field}>
          <Figure
            label={`${symbol} ${composite ? "spot" : "own"} volume delta over ${index === 0 ? "1 min" : "5 min"}`}
            source={source}
            read={() => flow()?.window(field) ?? null}
            format={(sum) => signedUsd(sum.usd)}
            tone={(sum) => direction(sum.usd)}
          />
        </td>
      ))}
      <td className="sheet-words">
        <LiveText
          everyMs={250}
          testId={`cvd-coverage-${source}`}
          read={() => coverageText(flow()?.coverage(fields[1]) ?? null)}
          state={() => gradeOf(flow()?.coverage(fields[1]) ?? null)}
        />
      </td>
    </tr>
  );
}
