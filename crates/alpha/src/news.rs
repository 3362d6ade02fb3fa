//! When the market last told something new: the time from which a conviction ages.
//!
//! A trade is always news. A book or a figure of open interest is news when it differs from what was told before: feeds that repeat themselves
//! on a timer would keep a conviction young for ever. Times are receive times, because venues' clocks differ and may run ahead.

use crate::observe::Observation;
use hypersentry_model::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Venues whose open interest is remembered, at most.
const VENUES: usize = 16;

/// What was told last.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct News {
    mid: Option<f64>,
    interest: BTreeMap<Source, f64>,
    at: Option<i64>,
}

impl News {
    /// Takes what is known at a tick.
    pub fn take(&mut self, seen: &Observation<'_>) {
        if let Some(book) = seen.book.filter(|b| b.mid.is_price())
            && self.mid.replace(book.mid.value) != Some(book.mid.value)
        {
            self.note(book.mid.as_of);
        }
        if let Some(trade) = seen.last_trade.filter(|t| t.is_price()) {
            self.note(trade.as_of);
        }
        let told = seen.open_interest.iter().filter(|v| v.base.is_number());
        for venue in told.take(VENUES) {
            let now = venue.base.value;
            if self.interest.insert(venue.base.source, now) != Some(now) {
                self.note(venue.base.as_of);
            }
        }
    }

    fn note(&mut self, at: i64) {
        self.at = self.at.max(Some(at));
    }

    /// Time of the newest, UTC ms; `None` before any.
    pub const fn at(&self) -> Option<i64> {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Book, Reading};
    use hypersentry_model::Venue;

    #[test]
    fn a_feed_that_repeats_itself_tells_nothing_new() {
        let mut news = News::default();
        assert_eq!(news.at(), None);
        let told = [(1_000, 5.0), (2_000, 5.0), (3_000, 6.0), (4_000, 6.0)];
        let times = told.map(|(as_of, value)| {
            let mid = Reading {
                value,
                source: Source::Venue(Venue::Hyperliquid),
                as_of,
                proved_at: as_of,
                limit_ms: 3_000,
            };
            let book = Book {
                bids: &[],
                asks: &[],
                mid,
            };
            news.take(&Observation {
                book: Some(book),
                ..Observation::default()
            });
            news.at()
        });
        assert_eq!(times, [1_000, 1_000, 3_000, 3_000].map(Some));
    }
}
