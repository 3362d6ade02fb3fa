//! How far from the best prices a book is known, where its snapshot came over REST.
//!
//! Such a snapshot has a bounded number of levels, and changes say nothing of a level beyond them that rests as it did (Binance, "How to
//! manage a local order book correctly": levels outside of the initial snapshot). What changes tell of prices beyond is therefore not
//! passed on: it would look like a book with holes. When the best prices have come half the way to the end of what is known, another
//! snapshot is asked for; changes are kept from then on, so that it takes the book's place without a break.

use super::BookRule;
use super::splice::Diff;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot};
use hypersentry_model::{Level, Price};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One side of what is known.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct End {
    /// The last price that is known.
    last: Price,
    /// Half the way there.
    half: Price,
}

/// What is known of one book. The default: all of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Reach {
    bids: Option<End>,
    asks: Option<End>,
    /// Changes since another snapshot was asked for, at most [`super::Limits::held_max`].
    kept: Option<VecDeque<Diff>>,
}

/// What becomes of a snapshot that is to take a book's place.
#[derive(Debug)]
pub(super) enum Renewed {
    /// It does; these follow.
    Begin(Vec<Diff>),
    /// It is older than the first change kept: fetch another.
    TooOld,
}

fn end(side: &[Level], most: usize) -> Option<End> {
    let (best, last) = (side.first()?.px, side.last()?.px);
    (side.len() >= most).then(|| End {
        last,
        half: Price::from_units((best.units() + last.units()) / 2),
    })
}

impl Reach {
    /// That of a snapshot; a side with so many levels may have more.
    pub(super) fn of(book: &BookSnapshot, most: usize) -> Self {
        Self {
            bids: end(&book.bids, most),
            asks: end(&book.asks, most),
            kept: None,
        }
    }

    /// Takes out of a change what lies beyond.
    pub(super) fn cut(&self, delta: &mut BookDelta) {
        if let Some(end) = self.bids {
            delta.bids.retain(|level| level.px >= end.last);
        }
        if let Some(end) = self.asks {
            delta.asks.retain(|level| level.px <= end.last);
        }
    }

    /// Whether another snapshot is to be asked for now, because best prices have come too near the end.
    pub(super) fn wears_out(&mut self, best: &Bbo) -> bool {
        let past = |side: Option<End>, best: Option<Level>, is_bid: bool| {
            side.zip(best).is_some_and(|(end, best)| {
                if is_bid {
                    best.px < end.half
                } else {
                    best.px > end.half
                }
            })
        };
        let worn = past(self.bids, best.bid, true) || past(self.asks, best.ask, false);
        if worn && self.kept.is_none() {
            self.kept = Some(VecDeque::new());
            return true;
        }
        false
    }

    /// Whether another snapshot is wanted.
    pub(super) const fn wants_snapshot(&self) -> bool {
        self.kept.is_some()
    }

    /// A change was applied. If too many are kept, the snapshot has not come for long: it is given up, and wanted again when prices move.
    pub(super) fn note(&mut self, diff: &Diff, held_max: usize) {
        if let Some(kept) = &mut self.kept {
            if kept.len() >= held_max {
                self.kept = None;
            } else {
                kept.push_back(diff.clone());
            }
        }
    }

    /// Takes another snapshot up to number `last`, while the book is complete up to `held`.
    pub(super) fn renew(&mut self, rule: BookRule, last: u64, held: u64) -> Option<Renewed> {
        let kept = self.kept.take()?;
        let after = kept.front().map_or(held, |diff| diff.after(rule));
        if after > last {
            self.kept = Some(kept);
            return Some(Renewed::TooOld);
        }
        let follow = kept.into_iter().skip_while(|diff| diff.last() <= last);
        Some(Renewed::Begin(follow.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Size;

    fn level(px: i64) -> Level {
        Level {
            px: Price::from_units(px.into()),
            sz: Size::from_units(1),
        }
    }

    fn snapshot() -> BookSnapshot {
        BookSnapshot {
            bids: [100, 98, 90].map(level).into(),
            asks: [101, 103].map(level).into(),
            depth: 3,
            last_seq: Some(50),
        }
    }

    fn best(bid: i64, ask: i64) -> Bbo {
        Bbo {
            bid: Some(level(bid)),
            ask: Some(level(ask)),
            book_seq: None,
        }
    }

    fn diff(first: u64, last: u64) -> Diff {
        Diff {
            venue_time: None,
            delta: BookDelta {
                bids: Vec::new(),
                asks: Vec::new(),
                first_seq: Some(first),
                last_seq: Some(last),
                prev_seq: None,
            },
        }
    }

    #[test]
    fn what_lies_beyond_is_cut_on_the_side_that_has_an_end() {
        let reach = Reach::of(&snapshot(), 3);
        let mut delta = BookDelta {
            bids: [99, 90, 89].map(level).into(),
            asks: [102, 500].map(level).into(),
            ..diff(1, 1).delta
        };
        reach.cut(&mut delta);
        assert_eq!(delta.bids, [99, 90].map(level));
        assert_eq!(delta.asks, [102, 500].map(level));
    }

    #[test]
    fn half_the_way_wants_one_snapshot() {
        let mut reach = Reach::of(&snapshot(), 3);
        assert!(!reach.wears_out(&best(95, 400)));
        assert!(reach.wears_out(&best(94, 96)));
        assert!(!reach.wears_out(&best(93, 95)), "it is being asked for");
        assert!(reach.wants_snapshot());
    }

    #[test]
    fn it_follows_without_a_break_or_is_too_old() {
        let rule = BookRule::Ranges;
        let mut reach = Reach::of(&snapshot(), 3);
        assert!(reach.renew(rule, 60, 50).is_none(), "none was wanted");
        reach.wears_out(&best(94, 96));
        assert!(matches!(reach.renew(rule, 49, 50), Some(Renewed::TooOld)));
        for (first, last) in [(51, 55), (56, 60), (61, 61)] {
            reach.note(&diff(first, last), 10);
        }
        assert!(matches!(reach.renew(rule, 49, 61), Some(Renewed::TooOld)));
        let Some(Renewed::Begin(follow)) = reach.renew(rule, 57, 61) else {
            panic!("it joins");
        };
        assert_eq!(follow, [diff(56, 60), diff(61, 61)]);
        assert!(!reach.wants_snapshot());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut reach = Reach::of(&snapshot(), 3);
        reach.wears_out(&best(94, 96));
        for seq in 51..54 {
            reach.note(&diff(seq, seq), 2);
        }
        assert!(!reach.wants_snapshot());
        assert!(reach.wears_out(&best(94, 96)));
    }
}
