//! What we hold against what the venue says: a pure function of both.
//!
//! Each difference is repaired by a fact that the snapshot itself is, asked about, or raised to people. Trading stays locked while anything is
//! asked or raised. Run twice it says the same; run again on what it repaired, it repairs nothing more.

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use serde::Serialize;

use crate::ledger::{Ledger, TOLERANCE};
use crate::order::{Cloid, Event, Order, Side, State, Terms};

/// Resting orders of an account that a snapshot may hold: the venue's own cap.
pub const MOST_RESTING: usize = 5_000;

/// An order that rests at the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Resting {
    /// The venue's id.
    pub oid: u64,
    /// The id that it was sent with, if any.
    pub cloid: Option<Cloid>,
    /// The market.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// Base units that were ordered.
    pub size: Size,
    /// Base units filled so far.
    pub filled: Size,
    /// Limit price, or the worst price of a trigger.
    pub px: Price,
    /// The price that it waits for; nothing of what is no trigger, or was triggered.
    pub trigger: Option<Price>,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
}

/// In what an order that rests there is another one than was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// The market.
    Symbol,
    /// Buys or sells.
    Side,
    /// Base units that were ordered; of what only reduces where it is more.
    Size,
    /// Less is filled than was counted, or all.
    Filled,
    /// The limit price.
    Price,
    /// The price that it waits for.
    Trigger,
    /// Whether it may only make a position smaller.
    ReduceOnly,
}

/// The account as the venue tells it, all at one time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// The venue's time of it.
    pub as_of: Timestamp,
    /// Everything that rests; at most [`MOST_RESTING`].
    pub resting: Vec<Resting>,
    /// Positions, base units, negative when short; none of size zero.
    pub positions: BTreeMap<Symbol, Size>,
    /// The account's value.
    pub equity: Usd,
    /// Mark prices by which the value was made.
    pub marks: BTreeMap<Symbol, Price>,
}

/// The account as we hold it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Orders by their id.
    pub orders: &'a BTreeMap<Cloid, Order>,
    /// What happened to the account.
    pub ledger: &'a Ledger,
    /// Up to which venue time all trades, funding and transfers were read.
    pub read_to: Timestamp,
}

/// A difference.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// The snapshot is a fact about an order: apply it.
    Repair {
        /// Which order.
        cloid: Cloid,
        /// The fact.
        #[serde(skip)]
        event: Event,
    },
    /// It may have been at the venue and does not rest there: ask for its end by its id.
    AskOrder {
        /// Which order.
        cloid: Cloid,
        /// Where it stands with us.
        state: State,
    },
    /// Trades, funding and transfers were not read up to the snapshot's time: read them, then look again.
    AskHistory {
        /// Up to when they were read.
        read_to: Timestamp,
    },
    /// Rests at the venue and was not sent by us: another program, or the venue's own page. It counts as exposure.
    Foreign {
        /// The venue's id.
        oid: u64,
        /// The market.
        symbol: Symbol,
    },
    /// Ended with us, and rests there.
    Ghost {
        /// Which order.
        cloid: Cloid,
        /// Where it stands with us.
        state: State,
    },
    /// Rests there as another order than the one we sent, or with less filled than we counted.
    OrderDiffers {
        /// Which order.
        cloid: Cloid,
        /// In what first.
        differs: Differs,
    },
    /// The position is another one, with all trades read.
    PositionDiffers {
        /// The market.
        symbol: Symbol,
        /// Ours.
        ours: Size,
        /// The venue's.
        theirs: Size,
    },
    /// Equity differs by more than a cent, with all trades, funding and transfers read.
    EquityDiffers {
        /// Ours; nothing where a mark price is missing or a sum out of range.
        ours: Option<Usd>,
        /// The venue's.
        theirs: Usd,
    },
    /// More rests there than a snapshot may hold: it cannot be compared.
    TooMany {
        /// How many.
        resting: usize,
    },
}

impl Finding {
    /// The stable code of the finding.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repair { .. } => "reconcile_repair",
            Self::AskOrder { .. } => "reconcile_ask_order",
            Self::AskHistory { .. } => "reconcile_ask_history",
            Self::Foreign { .. } => "reconcile_foreign_order",
            Self::Ghost { .. } => "reconcile_ghost_order",
            Self::OrderDiffers { .. } => "reconcile_order_differs",
            Self::PositionDiffers { .. } => "reconcile_position_differs",
            Self::EquityDiffers { .. } => "reconcile_equity_differs",
            Self::TooMany { .. } => "reconcile_too_many",
        }
    }

    /// Whether trading has to wait until it is gone.
    pub fn locks(&self) -> bool {
        !matches!(self, Self::Repair { .. } | Self::Foreign { .. })
    }
}

/// Compares. The findings come in a fixed order: orders by id, foreign orders by the venue's id, history, positions by symbol, equity.
pub fn reconcile(held: &Held<'_>, venue: &Snapshot) -> Vec<Finding> {
    if venue.resting.len() > MOST_RESTING {
        let resting = venue.resting.len();
        return vec![Finding::TooMany { resting }];
    }
    let ours: BTreeMap<Cloid, &Resting> = venue
        .resting
        .iter()
        .filter_map(|resting| Some((resting.cloid?, resting)))
        .filter(|(cloid, _)| held.orders.contains_key(cloid))
        .collect();
    let mut findings: Vec<Finding> = held
        .orders
        .iter()
        .filter_map(|(cloid, order)| one(cloid, order, ours.get(cloid).copied()))
        .collect();
    let mut foreign: Vec<&Resting> = venue
        .resting
        .iter()
        .filter(|resting| {
            resting
                .cloid
                .is_none_or(|cloid| !held.orders.contains_key(&cloid))
        })
        .collect();
    foreign.sort_by_key(|resting| resting.oid);
    findings.extend(foreign.iter().map(|resting| Finding::Foreign {
        oid: resting.oid,
        symbol: resting.symbol,
    }));
    if held.read_to < venue.as_of {
        // A trade that was not read yet explains any difference below.
        let read_to = held.read_to;
        findings.push(Finding::AskHistory { read_to });
        return findings;
    }
    let holdings = held.ledger.holdings();
    let symbols: BTreeSet<&Symbol> = holdings.keys().chain(venue.positions.keys()).collect();
    for symbol in symbols {
        let ours = holdings
            .get(symbol)
            .map_or(Size::ZERO, |holding| holding.size);
        let theirs = venue.positions.get(symbol).copied().unwrap_or(Size::ZERO);
        if ours != theirs {
            findings.push(Finding::PositionDiffers {
                symbol: *symbol,
                ours,
                theirs,
            });
        }
    }
    let equity = held
        .ledger
        .equity(|symbol| venue.marks.get(&symbol).copied());
    let ours = equity.ok().flatten();
    let apart = ours.and_then(|ours| ours.checked_sub(venue.equity));
    if apart.is_none_or(|apart| apart.units().saturating_abs() > TOLERANCE.units()) {
        let theirs = venue.equity;
        findings.push(Finding::EquityDiffers { ours, theirs });
    }
    findings
}

fn one(cloid: &Cloid, order: &Order, there: Option<&Resting>) -> Option<Finding> {
    let (cloid, state) = (*cloid, order.state());
    let Some(there) = there else {
        // On its way is neither resting nor lost: its reply decides.
        let asked = matches!(
            state,
            State::Unknown | State::Acked | State::PartiallyFilled | State::Cancelling
        );
        return asked.then_some(Finding::AskOrder { cloid, state });
    };
    if state.is_terminal() {
        return Some(Finding::Ghost { cloid, state });
    }
    if let Some(differs) = differs(order, there) {
        return Some(Finding::OrderDiffers { cloid, differs });
    }
    let filled = there.filled;
    let known = matches!(
        state,
        State::Acked | State::PartiallyFilled | State::Cancelling
    );
    if known && filled == order.filled() {
        return None;
    }
    let event = Event::Resting { filled };
    Some(Finding::Repair { cloid, event })
}

/// A changed order is an order of its own, with what it was changed to. What the venue may tell otherwise and is the same order: of a trigger that takes at
/// once the worst price is the venue's own matter, and one that was triggered waits for nothing any more.
fn differs(order: &Order, there: &Resting) -> Option<Differs> {
    let intent = order.intent();
    let (px, trigger) = match intent.terms {
        Terms::Limit { px, .. } => (Some(px), None),
        Terms::Trigger {
            px,
            trigger,
            market,
            ..
        } => ((!market).then_some(px), Some(trigger)),
    };
    let filled = there.filled;
    // What only reduces a venue may cut to the position.
    let otherwise = if intent.reduce_only {
        there.size > intent.size
    } else {
        there.size != intent.size
    };
    let found = [
        (intent.symbol != there.symbol, Differs::Symbol),
        (intent.side != there.side, Differs::Side),
        (otherwise, Differs::Size),
        (
            filled < order.filled() || filled >= there.size,
            Differs::Filled,
        ),
        (px.is_some_and(|px| px != there.px), Differs::Price),
        (
            there.trigger.is_some() && there.trigger != trigger,
            Differs::Trigger,
        ),
        (intent.reduce_only != there.reduce_only, Differs::ReduceOnly),
    ];
    found.into_iter().find_map(|(is, what)| is.then_some(what))
}

#[cfg(test)]
mod tests;
