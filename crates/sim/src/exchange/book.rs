//! One market's book: what the generated makers show, and users' orders that rest among it.
//!
//! # How the two stand together
//! - The street (the generated makers and takers) is known by level: a price and its lots. Users' orders are known one by
//!   one. Price comes first, then time.
//! - An order that comes to rest queues behind the lots that the street shows at its price; later street lots come behind
//!   it. When a street level shrinks without a trade, the lots that leave are those behind the user's order, which is the
//!   assumption that fills the user last.
//! - Takers of the street meet users' orders in the generator's own book, which has them as guests; here they arrive as orders
//!   taken and as the lots that are still ahead of those that were not reached.
//! - When a street level appears at or through a user's order, the street is the taker and the user's price holds.
//! - The seeded makers do not see users' orders. What users take from the street is told, so that the generator can take it
//!   from its own book too.
//! - An order never meets another of the same account: the resting one is cancelled, there is no fill and no print
//!   ("Self-trade prevention").

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::address::Address;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// `B` on the wire.
    Buy,
    /// `A` on the wire.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for a buy, -1 for a sell.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// As the wire writes it.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Buy => "B",
            Self::Sell => "A",
        }
    }

    /// Whether an order of this side with this limit may trade at `px`.
    #[must_use]
    pub fn accepts(self, limit: i64, px: i64) -> bool {
        self.sign() * (limit - px) >= 0
    }
}

/// A user's order at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    oid: u64,
    owner: Address,
    lots: i64,
    /// Street lots that stand before it.
    ahead: i64,
}

/// A user's order at rest, as whoever mirrors the book needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// Price in quanta.
    pub px: i64,
    /// Its id.
    pub oid: u64,
    /// Lots left.
    pub lots: i64,
    /// Street lots at its price that are served before it.
    pub ahead: i64,
}

/// What a taker meets next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// So many lots of the street.
    Street {
        /// Price in quanta.
        px: i64,
        /// Lots.
        lots: i64,
    },
    /// Another user's order.
    User {
        /// Its id.
        oid: u64,
        /// Price in quanta.
        px: i64,
        /// Lots.
        lots: i64,
    },
    /// The taker's own order.
    Own {
        /// Its id.
        oid: u64,
    },
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Half {
    street: BTreeMap<i64, i64>,
    users: BTreeMap<i64, VecDeque<Rest>>,
}

/// The book of one market. Users' orders are bounded by the venue's cap on open orders per account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Book {
    bids: Half,
    asks: Half,
    changes: u64,
}

impl Book {
    /// Counts every change of users' orders and of their places.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Users' orders of a side by price, lowest first, and at each price in the order in which they are served.
    pub fn resting(&self, side: Side) -> impl Iterator<Item = Resting> + '_ {
        let users = self.half(side).users.iter();
        users.flat_map(|(px, queue)| {
            queue.iter().map(|rest| Resting {
                px: *px,
                oid: rest.oid,
                lots: rest.lots,
                ahead: rest.ahead,
            })
        })
    }

    /// Says that no more than so many street lots stand before an order.
    pub fn move_up(&mut self, side: Side, px: i64, oid: u64, ahead: i64) {
        let queue = self.half_mut(side).users.get_mut(&px);
        let found = queue.and_then(|queue| queue.iter_mut().find(|rest| rest.oid == oid));
        if let Some(rest) = found
            && ahead < rest.ahead
        {
            rest.ahead = ahead.max(0);
            self.changes += 1;
        }
    }

    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Best price of a side, the street's and the users'.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<i64> {
        let half = self.half(side);
        match side {
            Side::Buy => {
                let street = half.street.last_key_value().map(|(px, _)| *px);
                street.max(half.users.last_key_value().map(|(px, _)| *px))
            }
            Side::Sell => {
                let street = half.street.first_key_value().map(|(px, _)| *px);
                let users = half.users.first_key_value().map(|(px, _)| *px);
                match (street, users) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
        }
    }

    /// Lots of the street at a price.
    #[must_use]
    pub fn street(&self, side: Side, px: i64) -> i64 {
        self.half(side).street.get(&px).copied().unwrap_or(0)
    }

    /// What an order of `taker` meets next within its limit.
    #[must_use]
    pub fn meet(&self, taker: Address, side: Side, limit: i64) -> Option<Met> {
        let px = self.best(side.opposite())?;
        if !side.accepts(limit, px) {
            return None;
        }
        let street = self.street(side.opposite(), px);
        let first = self
            .half(side.opposite())
            .users
            .get(&px)
            .and_then(VecDeque::front);
        Some(match first {
            Some(rest) if rest.ahead.min(street) > 0 => Met::Street {
                px,
                lots: rest.ahead.min(street),
            },
            Some(rest) if rest.owner == taker => Met::Own { oid: rest.oid },
            Some(rest) => Met::User {
                oid: rest.oid,
                px,
                lots: rest.lots,
            },
            None => Met::Street { px, lots: street },
        })
    }

    /// Takes lots off the front of a street level.
    pub fn take_street(&mut self, side: Side, px: i64, lots: i64) {
        let half = self.half_mut(side);
        if let Some(level) = half.street.get_mut(&px) {
            *level -= lots;
            if *level <= 0 {
                half.street.remove(&px);
            }
        }
        if let Some(queue) = half.users.get_mut(&px) {
            for rest in queue {
                rest.ahead = (rest.ahead - lots).max(0);
            }
            self.changes += 1;
        }
    }

    /// Lays an order behind what rests at its price.
    pub fn rest(&mut self, side: Side, px: i64, oid: u64, owner: Address, lots: i64) {
        let ahead = self.street(side, px);
        self.half_mut(side)
            .users
            .entry(px)
            .or_default()
            .push_back(Rest {
                oid,
                owner,
                lots,
                ahead,
            });
        self.changes += 1;
    }

    /// Makes an order smaller without moving it; with nothing left it goes.
    pub fn reduce(&mut self, side: Side, px: i64, oid: u64, lots: i64) {
        let half = self.half_mut(side);
        let Some(queue) = half.users.get_mut(&px) else {
            return;
        };
        if let Some(rest) = queue.iter_mut().find(|rest| rest.oid == oid) {
            rest.lots -= lots;
        }
        queue.retain(|rest| rest.lots > 0);
        if queue.is_empty() {
            half.users.remove(&px);
        }
        self.changes += 1;
    }

    /// Takes an order out.
    pub fn remove(&mut self, side: Side, px: i64, oid: u64) {
        self.reduce(side, px, oid, i64::MAX);
    }

    /// Sets what the street shows at a price; 0 lots remove the level.
    pub fn set_street(&mut self, side: Side, px: i64, lots: i64) {
        let half = self.half_mut(side);
        if lots > 0 {
            half.street.insert(px, lots);
        } else {
            half.street.remove(&px);
        }
        if let Some(queue) = half.users.get_mut(&px) {
            for rest in queue {
                rest.ahead = rest.ahead.min(lots.max(0));
            }
            self.changes += 1;
        }
    }

    /// Takes the street's levels away.
    pub(super) fn clear_street(&mut self) {
        for half in [&mut self.bids, &mut self.asks] {
            half.street.clear();
            for rest in half.users.values_mut().flatten() {
                rest.ahead = 0;
            }
        }
        self.changes += 1;
    }

    /// The user's order that a street level at `px` would meet first, if any.
    #[must_use]
    pub fn crossed_by_street(&self, side: Side, px: i64) -> Option<(u64, i64, i64)> {
        let users = &self.half(side.opposite()).users;
        let (at, queue) = match side {
            Side::Buy => users.first_key_value(),
            Side::Sell => users.last_key_value(),
        }?;
        let first = queue.front()?;
        side.accepts(px, *at)
            .then_some((first.oid, *at, first.lots))
    }

    /// Users' lots at a price.
    #[must_use]
    pub fn user_lots(&self, side: Side, px: i64) -> i64 {
        self.half(side)
            .users
            .get(&px)
            .map_or(0, |queue| queue.iter().map(|rest| rest.lots).sum())
    }

    /// Whether a bid stands at or above an ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        matches!((self.best(Side::Buy), self.best(Side::Sell)), (Some(bid), Some(ask)) if bid >= ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Address = Address([1; 20]);
    const BOB: Address = Address([2; 20]);

    #[test]
    fn a_user_queues_behind_the_street_and_before_what_comes_later() {
        let mut book = Book::default();
        book.set_street(Side::Sell, 100, 5);
        book.rest(Side::Sell, 100, 1, ANN, 3);
        book.set_street(Side::Sell, 100, 9);
        book.rest(Side::Sell, 100, 2, ANN, 4);
        assert_eq!(
            book.meet(BOB, Side::Buy, 100),
            Some(Met::Street { px: 100, lots: 5 })
        );
        book.take_street(Side::Sell, 100, 5);
        assert_eq!(
            book.meet(BOB, Side::Buy, 100),
            Some(Met::User {
                oid: 1,
                px: 100,
                lots: 3
            })
        );
        book.reduce(Side::Sell, 100, 1, 3);
        assert_eq!(
            book.meet(BOB, Side::Buy, 100),
            Some(Met::Street { px: 100, lots: 4 })
        );
        book.take_street(Side::Sell, 100, 4);
        assert_eq!(book.meet(ANN, Side::Buy, 100), Some(Met::Own { oid: 2 }));
        assert_eq!(book.meet(BOB, Side::Buy, 99), None);
    }

    #[test]
    fn a_shrinking_level_fills_the_user_last() {
        let mut book = Book::default();
        book.set_street(Side::Buy, 50, 10);
        book.rest(Side::Buy, 50, 1, ANN, 1);
        book.set_street(Side::Buy, 50, 6);
        assert_eq!(
            book.meet(BOB, Side::Sell, 50),
            Some(Met::Street { px: 50, lots: 6 })
        );
        book.set_street(Side::Buy, 50, 0);
        assert_eq!(
            book.meet(BOB, Side::Sell, 50),
            Some(Met::User {
                oid: 1,
                px: 50,
                lots: 1
            })
        );
    }

    #[test]
    fn an_order_moves_up_and_never_back() {
        let mut book = Book::default();
        book.set_street(Side::Buy, 50, 4);
        book.rest(Side::Buy, 50, 1, ANN, 2);
        let before = book.changes();
        book.move_up(Side::Buy, 50, 1, 3);
        assert_eq!(book.changes(), before + 1);
        book.move_up(Side::Buy, 50, 1, 4);
        assert_eq!(book.changes(), before + 1);
        let rest = Resting {
            px: 50,
            oid: 1,
            lots: 2,
            ahead: 3,
        };
        assert_eq!(book.resting(Side::Buy).collect::<Vec<_>>(), [rest]);
    }

    #[test]
    fn a_street_level_meets_the_best_user_first() {
        let mut book = Book::default();
        book.rest(Side::Sell, 100, 1, ANN, 2);
        book.rest(Side::Sell, 99, 2, ANN, 2);
        assert_eq!(book.crossed_by_street(Side::Buy, 100), Some((2, 99, 2)));
        assert_eq!(book.crossed_by_street(Side::Buy, 98), None);
        assert_eq!(book.best(Side::Sell), Some(99));
        book.remove(Side::Sell, 99, 2);
        assert_eq!(book.best(Side::Sell), Some(100));
    }
}
