//! The book as clients see it: cut to the depth in view, in layers where the venue has a faster book of the first levels.

use crate::shown::{Presence, Shown};
use crate::state::MarketState;
use hypersentry_model::agg::{BookField, Deep};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Level, Price, Size, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// Levels that the faster book of a venue gives, where it has one.
const TOP_LEVELS: usize = 5;

/// Both sides of the book, cut to the depth in view.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Sides {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// The book as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct BookShown {
    book: Shown<Sides>,
    /// Stamps of the levels from the fifth on, where they come from a feed of their own.
    deep: Option<Shown<Presence>>,
}

fn layered(state: &MarketState, depth: usize) -> Option<Sides> {
    let cut = |side: &crate::ladder::Ladder| side.iter().take(depth).collect::<Vec<_>>();
    let full = state.book.read();
    let Some(top) = state.top.read() else {
        return full.map(|b| Sides {
            bids: cut(b.bids),
            asks: cut(b.asks),
        });
    };
    let mut bids: Vec<Level> = top.bids.iter().take(TOP_LEVELS).collect();
    let mut asks: Vec<Level> = top.asks.iter().take(TOP_LEVELS).collect();
    if let Some(full) = full {
        // The slower book is older: only what lies strictly beyond the faster one's last price can still be right. A faster book
        // with fewer levels than it may have is the whole side.
        if let (Some(last), true) = (bids.last().copied(), bids.len() == TOP_LEVELS) {
            bids.extend(
                full.bids
                    .iter()
                    .filter(|l| l.px < last.px)
                    .take(depth - TOP_LEVELS),
            );
        }
        if let (Some(last), true) = (asks.last().copied(), asks.len() == TOP_LEVELS) {
            asks.extend(
                full.asks
                    .iter()
                    .filter(|l| l.px > last.px)
                    .take(depth - TOP_LEVELS),
            );
        }
    }
    Some(Sides { bids, asks })
}

impl BookShown {
    /// What can be seen at `now`. A disconnected book keeps the levels that were `told`, which age.
    pub(crate) fn take(
        state: &MarketState,
        told: Option<&Self>,
        depth: usize,
        now: Timestamp,
    ) -> Self {
        let layered_top = state.top.is_synced();
        let sides = layered(state, depth);
        if sides.is_none() && state.hold_book {
            return Self {
                book: Shown::new(told.and_then(|t| t.book.pair()), limit::BOOK_MS, now),
                deep: told
                    .and_then(|t| t.deep.as_ref())
                    .map(|d| Shown::new(d.pair(), d.limit_ms, now)),
            };
        }
        let stamp = if layered_top {
            state.top_stamp
        } else {
            state.book_stamp
        };
        let seen = |stamp: Option<Stamp>| stamp.map(|s| (Presence::Seen, s));
        Self {
            book: Shown::new(sides.zip(stamp), limit::BOOK_MS, now),
            deep: (layered_top && state.book.is_synced())
                .then(|| Shown::new(seen(state.book_stamp), limit::BOOK_DEEP_MS, now)),
        }
    }

    /// Stamps of the first levels.
    pub(crate) const fn stamp(&self) -> Option<Stamp> {
        self.book.stamp
    }

    /// Bids and asks in view.
    pub(crate) fn sides(&self) -> Option<(&[Level], &[Level])> {
        let sides = self.book.v.as_ref()?;
        Some((&sides.bids, &sides.asks))
    }

    /// The stamp and limit of what is derived from all levels: with a layer of its own for the deeper ones, the older stamp and that
    /// layer's limit.
    pub(crate) fn whole_stamp(&self) -> (Option<Stamp>, u32) {
        let book = self.book.stamp;
        match &self.deep {
            None => (book, self.book.limit_ms),
            Some(deep) => (
                book.map(|b| deep.stamp.map_or(b, |d| b.with(d))),
                deep.limit_ms,
            ),
        }
    }

    /// After which point clients must be told again although no event comes.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let deep = self.deep.as_ref().and_then(Shown::due);
        [self.book.due(), deep].into_iter().flatten().min()
    }

    fn deep_field(&self) -> Option<Deep> {
        self.deep.as_ref().map(|d| Deep {
            from: TOP_LEVELS as u32,
            mark: d.mark(),
        })
    }

    pub(crate) fn snapshot(&self, depth: usize) -> BookField {
        BookField {
            bids: self.book.v.as_ref().map(|b| b.bids.clone()),
            asks: self.book.v.as_ref().map(|b| b.asks.clone()),
            depth: Some(depth as u32),
            deep: self.deep_field(),
            mark: self.book.mark(),
        }
    }

    /// The levels that changed since `told`.
    pub(crate) fn delta(&mut self, told: &Self, now: Timestamp) -> Option<BookField> {
        let deep_differs = match (&mut self.deep, &told.deep) {
            (Some(new), Some(old)) => new.settle(old, now),
            (new, old) => new.is_some() != old.is_some(),
        };
        let book_differs = self.book.settle(&told.book, now);
        if !book_differs && !deep_differs {
            return None;
        }
        let nothing = Sides::default();
        let old = told.book.v.as_ref().unwrap_or(&nothing);
        let new = self.book.v.as_ref();
        Some(BookField {
            bids: new.map(|b| changes(&old.bids, &b.bids, |x, y| x > y)),
            asks: new.map(|b| changes(&old.asks, &b.asks, |x, y| x < y)),
            depth: None,
            deep: self.deep_field(),
            mark: self.book.mark(),
        })
    }
}

/// The levels to set, zero meaning remove, that turn `old` into `new`. Both are sorted best first by `better`.
fn changes(old: &[Level], new: &[Level], better: impl Fn(Price, Price) -> bool) -> Vec<Level> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (None, None) => return out,
            (Some(o), Some(n)) if o.px == n.px => {
                if o.sz != n.sz {
                    out.push(*n);
                }
                i += 1;
                j += 1;
            }
            (Some(o), n) if n.is_none_or(|n| better(o.px, n.px)) => {
                out.push(Level {
                    px: o.px,
                    sz: Size::ZERO,
                });
                i += 1;
            }
            (_, Some(n)) => {
                out.push(*n);
                j += 1;
            }
            // The arm above with a guard covers every remaining `Some` on the old side.
            (Some(_), None) => i += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn levels(map: &BTreeMap<i128, i128>) -> Vec<Level> {
        map.iter()
            .map(|(p, s)| Level {
                px: Price::from_units(*p),
                sz: Size::from_units(*s),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn changes_turn_old_into_new(
            old in prop::collection::btree_map(1i128..40, 1i128..4, 0..30),
            new in prop::collection::btree_map(1i128..40, 1i128..4, 0..30),
        ) {
            let mut applied = old.clone();
            for level in changes(&levels(&old), &levels(&new), |x, y| x < y) {
                if level.sz.is_zero() {
                    prop_assert!(applied.remove(&level.px.units()).is_some());
                } else {
                    prop_assert_ne!(applied.insert(level.px.units(), level.sz.units()), Some(level.sz.units()));
                }
            }
            prop_assert_eq!(applied, new);
        }
    }
}
