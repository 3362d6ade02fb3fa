//! An aggregated limit order book with integer prices and sizes.

use std::collections::{BTreeMap, BTreeSet};

use super::guests::Guests;

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
    /// The user's order that was met; the street's if none.
    pub(crate) guest: Option<u64>,
}

/// The book of one instrument at one venue. It is never crossed: [`Book::set`] refuses a price that would cross.
///
/// What is generated knows nothing of users' orders: makers and the fair price see the street's levels alone. Takers and whoever
/// looks at the book as the venue shows it ([`Book::shown`]) see both.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    update_id: u64,
    /// Prices changed since [`Book::take_touched`], kept only if asked for.
    touched: Option<Touched>,
    /// Users' orders; at Hyperliquid only.
    pub(crate) guests: Guests,
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
        self.guests.clamp(side, px, level.lots);
        self.note(side, px);
        true
    }

    pub(crate) fn remove(&mut self, side: Side, px: i64) -> bool {
        let removed = self.side_mut(side).remove(&px).is_some();
        if removed {
            self.guests.clamp(side, px, 0);
            self.note(side, px);
        }
        removed
    }

    /// The levels of a side as the venue shows them, best first: the street's and users'.
    pub(crate) fn shown(&self, side: Side) -> impl Iterator<Item = (i64, Level)> + '_ {
        let mut street = self.levels(side).peekable();
        let mut users = self.guests.prices(side).into_iter().peekable();
        std::iter::from_fn(move || {
            let theirs = users.peek().copied();
            let (px, level) = match (street.peek().copied(), theirs) {
                (None, None) => return None,
                (Some((px, level)), theirs)
                    if theirs.is_none_or(|user| side.sign() * (px - user) >= 0) =>
                {
                    street.next();
                    (px, level)
                }
                (_, Some(user)) => (user, Level { lots: 0, orders: 0 }),
                (Some(_), None) => return None,
            };
            let added = users
                .next_if_eq(&px)
                .and_then(|user| self.guests.at(side, user));
            let added = added.unwrap_or(Level { lots: 0, orders: 0 });
            Some((
                px,
                Level {
                    lots: level.lots + added.lots,
                    orders: level.orders + added.orders,
                },
            ))
        })
    }

    /// The best level of a side as the venue shows it.
    pub(crate) fn shown_best(&self, side: Side) -> Option<(i64, Level)> {
        self.shown(side).next()
    }

    /// Executes a taker order against `side`, not beyond `limit`, by price and then by time. It always leaves `keep` levels of the
    /// street standing, so that a side cannot run empty.
    pub(crate) fn take(
        &mut self,
        side: Side,
        mut lots: i64,
        limit: i64,
        keep: usize,
        fills: &mut Vec<Fill>,
    ) {
        while lots > 0 {
            let street = self.best(side);
            let guest = self
                .guests
                .best(side)
                .filter(|px| street.is_none_or(|(best, _)| side.sign() * (*px - best) >= 0));
            let Some(px) = guest.or(street.map(|(px, _)| px)) else {
                return;
            };
            if side.sign() * (limit - px) > 0 {
                return;
            }
            let level = street.filter(|(at, _)| *at == px).map(|(_, level)| level);
            let first = guest.and_then(|px| self.guests.first(side, px));
            let before = level.map_or(0, |level| {
                first.map_or(level.lots, |first| first.ahead.min(level.lots))
            });
            match (level, first) {
                (Some(level), _) if before > 0 => {
                    if self.len(side) <= keep {
                        return;
                    }
                    let filled = lots.min(before);
                    lots -= filled;
                    self.trade_level(side, px, level, filled);
                    fills.push(Fill {
                        px,
                        lots: filled,
                        guest: None,
                    });
                }
                (_, Some(first)) => {
                    let filled = lots.min(first.lots);
                    lots -= filled;
                    self.guests.fill(side, px, filled);
                    fills.push(Fill {
                        px,
                        lots: filled,
                        guest: Some(first.id),
                    });
                }
                _ => return,
            }
        }
    }

    /// Trades what the makers have placed through users' orders: the street's level is the taker, the user's price holds. The
    /// last level of a side stays.
    pub(crate) fn meet_guests(&mut self, taker: Side, fills: &mut Vec<Fill>) {
        let against = taker.opposite();
        while let (Some((px, level)), Some(at)) = (self.best(taker), self.guests.best(against)) {
            let Some(first) = self.guests.first(against, at) else {
                return;
            };
            if taker.sign() * (px - at) < 0 || self.len(taker) <= 1 {
                return;
            }
            let filled = level.lots.min(first.lots);
            self.guests.fill(against, at, filled);
            self.trade_level(taker, px, level, filled);
            fills.push(Fill {
                px: at,
                lots: filled,
                guest: Some(first.id),
            });
        }
    }

    /// Takes lots from the front of a level.
    fn trade_level(&mut self, side: Side, px: i64, level: Level, filled: i64) {
        self.guests.move_up(side, px, filled);
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
    use super::super::guests::Guest;
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
        let street = |px, lots| Fill {
            px,
            lots,
            guest: None,
        };
        let mut fills = Vec::new();
        book.take(Side::Ask, 9, 11, 1, &mut fills);
        assert_eq!(fills, [street(10, 3), street(11, 4)]);
        fills.clear();
        book.take(Side::Ask, 100, 99, 1, &mut fills);
        assert_eq!(fills, [street(12, 5)]);
        assert_eq!(book.best(Side::Ask), Some((13, level(6))));
    }

    fn guest(id: u64, lots: i64, ahead: i64) -> Guest {
        Guest { id, lots, ahead }
    }

    fn met(fills: &[Fill]) -> Vec<(i64, i64, Option<u64>)> {
        fills
            .iter()
            .map(|fill| (fill.px, fill.lots, fill.guest))
            .collect()
    }

    #[test]
    fn users_are_met_by_price_and_then_by_time() {
        let mut book = Book::new(0, false);
        for (px, lots) in [(10, 5), (12, 9), (15, 1)] {
            book.set(Side::Ask, px, level(lots));
        }
        // One before two of the five street lots' fellows, one behind all of them, one between the levels.
        book.guests.seat(Side::Ask, 10, guest(1, 2, 3));
        book.guests.seat(Side::Ask, 10, guest(2, 4, 5));
        book.guests.seat(Side::Ask, 11, guest(3, 1, 0));
        let mut fills = Vec::new();
        book.take(Side::Ask, 100, 12, 1, &mut fills);
        assert_eq!(
            met(&fills),
            [
                (10, 3, None),
                (10, 2, Some(1)),
                (10, 2, None),
                (10, 4, Some(2)),
                (11, 1, Some(3)),
                (12, 9, None)
            ]
        );
        assert!(book.guests.is_empty());
    }

    #[test]
    fn lots_that_come_later_stand_behind_and_those_that_go_were_the_last() {
        let mut book = Book::new(0, false);
        book.set(Side::Bid, 10, level(5));
        book.set(Side::Bid, 9, level(5));
        book.guests.seat(Side::Bid, 10, guest(1, 2, 5));
        book.set(Side::Bid, 10, level(8));
        book.set(Side::Bid, 10, level(4));
        let mut fills = Vec::new();
        book.take(Side::Bid, 5, 10, 0, &mut fills);
        assert_eq!(met(&fills), [(10, 4, None), (10, 1, Some(1))]);
        assert_eq!(
            book.shown_best(Side::Bid),
            Some((10, Level { lots: 1, orders: 1 }))
        );
        assert_eq!(book.best(Side::Bid), Some((9, level(5))));
    }

    #[test]
    fn a_maker_that_crosses_a_user_is_the_taker() {
        let mut book = Book::new(0, false);
        for px in [8, 9] {
            book.set(Side::Bid, px, level(5));
        }
        book.guests.seat(Side::Ask, 11, guest(1, 2, 0));
        book.guests.seat(Side::Ask, 12, guest(2, 9, 0));
        book.set(Side::Bid, 12, level(3));
        let mut fills = Vec::new();
        book.meet_guests(Side::Ask, &mut fills);
        assert!(fills.is_empty());
        book.meet_guests(Side::Bid, &mut fills);
        assert_eq!(met(&fills), [(11, 2, Some(1)), (12, 1, Some(2))]);
        let shown: Vec<_> = book.shown(Side::Ask).collect();
        assert_eq!(shown, [(12, Level { lots: 8, orders: 1 })]);
        assert_eq!(book.shown_best(Side::Bid), Some((9, level(5))));
    }

    #[test]
    fn a_book_shows_both() {
        let mut book = Book::new(0, false);
        for px in [7, 9] {
            book.set(Side::Bid, px, level(5));
        }
        for (px, id) in [(10, 1), (9, 2), (9, 3), (8, 4), (6, 5)] {
            book.guests.seat(Side::Bid, px, guest(id, 1, 0));
        }
        let shown: Vec<_> = book
            .shown(Side::Bid)
            .map(|(px, level)| (px, level.lots, level.orders))
            .collect();
        assert_eq!(
            shown,
            [(10, 1, 1), (9, 7, 4), (8, 1, 1), (7, 5, 2), (6, 1, 1)]
        );
    }
}
