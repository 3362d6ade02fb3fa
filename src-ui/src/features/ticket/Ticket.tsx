import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect } from "react";
import { Notice } from "~/shared/Notice";
import { StandingBar, StandingNotice } from "~/shared/Standing";
import { useSampled } from "~/shared/useSampled";
import { usePractice, useSession, useStanding, useTicket, useTrading } from "~/stores/react";
import { usePaperOffer } from "~/stores/react-desk";
import type { Built } from "~/stores/ticket-build";
import type { TicketDesk } from "~/stores/ticket-desk";
import { KIND_NAMES, KIND_SHORT } from "~/stores/ticket-draft";
import type { TradingDesk } from "~/stores/trading-desk";
import { useUi } from "~/stores/ui";
import type { PanelProps } from "~/shared/panel";
import { TICKET_KINDS } from "~/transport/trading-types";
import { Arm } from "./Arm";
import { Entries } from "./Entries";
import { MarginLine } from "./MarginLine";
import { PlanLine } from "./PlanLine";
import { PreviewBox } from "./PreviewBox";
import { Results } from "./Results";
import { Submit } from "./Submit";

/** The order ticket. */
export function Ticket({ symbol }: PanelProps): ReactNode {
  const { trading, ticket } = useSession();
  return trading === null || ticket === null ? (
    <Notice kind="empty" title="Nothing can be traded here" />
  ) : (
    <OfAccount desk={trading} ticket={ticket} symbol={symbol} />
  );
}

interface OfAccountProps {
  readonly desk: TradingDesk;
  readonly ticket: TicketDesk;
  readonly symbol: string;
}

/** What the draft comes to now: the market it is converted with moves. */
function useBuilt(ticket: TicketDesk): Built | null {
  useSampled(() => {
    const built = ticket.build();
    return built === null ? "" : JSON.stringify([built.ticket, built.problems, built.sent]);
  }, 250);
  return ticket.build();
}

function OfAccount({ desk, ticket, symbol }: OfAccountProps): ReactNode {
  const { phase } = useTrading(desk);
  const { draft, review, armedUntil } = useTicket(ticket);
  const standing = useStanding(desk);
  const showPaper = useUi((state) => state.showPaper);
  const practice = usePractice(desk);
  const built = useBuilt(ticket);
  useEffect(() => ticket.look(), [ticket]);
  useEffect(() => {
    // Whatever stops orders from being taken ends one-click too.
    if (standing.level !== "good") ticket.disarm();
  }, [standing.level, ticket]);
  const offersPaper = usePaperOffer();
  if (phase !== "here" || built === null)
    return (
      <StandingNotice standing={standing}>
        {offersPaper && standing.code === "no_account" ? (
          <button type="button" className="act primary" onClick={() => showPaper(true)}>
            Open a paper account
          </button>
        ) : null}
      </StandingNotice>
    );
  // What stops risk from being added does not stop it from being taken away.
  const may = standing.level === "good" || (standing.reduces && draft.reduceOnly);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (may) ticket.advance();
  };
  const onKey = (event: KeyboardEvent): void => {
    // A key that is held down must not go from the draft through the review to the order.
    if (event.key === "Enter" && event.repeat) event.preventDefault();
    if (event.key !== "Escape") return;
    if (review === null && armedUntil === null) return;
    event.preventDefault();
    event.stopPropagation();
    ticket.disarm();
    ticket.withdraw();
  };
  return (
    <form
      className="panel ticket"
      aria-label={`Order ticket of ${symbol}`}
      data-practice={practice}
      data-side={draft.side}
      data-armed={armedUntil !== null}
      data-testid="ticket"
      noValidate
      onSubmit={submit}
      onKeyDown={onKey}
    >
      <StandingBar standing={standing} />
      <MarginLine key={symbol} desk={desk} ticket={ticket} symbol={symbol} reviewed={review !== null} />
      <fieldset className="ticket-draft" disabled={review !== null}>
        <legend className="offscreen">What to order</legend>
        <div className="ticket-sides" role="group" aria-label="Side">
          {(["buy", "sell"] as const).map((side) => (
            <button
              key={side}
              type="button"
              data-side={side}
              aria-pressed={draft.side === side}
              title={side === "buy" ? "Buy (b)" : "Sell (s)"}
              onClick={() => ticket.setSide(side)}
            >
              {side === "buy" ? "Buy" : "Sell"}
            </button>
          ))}
        </div>
        <div className="ticket-kinds" role="group" aria-label="Kind of order">
          {TICKET_KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              aria-pressed={draft.kind === kind}
              title={KIND_NAMES[kind]}
              onClick={() => ticket.edit({ kind })}
            >
              {KIND_SHORT[kind]}
            </button>
          ))}
        </div>
        <PlanLine ticket={ticket} symbol={symbol} />
        <Entries desk={desk} ticket={ticket} draft={draft} built={built} symbol={symbol} />
      </fieldset>
      <PreviewBox ticket={ticket} symbol={symbol} />
      <Submit desk={desk} ticket={ticket} built={built} may={may} symbol={symbol} practice={practice} />
      <Arm ticket={ticket} may={may} />
      <Results desk={desk} />
    </form>
  );
}
