import type { Entry } from "./words-entry";

const NOT_SENT = "Nothing was sent.";

/** What is wrong with an order as it was asked for, by code. */
export const TICKET_WORDS: Readonly<Record<string, Entry>> = {
  risk_refused: ["The risk check refused it.", "", `Change the order as the limit allows. ${NOT_SENT}`],
  bad_request: ["The server did not take the entry.", "", `Correct it, then review again. ${NOT_SENT}`],
  unknown_symbol: ["This market cannot be traded here.", "", "Choose another symbol."],
  asset_unknown: [
    "This market cannot be traded here.",
    "The venue does not list it, or no longer does.",
    `Choose another symbol. ${NOT_SENT}`,
  ],
  assets_unknown: [
    "The venue\u2019s list of markets is not known yet.",
    "It is asked for when the server starts.",
    `Try again in a moment. ${NOT_SENT}`,
  ],
  price_tick: ["The price is not on the market\u2019s tick.", "", "Take the price that is named."],
  size_lot: ["The size is not on the market\u2019s lot.", "", "Take the size that is named."],
  price_not_positive: ["The price is not above zero.", "", `Correct the price. ${NOT_SENT}`],
  size_not_positive: ["The size is not above zero.", "", `Correct the size. ${NOT_SENT}`],
  order_size_zero: ["The size is not above zero.", "", `Correct the size. ${NOT_SENT}`],
  number_not_canonical: [
    "A number is not written as the venue reads it.",
    "",
    `Write it without zeros at its end. ${NOT_SENT}`,
  ],
  notional_overflow: [
    "The order is worth more than can be reckoned.",
    "",
    `Take a smaller size or price. ${NOT_SENT}`,
  ],
  min_notional: ["The order is too small.", "", "Take at least the size that is named."],
  orders_empty: ["The request has no order in it.", "", `Review the ticket anew. ${NOT_SENT}`],
  order_part_count: ["Too many orders in one request.", "", `Take fewer orders for the scale. ${NOT_SENT}`],
  position_unknown: [
    "The position is not known yet.",
    "Whether the order reduces it cannot be told.",
    `Try again when the account is fresh. ${NOT_SENT}`,
  ],
  reduce_only_no_position: [
    "There is nothing to reduce.",
    "The order is reduce-only, and the account has no position there.",
    "Take off reduce-only to open one.",
  ],
  reduce_only_would_increase: [
    "It would add to the position.",
    "The order is reduce-only and on the side of the position.",
    "Take the other side, or take off reduce-only.",
  ],
  trigger_not_reduce_only: [
    "A stop or a target of a position has to be reduce-only.",
    "Without it it could open a position of its own.",
    `Check reduce-only. ${NOT_SENT}`,
  ],
  trigger_side: [
    "The stop or the target is on the side of the position.",
    "It has to take the other side to close it.",
    `Take the other side. ${NOT_SENT}`,
  ],
  exit_side: [
    "Target or stop is on the wrong side.",
    "",
    "Put the target beyond the entry, the stop before it.",
  ],
  priority_mixed: [
    "The orders of one request differ in what the venue treats first.",
    "",
    `Send them one by one. ${NOT_SENT}`,
  ],
  leverage_bounds: [
    "The market does not allow that leverage.",
    "",
    `Take leverage within the bounds that are named. ${NOT_SENT}`,
  ],
  margin_kind_held: [
    "The kind of margin cannot be changed now.",
    "The venue keeps it while there is a position or an order in the market.",
    `Close the position and cancel the orders first. ${NOT_SENT}`,
  ],
  margin_not_isolated: [
    "There is no position with a margin of its own.",
    "Margin is moved into and out of isolated positions alone.",
    `Look at the position\u2019s kind of margin. ${NOT_SENT}`,
  ],
  setting_pending: [
    "A change of this market\u2019s margin is under way.",
    "One is made after the other.",
    "Try again in a moment.",
  ],
  setting_not_taken: [
    "The venue did not make the change.",
    "",
    "Leverage and margin are as they were. Change the figure and ask again.",
  ],
  setting_unknown: [
    "Whether the venue made the change is not known.",
    "The answer was lost, and the account does not show it.",
    "Look at leverage and margin before you ask again.",
  ],
  only_isolated: [
    "This market takes isolated margin alone.",
    "The venue does not share margin with other positions there.",
    `Choose isolated margin. ${NOT_SENT}`,
  ],
  market_stale: [
    "The market\u2019s figures are too old.",
    "Nothing is sent on a price that nobody vouches for.",
    "Wait until the price is fresh again.",
  ],
  modify_crosses: [
    "It would match at once.",
    "The venue lets a changed order only rest.",
    "Take a price on this side of the book, or cancel it and send a new one. The order stands as it was.",
  ],
  order_not_resting: [
    "The order cannot be changed.",
    "It does not rest at the venue: it has ended, or is on its way.",
    "Look at the list of orders.",
  ],
  order_unknown: ["The server does not know this order.", "", "The list is read anew."],
  twap_minutes: [
    "The TWAP\u2019s length is not taken.",
    "",
    "Take minutes within the bounds that are named.",
  ],
  too_many_twaps: ["Too many TWAPs run.", "", `End one of them first. ${NOT_SENT}`],
  too_many_strategies: ["Too many strategies are named.", "", "Take a name that is there already."],
  no_plan: [
    "The engine has no plan for this size now.",
    "",
    `Let this server or the venue slice it, or try again in a moment. ${NOT_SENT}`,
  ],
  plan_refused: [
    "The plan has ended.",
    "The venue refused one of its slices, and a plan is followed whole or not at all.",
    "Look at the position: what was filled stays, with its stops.",
  ],
  idempotency_conflict: [
    "The key was used for another request.",
    "One key stands for one request.",
    `Ask anew: it gets a key of its own. ${NOT_SENT}`,
  ],
  idempotency_key_invalid: ["The key was not taken.", "", `Review the ticket anew. ${NOT_SENT}`],
  idempotency_full: [
    "Too many requests of the last day are remembered.",
    "None is forgotten early, so that no order can be sent twice.",
    `Try again later. Cancels are taken. ${NOT_SENT}`,
  ],
  order_id_taken: [
    "Another order has this name.",
    "",
    `Review the ticket anew: it gets a new one. ${NOT_SENT}`,
  ],
  address_invalid: ["The account\u2019s address is not one.", "", `Choose the account anew. ${NOT_SENT}`],
  cloid_invalid: ["The order\u2019s name is not one.", "", "Reload the page: the list is read anew."],
  limits_nothing_proposed: [
    "No change waits there.",
    "It was agreed to, or taken back.",
    "The limits are read anew.",
  ],
  limits_negative: ["A limit cannot be negative.", "", "Correct it, then propose it again."],
  limits_too_many_symbols: ["Too many symbols are listed.", "", "List fewer, or none for all of them."],
  limits_second_person_needed: [
    "Another person has to agree.",
    "Nobody agrees to what was asked for under the same name.",
    "Ask somebody else who manages risk.",
  ],
  record_too_long: ["That is more than the audit log takes.", "", "List fewer symbols."],
  acknowledge_required: [
    "Orders without a confirmation have to be acknowledged.",
    "Trading by itself sends orders that nobody confirms.",
    "Check the acknowledgement, then enable it.",
  ],
  model_required: [
    "There is no trained model.",
    "Trading by itself asks for one at a real market.",
    "Train one, or try it in practice.",
  ],
};
