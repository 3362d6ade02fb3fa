//! An order book that has no readable prices unless it is synced.

use crate::guard::{self, MAX_LEVELS, Refusal};
use crate::ladder::{Ladder, Way};
use hypersentry_model::event::{BookDelta, BookSnapshot};
use serde::{Deserialize, Serialize};

/// An order book.
///
/// Invariants, for whoever holds it: [`OrderBook::read`] gives prices only between a snapshot and the next loss, and what it gives is never crossed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OrderBook {
    bids: Ladder,
    asks: Ladder,
    synced: bool,
    last_seq: Option<u64>,
}

/// Both sides of a book that may be read.
#[derive(Clone, Copy, Debug)]
pub struct BookView<'a> {
    /// Best first.
    pub bids: &'a Ladder,
    /// Best first.
    pub asks: &'a Ladder,
}

impl Default for OrderBook {
    fn default() -> Self {
        Self {
            bids: Ladder::new(Way::Bids),
            asks: Ladder::new(Way::Asks),
            synced: false,
            last_seq: None,
        }
    }
}

impl OrderBook {
    /// The book, if it may be read.
    pub fn read(&self) -> Option<BookView<'_>> {
        self.synced.then_some(BookView {
            bids: &self.bids,
            asks: &self.asks,
        })
    }

    /// Whether the book may be read.
    pub const fn is_synced(&self) -> bool {
        self.synced
    }

    /// Replaces the book.
    ///
    /// # Errors
    /// The snapshot is malformed or crossed; the book stays as it was.
    pub fn apply_snapshot(&mut self, snapshot: &BookSnapshot) -> Result<(), Refusal> {
        guard::snapshot(snapshot)?;
        self.bids.assign(&snapshot.bids);
        self.asks.assign(&snapshot.asks);
        self.last_seq = snapshot.last_seq;
        self.synced = true;
        Ok(())
    }

    /// Applies a change.
    ///
    /// # Errors
    /// The change is malformed or does not follow what is held, or it would cross the book. The book is then withdrawn: an update that was
    /// not applied is a gap.
    pub fn apply_delta(&mut self, change: &BookDelta) -> Result<(), Refusal> {
        if !self.synced {
            return Err(Refusal::BookNotSynced);
        }
        let result = guard::delta(change).and_then(|()| self.follow(change));
        if result.is_err() {
            self.lose();
        }
        result
    }

    fn follow(&mut self, change: &BookDelta) -> Result<(), Refusal> {
        if let (Some(held), Some(first), Some(last)) =
            (self.last_seq, change.first_seq, change.last_seq)
        {
            // A change may overlap what is held, never begin beyond it or end before it. Where it names the one before it, that decides: Binance
            // USD-M counts over all its markets, so that the first number of a change lies anywhere beyond the last one of the change before.
            let after = change.prev_seq.unwrap_or(first.saturating_sub(1));
            if after > held || last <= held {
                return Err(Refusal::OutOfSequence);
            }
        }
        for level in &change.bids {
            self.bids.set(*level);
        }
        for level in &change.asks {
            self.asks.set(*level);
        }
        self.bids.truncate(MAX_LEVELS);
        self.asks.truncate(MAX_LEVELS);
        if let (Some(bid), Some(ask)) = (self.bids.best(), self.asks.best())
            && bid.px >= ask.px
        {
            return Err(Refusal::CrossedBook);
        }
        if change.last_seq.is_some() {
            self.last_seq = change.last_seq;
        }
        Ok(())
    }

    /// Withdraws the book until the next snapshot.
    pub fn lose(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.synced = false;
        self.last_seq = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Level, Price, Size};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn level(px: i64, sz: i64) -> Level {
        Level {
            px: Price::from_units(px.into()),
            sz: Size::from_units(sz.into()),
        }
    }

    fn snapshot(bids: &[(i64, i64)], asks: &[(i64, i64)], seq: u64) -> BookSnapshot {
        BookSnapshot {
            bids: bids.iter().map(|(p, s)| level(*p, *s)).collect(),
            asks: asks.iter().map(|(p, s)| level(*p, *s)).collect(),
            depth: 20,
            last_seq: Some(seq),
        }
    }

    fn delta(bids: &[(i64, i64)], asks: &[(i64, i64)], first: u64, last: u64) -> BookDelta {
        BookDelta {
            bids: bids.iter().map(|(p, s)| level(*p, *s)).collect(),
            asks: asks.iter().map(|(p, s)| level(*p, *s)).collect(),
            first_seq: Some(first),
            last_seq: Some(last),
            prev_seq: None,
        }
    }

    #[test]
    fn snapshots_are_guarded() {
        for (bad, refusal) in [
            (snapshot(&[(10, 1)], &[(10, 1)], 1), Refusal::CrossedBook),
            (snapshot(&[(12, 1)], &[(10, 1)], 1), Refusal::CrossedBook),
            (
                snapshot(&[(0, 1)], &[(10, 1)], 1),
                Refusal::PriceNotPositive,
            ),
            (
                snapshot(&[(-3, 1)], &[(10, 1)], 1),
                Refusal::PriceNotPositive,
            ),
            (snapshot(&[(3, 0)], &[(10, 1)], 1), Refusal::SizeNotPositive),
            (
                snapshot(&[(3, -1)], &[(10, 1)], 1),
                Refusal::SizeNotPositive,
            ),
            (
                snapshot(&[(3, 1), (4, 1)], &[(10, 1)], 1),
                Refusal::UnsortedLevels,
            ),
            (
                snapshot(&[(3, 1), (3, 2)], &[(10, 1)], 1),
                Refusal::UnsortedLevels,
            ),
        ] {
            let mut book = OrderBook::default();
            let good = snapshot(&[(9, 1)], &[(10, 1)], 1);
            book.apply_snapshot(&good).expect("good");
            let before = book.clone();
            assert_eq!(book.apply_snapshot(&bad), Err(refusal));
            assert_eq!(book, before, "a refused snapshot changes nothing");
        }
    }

    #[test]
    fn a_gap_is_never_readable() {
        let mut book = OrderBook::default();
        assert!(book.read().is_none());
        assert_eq!(
            book.apply_delta(&delta(&[(8, 1)], &[], 1, 2)),
            Err(Refusal::BookNotSynced)
        );
        book.apply_snapshot(&snapshot(&[(9, 1)], &[(11, 1)], 10))
            .expect("good");
        book.apply_delta(&delta(&[(8, 1)], &[], 9, 12))
            .expect("overlaps");
        assert_eq!(
            book.apply_delta(&delta(&[(7, 1)], &[], 14, 15)),
            Err(Refusal::OutOfSequence)
        );
        assert!(book.read().is_none());
        assert_eq!(
            book.apply_delta(&delta(&[(7, 1)], &[], 13, 13)),
            Err(Refusal::BookNotSynced)
        );
    }

    #[test]
    fn a_change_that_names_the_one_before_it_follows_that_one() {
        let mut book = OrderBook::default();
        book.apply_snapshot(&snapshot(&[(9, 1)], &[(11, 1)], 10))
            .expect("good");
        let linked = |first, last, prev| BookDelta {
            prev_seq: Some(prev),
            ..delta(&[(8, 1)], &[], first, last)
        };
        book.apply_delta(&linked(5, 14, 3)).expect("overlaps");
        book.apply_delta(&linked(70, 90, 14)).expect("follows");
        assert_eq!(
            book.apply_delta(&linked(91, 95, 91)),
            Err(Refusal::OutOfSequence)
        );
    }

    /// Bids, asks, last sequence number.
    type Naive = (BTreeMap<i64, i64>, BTreeMap<i64, i64>, u64);

    proptest! {
        /// After any sequence of snapshots and changes the book equals a naive one, is readable exactly when that one is, and is never crossed.
        #[test]
        fn equals_a_naive_reference(steps in prop::collection::vec(
            (0u8..12, prop::collection::vec((1i64..60, -1i64..5), 0..6), prop::collection::vec((1i64..60, -1i64..5), 0..6), 0u64..3),
            1..120,
        )) {
            let mut book = OrderBook::default();
            let mut naive: Option<Naive> = None;
            let mut seq = 100u64;
            for (kind, bids, asks, skip) in steps {
                if kind == 0 {
                    // A snapshot around 30, sometimes malformed.
                    let b: BTreeMap<i64, i64> = bids.iter().map(|(p, s)| (p / 2, *s)).collect();
                    let a: BTreeMap<i64, i64> = asks.iter().map(|(p, s)| (28 + p / 2, *s)).collect();
                    let snap = snapshot(
                        &b.iter().rev().map(|(p, s)| (*p, *s)).collect::<Vec<_>>(),
                        &a.iter().map(|(p, s)| (*p, *s)).collect::<Vec<_>>(),
                        seq,
                    );
                    let bad = b.iter().chain(&a).any(|(p, s)| *p <= 0 || *s <= 0)
                        || b.last_key_value().zip(a.first_key_value()).is_some_and(|(x, y)| x.0 >= y.0);
                    let result = book.apply_snapshot(&snap);
                    prop_assert_eq!(result.is_err(), bad);
                    if !bad { naive = Some((b, a, seq)); }
                } else {
                    let first = seq + 1 + skip / 2;
                    let last = first + 2;
                    let change = delta(&bids, &asks, first, last);
                    seq = last;
                    let result = book.apply_delta(&change);
                    let outcome = naive.take().and_then(|(mut b, mut a, held)| {
                        if first > held + 1 || last <= held || bids.iter().chain(&asks).any(|(_, s)| *s < 0) {
                            return None;
                        }
                        for (side, changes) in [(&mut b, &bids), (&mut a, &asks)] {
                            for (p, s) in changes {
                                if *s == 0 { side.remove(p); } else { side.insert(*p, *s); }
                            }
                        }
                        let crossed = b.last_key_value().zip(a.first_key_value()).is_some_and(|(x, y)| x.0 >= y.0);
                        (!crossed).then_some((b, a, last))
                    });
                    prop_assert_eq!(result.is_ok(), outcome.is_some());
                    naive = outcome;
                }
                match (book.read(), &naive) {
                    (None, None) => {}
                    (Some(view), Some((b, a, _))) => {
                        let expect_bids: Vec<Level> = b.iter().rev().map(|(p, s)| level(*p, *s)).collect();
                        let expect_asks: Vec<Level> = a.iter().map(|(p, s)| level(*p, *s)).collect();
                        prop_assert_eq!(view.bids.iter().collect::<Vec<_>>(), expect_bids);
                        prop_assert_eq!(view.asks.iter().collect::<Vec<_>>(), expect_asks);
                        if let (Some(bid), Some(ask)) = (view.bids.best(), view.asks.best()) {
                            prop_assert!(bid.px < ask.px);
                        }
                    }
                    (view, naive) => prop_assert!(false, "readable: {} expected: {}", view.is_some(), naive.is_some()),
                }
            }
        }
    }
}
