import type { ReactNode } from "react";
import { ageText, shortMs, timeText, zoneText } from "~/shared/age";
import { clock } from "~/shared/clock";
import { LiveText } from "~/shared/LiveText";
import { frameLoop } from "~/shared/paint";
import { venueName, venueShort } from "~/shared/venue";
import { latencyText, latencyTitle } from "~/stores/latency";
import { useSession, useSessionSnapshot } from "~/stores/react";
import type { Session } from "~/stores/session";
import { useSettings } from "~/stores/settings";
import { COMPOSITE } from "~/stores/sources";
import { connectionState, cooldownMs, type VenueStatus } from "~/stores/venue-view";
import type { LinkState } from "~/transport/types";

const CARRIER = { gateway: "gateway", desktop: "engine", fake: "test" } as const;

/** `children`: who is logged in, which another feature knows. */
export function StatusBar({ children }: { readonly children?: ReactNode }): ReactNode {
  const session = useSession();
  const { link, mode, kind, server, sources } = useSessionSnapshot();
  const symbol = useSettings((state) => state.symbol);
  const utc = useSettings((state) => state.utc);
  const set = useSettings((state) => state.set);
  return (
    <footer className="status" data-phase={link.phase}>
      <span data-mode={mode ?? "none"} className="status-mode">
        {mode === null ? "mode unknown" : mode.toUpperCase()}
      </span>
      <span className="status-link" role="status" data-testid="link" data-phase={link.phase}>
        <LinkText link={link} carrier={server === null ? CARRIER[kind] : hostOf(server)} />
      </span>
      {link.phase === "closed" ? (
        <button type="button" className="status-retry" onClick={() => session.retry()}>
          Retry now
        </button>
      ) : null}
      {sources
        .filter((source) => source !== COMPOSITE)
        .map((source) => (
          <VenueDot key={source} source={source} />
        ))}
      <span className="spring" />
      <LiveText
        className="status-quality"
        everyMs={250}
        titled
        testId="degraded"
        read={() => degradedText(session, symbol)}
      />
      <LiveText
        className="status-gaps"
        everyMs={250}
        testId="gaps"
        read={() => `gaps ${totalGaps(session.venues) + session.counters.gaps}`}
        state={() => (totalGaps(session.venues) + session.counters.gaps > 0 ? "some" : "none")}
      />
      <LiveText
        className="status-resyncs"
        everyMs={250}
        testId="resyncs"
        read={() => countText("resyncs", session.counters.resyncs)}
      />
      <LiveText
        className="status-dropped"
        everyMs={250}
        read={() => countText("dropped", session.counters.malformed + session.counters.unexpected)}
      />
      <LiveText
        className="status-journal"
        everyMs={500}
        testId="journal"
        read={() => {
          const journal = session.readiness?.journal;
          return journal === undefined ? "" : `journal ${journal === "degraded" ? "DEGRADED" : journal}`;
        }}
        state={() => session.readiness?.journal ?? ""}
      />
      <LiveText
        className="status-fps"
        everyMs={500}
        testId="fps"
        read={() => {
          const fps = frameLoop.fps();
          return fps === null ? "\u2014 fps" : `${Math.round(fps)} fps`;
        }}
      />
      {children}
      <button
        type="button"
        className="status-clock"
        title={utc ? "Show local time (u)" : "Show UTC (u)"}
        onClick={() => set({ utc: !utc })}
      >
        <LiveText everyMs={100} read={() => `${timeText(Date.now(), 1)} ${zoneText()}`} />
      </button>
    </footer>
  );
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, "");
}

/** Latency; the round trip until there is one. */
function delayText(venue: VenueStatus, now: number): string {
  const cooling = cooldownMs(venue, now);
  if (cooling > 0) return `cooldown ${Math.ceil(cooling / 1000)} s`;
  if (venue.latencyMs === null)
    return venue.rttMs === null ? "\u2014" : `rtt ${shortMs(Math.max(0, venue.rttMs))} ms`;
  return latencyText(venue);
}

/** Which feeds of the chosen symbol miss their cadence, by venue. */
function degradedText(session: Session, symbol: string): string {
  const found = session.sourcesSeen(symbol).flatMap((source) => {
    const feeds = session.view(source, symbol)?.flow.quality?.degraded ?? [];
    return feeds.length === 0 ? [] : [`${venueShort(source)} ${feeds.join(", ")}`];
  });
  return found.length === 0 ? "" : `${symbol} DEGRADED ${found.join("; ")}`;
}

/** What never happened needs no words. */
function countText(name: string, count: number): string {
  return count === 0 ? "" : `${name} ${count}`;
}

function totalGaps(venues: readonly VenueStatus[]): number {
  return venues.reduce((sum, venue) => sum + venue.gaps, 0);
}

function LinkText({ link, carrier }: { readonly link: LinkState; readonly carrier: string }): ReactNode {
  const session = useSession();
  if (link.phase === "connecting") return `connecting to the ${carrier}`;
  if (link.phase === "open")
    return (
      <LiveText
        everyMs={500}
        read={() =>
          session.roundTripMs === null ? carrier : `${carrier} ${session.roundTripMs.toFixed(1)} ms`
        }
      />
    );
  const { reason, at, retryAt } = link;
  // Held on purpose: nothing went wrong, and nothing is tried.
  if (retryAt === null) return `Not connected: ${reason}.`;
  return (
    <>
      <span className="status-reason">{`Disconnected at ${timeText(at)}: ${reason}. `}</span>
      <span className="status-again" aria-hidden="true">
        <LiveText
          everyMs={100}
          read={() => `Reconnecting in ${Math.max(0, Math.ceil((retryAt - clock.now()) / 1000))} s.`}
        />
      </span>
    </>
  );
}

function VenueDot({ source }: { readonly source: string }): ReactNode {
  const session = useSession();
  const state = (now: number): string => connectionState(session.venue(source), session.linked, now);
  return (
    <span className="status-venue" title={venueName(source)} data-testid={`venue-${source}`}>
      <LiveText className="dot" read={() => ""} state={state} />
      {venueShort(source)}{" "}
      <LiveText
        everyMs={250}
        className="status-rtt"
        title={() => {
          const venue = session.venue(source);
          return venue === null ? "" : `${venueName(source)}: ${latencyTitle(venue)}`;
        }}
        read={(now) => {
          const venue = session.venue(source);
          const phase = state(now);
          if (phase === "unknown")
            return venue === null ? "no status" : `no status ${ageText(now - venue.arrivedAt)}`;
          if (phase !== "live") return phase;
          return venue === null ? "\u2014" : delayText(venue, now);
        }}
      />
    </span>
  );
}
