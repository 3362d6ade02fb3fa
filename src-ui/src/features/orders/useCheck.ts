import { useEffect, useState } from "react";
import type { TradingDesk } from "~/stores/trading-desk";
import type { Ticket, TradeRefusal } from "~/transport/trading-types";

/** Typing rests so long before the server is asked. */
const DEBOUNCE_MS = 250;

interface Check {
  readonly refusals: readonly TradeRefusal[];
  /** What refuses would refuse it as a change too. */
  readonly bars: boolean;
}

const NOTHING: Check = { refusals: [], bars: false };

/**
 * What the server says of the order as it would be. It counts the one that it replaces too, so that limits of sums may be told as passed that a
 * change keeps: those are shown and do not bar it. The server judges the change itself.
 */
export function useCheck(desk: TradingDesk, ticket: Ticket | null): Check {
  const [told, setTold] = useState<{
    readonly key: string;
    readonly refusals: readonly TradeRefusal[];
  } | null>(null);
  const key = ticket === null ? "" : JSON.stringify(ticket);
  useEffect(() => {
    if (key === "") return;
    let here = true;
    const timer = setTimeout(() => {
      desk.port.preview(JSON.parse(key) as Ticket).then(
        ({ refusals }) => {
          if (here) setTold({ key, refusals });
        },
        // The answer to the change itself says what is wrong.
        () => here && setTold(null),
      );
    }, DEBOUNCE_MS);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [desk, key]);
  // What was said of another figure is not shown beside this one.
  if (told === null || told.key !== key) return NOTHING;
  return { refusals: told.refusals, bars: told.refusals.some(({ code }) => !SUMS.has(code)) };
}

/** Limits that add up over orders. */
const SUMS: ReadonlySet<string> = new Set([
  "risk_symbol_exposure",
  "risk_gross_exposure",
  "risk_leverage",
  "risk_concentration",
  "risk_not_reducing",
  "risk_order_rate",
  "risk_daily_orders",
]);
