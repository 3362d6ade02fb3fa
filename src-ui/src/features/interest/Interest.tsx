import { type ReactNode, useState } from "react";
import { spanText, timeText } from "~/shared/age";
import { Figure } from "~/shared/Figure";
import { annualised, axisUsd, fundingRate, usd } from "~/shared/format";
import { LinePlot } from "~/shared/LinePlot";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { venueInk, venueName, venueShort } from "~/shared/venue";
import { direction, figureSet } from "~/stores/figures";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { partOf, sampledLines, weightText } from "~/stores/rows";
import { COMPOSITE, isPerp, sourcesOf } from "~/stores/sources";

/** Open interest and funding of each perpetual, and the weighted total. */
export function Interest({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const sources = sourcesOf(snapshot, symbol).filter(isPerp);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const known = useSampled(() =>
    sources.some((source) => {
      const view = session.view(source, symbol);
      return view?.figure("open_interest_base") != null || view?.funding != null;
    }),
  );
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (sources.length === 0 && snapshot.symbols !== null)
    return <Notice kind="empty" title={`No venue lists a perpetual of ${symbol}`} />;
  return (
    <div className="panel sheet-panel sheet-wide">
      <div
        className="sheet-box"
        tabIndex={0}
        role="region"
        aria-label={`Open interest and funding of ${symbol}`}
      >
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Venue</th>
              <th scope="col" className="sheet-narrow">
                Weight
              </th>
              <th scope="col">Interest</th>
              <th scope="col">Funding</th>
              <th scope="col">Per year</th>
              <th scope="col" className="interest-next">
                Next
              </th>
            </tr>
          </thead>
          <tbody>
            <tr data-strong="true" data-testid="interest-composite">
              <th scope="row" title="Open interest of the perpetuals, weighted as configured">
                <i className="swatch" style={{ background: "var(--ink-0)" }} />
                Total
              </th>
              <td className="sheet-narrow" />
              <td>
                <Figure
                  label={`${symbol} weighted open interest`}
                  source={COMPOSITE}
                  read={() => session.view(COMPOSITE, symbol)?.figure("oi_total") ?? null}
                  format={usd}
                />
              </td>
              <td />
              <td />
              <td />
            </tr>
            {sources.map((source) => (
              <Row key={source} symbol={symbol} source={source} />
            ))}
          </tbody>
        </table>
      </div>
      <LinePlot
        testId="interest-plot"
        label={`Open interest of ${symbol} by venue, as seen since this window opened`}
        lines={() => sampledLines(session, symbol, "interest", sources, "total")}
        write={axisUsd}
        zero={false}
        held={snapshot.link.phase === "closed"}
      />
      {known ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for open interest of ${symbol}`}
          detail="Venues report it every few seconds."
        />
      )}
    </div>
  );
}

function Row({ symbol, source }: { readonly symbol: string; readonly source: string }): ReactNode {
  const session = useSession();
  const [figures] = useState(figureSet);
  const view = (): MarketView | null => session.view(source, symbol);
  const common = { source };
  return (
    <tr data-testid={`interest-${source}`}>
      <th scope="row" title={venueName(source)}>
        <i className="swatch" style={{ background: `var(--${venueInk(source)})` }} />
        {venueShort(source)}
      </th>
      <td className="sheet-words sheet-narrow">
        <LiveText everyMs={500} read={() => weightText(partOf(session, symbol, "oi_source", source))} />
      </td>
      <td>
        <Figure
          {...common}
          label={`${symbol} open interest`}
          read={() => view()?.figure("open_interest_usd") ?? figures.openInterestUsd(view())}
          format={usd}
        />
      </td>
      <td>
        <Figure
          {...common}
          label={`${symbol} funding rate of one interval`}
          read={() => view()?.funding ?? null}
          format={(funding) => fundingRate(funding.rate)}
          tone={(funding) => direction(funding.rate)}
        />
      </td>
      <td>
        <Figure
          {...common}
          label={`${symbol} funding rate, annualised`}
          read={() => view()?.funding ?? null}
          format={(funding) => annualised(funding.rate, funding.intervalHours)}
        />
      </td>
      <td className="sheet-words">
        <LiveText everyMs={500} read={(now) => nextText(view(), now)} />
      </td>
    </tr>
  );
}

/** `8 h, 16:00 in 23 m`, counted by the server's clock. */
function nextText(view: MarketView | null, now: number): string {
  const funding = view?.funding ?? null;
  if (funding === null) return "\u2014";
  const [stamp] = funding.stamps;
  return funding.draw(now, ({ intervalHours, nextMs }) => {
    const interval = `${intervalHours} h`;
    if (nextMs === null || stamp === undefined) return interval;
    const left = nextMs - stamp.coreNow - (now - stamp.arrivedAt);
    const clock = timeText(nextMs).slice(0, 5);
    return left <= 0 ? `${interval}, ${clock} due` : `${interval}, ${clock} in ${spanText(left)}`;
  });
}
