import {
  type Decimal,
  divide,
  fromUnits,
  multiply,
  scaleBy,
  sortKey,
  subtract,
  toUnits,
  decimals,
} from "~/shared/decimal";
import { derived, projected, type Stamped } from "~/shared/stamped";
import type { Level } from "./book";
import type { BookView, MarketView, Quote } from "./market-view";

function percentChange(now: Decimal, before: Decimal): Decimal | null {
  return divide(scaleBy(subtract(now, before), 100), before, 4);
}

export interface Spread {
  readonly width: Decimal;
  readonly bps: Decimal;
}

function spreadOf(bid: Level | null | undefined, ask: Level | null | undefined): Spread | null {
  if (!bid || !ask) return null;
  const width = subtract(ask.px, bid.px);
  const scale = Math.max(decimals(bid.px), decimals(ask.px));
  const sum = fromUnits(toUnits(bid.px, scale) + toUnits(ask.px, scale), scale);
  const bps = divide(scaleBy(width, 20_000), sum, 4);
  return bps === null ? null : { width, bps };
}

function middleOf({ bid, ask }: Quote): Decimal | null {
  if (!bid || !ask) return null;
  const scale = Math.max(decimals(bid.px), decimals(ask.px)) + 1;
  return fromUnits((toUnits(bid.px, scale) + toUnits(ask.px, scale)) / 2n, scale);
}

/** `(perp - spot) / spot` of the middles of the best quotes, in basis points, as old as the older of the two. */
export function premiumFigure(): (
  perp: MarketView | null,
  spot: MarketView | null,
) => Stamped<Decimal> | null {
  const perpMiddle = projected<Quote, Decimal>(middleOf);
  const spotMiddle = projected<Quote, Decimal>(middleOf);
  const premium = derived<Decimal, Decimal, Decimal>((perp, spot) =>
    divide(scaleBy(subtract(perp, spot), 10_000), spot, 4),
  );
  return (perp, spot) => premium(perpMiddle(perp?.quote ?? null), spotMiddle(spot?.quote ?? null));
}

/** Derived figures of one place on the screen, each remembered by its inputs. */
export function figureSet() {
  const change = derived<Decimal, Decimal, Decimal>(percentChange);
  const openInterest = derived<Decimal, Decimal, Decimal>(multiply);
  const spread = projected<Quote, Spread>((quote) => spreadOf(quote.bid, quote.ask));
  const bookSpread = projected<BookView, Spread>((book) => spreadOf(book.bids[0], book.asks[0]));
  const bid = projected<Quote, Decimal>((quote) => quote.bid?.px ?? null);
  const ask = projected<Quote, Decimal>((quote) => quote.ask?.px ?? null);
  return {
    change: (view: MarketView | null): Stamped<Decimal> | null =>
      change(view?.figure("price") ?? null, view?.figure("prev_day_price") ?? null),
    openInterestUsd: (view: MarketView | null): Stamped<Decimal> | null =>
      openInterest(view?.figure("open_interest_base") ?? null, view?.figure("mark_price") ?? null),
    spread: (view: MarketView | null): Stamped<Spread> | null => spread(view?.quote ?? null),
    bookSpread: (view: MarketView | null): Stamped<Spread> | null => bookSpread(view?.book ?? null),
    bid: (view: MarketView | null): Stamped<Decimal> | null => bid(view?.quote ?? null),
    ask: (view: MarketView | null): Stamped<Decimal> | null => ask(view?.quote ?? null),
  };
}

export function direction(value: Decimal): "up" | "down" | "" {
  const order = sortKey(value);
  return order > 0 ? "up" : order < 0 ? "down" : "";
}
