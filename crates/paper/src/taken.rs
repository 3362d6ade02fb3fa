//! What paper orders took from levels, so that they do not take it again.

use crate::shown::Shown;
use hypersentry_sim::exchange::Side;
use std::collections::BTreeMap;

/// Lots that one account took, by level. Only levels in view are kept, so that there are never more than the book shows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Taken {
    lots: BTreeMap<(Side, i64), i64>,
}

impl Taken {
    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    /// Notes lots that were taken from a level.
    pub fn take(&mut self, side: Side, px: i64, lots: i64) {
        if lots > 0 {
            *self.lots.entry((side, px)).or_default() += lots;
        }
    }

    /// What may be taken of a level that shows so many lots.
    pub fn available(&self, side: Side, px: i64, shown: i64, share_percent: i64) -> i64 {
        let taken = self.lots.get(&(side, px)).copied().unwrap_or(0);
        let share = i128::from(shown) * i128::from(share_percent.clamp(0, 100)) / 100;
        let share = i64::try_from(share).unwrap_or(shown);
        (share - taken).max(0)
    }

    /// The book changed: new size at a level stands for what was taken there, and a level that went takes its memory along.
    pub fn book(&mut self, before: Option<&Shown>, after: &Shown) {
        self.lots.retain(|(side, px), taken| {
            let now = after.lots(*side, *px).unwrap_or(0);
            let was = before.and_then(|before| before.lots(*side, *px));
            *taken -= (now - was.unwrap_or(now)).max(0);
            now > 0 && *taken > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(lots: i64) -> Shown {
        Shown::new([(90, 1)], [(100, lots), (110, 1)])
    }

    #[test]
    fn what_was_taken_comes_back_with_new_size_alone() {
        let mut taken = Taken::default();
        let available = |taken: &Taken, shown| taken.available(Side::Sell, 100, shown, 50);
        assert_eq!(available(&taken, 10), 5);
        taken.take(Side::Sell, 100, 5);
        assert_eq!(available(&taken, 10), 0);
        // The same again, and less.
        taken.book(Some(&asks(10)), &asks(10));
        taken.book(Some(&asks(10)), &asks(8));
        assert_eq!(available(&taken, 8), 0);
        taken.book(Some(&asks(8)), &asks(12));
        assert_eq!(available(&taken, 12), 5);
        taken.book(Some(&asks(12)), &asks(13));
        assert_eq!(available(&taken, 13), 6);
    }

    #[test]
    fn a_level_that_went_is_forgotten() {
        let mut taken = Taken::default();
        taken.take(Side::Sell, 100, 5);
        taken.book(Some(&asks(10)), &asks(0));
        assert_eq!(taken, Taken::default());
        taken.take(Side::Sell, 100, 5);
        // After a gap nobody knows what is new.
        taken.book(None, &asks(40));
        assert_eq!(taken.available(Side::Sell, 100, 40, 50), 15);
    }
}
