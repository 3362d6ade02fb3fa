import type { Entry } from "./words-entry";

/** What the venue refuses, by our code of it. */
export const VENUE_WORDS: Readonly<Record<string, Entry>> = {
  venue_tick: [
    "The venue refused the price: it is not on the market\u2019s tick.",
    "Each market takes prices in steps of its tick alone.",
    "Round the price to the tick and send it again. Nothing was placed.",
  ],
  venue_min_notional: [
    "The venue refused it: the order is too small.",
    "It takes no order worth less than $10, unless it closes the whole position.",
    "Take a larger size. Nothing was placed.",
  ],
  venue_margin: [
    "The venue refused it: there is not enough free margin.",
    "The account\u2019s free collateral does not carry this order.",
    "Take a smaller size, close something, or add collateral. Nothing was placed.",
  ],
  venue_reduce_only: [
    "The venue refused it: it is reduce-only and would not reduce.",
    "The position is gone, smaller than the order, or on the same side.",
    "Look at the position; take off reduce-only to open one. Nothing was placed.",
  ],
  venue_post_only: [
    "The venue refused it: post-only, and it would have traded at once.",
    "The market reached the price before the order did.",
    "Take a price further from the market, or a limit order. Nothing was placed.",
  ],
  venue_ioc_no_match: [
    "Nothing was there to trade with at that price.",
    "An IOC takes what stands in the book at once, and nothing stood there.",
    "Take a price further into the book, or a limit order that rests. Nothing was filled.",
  ],
  venue_trigger_price: [
    "The venue refused the trigger: it is on the wrong side of the market.",
    "At that price the stop or the target would be set off at once.",
    "Put the trigger on the other side of the price. Nothing was placed.",
  ],
  venue_no_liquidity: [
    "The book was empty: there was nothing to trade with.",
    "A market order found no orders on the other side.",
    "Wait for the book to fill, or rest a limit order. Nothing was filled.",
  ],
  venue_open_interest_cap: [
    "The venue refused it: open interest in this market is capped.",
    "While the cap is reached it takes only orders that reduce.",
    "Reduce, or wait until the market is below its cap. Nothing was placed.",
  ],
  venue_open_interest_price: [
    "The venue refused the price: open interest in this market is capped.",
    "While the cap is reached it takes no price beyond the oracle\u2019s.",
    "Take a price on the near side of the oracle\u2019s. Nothing was placed.",
  ],
  venue_open_interest_pace: [
    "The venue refused it: open interest in this market grows too fast.",
    "It limits how quickly positions are added there.",
    "Take a smaller size or wait a moment. Nothing was placed.",
  ],
  venue_spot_balance: [
    "The venue refused it: the spot balance is too small.",
    "The account does not hold what it would sell, or pay with.",
    "Take a smaller size, or move balance to spot. Nothing was placed.",
  ],
  venue_oracle: [
    "The venue refused the price: it is too far from the oracle\u2019s.",
    "The venue takes no price so far from its oracle.",
    "Take a price nearer to the market. Nothing was placed.",
  ],
  venue_margin_tier: [
    "The venue refused it: the position would be too large for its leverage.",
    "Larger positions have a lower maximum leverage.",
    "Lower the leverage of this market, or take a smaller size. Nothing was placed.",
  ],
  venue_builder_fee: [
    "The venue refused it: a builder fee was not approved.",
    "The account has not approved the fee that the order names.",
    "Tell the operator of this server. Nothing was placed.",
  ],
  venue_twap_duration: [
    "The venue refused the TWAP\u2019s length.",
    "Its own TWAPs last 5 minutes to 7 days.",
    "Take minutes within those bounds. Nothing was placed.",
  ],
  venue_missing_order: [
    "There was nothing left to cancel.",
    "The venue says that the order was filled or cancelled before.",
    "Look at the list: the order\u2019s own end is asked for.",
  ],
  venue_missing_twap: [
    "There was no TWAP left to end.",
    "The venue says that it ran out, or was ended before.",
    "Look at the list of orders.",
  ],
  venue_signer_unknown: [
    "The venue does not know the key that signed.",
    "The agent was never approved for this account, has expired, or was replaced.",
    "Open the account (a), tab Agents: approve or renew the agent. Nothing was placed.",
  ],
  venue_no_deposit: [
    "The account has no money at the venue.",
    "The venue takes orders from funded accounts alone.",
    "Deposit at the venue first. Nothing was placed.",
  ],
  venue_signature: [
    "The venue could not read the signature.",
    "The order was signed in a way that it did not recognise.",
    "Tell the operator of this server. Nothing was placed.",
  ],
  venue_schedule_volume: [
    "The venue refuses timers to this account.",
    "It has traded less than the venue asks for before it may use them.",
    "Take a lease instead: this server enforces it.",
  ],
  venue_schedule_early: [
    "The venue refused the timer: the time is too near.",
    "It takes times at least 5 s ahead by its own clock.",
    "Take a later time.",
  ],
  venue_nonce: [
    "The venue had seen this request\u2019s number before.",
    "It may have taken the order when it came first.",
    "Do not send it again: the order\u2019s own state is asked for.",
  ],
  venue_error: [
    "The venue answered with an error that nobody has documented.",
    "That does not prove that nothing was placed.",
    "Do not send it again: the order\u2019s own state is asked for.",
  ],
  venue_rejected: [
    "The venue refused it without a reason.",
    "It says that the order was rejected, and nothing more.",
    "Look at the venue\u2019s own page. Nothing was placed.",
  ],
  venue_cancelled: [
    "The venue cancelled it.",
    "Nobody here asked for that.",
    "Look at the position: what the order protected may be open.",
  ],
  venue_not_answering: [
    "The venue does not answer about the account.",
    "What is known of the account grows old meanwhile.",
    "It is asked again by itself. Orders wait until it answers.",
  ],
  venue_allowance_used_up: [
    "The venue\u2019s allowance of questions is used up for now.",
    "It takes so many questions a minute from one address.",
    "The account is asked for again within a minute.",
  ],
  venue_time_unknown: [
    "The venue\u2019s clock is not known yet.",
    "What is signed bears its time, and nobody has told it.",
    "Wait until the venue\u2019s feed is live. Nothing was sent.",
  ],
};

/** Why the venue took an order out of its book, by its own status. */
export const CANCEL_WORDS: Readonly<Record<string, Entry>> = {
  marginCanceled: [
    "The venue cancelled it: there was not enough margin for it any more.",
    "The account\u2019s free collateral fell below what the order needs.",
    "Close something or add collateral before you send it again.",
  ],
  vaultWithdrawalCanceled: [
    "The venue cancelled it: money was withdrawn from the vault.",
    "What remained did not carry the order.",
    "Send a smaller one.",
  ],
  openInterestCapCanceled: [
    "The venue cancelled it: open interest in this market is capped.",
    "The order would have traded beyond the cap.",
    "Wait until the market is below its cap.",
  ],
  selfTradeCanceled: [
    "The venue cancelled it: it would have traded with an order of your own.",
    "An account does not trade with itself.",
    "Look at your orders on the other side.",
  ],
  reduceOnlyCanceled: [
    "The venue cancelled it: there was nothing left to reduce.",
    "It was reduce-only, and the position is closed or has turned.",
    "Nothing has to be done unless you wanted to open one.",
  ],
  siblingFilledCanceled: [
    "Cancelled with its pair: the other exit was filled.",
    "Target and stop of one position end together.",
    "Nothing has to be done.",
  ],
  delistedCanceled: [
    "The venue cancelled it: the market is delisted.",
    "No order rests there any more.",
    "Look at the position, if there is one.",
  ],
  liquidatedCanceled: [
    "The venue cancelled it: the account was liquidated.",
    "Its margin fell below what its positions need.",
    "Look at positions and balances before you send anything.",
  ],
  scheduledCancel: [
    "The venue\u2019s timer cancelled it.",
    "The cancel that was scheduled for the account went off.",
    "Stops went too: look at what is open.",
  ],
};
