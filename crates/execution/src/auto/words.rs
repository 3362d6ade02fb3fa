//! What the core is told, and what it says.

use super::facts::{AccountFacts, Enablement, MarketFacts, Opinion, Reason, TradeFacts};
use super::gates::Gate;
use super::trade::Trade;
use hypersentry_model::{Symbol, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Somebody gives leave.
    On(&'a Enablement),
    /// It ends.
    Off(&'a Reason),
    /// An evaluation of a market.
    Seen {
        /// It.
        opinion: &'a Opinion,
        /// The account.
        account: &'a AccountFacts,
        /// The account in this market.
        market: &'a MarketFacts,
    },
    /// Time has passed.
    Time {
        /// The account.
        account: &'a AccountFacts,
        /// How the open trades stand; of one that is not named nothing is known yet.
        trades: &'a BTreeMap<Symbol, TradeFacts>,
    },
    /// A slice was refused, and nothing of it was sent.
    Refused {
        /// In which market.
        symbol: Symbol,
        /// Why.
        why: &'a Reason,
    },
    /// The plan of a market, or every plan, ends at somebody's word.
    EndPlans {
        /// Which; all without one.
        symbol: Option<Symbol>,
        /// Why.
        why: &'a Reason,
    },
}

/// What is to be done, or said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// A trade begins.
    Begun(Box<Trade>),
    /// A slice of an open trade is to be sent, `n` from 0.
    Send {
        /// In which market.
        symbol: Symbol,
        /// Which slice.
        n: u32,
    },
    /// A plan is followed no further: what rests of its entries is to be cancelled.
    PlanEnded {
        /// In which market.
        symbol: Symbol,
        /// Why.
        why: Reason,
    },
    /// Nothing of a trade is open any more.
    Over {
        /// It.
        trade: Box<Trade>,
    },
    /// A market came near to a trade and was held back by another gate than before.
    Skipped {
        /// Which market.
        symbol: Symbol,
        /// By which.
        gate: Gate,
    },
    /// The leave has ended.
    Ended(Reason),
}

/// What became of a market last.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// A trade began.
    Begun,
    /// It came near to one.
    Skipped,
    /// A slice was refused.
    Refused,
    /// A plan is followed no further.
    Ended,
    /// Nothing of the trade is open any more.
    Over,
}

/// The same with its words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: OutcomeKind,
    /// Why.
    pub why: Reason,
}
