/** What a check of the risk says, by its code, before the figures. What to do is said for those whom the figures do not tell. */
export interface RiskEntry {
  readonly what: string;
  readonly next: string;
}

const REDUCE = "Orders that only reduce are taken.";

/** Each check that can refuse an order; the figures that it found and allows stand behind it. */
export const RISK_WORDS: Readonly<Record<string, RiskEntry>> = {
  risk_order_malformed: {
    what: "The order has no size or no price that can be traded",
    next: "Correct the size and the price.",
  },
  risk_stale_input: {
    what: "A figure that the check needs is too old or missing",
    next: "Wait until it is fresh: it is asked for by itself.",
  },
  risk_clock_uncertain: {
    what: "The venue\u2019s clock is not known well enough to sign",
    next: "Wait a moment: it is measured all the time.",
  },
  risk_symbol_not_allowed: {
    what: "This market is not on the list of those that may be traded",
    next: "Choose another market, or have the list changed in the panel Limits.",
  },
  risk_not_reducing: {
    what: "It is reduce-only and would not reduce",
    next: "Take a smaller size or the other side, or take off reduce-only.",
  },
  kill_switch_on: { what: "The kill switch is on", next: REDUCE },
  lease_lapsed: { what: "A lease was not renewed in time", next: REDUCE },
  risk_order_size: { what: "The order is too large", next: "Take a smaller size." },
  risk_symbol_exposure: {
    what: "Too much would be open in this market",
    next: "Take a smaller size, or close or cancel something in this market.",
  },
  risk_gross_exposure: {
    what: "Too much would be open in all markets together",
    next: "Take a smaller size, or close or cancel something.",
  },
  risk_concentration: {
    what: "Too large a share of the equity would be in this market",
    next: "Take a smaller size, or close something in this market.",
  },
  risk_leverage: {
    what: "The account would be leveraged too much",
    next: "Take a smaller size, close something, or add collateral.",
  },
  risk_collar: {
    what: "The price is too far from the market",
    next: "Take a price nearer to the middle; of a stop, nearer to its trigger.",
  },
  risk_slippage: {
    what: "It would slip too far from the middle",
    next: "Take a smaller size, or a limit order.",
  },
  risk_depth: {
    what: "The book is too thin for the size at that price",
    next: "Take a smaller size, or a limit order that rests.",
  },
  risk_order_rate: { what: "Too many orders in a minute", next: "Wait a moment." },
  risk_daily_orders: { what: "Too many orders today", next: `It counts anew at 00:00 UTC. ${REDUCE}` },
  risk_daily_loss: {
    what: "The day has lost as much as it may",
    next: `It counts anew at 00:00 UTC. ${REDUCE}`,
  },
  risk_stop_missing: {
    what: "The order has no stop, and this account needs one",
    next: "Check Bracket and enter a stop.",
  },
  risk_stop_useless: {
    what: "The stop would not protect: it is on the wrong side, or beyond liquidation",
    next: "Put the stop between the liquidation price and the entry.",
  },
};
