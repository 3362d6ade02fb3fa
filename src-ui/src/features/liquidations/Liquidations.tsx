import { type ReactNode, useRef } from "react";
import { CanvasSurface } from "~/shared/CanvasSurface";
import { Figure } from "~/shared/Figure";
import { atLeastUsd, price, size, briefUsd } from "~/shared/format";
import { LiveText } from "~/shared/LiveText";
import { tipFigure } from "~/shared/mirror";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { projected } from "~/shared/stamped";
import { look } from "~/shared/theme";
import type { TipFacts } from "~/shared/tooltip";
import { useSampled } from "~/shared/useSampled";
import { venueName, venueShort } from "~/shared/venue";
import { coverageText, gradeOf } from "~/stores/coverage";
import type { LiquidationFeed, LiquidationSum } from "~/stores/liquidations";
import { useSession, useSessionPart, useSessionSnapshot } from "~/stores/react";
import { isPerp, sourcesOf } from "~/stores/sources";
import { drawFeed, type Places } from "./draw";
import { newest } from "./merge";
import { useWindow, WINDOWS } from "./window";

const MOST_ROWS = 100;

/** Positions closed by force: what each venue reports of them, never added up. */
export function Liquidations({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const snapshot = useSessionSnapshot();
  const perps = sourcesOf(snapshot, symbol).filter(isPerp);
  const failure = useSessionPart((part) => part.coinErrors[symbol]);
  const closed = snapshot.link.phase === "closed";
  const feeds = (): readonly LiquidationFeed[] => session.liquidations.of(symbol);
  const names = useSampled(() =>
    feeds()
      .map((feed) => feed.source)
      .join(),
  );
  const some = useSampled(() => feeds().some((feed) => feed.events.length > 0));
  const placesOf = (source: string): Places => {
    const instrument = session.view(source, symbol)?.instrument;
    return { px: instrument?.pxDecimals ?? null, sz: instrument?.szDecimals ?? null };
  };
  if (failure !== undefined)
    return (
      <Notice kind="error" title={`${symbol} cannot be shown`} detail={failure.message} code={failure.code} />
    );
  if (perps.length === 0 && snapshot.symbols !== null)
    return <Notice kind="empty" title={`No venue lists a perpetual of ${symbol}`} />;
  if (names === "")
    return (
      <Notice
        kind="waiting"
        title={`Waiting for liquidations of ${symbol}`}
        detail="Venues that report them are asked every two seconds."
      />
    );
  return (
    <div className="panel liquidations">
      <div className="sheet-box" tabIndex={0} role="region" aria-label={`Liquidations of ${symbol} by venue`}>
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">
                <WindowChoice />
              </th>
              <th scope="col">Longs</th>
              <th scope="col">Shorts</th>
              <th scope="col">Reports</th>
            </tr>
          </thead>
          <tbody>
            {names.split(",").map((source) => (
              <Total key={source} symbol={symbol} source={source} />
            ))}
          </tbody>
        </table>
      </div>
      <div className="liquidations-feed">
        <CanvasSurface
          testId="liquidations-canvas"
          contentKey={(now) =>
            `${symbol}|${closed}|${feeds().map((feed) => `${feed.revision}${feed.sums?.read(now).state}`)}`
          }
          draw={(pen, now) => {
            pen.held = closed;
            drawFeed(
              pen,
              newest(feeds(), MOST_ROWS),
              ({ source }) => session.liquidations.feed(source, symbol)?.sums?.read(now) ?? null,
              placesOf,
            );
          }}
          factsAt={(_x, y, _width, _height, now) => factsAt(feeds(), placesOf, y, now)}
        />
        {some ? null : <p className="liquidations-none">None reported since this window opened.</p>}
      </div>
    </div>
  );
}

function WindowChoice(): ReactNode {
  const { windowMs, choose } = useWindow();
  return (
    <select
      className="sheet-choice"
      aria-label="Window of the sums"
      value={windowMs}
      onChange={(event) => {
        const found = WINDOWS.find(({ ms }) => String(ms) === event.target.value);
        if (found) choose(found.ms);
      }}
    >
      {WINDOWS.map(({ ms, name }) => (
        <option key={ms} value={ms}>
          {name}
        </option>
      ))}
    </select>
  );
}

function factsAt(
  feeds: readonly LiquidationFeed[],
  places: (source: string) => Places,
  y: number,
  now: number,
): TipFacts | null {
  const event = newest(feeds, MOST_ROWS)[Math.floor(y / look().row)];
  if (event === undefined) return null;
  const { px, sz } = places(event.source);
  const sums = feeds.find((feed) => feed.source === event.source)?.sums ?? null;
  return {
    label: `${event.liquidated} liquidated, ${event.pxKind} price`,
    value: `${tipFigure(size(event.sz, sz))} at ${tipFigure(price(event.px, px))}, ${tipFigure(briefUsd(event.usd))}`,
    source: event.source,
    reading: sums?.read(now) ?? null,
  };
}

function Total({ symbol, source }: { readonly symbol: string; readonly source: string }): ReactNode {
  const session = useSession();
  const windowMs = useWindow((state) => state.windowMs);
  const feed = (): LiquidationFeed | null => session.liquidations.feed(source, symbol);
  const pick = useRef(projected<readonly LiquidationSum[], LiquidationSum>(() => null));
  const chosen = useRef(0);
  if (chosen.current !== windowMs) {
    chosen.current = windowMs;
    pick.current = projected((sums) => sums.find((sum) => sum.windowMs === windowMs) ?? null);
  }
  const sum = () => pick.current(feed()?.sums ?? null);
  const amount = feed()?.reports === "sampled" ? atLeastUsd : briefUsd;
  return (
    <tr data-testid={`liquidations-${source}`}>
      <th scope="row" title={venueName(source)}>
        {venueShort(source)}
      </th>
      <td>
        <Figure
          label={`longs of ${symbol} liquidated at ${venueName(source)}`}
          source={source}
          read={sum}
          format={(value) => amount(value.longUsd)}
          tone={() => "down"}
        />
      </td>
      <td>
        <Figure
          label={`shorts of ${symbol} liquidated at ${venueName(source)}`}
          source={source}
          read={sum}
          format={(value) => amount(value.shortUsd)}
          tone={() => "up"}
        />
      </td>
      <td className="sheet-words">
        <LiveText
          everyMs={250}
          read={() => {
            const coverage = sum()?.draw(0, (value) => value.coverage) ?? null;
            const reports = feed()?.reports ?? "unknown";
            return gradeOf(coverage) === "partial" || gradeOf(coverage) === "none"
              ? `${reports}, ${coverageText(coverage)}`
              : reports;
          }}
          state={() => gradeOf(sum()?.draw(0, (value) => value.coverage) ?? null)}
        />
      </td>
    </tr>
  );
}
