import { type ReactNode, useEffect, useRef } from "react";
import { useIntents, useTicket } from "~/stores/react";
import type { Built } from "~/stores/ticket-build";
import type { TicketDesk } from "~/stores/ticket-desk";
import { kindWords } from "~/stores/ticket-draft";
import { numberText } from "~/stores/trader-units";
import type { TradingDesk } from "~/stores/trading-desk";
import { orderWords } from "~/stores/trading-words";

interface SubmitProps {
  readonly desk: TradingDesk;
  readonly ticket: TicketDesk;
  readonly built: Built;
  /** Orders are taken. */
  readonly may: boolean;
  readonly symbol: string;
  readonly practice: string;
}

/** The way to the order: review, then send; one step while one-click is armed. */
export function Submit({ desk, ticket, built, may, symbol, practice }: SubmitProps): ReactNode {
  const { draft, review, armedUntil, preview } = useTicket(ticket);
  const intents = useIntents(desk);
  const sending = intents.some(({ phase }) => phase === "sending");
  const send = useRef<HTMLButtonElement>(null);
  const reviewed = review?.key ?? null;
  useEffect(() => {
    if (reviewed !== null) send.current?.focus();
  }, [reviewed]);
  const refused = (preview?.draw(0, (view) => view.refusals.length) ?? 0) > 0;
  const side = draft.side === "buy" ? "Buy" : "Sell";
  if (review !== null)
    return (
      <div className="review" role="group" aria-label="Review" data-testid="review">
        <p className="review-words">{orderWords(review.ticket)}</p>
        {review.ticket.take_profit === undefined ? null : (
          <p className="hint">{`Target ${numberText(review.ticket.take_profit)}, reduce-only`}</p>
        )}
        {review.ticket.stop_loss === undefined ? null : (
          <p className="hint">{`Stop ${numberText(review.ticket.stop_loss)}, reduce-only`}</p>
        )}
        <div className="review-acts">
          <button
            ref={send}
            type="submit"
            className="send"
            data-side={review.ticket.side}
            data-testid="ticket-send"
            disabled={!may || sending || refused}
          >
            {sending ? "Sending" : refused ? "Refused" : "Send"} <Money practice={practice} />
            <kbd>Enter</kbd>
          </button>
          <button type="button" className="act" onClick={() => ticket.withdraw()}>
            Back <kbd>Esc</kbd>
          </button>
        </div>
      </div>
    );
  const missing = built.problems[0]?.text ?? null;
  const armed = armedUntil !== null;
  return (
    <div className="review">
      <button
        type="submit"
        className="send"
        data-side={draft.side}
        data-armed={armed}
        data-testid="ticket-review"
        disabled={!may || sending || built.ticket === null}
      >
        {armed ? `${side} ${symbol} now` : `Review ${side.toLowerCase()} ${kindWords(draft.kind)}`}{" "}
        <Money practice={practice} />
        <kbd>Enter</kbd>
      </button>
      <p className="hint" data-testid="ticket-missing">
        {built.ticket === null ? missing : refused ? "The server would refuse it as it is." : ""}
      </p>
    </div>
  );
}

const MONEY: Readonly<Record<string, string>> = { simulated: "SIM" };

/** Whose money the button spends, on the button; nothing where it is real. */
function Money({ practice }: { readonly practice: string }): ReactNode {
  return practice === "" ? null : (
    <em className="send-mark" data-practice={practice}>
      {`${MONEY[practice] ?? practice.toUpperCase()} `}
    </em>
  );
}
