//! An aggregated limit order book with integer prices and sizes.

use std::collections::{BTreeMap, BTreeSet};

/// The two sides of a book, and of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Bid,
    Ask,
}

impl Side {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// +1 for bids, -1 for asks: multiply a price difference to get "more aggressive by".
    pub(crate) fn sign(self) -> i64 {
        match self {
            Self::Bid => 1,
            Self::Ask => -1,
        }
    }
}

/// What rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// Size in lots.
    pub(crate) lots: i64,
    /// Number of resting orders.
    pub(crate) orders: u32,
}

/// One fill of a taker order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) px: i64,
    pub(crate) lots: i64,
}

/// The book of one instrument at one venue. It is never crossed: [`Book::set`] refuses a price that would cross.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    update_id: u64,
    /// Prices changed since [`Book::take_touched`], kept only if asked for.
    touched: Option<Touched>,
}

/// Prices whose levels changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    pub(crate) bids: BTreeSet<i64>,
    pub(crate) asks: BTreeSet<i64>,
}

impl Book {
    /// `first_update_id` is the id of the book before its first change.
    pub(crate) fn new(first_update_id: u64, remember_touched: bool) -> Self {
        Self {
            update_id: first_update_id,
            touched: remember_touched.then(Touched::default),
            ..Self::default()
        }
    }

    /// Counts every change of a level since the start.
    pub(crate) fn update_id(&self) -> u64 {
        self.update_id
    }

    /// Uses up an id without a change, for a frame that lies.
    pub(crate) fn spend_update_id(&mut self) -> u64 {
        self.update_id += 1;
        self.update_id
    }

    pub(crate) fn take_touched(&mut self) -> Touched {
        self.touched
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn best(&self, side: Side) -> Option<(i64, Level)> {
        match side {
            Side::Bid => self.bids.last_key_value(),
            Side::Ask => self.asks.first_key_value(),
        }
        .map(|(px, level)| (*px, *level))
    }

    pub(crate) fn worst(&self, side: Side) -> Option<i64> {
        match side {
            Side::Bid => self.bids.first_key_value(),
            Side::Ask => self.asks.last_key_value(),
        }
        .map(|(px, _)| *px)
    }

    pub(crate) fn len(&self, side: Side) -> usize {
        self.side(side).len()
    }

    pub(crate) fn get(&self, side: Side, px: i64) -> Option<Level> {
        self.side(side).get(&px).copied()
    }

    /// Levels of one side, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = (i64, Level)> + '_ {
        let bids = (side == Side::Bid).then(|| self.bids.iter().rev());
        let asks = (side == Side::Ask).then(|| self.asks.iter());
        bids.into_iter()
            .flatten()
            .chain(asks.into_iter().flatten())
            .map(|(px, level)| (*px, *level))
    }

    /// The level nearest to `px`, looking away from the touch first.
    pub(crate) fn near(&self, side: Side, px: i64) -> Option<(i64, Level)> {
        let found = match side {
            Side::Bid => self.bids.range(..=px).next_back(),
            Side::Ask => self.asks.range(px..).next(),
        };
        found
            .map(|(px, level)| (*px, *level))
            .or_else(|| self.best(side))
    }

    /// Twice the mid price, in quanta, so that it stays an integer.
    pub(crate) fn double_mid(&self) -> Option<i64> {
        Some(self.best(Side::Bid)?.0 + self.best(Side::Ask)?.0)
    }

    /// Writes a level; `lots` of 0 or less removes it. Refused (false) when it would touch or cross the other side, or
    /// when nothing changes.
    pub(crate) fn set(&mut self, side: Side, px: i64, level: Level) -> bool {
        if level.lots <= 0 {
            return self.remove(side, px);
        }
        if px <= 0
            || self
                .best(side.opposite())
                .is_some_and(|(other, _)| side.sign() * (px - other) >= 0)
        {
            return false;
        }
        if self.get(side, px) == Some(level) {
            return false;
        }
        self.side_mut(side).insert(px, level);
        self.note(side, px);
        true
    }

    pub(crate) fn remove(&mut self, side: Side, px: i64) -> bool {
        let removed = self.side_mut(side).remove(&px).is_some();
        if removed {
            self.note(side, px);
        }
        removed
    }

    /// Executes a taker order against `side`, not beyond `limit`, and always leaves `keep` levels standing, so that a
    /// side cannot run empty.
    pub(crate) fn take(
        &mut self,
        side: Side,
        mut lots: i64,
        limit: i64,
        keep: usize,
        fills: &mut Vec<Fill>,
    ) {
        while lots > 0 && self.len(side) > keep {
            let Some((px, level)) = self.best(side) else {
                return;
            };
            if side.sign() * (limit - px) > 0 {
                return;
            }
            let filled = lots.min(level.lots);
            fills.push(Fill { px, lots: filled });
            lots -= filled;
            let rest = level.lots - filled;
            if rest == 0 {
                self.remove(side, px);
            } else {
                // Orders leave in proportion, and at least one stays while size stays.
                let share = i64::from(level.orders) * rest / level.lots;
                let orders = u32::try_from(share.max(1)).unwrap_or(1);
                self.side_mut(side).insert(px, Level { lots: rest, orders });
                self.note(side, px);
            }
        }
    }

    fn side(&self, side: Side) -> &BTreeMap<i64, Level> {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    fn note(&mut self, side: Side, px: i64) {
        self.update_id += 1;
        if let Some(touched) = &mut self.touched {
            match side {
                Side::Bid => touched.bids.insert(px),
                Side::Ask => touched.asks.insert(px),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(lots: i64) -> Level {
        Level { lots, orders: 2 }
    }

    #[test]
    fn refuses_to_cross_and_counts_changes() {
        let mut book = Book::new(100, true);
        assert!(book.set(Side::Bid, 10, level(5)));
        assert!(book.set(Side::Ask, 12, level(5)));
        assert!(!book.set(Side::Bid, 12, level(5)));
        assert!(!book.set(Side::Ask, 10, level(5)));
        assert!(!book.set(Side::Bid, 10, level(5)));
        assert!(book.set(Side::Bid, 11, level(1)));
        assert_eq!(book.update_id(), 103);
        assert_eq!(book.double_mid(), Some(23));
        let touched = book.take_touched();
        assert_eq!(touched.bids.into_iter().collect::<Vec<_>>(), [10, 11]);
        assert!(book.take_touched().bids.is_empty());
    }

    #[test]
    fn a_taker_walks_the_side_up_to_its_limit() {
        let mut book = Book::new(0, false);
        for (px, lots) in [(10, 3), (11, 4), (12, 5), (13, 6)] {
            book.set(Side::Ask, px, level(lots));
        }
        let mut fills = Vec::new();
        book.take(Side::Ask, 9, 11, 1, &mut fills);
        assert_eq!(fills, [Fill { px: 10, lots: 3 }, Fill { px: 11, lots: 4 }]);
        fills.clear();
        book.take(Side::Ask, 100, 99, 1, &mut fills);
        assert_eq!(fills, [Fill { px: 12, lots: 5 }]);
        assert_eq!(book.best(Side::Ask), Some((13, level(6))));
    }
}
