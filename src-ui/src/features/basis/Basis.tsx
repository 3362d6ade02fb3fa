import { type ReactNode, useState } from "react";
import { Figure } from "~/shared/Figure";
import { axisPrice, price, signedBps } from "~/shared/format";
import { LinePlot } from "~/shared/LinePlot";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { useSampled } from "~/shared/useSampled";
import { venueInk, venueName, venueShort } from "~/shared/venue";
import { direction, premiumFigure } from "~/stores/figures";
import type { MarketView } from "~/stores/market-view";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { sampledLines } from "~/stores/rows";
import { isPerp, sourcesOf } from "~/stores/sources";

/** What a perpetual costs more than its index, and more than each spot venue's quotes. */
export function Basis({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const sources = sourcesOf(snapshot, symbol);
  const perps = sources.filter(isPerp);
  const spots = sources.filter((source) => !isPerp(source));
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const known = useSampled(() =>
    perps.some((source) => session.view(source, symbol)?.figure("mark_price") != null),
  );
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (perps.length === 0 && snapshot.symbols !== null)
    return <Notice kind="empty" title={`No venue lists a perpetual of ${symbol}`} />;
  return (
    <div className="panel sheet-panel sheet-wide">
      <div className="sheet-box" tabIndex={0} role="region" aria-label={`Basis of ${symbol}`}>
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Venue</th>
              <th scope="col">Mark</th>
              <th scope="col">Index</th>
              <th scope="col" title="(mark - index) / index">
                Basis bps
              </th>
              {spots.map((spot) => (
                <th key={spot} scope="col" title={`Middle of the quotes against ${venueName(spot)}`}>
                  bps to {venueShort(spot)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {perps.map((source) => (
              <Row key={source} symbol={symbol} source={source} spots={spots} />
            ))}
          </tbody>
        </table>
      </div>
      <LinePlot
        testId="basis-plot"
        label={`Basis of ${symbol} by venue, as seen since this window opened`}
        lines={() => sampledLines(session, symbol, "basis", perps, "")}
        write={(value) => `${axisPrice(value, 1)} bps`}
        zero
        held={snapshot.link.phase === "closed"}
      />
      {known ? null : (
        <Notice
          kind="waiting"
          title={`Waiting for mark and index price of ${symbol}`}
          detail="Perpetual venues send them every few seconds."
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly symbol: string;
  readonly source: string;
  readonly spots: readonly string[];
}

function Row({ symbol, source, spots }: RowProps): ReactNode {
  const session = useSession();
  const view = (): MarketView | null => session.view(source, symbol);
  return (
    <tr data-testid={`basis-${source}`}>
      <th scope="row" title={venueName(source)}>
        <i className="swatch" style={{ background: `var(--${venueInk(source)})` }} />
        {venueShort(source)}
      </th>
      {(["mark_price", "index_price"] as const).map((field) => (
        <td key={field}>
          <Figure
            label={`${symbol} ${field === "mark_price" ? "mark" : "index"} price`}
            source={source}
            read={() => view()?.figure(field) ?? null}
            format={(value) => price(value, view()?.instrument?.pxDecimals ?? null)}
          />
        </td>
      ))}
      <td>
        <Figure
          label={`${symbol} mark less index price`}
          source={source}
          read={() => view()?.figure("basis_bps") ?? null}
          format={signedBps}
          tone={direction}
        />
      </td>
      {spots.map((spot) => (
        <Premium key={spot} symbol={symbol} perp={source} spot={spot} />
      ))}
    </tr>
  );
}

interface PremiumProps {
  readonly symbol: string;
  readonly perp: string;
  readonly spot: string;
}

function Premium({ symbol, perp, spot }: PremiumProps): ReactNode {
  const session = useSession();
  const [premium] = useState(premiumFigure);
  return (
    <td>
      <Figure
        label={`${symbol} ${venueShort(perp)} less ${venueShort(spot)}, middles of the quotes`}
        source={`${perp}, ${spot}`}
        read={() => premium(session.view(perp, symbol), session.view(spot, symbol))}
        format={signedBps}
        tone={direction}
      />
    </td>
  );
}
