//! The venue's words for what it refuses. Some end in a full stop and some do not, some have figures in them: beginnings are compared.
//!
//! Source: Hyperliquid docs, API > Error responses; those of signatures: API > Signing.

/// What follows from words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proves {
    /// The request was for nobody, or the item was already over: nothing was taken.
    NotTaken,
    /// The order was not placed.
    NotPlaced,
    /// Nothing.
    Nothing,
}

/// A documented error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// How it begins.
    pub(super) begins: &'static str,
    /// Our stable code.
    pub(super) code: &'static str,
    /// What follows.
    pub(super) proves: Proves,
}

const fn known(begins: &'static str, code: &'static str, proves: Proves) -> Known {
    Known {
        begins,
        code,
        proves,
    }
}

use Proves::{NotPlaced, NotTaken, Nothing};

/// Longer beginnings stand before shorter ones that they contain.
pub(super) const KNOWN: &[Known] = &[
    known(
        "Price must be divisible by tick size",
        "venue_tick",
        NotPlaced,
    ),
    known(
        "Order must have minimum value of",
        "venue_min_notional",
        NotPlaced,
    ),
    known(
        "Insufficient margin to place order",
        "venue_margin",
        NotPlaced,
    ),
    known(
        "Reduce only order would increase position",
        "venue_reduce_only",
        NotPlaced,
    ),
    known(
        "Post only order would have immediately matched",
        "venue_post_only",
        NotPlaced,
    ),
    known(
        "Order could not immediately match against any resting orders",
        "venue_ioc_no_match",
        NotPlaced,
    ),
    known("Invalid TP/SL price", "venue_trigger_price", NotPlaced),
    known(
        "No liquidity available for market order",
        "venue_no_liquidity",
        NotPlaced,
    ),
    known(
        "Order would increase open interest while open interest is capped",
        "venue_open_interest_cap",
        NotPlaced,
    ),
    known(
        "Order rejected due to price more aggressive than oracle while at open interest cap",
        "venue_open_interest_price",
        NotPlaced,
    ),
    known(
        "Order would increase open interest too quickly",
        "venue_open_interest_pace",
        NotPlaced,
    ),
    known(
        "Order has insufficient spot balance to trade",
        "venue_spot_balance",
        NotPlaced,
    ),
    known(
        "(Spot-only) Order has insufficient spot balance to trade",
        "venue_spot_balance",
        NotPlaced,
    ),
    known("Order price too far from oracle", "venue_oracle", NotPlaced),
    known(
        "Order would cause position to exceed margin tier limit at current leverage",
        "venue_margin_tier",
        NotPlaced,
    ),
    known(
        "Builder fee has not been approved",
        "venue_builder_fee",
        NotPlaced,
    ),
    known("Invalid TWAP duration", "venue_twap_duration", NotPlaced),
    known(
        "Order was never placed, already canceled, or filled",
        "venue_missing_order",
        NotTaken,
    ),
    known(
        "TWAP was never placed, already canceled, or filled",
        "venue_missing_twap",
        NotTaken,
    ),
    known(
        "L1 error: User or API Wallet",
        "venue_signer_unknown",
        NotTaken,
    ),
    known("User or API Wallet", "venue_signer_unknown", NotTaken),
    known(
        "Must deposit before performing actions",
        "venue_no_deposit",
        NotTaken,
    ),
    known("Unable to recover signer", "venue_signature", NotTaken),
    // Said of the whole request by the venue itself; the documents name the conditions and not the words.
    known(
        "Cannot set scheduled cancel time until enough volume traded",
        "venue_schedule_volume",
        NotTaken,
    ),
    known(
        "Scheduled cancel time too early",
        "venue_schedule_early",
        NotTaken,
    ),
    // The nonce may have been used by this very request, sent before.
    known("Invalid nonce", "venue_nonce", Nothing),
];

/// The documented error that these words are.
pub(super) fn find(words: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| words.starts_with(known.begins))
}
