import type { ReactNode } from "react";
import { spanText, timeText } from "~/shared/age";
import { LiveText } from "~/shared/LiveText";
import { useSession } from "~/stores/react";
import type { Session } from "~/stores/session";

const NAMES = { gateway: "gateway", desktop: "engine in this app", fake: "test" } as const;

export function linkText(session: Session): string {
  const { link } = session.getSnapshot();
  if (link.phase === "connecting") return "connecting";
  if (link.phase === "closed") return `closed at ${timeText(link.at)}: ${link.reason}`;
  return `open for ${spanText(Math.max(0, Date.now() - link.since))}`;
}

export function tripText(session: Session): string {
  const trips = session.quality.trips();
  if (trips === null) return "\u2014";
  const [median, p95, worst] = [trips.medianMs, trips.p95Ms, trips.worstMs].map((ms) => ms.toFixed(1));
  return `${median} ms, 95 % within ${p95} ms, worst ${worst} ms, of the last ${trips.count}`;
}

const FACTS: readonly (readonly [string, string, (session: Session) => string])[] = [
  [
    "Server",
    "connection-server",
    ({ getSnapshot }) => {
      const { kind, mode, server } = getSnapshot();
      const name = server === null ? NAMES[kind] : `team server ${server}`;
      return `${name}, ${mode ?? "mode unknown"}`;
    },
  ],
  ["Link", "connection-link", linkText],
  ["Round trip", "connection-trips", tripText],
  ["Lost", "connection-losses", ({ quality }) => `${quality.losses} times since this window opened`],
  [
    "Gaps",
    "connection-gaps",
    ({ counters }) => `${counters.gaps} seen, ${counters.resyncs} times subscribed anew`,
  ],
  [
    "Left out",
    "connection-left",
    ({ counters }) => `${counters.malformed} messages unreadable, ${counters.unexpected} unexpected`,
  ],
  ["Journal", "connection-journal", ({ readiness }) => readiness?.journal ?? "\u2014"],
];

/** How good the link to the server is, in figures that can be told to somebody. */
export function Connection(): ReactNode {
  const session = useSession();
  return (
    <section aria-label="Connection">
      <dl className="account-facts">
        {FACTS.map(([name, testId, read]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <LiveText everyMs={500} testId={testId} read={() => read(session)} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
