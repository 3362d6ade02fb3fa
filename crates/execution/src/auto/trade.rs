//! One trade: a plan that is followed, and what became of it.

use super::facts::{Conviction, Plan, Reason, Rules, Slice, TradeFacts};
use crate::order::Side;
use hypersentry_model::{Size, Symbol, Timestamp};

/// A trade that was begun and is not over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trade {
    /// The market.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// What led to it.
    pub conviction: Conviction,
    /// The score then.
    pub score: u8,
    /// What is followed; without slices where only the trade was found again.
    pub plan: Plan,
    /// When it was begun.
    pub began: Timestamp,
    /// Slices that were asked for so far.
    pub sent: u32,
    /// Why no further slice is sent; none while the plan is followed.
    pub ended: Option<Reason>,
    /// Whether something of it was filled.
    pub filled: bool,
    /// Whether that was seen in the position: the answer to an order is there before its trade is.
    pub held: bool,
}

impl Trade {
    /// The slice that comes next.
    pub fn next(&self) -> Option<&Slice> {
        let next = self.plan.slices.get(usize::try_from(self.sent).ok()?);
        next.filter(|_| self.ended.is_none())
    }

    /// When it is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        Some(self.began.plus_ms(self.next()?.delay_ms))
    }

    /// Remembers what was filled and seen of it.
    pub(super) fn hold(&mut self, told: TradeFacts) {
        self.filled |= told.filled;
        self.held |= self.filled && told.position.is_some_and(|size| self.is_its(size));
    }

    fn is_its(&self, position: Size) -> bool {
        match self.side {
            Side::Buy => position.is_positive(),
            Side::Sell => position < Size::ZERO,
        }
    }

    /// Why it has ended, where its exits or somebody else closed it: what would follow is not protected by what was planned.
    pub(super) fn stopped(&self, told: TradeFacts) -> Option<&'static str> {
        if told.exited {
            return Some("a stop or a target of it was filled");
        }
        let gone = told.position.is_some_and(|size| !self.is_its(size));
        (self.held && gone).then_some("what it filled was closed elsewhere")
    }

    /// When its resting orders have waited long enough.
    pub(super) fn limit(&self, rules: &Rules) -> Timestamp {
        let last = self.plan.slices.last().map_or(0, |slice| slice.delay_ms);
        self.began.plus_ms(last.saturating_add(rules.linger_ms))
    }
}
