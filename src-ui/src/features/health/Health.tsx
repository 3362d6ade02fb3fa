import { type ReactNode, useRef } from "react";
import { LiveText } from "~/shared/LiveText";
import { Notice } from "~/shared/Notice";
import { usePaint } from "~/shared/paint";
import type { PanelProps } from "~/shared/panel";
import { setText } from "~/shared/set-text";
import { useSampled } from "~/shared/useSampled";
import { venueName } from "~/shared/venue";
import { latencyText, latencyTitle } from "~/stores/latency";
import { useSession } from "~/stores/react";
import { qualityWords } from "~/stores/rows";
import { connectionState, type VenueStatus } from "~/stores/venue-view";
import {
  budgetText,
  clockText,
  connectionText,
  cooldownText,
  loadOf,
  millisecondsText,
  rateText,
  reasonText,
  refusedText,
} from "./words";

/** How each venue's connection is doing, and what it may still be asked. */
export function Health({ symbol }: PanelProps): ReactNode {
  const session = useSession();
  const names = useSampled(() => session.venues.map((venue) => venue.source).join(), 250);
  if (names === "")
    return (
      <Notice
        kind="waiting"
        title="Waiting for the venues' status"
        detail="Each venue reports once a second."
      />
    );
  return (
    <div className="panel health" tabIndex={0} role="region" aria-label="Venue health">
      {names.split(",").map((source) => (
        <Venue key={source} source={source} symbol={symbol} />
      ))}
    </div>
  );
}

interface VenueProps {
  readonly source: string;
  readonly symbol: string;
}

function Venue({ source, symbol }: VenueProps): ReactNode {
  const session = useSession();
  const venue = (): VenueStatus | null => session.venue(source);
  const from = (read: (venue: VenueStatus) => string) => () => {
    const known = venue();
    return known === null ? "\u2014" : read(known);
  };
  const classes = useSampled(() => (venue()?.budget ?? []).map(({ name }) => name).join(), 500);
  return (
    <section className="health-venue" aria-label={venueName(source)} data-testid={`health-${source}`}>
      <header>
        <LiveText
          className="dot"
          read={() => ""}
          state={(now) => connectionState(venue(), session.linked, now)}
        />
        <h3>{venueName(source)}</h3>
        <LiveText
          className="health-connection"
          everyMs={100}
          testId={`connection-${source}`}
          read={(now) => connectionText(venue(), session.linked, now)}
          state={(now) => connectionState(venue(), session.linked, now)}
        />
      </header>
      <LiveText
        className="health-line health-cooldown"
        everyMs={100}
        testId={`cooldown-${source}`}
        read={(now) => cooldownText(venue(), now)}
      />
      <LiveText className="health-line health-reason" everyMs={250} read={() => reasonText(venue())} />
      <LiveText
        className="health-line health-quality"
        everyMs={250}
        testId={`degraded-${source}`}
        read={() => {
          const words = qualityWords(session.view(source, symbol)?.flow.quality ?? null);
          return words === "" ? "" : `${symbol} ${words}`;
        }}
      />
      <dl className="health-facts">
        <Fact name="Latency" read={from(latencyText)} title={from(latencyTitle)} />
        <Fact name="Clock" read={from(clockText)} />
        <Fact name="RTT" read={from((known) => millisecondsText(known.rttMs))} />
        <Fact name="Frames" read={from((known) => rateText(known.frameRate))} />
        <Fact name="Gaps" read={from((known) => String(known.gaps))} loud />
        <Fact name="Reconnects" read={from((known) => String(known.reconnects))} loud />
        <Fact name="Duplicates" read={from((known) => String(known.duplicates))} />
        <Fact
          name="Missing"
          read={() => missingText(session.view(source, symbol)?.flow.quality?.missingSeconds ?? null)}
        />
      </dl>
      <LiveText className="health-line" everyMs={500} read={() => refusedText(venue())} />
      {classes === ""
        ? null
        : classes
            .split(",")
            .map((name, index) => (
              <Budget key={`${name} ${index}`} read={() => venue()?.budget[index] ?? null} name={name} />
            ))}
    </section>
  );
}

/** The feed that misses the most seconds; the others are in the feeds panel. */
function missingText(seconds: readonly (readonly [string, number])[] | null): string {
  if (seconds === null) return "\u2014";
  const worst = seconds.reduce((most, [, count]) => Math.max(most, count), 0);
  return `${worst} s`;
}

interface FactProps {
  readonly name: string;
  readonly read: () => string;
  readonly title?: () => string;
  /** Anything but none of it stands out. */
  readonly loud?: boolean;
}

function Fact({ name, read, title, loud = false }: FactProps): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <LiveText
          everyMs={250}
          read={read}
          {...(title === undefined ? {} : { title })}
          {...(loud ? { state: () => (read() === "0" ? "none" : "some") } : {})}
        />
      </dd>
    </div>
  );
}

interface BudgetProps {
  readonly name: string;
  readonly read: () => VenueStatus["budget"][number] | null;
}

function Budget({ name, read }: BudgetProps): ReactNode {
  const bar = useRef<HTMLElement>(null);
  const text = useRef<HTMLSpanElement>(null);
  usePaint(() => {
    const use = read();
    if (bar.current === null || text.current === null) return;
    const share = use === null || use.limit <= 0 ? 0 : Math.min(1, use.used / use.limit);
    bar.current.style.transform = `scaleX(${share})`;
    bar.current.dataset["load"] = use === null ? "low" : loadOf(use);
    setText(text.current, use === null ? "\u2014" : budgetText(use));
  }, 250);
  return (
    <div className="budget">
      <span className="budget-name">{name}</span>
      <span className="budget-track" aria-hidden="true">
        <i ref={bar} />
      </span>
      <span ref={text} className="budget-text" />
    </div>
  );
}
