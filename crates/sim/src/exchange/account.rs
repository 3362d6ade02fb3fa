//! An account's money, positions and records.
//!
//! Cash is booked with trades taken in full: a buy lowers it by its whole notional, so that an account is worth its cash plus
//! its positions at the mark price. What traders call entry price and realised profit is derived from the cost beside it and
//! never moves money. So every trade is a transfer between two parties and nothing is rounded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::address::{Address, Cloid};
use super::agents::Agents;
use super::fill::{Fill, FundingPayment};
use super::number::Micro;
use super::order::Closed;
use super::records::{LedgerEntry, TwapRecord};

/// Fills kept per account: as many as the venue lets one reach.
pub(super) const MOST_FILLS: usize = 10_000;
/// Ended orders kept per account, as `historicalOrders`; older ones are unknown.
pub(super) const MOST_CLOSED: usize = 2_000;
/// Funding payments kept per account.
pub(super) const MOST_FUNDINGS: usize = 2_000;
/// Changes of TWAPs and payments in and out kept per account, of each.
pub(super) const MOST_RECORDS: usize = 2_000;

/// A position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Lots, negative for a short.
    pub szi: i64,
    /// What was paid for them, negative for a short.
    pub cost: Micro,
    /// The position's own cash if its margin is isolated.
    pub isolated: Option<Micro>,
    /// Funding paid since it was opened; negative if received.
    pub funding_since_open: Micro,
    /// Funding paid since it last changed.
    pub funding_since_change: Micro,
    /// Not liquidated again before this time.
    pub cooldown_until: i64,
}

/// What a change of a position came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// Lots before.
    pub(super) before: i64,
    /// Realised, without fees.
    pub(super) closed_pnl: Micro,
}

impl Position {
    /// Worth at a mark price, without cash.
    #[must_use]
    pub fn value(&self, mark: i64) -> Micro {
        i128::from(self.szi) * i128::from(mark)
    }

    /// Profit not yet realised.
    #[must_use]
    pub fn unrealized(&self, mark: i64) -> Micro {
        self.value(mark) - self.cost
    }

    /// Adds signed lots at a price. The closed part gives up its share of the cost.
    pub(super) fn add(&mut self, lots: i64, px: i64) -> Change {
        let before = self.szi;
        let closing = if before.signum() * lots.signum() < 0 {
            before.abs().min(lots.abs())
        } else {
            0
        };
        let mut closed_pnl = 0;
        if closing > 0 {
            let share = self.cost * i128::from(closing) / i128::from(before.abs());
            closed_pnl = i128::from(before.signum()) * i128::from(closing) * i128::from(px) - share;
            self.cost -= share;
        }
        let opening = lots - lots.signum() * closing;
        self.cost += i128::from(opening) * i128::from(px);
        self.szi += lots;
        self.funding_since_change = 0;
        if before.signum() != self.szi.signum() {
            self.funding_since_open = 0;
        }
        Change { before, closed_pnl }
    }
}

/// Leverage of an account in one coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leverage {
    /// Cross, else isolated.
    pub is_cross: bool,
    /// Times.
    pub value: u32,
}

/// The dead man's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schedule {
    /// When all orders go.
    pub at_ms: Option<i64>,
    /// UTC day of the count.
    pub day: i64,
    /// Times it went off that day.
    pub triggered: u32,
}

/// One account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Account {
    /// Cross cash.
    pub cash: Micro,
    /// Positions by market; none is flat.
    pub positions: BTreeMap<usize, Position>,
    /// Leverage by market where it was set.
    pub leverage: BTreeMap<usize, Leverage>,
    /// Open orders; the venue's cap bounds them.
    pub open: BTreeSet<u64>,
    /// The newest order by client id; bounded by open and ended orders.
    pub(super) cloids: BTreeMap<Cloid, u64>,
    /// Ended orders, oldest first.
    pub(super) closed: VecDeque<Closed>,
    /// Fills, oldest first.
    pub(super) fills: VecDeque<Fill>,
    /// Fills of TWAPs, oldest first.
    pub(super) twap_fills: VecDeque<Fill>,
    /// Funding, oldest first.
    pub(super) fundings: VecDeque<FundingPayment>,
    /// Beginnings and ends of TWAPs, oldest first.
    pub(super) twap_history: VecDeque<TwapRecord>,
    /// Payments in and out, oldest first.
    pub(super) ledger: VecDeque<LedgerEntry>,
    /// Keys that may sign for it.
    pub agents: Agents,
    /// The dead man's switch.
    pub schedule: Schedule,
    /// Traded so far.
    pub volume: Micro,
    /// Requests sent so far.
    pub requests: u64,
    /// When the last request beyond the limit was let through.
    pub(super) trickle_ms: i64,
}

impl Account {
    /// Leverage in a market whose most is `max`; 20 times cross where nothing was set.
    #[must_use]
    pub fn leverage(&self, coin: usize, max: u32) -> Leverage {
        self.leverage.get(&coin).copied().unwrap_or(Leverage {
            is_cross: true,
            value: max.min(20),
        })
    }

    /// Lots held in a market.
    #[must_use]
    pub fn szi(&self, coin: usize) -> i64 {
        self.positions.get(&coin).map_or(0, |position| position.szi)
    }

    /// All cash, cross and isolated.
    #[must_use]
    pub fn total_cash(&self) -> Micro {
        let isolated: Micro = self
            .positions
            .values()
            .filter_map(|position| position.isolated)
            .sum();
        self.cash + isolated
    }

    /// An ended order by its id.
    #[must_use]
    pub fn closed(&self, oid: u64) -> Option<&Closed> {
        self.closed
            .iter()
            .rev()
            .find(|ended| ended.order.oid == oid)
    }

    pub(super) fn remember_closed(&mut self, ended: Closed) {
        self.closed.push_back(ended);
        if self.closed.len() > MOST_CLOSED
            && let Some(old) = self.closed.pop_front()
            && let Some(cloid) = old.order.asked.cloid
            && self.cloids.get(&cloid) == Some(&old.order.oid)
        {
            self.cloids.remove(&cloid);
        }
    }
}

/// Appends and drops the oldest beyond `most`.
pub(super) fn keep<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    if list.len() > most {
        list.pop_front();
    }
}

/// Who stands on one side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The generated makers and takers.
    Street,
    /// A user with an order.
    User {
        /// Account.
        owner: Address,
        /// Its order.
        oid: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_opens_grows_shrinks_and_turns() {
        let mut position = Position::default();
        position.add(10, 100);
        position.add(10, 110);
        assert_eq!((position.szi, position.cost), (20, 2_100));
        let change = position.add(-5, 120);
        // A quarter of 2,100 was paid for what brought 600.
        assert_eq!((change.before, change.closed_pnl), (20, 75));
        let change = position.add(-20, 100);
        assert_eq!(change.closed_pnl, 1_500 - 1_575);
        assert_eq!((position.szi, position.cost), (-5, -500));
        assert_eq!(position.unrealized(90), 50);
        assert_eq!(position.add(5, 90).closed_pnl, 50);
        assert_eq!((position.szi, position.cost), (0, 0));
    }
}
