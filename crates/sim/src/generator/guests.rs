//! Users' orders that rest among the generated levels of a book.
//!
//! The street is known by level, users one by one. Price comes first, then time: a guest stands behind the street lots that
//! were there when it came, and before those that came later. Where a level shrinks without a trade, the lots that leave are
//! those behind the guest.

use std::collections::{BTreeMap, VecDeque};

use super::book::{Level, Side};

/// One order of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guest {
    /// The venue's order id.
    pub(crate) id: u64,
    pub(crate) lots: i64,
    /// Street lots at its price that are served before it.
    pub(crate) ahead: i64,
}

/// The guests of one book, by price and then in the order in which they are served. Bounded by the exchange's caps on accounts
/// and on open orders of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guests {
    bids: BTreeMap<i64, VecDeque<Guest>>,
    asks: BTreeMap<i64, VecDeque<Guest>>,
}

impl Guests {
    fn side(&self, side: Side) -> &BTreeMap<i64, VecDeque<Guest>> {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<i64, VecDeque<Guest>> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }

    /// Seats a guest behind those at its price.
    pub(crate) fn seat(&mut self, side: Side, px: i64, guest: Guest) {
        self.side_mut(side).entry(px).or_default().push_back(guest);
    }

    /// The best price at which a guest stands.
    pub(crate) fn best(&self, side: Side) -> Option<i64> {
        match side {
            Side::Bid => self.bids.last_key_value(),
            Side::Ask => self.asks.first_key_value(),
        }
        .map(|(px, _)| *px)
    }

    /// Who is served first at a price.
    pub(crate) fn first(&self, side: Side, px: i64) -> Option<Guest> {
        self.side(side).get(&px)?.front().copied()
    }

    /// Takes lots from who is served first at a price.
    pub(crate) fn fill(&mut self, side: Side, px: i64, lots: i64) {
        let guests = self.side_mut(side);
        let Some(queue) = guests.get_mut(&px) else {
            return;
        };
        if let Some(first) = queue.front_mut() {
            first.lots -= lots;
            if first.lots <= 0 {
                queue.pop_front();
            }
        }
        if queue.is_empty() {
            guests.remove(&px);
        }
    }

    /// Street lots were traded at a price: who waited for them moves up.
    pub(crate) fn move_up(&mut self, side: Side, px: i64, lots: i64) {
        for guest in self.side_mut(side).get_mut(&px).into_iter().flatten() {
            guest.ahead = (guest.ahead - lots).max(0);
        }
    }

    /// The street shows so many lots at a price: no more than that can stand before a guest.
    pub(crate) fn clamp(&mut self, side: Side, px: i64, lots: i64) {
        if self.is_empty() {
            return;
        }
        for guest in self.side_mut(side).get_mut(&px).into_iter().flatten() {
            guest.ahead = guest.ahead.min(lots.max(0));
        }
    }

    /// All guests of a side with their prices, best first and at each price in the order in which they are served.
    pub(crate) fn all(&self, side: Side) -> impl Iterator<Item = (i64, Guest)> + '_ {
        let of_side = self.side(side);
        let bids = (side == Side::Bid).then(|| of_side.iter().rev());
        let asks = (side == Side::Ask).then(|| of_side.iter());
        bids.into_iter()
            .flatten()
            .chain(asks.into_iter().flatten())
            .flat_map(|(px, queue)| queue.iter().map(|guest| (*px, *guest)))
    }

    /// What the guests at a price add to its level.
    pub(crate) fn at(&self, side: Side, px: i64) -> Option<Level> {
        self.side(side).get(&px).map(|queue| Level {
            lots: queue.iter().map(|guest| guest.lots).sum(),
            orders: u32::try_from(queue.len()).unwrap_or(u32::MAX),
        })
    }

    /// Their prices on a side, best first.
    pub(crate) fn prices(&self, side: Side) -> Vec<i64> {
        let mut prices: Vec<i64> = self.side(side).keys().copied().collect();
        if side == Side::Bid {
            prices.reverse();
        }
        prices
    }
}
