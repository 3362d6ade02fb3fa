import type { Decimal } from "~/shared/decimal";
import type { Stamped } from "~/shared/stamped";
import type { MarketView, Quote } from "./market-view";
import type { TicketFacts } from "./ticket-build";
import { type Grid, middleOf, significantOf } from "./ticket-size";
import type { TradingDesk } from "./trading-desk";

interface Markets {
  readonly active: string;
  readonly trading: TradingDesk | null;
  view(source: string, symbol: string): MarketView | null;
}

/** The market of the chosen symbol at the venue where the account trades. */
export function tradedView(markets: Markets): MarketView | null {
  const venue = markets.trading?.state?.venue ?? "";
  return markets.view(venue, markets.active);
}

export function gridOf(view: MarketView | null): Grid | null {
  const { instrument, source } = view ?? { instrument: null, source: "" };
  if (instrument === null) return null;
  const { pxDecimals, szDecimals } = instrument;
  return { pxDecimals, szDecimals, significant: significantOf(source) };
}

/** The middle of the best quotes while they may be relied on. */
function freshMiddle(quote: Stamped<Quote> | null, now: number): Decimal | null {
  return (
    quote?.draw(now, ({ bid, ask }, reading) =>
      reading.state === "stale" || bid === null || ask === null ? null : middleOf(bid.px, ask.px),
    ) ?? null
  );
}

function freshValue(stamped: Stamped<Decimal> | null, now: number): Decimal | null {
  return stamped?.draw(now, (value, reading) => (reading.state === "stale" ? null : value)) ?? null;
}

/** What a ticket can be made of; null while there is no account. */
export function ticketFacts(markets: Markets): (now: number) => TicketFacts | null {
  return (now) => {
    const account = markets.trading?.getSnapshot().account ?? null;
    const state = markets.trading?.state ?? null;
    if (account === null || state === null) return null;
    const view = tradedView(markets);
    return {
      account,
      symbol: markets.active,
      grid: gridOf(view),
      mid: freshMiddle(view?.quote ?? null, now),
      equity: freshValue(state.equityUsd, now),
      mostSlippageBps: state.limits.slippageBps,
    };
  };
}
