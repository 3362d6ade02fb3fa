import { type ReactNode, useEffect, useRef, useState } from "react";
import { clock } from "~/shared/clock";
import { SaidLine } from "~/shared/SaidLine";
import { useSampled } from "~/shared/useSampled";
import { MARGIN_NAMES, marginSaid } from "~/stores/margin-desk";
import { useAskedMargin, useTicket, useTrading } from "~/stores/react";
import type { TicketDesk } from "~/stores/ticket-desk";
import type { TradingDesk } from "~/stores/trading-desk";
import type { MarketMargin } from "~/transport/margin-types";
import { MarginForm } from "./MarginForm";

export const MARGIN_ID = "ticket-margin";

interface MarginLineProps {
  readonly desk: TradingDesk;
  readonly ticket: TicketDesk;
  readonly symbol: string;
  /** An order is being reviewed as it stands. */
  readonly reviewed: boolean;
}

/** `Cross 20×`; what the venue has not said is not guessed. */
function modeWords(market: MarketMargin | null): string {
  if (market === null || market.margin === null || market.leverage === null) return "Margin \u2014";
  return `${MARGIN_NAMES[market.margin]} ${market.leverage}\u00d7`;
}

/** How the market is margined, and the form that sets it. What was asked for is followed here also while the form is closed. */
export function MarginLine({ desk, ticket, symbol, reviewed }: MarginLineProps): ReactNode {
  const { account } = useTrading(desk);
  const { market: told } = useTicket(ticket);
  const asked = useAskedMargin(desk, account ?? "", symbol, "leverage");
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const market = told?.draw(0, (view) => view) ?? null;
  const [open, setOpen] = useState(false);
  const close = (): void => {
    // Whoever went on to something else meanwhile is not called back.
    if (box.current?.contains(document.activeElement) === true) button.current?.focus();
    setOpen(false);
  };
  const show = (): void => {
    if (asked !== null) desk.margins.dismiss(asked);
    setOpen(true);
  };
  const done = asked?.phase === "done" ? asked.key : null;
  const ended = useRef(close);
  ended.current = close;
  useEffect(() => {
    if (done === null) return;
    ticket.renew();
    ended.current();
  }, [done, ticket]);
  const state = useSampled(() => told?.read(clock.now()).state ?? "missing", 500);
  const waiting = asked?.phase === "waiting";
  // An older server neither tells it nor sets it.
  if (told !== null && market === null) return null;
  return (
    <div className="margin-line" data-open={open}>
      <div className="entry">
        <span>Margin</span>
        <button
          ref={button}
          id={MARGIN_ID}
          type="button"
          className="margin-mode"
          aria-expanded={open}
          aria-haspopup="dialog"
          aria-label={`Margin of ${symbol}: ${modeWords(market)}`}
          title={
            market === null
              ? "The server has not said how the market is margined"
              : `At most ${market.maxLeverage}\u00d7. Sets leverage and kind of margin (l).`
          }
          aria-busy={waiting}
          data-state={state}
          data-testid="margin-mode"
          disabled={market === null || reviewed}
          onClick={() => (open ? close() : show())}
        >
          {modeWords(market)}
        </button>
      </div>
      {open && !reviewed && market !== null && account !== null ? (
        <MarginForm
          key={`${account} ${symbol}`}
          box={box}
          desk={desk}
          account={account}
          market={market}
          asked={asked}
          close={close}
        />
      ) : null}
      <div className="margin-said">
        <SaidLine said={asked === null ? null : marginSaid(asked)} testId="margin-said" />
        {asked === null || asked.phase === "waiting" || asked.phase === "lost" || open ? null : (
          <button
            type="button"
            className="result-close"
            aria-label="Take this off"
            onClick={() => desk.margins.dismiss(asked)}
          >
            {"\u2715"}
          </button>
        )}
      </div>
    </div>
  );
}
