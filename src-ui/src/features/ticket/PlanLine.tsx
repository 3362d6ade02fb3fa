import type { ReactNode } from "react";
import { ageText } from "~/shared/age";
import { clock } from "~/shared/clock";
import { LiveText } from "~/shared/LiveText";
import { useSampled } from "~/shared/useSampled";
import { useSession } from "~/stores/react";
import type { Session } from "~/stores/session";
import type { TicketDesk } from "~/stores/ticket-desk";
import { offerOf, type PlanOffer } from "~/stores/ticket-plan";

interface Offered {
  readonly offer: PlanOffer;
  readonly ageMs: number;
  readonly stale: boolean;
}

/** The plan that stands now, with the age of the older of plan and sizing; null while there is none. */
function offered(session: Session, symbol: string, now: number): Offered | null {
  const plan = session.alpha.plan(symbol);
  const risk = session.alpha.risk(symbol);
  if (plan === null) return null;
  const both = risk === null ? plan.map((view) => offerOf(view, null)) : plan.with(risk, offerOf);
  return both.draw(now, (offer, { ageMs, state }) =>
    offer === null ? null : { offer, ageMs, stale: state === "stale" },
  );
}

/** The engine's own plan for this market, to be taken over into the ticket; nothing while there is none. */
export function PlanLine({
  ticket,
  symbol,
}: {
  readonly ticket: TicketDesk;
  readonly symbol: string;
}): ReactNode {
  const session = useSession();
  const state = useSampled(() => {
    const found = offered(session, symbol, clock.now());
    return found === null ? "none" : found.stale ? "stale" : "fresh";
  }, 250);
  if (state === "none") return null;
  const take = (): void => {
    const found = offered(session, symbol, clock.now());
    if (found !== null && !found.stale) ticket.edit(found.offer.draft);
  };
  return (
    <div className="ticket-plan" role="group" aria-label="Plan of the engine" data-testid="ticket-plan">
      <LiveText
        className="ticket-plan-words"
        everyMs={250}
        titled
        testId="plan-words"
        state={() => (offered(session, symbol, clock.now())?.stale === true ? "stale" : "fresh")}
        read={(now) => {
          const found = offered(session, symbol, now);
          return found === null ? "" : `Plan: ${found.offer.words}`;
        }}
      />
      <LiveText
        className="hint"
        everyMs={250}
        read={(now) => {
          const found = offered(session, symbol, now);
          return found === null ? "" : `${found.offer.note}, engine, ${ageText(found.ageMs)} ago`;
        }}
      />
      <button
        type="button"
        className="act"
        disabled={state === "stale"}
        title="Fills in side, size, stop and target, to be traded in the slices of a plan. Nothing is sent."
        onClick={take}
      >
        Fill in
      </button>
    </div>
  );
}
