import { type ReactNode, useState } from "react";
import { timeText } from "~/shared/age";
import { Figure } from "~/shared/Figure";
import { fundingRate, price, size, usd } from "~/shared/format";
import { projected, type Stamped } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { venueName, venueShort } from "~/shared/venue";
import { TableHead } from "~/shared/TableHead";
import type { LiquidationEvent } from "~/stores/liquidations";
import { useSession } from "~/stores/react";
import type { TradeRing } from "~/stores/trades";
import type { WhyNode } from "~/stores/why";
import { MOST_RAW, newestLiquidations, newestTrades, rawKind, rawSources } from "./raw";

interface RawProps {
  readonly symbol: string;
  readonly node: WhyNode;
}

/** The last step down: what the venue itself sent. */
export function RawInputs({ symbol, node }: RawProps): ReactNode {
  const session = useSession();
  const kind = rawKind(node);
  if (kind === null) return null;
  const sources = rawSources(session, symbol, node, kind);
  const [first] = sources;
  if (first === undefined) return null;
  return (
    <section className="raw" aria-label="Raw input">
      <h3>
        {kind === "trades"
          ? `Newest trades, ${venueName(first)}`
          : kind === "liquidations"
            ? "Newest liquidations"
            : kind === "funding"
              ? "Funding rate now"
              : "Open interest now"}
      </h3>
      {kind === "trades" ? (
        <Trades symbol={symbol} source={first} />
      ) : kind === "liquidations" ? (
        <Liquidations symbol={symbol} />
      ) : (
        <dl className="raw-figures">
          {sources.map((source) => (
            <div key={source}>
              <dt title={venueName(source)}>{venueShort(source)}</dt>
              <dd>
                {kind === "funding" ? (
                  <Figure
                    label={`funding rate of ${symbol}`}
                    source={source}
                    read={() => session.view(source, symbol)?.funding ?? null}
                    format={({ rate }) => fundingRate(rate)}
                  />
                ) : (
                  <Figure
                    label={`open interest of ${symbol}`}
                    source={source}
                    read={() => session.view(source, symbol)?.figure("open_interest_usd") ?? null}
                    format={usd}
                  />
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Trades({ symbol, source }: { readonly symbol: string; readonly source: string }): ReactNode {
  const session = useSession();
  // Re-read a few times a second: rows that fly by cannot be read.
  const shape = useSampled(
    () =>
      newestTrades(session, source, symbol)
        .map(({ id, side, tsMs }) => `${id}\t${side}\t${tsMs}`)
        .join("\n"),
    500,
  );
  if (shape === "") return <p className="hint">None seen since this window opened.</p>;
  return (
    <table className="raw-table" data-testid="raw-trades">
      <TableHead columns={["Time", "Aggressor", "Price", "Size", "Id"]} />
      <tbody>
        {shape.split("\n").map((line) => {
          const [id = "", side = "", ts = ""] = line.split("\t");
          return (
            <TradeRow
              key={`${id} ${ts}`}
              symbol={symbol}
              source={source}
              id={id}
              side={side}
              tsMs={Number(ts)}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface TradeRowProps {
  readonly symbol: string;
  readonly source: string;
  readonly id: string;
  readonly side: string;
  readonly tsMs: number;
}

function TradeRow({ symbol, source, id, side, tsMs }: TradeRowProps): ReactNode {
  const session = useSession();
  const [pick] = useState(() =>
    projected((ring: TradeRing) => {
      for (let index = 0; index < MOST_RAW * 4; index += 1) {
        const trade = ring.newest(index);
        if (trade?.id === id && trade.tsMs === tsMs) return trade;
      }
      return null;
    }),
  );
  const trade = () => pick((session.view(source, symbol)?.trades ?? null) as Stamped<TradeRing> | null);
  const instrument = session.view(source, symbol)?.instrument ?? null;
  return (
    <tr>
      <td>{timeText(tsMs, 1)}</td>
      <td className={side === "buy" ? "up" : "down"}>{side}</td>
      <td>
        <Figure
          label={`trade ${id}`}
          source={source}
          read={trade}
          format={({ px }) => price(px, instrument?.pxDecimals ?? null)}
        />
      </td>
      <td>
        <Figure
          label={`trade ${id}, size`}
          source={source}
          read={trade}
          format={({ sz }) => size(sz, instrument?.szDecimals ?? null)}
        />
      </td>
      <td className="raw-id" title={id}>
        {id}
      </td>
    </tr>
  );
}

function Liquidations({ symbol }: { readonly symbol: string }): ReactNode {
  const session = useSession();
  const keyOf = (event: LiquidationEvent): string =>
    `${event.source}\t${event.liquidated}\t${event.tsMs}\t${session.liquidations.feed(event.source, symbol)?.events.indexOf(event) ?? 0}`;
  const shape = useSampled(
    () => newestLiquidations(session.liquidations.of(symbol)).map(keyOf).join("\n"),
    500,
  );
  if (shape === "") return <p className="hint">None reported since this window opened.</p>;
  return (
    <table className="raw-table" data-testid="raw-liquidations">
      <TableHead columns={["Time", "Venue", "Closed", "USD"]} />
      <tbody>
        {shape.split("\n").map((line) => {
          const [source = "", side = "", ts = "", at = "0"] = line.split("\t");
          return (
            <LiquidationRow
              key={line}
              symbol={symbol}
              source={source}
              side={side}
              tsMs={Number(ts)}
              at={Number(at)}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface LiquidationRowProps {
  readonly symbol: string;
  readonly source: string;
  readonly side: string;
  readonly tsMs: number;
  /** Its place among the feed's events when the list was made. */
  readonly at: number;
}

function LiquidationRow({ symbol, source, side, tsMs, at }: LiquidationRowProps): ReactNode {
  const session = useSession();
  const [pick] = useState(() => {
    const event = session.liquidations.feed(source, symbol)?.events[at];
    return projected(() => event?.usd ?? null);
  });
  return (
    <tr>
      <td>{timeText(tsMs, 1)}</td>
      <td>{venueShort(source)}</td>
      <td className={side === "short" ? "up" : "down"}>{side}</td>
      <td>
        <Figure
          label="notional"
          source={source}
          read={() => pick(session.liquidations.feed(source, symbol)?.sums ?? null)}
          format={usd}
        />
      </td>
    </tr>
  );
}
