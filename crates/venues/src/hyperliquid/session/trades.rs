//! Which trades have been seen. The venue sends the last ones again with every subscription, without saying so.

use crate::hyperliquid::limits;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What makes a trade of one market the same: block time in milliseconds, and `tid`, which alone is not unique.
pub(super) type Identity = (i64, u64);

/// The newest trades of a market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Seen {
    /// In their order, which is mostly that of their coming; at most [`limits::TRADES_REMEMBERED`], for which there is room from the first one
    /// on (64 kB).
    newest: VecDeque<Identity>,
    /// The newest trade that is remembered no more. What is not newer is older than all that is remembered, and as good as seen.
    forgotten: Option<Identity>,
}

impl Seen {
    /// Notes a trade. `false` if it had been seen.
    pub(super) fn insert(&mut self, trade: Identity) -> bool {
        if self.forgotten.is_some_and(|oldest| trade <= oldest) {
            return false;
        }
        let at = if self.newest.back().is_none_or(|last| *last < trade) {
            self.newest.len()
        } else {
            match self.newest.binary_search(&trade) {
                Ok(_) => return false,
                Err(at) => at,
            }
        };
        if self.newest.capacity() == 0 {
            self.newest = vec![trade; limits::TRADES_REMEMBERED + 1].into();
            self.newest.clear();
        }
        self.newest.insert(at, trade);
        if self.newest.len() > limits::TRADES_REMEMBERED {
            self.forgotten = self.newest.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_are_new_once() {
        let mut seen = Seen::default();
        assert!(seen.insert((5, 1)));
        assert!(seen.insert((5, 2)));
        assert!(seen.insert((4, 1)), "late but not seen");
        assert!(!seen.insert((5, 1)));
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let mut seen = Seen::default();
        let many = limits::TRADES_REMEMBERED as i64 * 2;
        for time in 0..many {
            assert!(seen.insert((time, 7)));
        }
        assert_eq!(seen.newest.len(), limits::TRADES_REMEMBERED);
        assert!(!seen.insert((0, 7)), "forgotten, and not new for that");
        assert!(!seen.insert((many - 1, 7)));
        assert!(seen.insert((many, 7)));
    }
}
