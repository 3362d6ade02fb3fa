import { type ReactNode, useCallback, useState } from "react";
import { ageText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import type { PanelProps } from "~/shared/panel";
import { readingOf } from "~/shared/stamped";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import { TableHead } from "~/shared/TableHead";
import { useSession } from "~/stores/react";
import { connectedForMs, connectionState, type StreamStatus, type VenueStatus } from "~/stores/venue-view";
import { concerns, countsText, streamsOf } from "./rows";

const TALL = 600;

export function Feeds({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const [chosen, setAll] = useState<boolean | null>(null);
  const [tall, setTall] = useState(false);
  const measure = useCallback((element: HTMLElement | null) => {
    if (element !== null) setTall(element.clientHeight > TALL);
  }, []);
  // A tall panel has room for every stream; until the reader chooses, it uses it.
  const all = chosen ?? tall;
  // The set of rows changes rarely; figures inside the rows are painted without rendering.
  const shape = useSampled(
    () => session.venues.map((venue) => `${venue.source}:${venue.streams.length}`).join(),
    250,
  );
  if (shape === "")
    return (
      <Notice
        kind="waiting"
        title="Waiting for the venues' status"
        detail="Each venue reports once a second."
      />
    );
  return (
    <div className="panel feeds" ref={measure} tabIndex={0} role="region" aria-label="Feeds">
      <div className="feeds-scope switch" role="group" aria-label="Streams shown">
        <button type="button" aria-pressed={!all} onClick={() => setAll(false)}>
          {symbol}
        </button>
        <button type="button" aria-pressed={all} onClick={() => setAll(true)}>
          All symbols
        </button>
      </div>
      {session.venues.map((venue) => (
        <Venue key={venue.source} source={venue.source} symbol={symbol} all={all} />
      ))}
    </div>
  );
}

interface VenueProps {
  readonly source: string;
  readonly symbol: string;
  readonly all: boolean;
}

function Venue({ source, symbol, all }: VenueProps): ReactNode {
  const session = useSession();
  const venue = (): VenueStatus | null => session.venue(source);
  const current = venue();
  if (current === null) return null;
  return (
    <section className="feeds-venue" aria-label={venueName(source)}>
      <header>
        <LiveText
          className="dot"
          read={() => ""}
          state={(now) => connectionState(venue(), session.linked, now)}
        />
        <h3>{venueName(source)}</h3>
        <LiveText
          className="feeds-connection"
          everyMs={100}
          testId={`feeds-connection-${source}`}
          read={(now) => connectionText(venue(), session.linked, now)}
        />
      </header>
      <LiveText
        className="feeds-counts"
        everyMs={250}
        read={() => (venue() === null ? "" : countsText(venue() as VenueStatus))}
      />
      <LiveText className="feeds-reason" everyMs={250} read={() => reasonText(venue())} />
      <table>
        <TableHead columns={["Stream", "Sync", "Event", "Proved", "Limit", "State"]} />
        <tbody>
          {streamsOf(current, symbol, all).map(({ channel, symbol: own }) => (
            <Stream
              key={`${channel} ${own}`}
              source={source}
              channel={channel}
              own={own}
              active={symbol}
              named={all}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface StreamProps {
  readonly source: string;
  readonly channel: string;
  readonly own: string;
  readonly active: string;
  /** Names the symbol too, where streams of several are shown. */
  readonly named: boolean;
}

function Stream({ source, channel, own, active, named }: StreamProps): ReactNode {
  const session = useSession();
  const stream = (): StreamStatus | undefined =>
    session.venue(source)?.streams.find((item) => item.channel === channel && item.symbol === own);
  const age = (pick: "eventAgeMs" | "ageMs" | "limitMs") => (now: number) => {
    const stamp = stream()?.stamp ?? null;
    return stamp === null ? "\u2014" : ageText(readingOf(stamp, now)[pick]);
  };
  const state = (now: number): string => {
    const found = stream();
    if (found === undefined) return "gone";
    if (found.stamp === null) return "missing";
    return readingOf(found.stamp, now).state === "stale" ? "STALE" : "fresh";
  };
  const here = concerns({ channel, symbol: own, sync: null, stamp: null }, active);
  return (
    <tr data-here={here} data-testid={`stream-${source}-${channel}-${own}`}>
      <th scope="row" title={`${channel} ${own}`}>
        {channel}
        {!named || own === "*" ? null : <span className="hint"> {own}</span>}
      </th>
      <td className="words">
        <LiveText everyMs={100} read={() => stream()?.sync ?? ""} state={() => stream()?.sync ?? ""} />
      </td>
      <td>
        <LiveText everyMs={100} read={age("eventAgeMs")} />
      </td>
      <td>
        <LiveText everyMs={100} read={age("ageMs")} />
      </td>
      <td>
        <LiveText everyMs={500} read={age("limitMs")} />
      </td>
      <td className="words">
        <LiveText className="stream-state" read={state} state={state} />
      </td>
    </tr>
  );
}

function connectionText(venue: VenueStatus | null, linked: boolean, now: number): string {
  if (venue === null) return "";
  const state = connectionState(venue, linked, now);
  if (state === "unknown") return `no status for ${ageText(now - venue.arrivedAt)}`;
  const rtt = venue.rttMs === null ? "" : ` \u00b7 ${venue.rttMs.toFixed(1)} ms`;
  return `${state} for ${ageText(connectedForMs(venue, now))}${rtt}`;
}

function reasonText(venue: VenueStatus | null): string {
  return venue?.reason == null ? "" : `last loss: ${venue.reason}`;
}
