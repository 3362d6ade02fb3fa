import type { ReactNode } from "react";
import { type Decimal, digits } from "~/shared/decimal";
import { percent, price } from "~/shared/format";
import { tipFigure } from "~/shared/mirror";
import { useSession } from "~/stores/react";
import type { Built, Field } from "~/stores/ticket-build";
import type { TicketDesk } from "~/stores/ticket-desk";
import { type Draft, hasOf, type SizeUnit } from "~/stores/ticket-draft";
import { tradedView } from "~/stores/ticket-facts";
import { bpsText } from "~/stores/trader-units";
import { awayPercent, less, middleOf, readAmount } from "~/stores/ticket-size";
import type { TradingDesk } from "~/stores/trading-desk";
import { TWAP_BY, type TwapBy } from "~/transport/trading-types";
import { Entry } from "./Entry";
import { SizeLine } from "./SizeLine";

export const SIZE_ID = "ticket-size";

interface EntriesProps {
  readonly desk: TradingDesk;
  readonly ticket: TicketDesk;
  readonly draft: Draft;
  readonly built: Built;
  readonly symbol: string;
}

const UNITS: readonly SizeUnit[] = ["coin", "usd", "risk"];

function unitName(unit: SizeUnit, symbol: string): string {
  return unit === "coin" ? symbol : unit === "usd" ? "USD" : "Risk %";
}

/** What a draft of this kind has to have. */
export function Entries({ desk, ticket, draft, built, symbol }: EntriesProps): ReactNode {
  const session = useSession();
  const has = hasOf(draft);
  const places = tradedView(session)?.instrument?.pxDecimals ?? null;
  const entry = (
    field: Exclude<Field, "amount" | "strategy">,
    label: string,
    hint?: ReactNode,
  ): ReactNode => (
    <Entry
      key={field}
      name={field}
      label={label}
      value={draft[field]}
      problem={built.problems.find((item) => item.field === field) ?? null}
      sent={sentText(draft[field], built.sent[field] ?? null, places)}
      change={(text) => ticket.edit({ [field]: text })}
    >
      {hint}
    </Entry>
  );
  const quote = (side: "bid" | "mid" | "ask"): void => {
    const held = tradedView(session)?.quote ?? null;
    const px = held?.draw(0, ({ bid, ask }) => {
      if (bid === null || ask === null) return null;
      return side === "bid" ? bid.px : side === "ask" ? ask.px : middleOf(bid.px, ask.px);
    });
    if (px != null) ticket.edit({ px: digits(px) });
  };
  const most = desk.state?.limits.slippageBps ?? null;
  const sizeProblem = built.problems.find((item) => item.field === "amount") ?? null;
  return (
    <>
      <Entry
        id={SIZE_ID}
        name="amount"
        label="Size"
        value={draft.amount}
        problem={sizeProblem}
        sent={null}
        change={(amount) => ticket.edit({ amount })}
      >
        <span className="switch" role="group" aria-label="Size in">
          {UNITS.map((unit) => (
            <button
              key={unit}
              type="button"
              aria-pressed={draft.unit === unit}
              onClick={() => ticket.edit({ unit, amount: "" })}
            >
              {unitName(unit, symbol)}
            </button>
          ))}
        </span>
      </Entry>
      <SizeLine ticket={ticket} symbol={symbol} />
      {has.trigger ? entry("trigger", "Trigger") : null}
      {has.px
        ? entry(
            "px",
            "Price",
            <span className="switch" role="group" aria-label="Take a price">
              {(["bid", "mid", "ask"] as const).map((side) => (
                <button key={side} type="button" onClick={() => quote(side)}>
                  {side}
                </button>
              ))}
            </span>,
          )
        : null}
      {has.slippage
        ? entry(
            "slippage",
            "Slippage",
            <span className="hint">
              {most === null ? "%" : `%, empty: ${bpsText(String(most)).replace(" %", "")}`}
            </span>,
          )
        : null}
      {draft.kind === "scale" ? (
        <>
          {entry("scaleOrders", "Orders")}
          {entry("scaleFrom", "From")}
          {entry("scaleTo", "To")}
        </>
      ) : null}
      {draft.kind === "twap" ? (
        <>
          {draft.twapBy === "plan" ? null : entry("twapMinutes", "Minutes")}
          <div className="entry">
            <span>Sliced by</span>
            <span className="switch ticket-by" role="group" aria-label="Sliced by">
              {TWAP_BY.map((by) => (
                <button
                  key={by}
                  type="button"
                  aria-pressed={draft.twapBy === by}
                  title={BY_TITLES[by]}
                  onClick={() => ticket.edit({ twapBy: by })}
                >
                  {BY_NAMES[by]}
                </button>
              ))}
            </span>
          </div>
          <p className="hint ticket-note">{BY_TITLES[draft.twapBy]}</p>
          {draft.twapBy === "plan" ? null : (
            <Check
              label="Vary the slices by chance"
              on={draft.twapRandomize}
              set={(twapRandomize) => ticket.edit({ twapRandomize })}
            />
          )}
        </>
      ) : null}
      {desk.state?.has.desk === true ? (
        <Entry
          name="strategy"
          label="Strategy"
          words
          value={draft.strategy}
          problem={built.problems.find((item) => item.field === "strategy") ?? null}
          sent={null}
          change={(strategy) => ticket.edit({ strategy })}
        />
      ) : null}
      <div className="ticket-checks">
        <Check label="Reduce-only" on={draft.reduceOnly} set={(reduceOnly) => ticket.edit({ reduceOnly })} />
        {has.bracket ? (
          <Check label="Bracket" on={draft.bracket} set={(bracket) => ticket.edit({ bracket })} />
        ) : null}
      </div>
      {has.bracket && draft.bracket ? (
        <>
          {entry("takeProfit", "Target", <Away ticket={ticket} built={built} field="takeProfit" />)}
          {entry("stopLoss", "Stop", <Away ticket={ticket} built={built} field="stopLoss" />)}
        </>
      ) : null}
    </>
  );
}

const BY_NAMES: Readonly<Record<TwapBy, string>> = {
  here: "server",
  venue: "venue",
  plan: "plan",
};

const BY_TITLES: Readonly<Record<TwapBy, string>> = {
  here: "Each slice passes the risk check. It ends if this server stops.",
  venue: "The venue slices on its own clock and goes on without this server.",
  plan: "The engine\u2019s slices for this size, at its prices and times. A slice that is refused ends it.",
};

interface CheckProps {
  readonly label: string;
  readonly on: boolean;
  readonly set: (on: boolean) => void;
}

function Check({ label, on, set }: CheckProps): ReactNode {
  return (
    <label className="check">
      <input type="checkbox" checked={on} onChange={(event) => set(event.target.checked)} />
      {label}
    </label>
  );
}

/** How far a leg is from the entry. */
function Away({
  ticket,
  built,
  field,
}: {
  readonly ticket: TicketDesk;
  readonly built: Built;
  readonly field: "takeProfit" | "stopLoss";
}): ReactNode {
  const leg = built.sent[field];
  const entry = built.sent.px ?? ticket.entry();
  const away = leg === undefined || entry === null ? null : awayPercent(leg, entry);
  return <span className="hint ticket-away">{away === null ? "" : tipFigure(percent(away))}</span>;
}

/** What goes out in the place of what was typed, where it differs. */
function sentText(typed: string, sent: Decimal | null, places: number | null): string | null {
  const meant = readAmount(typed);
  if (sent === null || meant === null) return null;
  // Equal in value is equal, whatever zeros were typed.
  if (!less(meant, sent) && !less(sent, meant)) return null;
  return `sent as ${tipFigure(price(sent, places))}`;
}
