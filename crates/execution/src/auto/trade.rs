//! One trade: a plan that is followed, and what became of it.

use super::facts::{Conviction, Plan, Reason, Rules, Slice};
use crate::order::Side;
use hypersentry_model::{Symbol, Timestamp};

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

    /// When its resting orders have waited long enough.
    pub(super) fn limit(&self, rules: &Rules) -> Timestamp {
        let last = self.plan.slices.last().map_or(0, |slice| slice.delay_ms);
        self.began.plus_ms(last.saturating_add(rules.linger_ms))
    }
}
