//! Where resting orders stand, and what prints fill.

use crate::shown::Shown;
use hypersentry_sim::exchange::{Resting, Side};
use std::collections::BTreeMap;

/// A print may tell of the same trade as a book that came so much before it: the venue's feeds do not wait for each other, and a book comes every
/// half second.
const LATE_MS: i64 = 1_000;
/// A print that no book showed within this time was hidden by new size.
const HIDDEN_MS: i64 = 6_000;

/// A trade of the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Print {
    /// Price in quanta.
    pub px: i64,
    /// Lots.
    pub lots: i64,
    /// The aggressor's side.
    pub taker: Side,
    /// When it happened at the earliest, by this machine's clock.
    pub at_ms: i64,
}

/// A resting order that a print fills.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hit {
    /// The order.
    pub oid: u64,
    /// Its price.
    pub px: i64,
    /// Lots.
    pub lots: i64,
}

/// One order.
#[derive(Clone, Copy, Debug)]
struct Place {
    left: i64,
    /// Lots before it; none while its price is out of view.
    ahead: Option<i64>,
    /// The same before the last change of the level gave it its share of what left.
    before: i64,
    /// It came after that change.
    newer: bool,
    /// When it came: what was traded before cannot have met it.
    since_ms: i64,
}

/// A price at which orders rest.
#[derive(Clone, Debug, Default)]
struct Level {
    /// By number, which is by time.
    orders: BTreeMap<u64, Place>,
    /// Lots printed here that no book has shown yet, and when the last of them came.
    printed: i64,
    printed_ms: i64,
    /// The last change: lots that left without a print, of how many, and when.
    left_lots: i64,
    of: i64,
    changed_ms: i64,
}

/// Resting orders of one account in one market. Bounded by the exchange's cap on open orders.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
}

fn share(part: i64, of: i64, lots: i64) -> i64 {
    let share = i128::from(part.max(0)) * i128::from(lots.max(0)) / i128::from(of.max(1));
    i64::try_from(share).unwrap_or(lots)
}

impl Place {
    /// Whether it rested already when something was traded. What stood before it and was traded earlier is missing in the next book.
    const fn met(&self, at_ms: i64) -> bool {
        self.since_ms <= at_ms
    }
}

impl Level {
    /// Prints at the price, `lots` of them, in turn.
    fn print(&mut self, lots: i64, at_ms: i64, now_ms: i64, hit: &mut impl FnMut(u64, i64)) {
        if now_ms - self.changed_ms > LATE_MS {
            self.left_lots = 0;
        }
        let late = lots.min(self.left_lots);
        if late > 0 {
            self.late(late, at_ms, hit);
        }
        let mut flow = lots - late;
        self.printed += flow;
        self.printed_ms = now_ms;
        for (oid, place) in &mut self.orders {
            let Some(ahead) = place.ahead.filter(|_| place.met(at_ms)) else {
                continue;
            };
            place.ahead = Some((ahead - flow).max(0));
            let filled = (flow - ahead).clamp(0, place.left);
            place.left -= filled;
            flow -= filled;
            if filled > 0 {
                hit(*oid, filled);
            }
        }
    }

    /// Prints that the last book had already: what seemed to leave was traded, so that it was before the orders and not spread over the level.
    fn late(&mut self, lots: i64, at_ms: i64, hit: &mut impl FnMut(u64, i64)) {
        let mut flow = lots;
        self.left_lots -= lots;
        self.of = (self.of - lots).max(0);
        let (gone, of) = (self.left_lots, self.of);
        for (oid, place) in &mut self.orders {
            let met = !place.newer && place.met(at_ms);
            let Some(ahead) = place.ahead.filter(|_| met) else {
                continue;
            };
            let filled = (flow - place.before).clamp(0, place.left);
            place.before = (place.before - flow).max(0);
            place.ahead = Some(ahead.min(place.before - share(gone, of, place.before)));
            place.left -= filled;
            flow -= filled;
            if filled > 0 {
                hit(*oid, filled);
            }
        }
    }

    /// The book shows `after` lots now, and before it `before`, where that is known.
    fn book(&mut self, before: Option<i64>, after: i64, now_ms: i64) {
        if now_ms - self.printed_ms > HIDDEN_MS {
            self.printed = 0;
        }
        let dropped = before.map_or(0, |before| before - after);
        if let Some(before) = before.filter(|_| dropped > 0) {
            let traded = dropped.min(self.printed);
            self.printed -= traded;
            self.left_lots = dropped - traded;
            self.of = before - traded;
            self.changed_ms = now_ms;
        }
        let (gone, of) = (self.left_lots, self.of);
        for place in self.orders.values_mut() {
            let Some(ahead) = place.ahead else {
                // It comes into view: all that is shown stands before it.
                (place.ahead, place.before, place.newer) = (Some(after), after, true);
                continue;
            };
            if dropped > 0 {
                place.before = ahead.min(of);
                place.newer = false;
                place.ahead = Some(place.before - share(gone, of, place.before));
            }
            // No more than is there can stand before it.
            place.ahead = place.ahead.map(|ahead| ahead.min(after));
        }
    }
}

impl Queue {
    fn levels(&self, side: Side) -> &BTreeMap<i64, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn levels_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Takes up the orders of a side as they rest: new ones come behind what is shown at their price, and now; others go.
    pub fn keep(
        &mut self,
        side: Side,
        resting: impl IntoIterator<Item = Resting>,
        book: Option<&Shown>,
        now_ms: i64,
    ) {
        let mut before = std::mem::take(self.levels_mut(side));
        let mut kept: BTreeMap<i64, Level> = BTreeMap::new();
        for rest in resting {
            let level = kept.entry(rest.px).or_insert_with(|| {
                let mut level = before.remove(&rest.px).unwrap_or_default();
                let orders = std::mem::take(&mut level.orders);
                before.insert(
                    rest.px,
                    Level {
                        orders,
                        ..Level::default()
                    },
                );
                level
            });
            let known = before
                .get_mut(&rest.px)
                .and_then(|level| level.orders.remove(&rest.oid));
            let place = known.map_or_else(
                || {
                    let ahead = book.and_then(|book| book.lots(side, rest.px));
                    Place {
                        left: rest.lots,
                        ahead,
                        before: ahead.unwrap_or(0),
                        newer: true,
                        since_ms: now_ms,
                    }
                },
                |place| Place {
                    left: rest.lots,
                    ..place
                },
            );
            level.orders.insert(rest.oid, place);
        }
        *self.levels_mut(side) = kept;
    }

    /// What a print fills: better prices first, then those that came first. Never more than was printed.
    pub fn print(&mut self, print: Print, now_ms: i64) -> Vec<Hit> {
        let side = print.taker.opposite();
        let mut flow = print.lots.max(0);
        let mut hits = Vec::new();
        let levels = self.levels_mut(side);
        let mut prices: Vec<i64> = levels.keys().copied().collect();
        if side == Side::Buy {
            prices.reverse();
        }
        for px in prices {
            let Some(level) = levels.get_mut(&px) else {
                continue;
            };
            let distance = side.sign() * (px - print.px);
            if distance < 0 || flow == 0 {
                break;
            }
            if distance == 0 {
                let hit = &mut |oid, lots| hits.push(Hit { oid, px, lots });
                level.print(flow, print.at_ms, now_ms, hit);
                break;
            }
            // It went through: all that stood at this price was served.
            for (oid, place) in &mut level.orders {
                if !place.met(print.at_ms) {
                    continue;
                }
                place.ahead = Some(0);
                place.before = 0;
                let lots = flow.min(place.left);
                place.left -= lots;
                flow -= lots;
                if lots > 0 {
                    hits.push(Hit {
                        oid: *oid,
                        px,
                        lots,
                    });
                }
            }
        }
        hits
    }

    /// The book changed. Without the one before it nobody knows what left and what came: orders keep their places, and none has more before it than
    /// is shown.
    pub fn book(&mut self, before: Option<&Shown>, after: &Shown, now_ms: i64) {
        for side in [Side::Buy, Side::Sell] {
            for (px, level) in self.levels_mut(side) {
                if let Some(lots) = after.lots(side, *px) {
                    let was = before.and_then(|before| before.lots(side, *px));
                    level.book(was, lots, now_ms);
                }
            }
        }
    }

    /// Lots before an order, where that is known.
    pub fn ahead(&self, side: Side, px: i64, oid: u64) -> Option<i64> {
        self.levels(side).get(&px)?.orders.get(&oid)?.ahead
    }

    /// Whether nothing rests.
    pub fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bids(lots: i64) -> Shown {
        Shown::new([(100, lots), (90, 50)], [(101, 10)])
    }

    fn rest(oid: u64, px: i64, lots: i64) -> Resting {
        Resting {
            px,
            oid,
            lots,
            ahead: 0,
        }
    }

    fn at(lots: i64, orders: &[Resting]) -> Queue {
        let mut queue = Queue::default();
        queue.keep(Side::Buy, orders.iter().copied(), Some(&bids(lots)), 0);
        queue
    }

    fn sold(px: i64, lots: i64) -> Print {
        Print {
            px,
            lots,
            taker: Side::Sell,
            at_ms: 0,
        }
    }

    fn ahead(queue: &Queue) -> Option<i64> {
        queue.ahead(Side::Buy, 100, 1)
    }

    fn hit(oid: u64, px: i64, lots: i64) -> Hit {
        Hit { oid, px, lots }
    }

    #[test]
    fn prints_serve_what_is_before_an_order_first() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        assert_eq!(ahead(&queue), Some(10));
        assert_eq!(queue.print(sold(100, 7), 0), []);
        assert_eq!(ahead(&queue), Some(3));
        assert_eq!(queue.print(sold(100, 5), 0), [hit(1, 100, 2)]);
        // Buyers' prints, and prints above, are none of a bid's.
        let bought = Print {
            taker: Side::Buy,
            ..sold(99, 9)
        };
        assert_eq!(queue.print(bought, 0), []);
        assert_eq!(queue.print(sold(101, 9), 0), []);
        assert_eq!(queue.print(sold(100, 9), 0), [hit(1, 100, 2)]);
    }

    #[test]
    fn one_print_fills_no_lot_twice() {
        let mut queue = at(5, &[rest(1, 100, 3), rest(2, 100, 9)]);
        assert_eq!(queue.print(sold(100, 8), 0), [hit(1, 100, 3)]);
        assert_eq!(queue.print(sold(100, 1), 0), [hit(2, 100, 1)]);
        // Through the price: no more than was printed.
        assert_eq!(queue.print(sold(99, 5), 0), [hit(2, 100, 5)]);
    }

    #[test]
    fn the_better_price_is_filled_first() {
        let mut queue = at(0, &[rest(1, 100, 3), rest(2, 102, 4)]);
        assert_eq!(
            queue.print(sold(99, 6), 0),
            [hit(2, 102, 4), hit(1, 100, 2)]
        );
    }

    #[test]
    fn what_leaves_without_a_print_is_spread_evenly() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.book(Some(&bids(10)), &bids(30), 0);
        assert_eq!(ahead(&queue), Some(10), "what comes later comes behind");
        queue.book(Some(&bids(30)), &bids(15), 0);
        assert_eq!(ahead(&queue), Some(5));
        queue.book(Some(&bids(15)), &bids(0), 5_000);
        assert_eq!(ahead(&queue), Some(0));
        assert_eq!(queue.print(sold(100, 9), 9_000), [hit(1, 100, 4)]);
    }

    #[test]
    fn a_print_and_the_book_after_it_count_once() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.book(Some(&bids(10)), &bids(20), 0);
        queue.print(sold(100, 4), 0);
        // A book that does not have it yet.
        queue.book(Some(&bids(20)), &bids(20), 100);
        queue.book(Some(&bids(20)), &bids(16), 600);
        assert_eq!(ahead(&queue), Some(6));
    }

    #[test]
    fn a_print_that_comes_after_its_book_counts_once() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.book(Some(&bids(10)), &bids(20), 0);
        queue.book(Some(&bids(20)), &bids(12), 100);
        assert_eq!(ahead(&queue), Some(6), "8 of 20 left");
        queue.print(sold(100, 8), 200);
        assert_eq!(ahead(&queue), Some(2), "they were before it");
        // All of a level went, and the print of it follows: what was behind the order was served too.
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.book(Some(&bids(10)), &bids(20), 0);
        queue.book(Some(&bids(20)), &bids(0), 100);
        assert_eq!(queue.print(sold(100, 20), 200), [hit(1, 100, 4)]);
    }

    #[test]
    fn out_of_view_nothing_is_assumed() {
        let mut queue = at(10, &[rest(1, 80, 4)]);
        assert_eq!(queue.ahead(Side::Buy, 80, 1), None);
        assert_eq!(queue.print(sold(80, 50), 0), []);
        let nearer = Shown::new([(80, 7), (70, 1)], [(81, 1)]);
        queue.book(Some(&bids(10)), &nearer, 0);
        assert_eq!(queue.ahead(Side::Buy, 80, 1), Some(7));
        // Out of view again: it keeps its place.
        queue.book(Some(&nearer), &bids(10), 0);
        assert_eq!(queue.ahead(Side::Buy, 80, 1), Some(7));
        assert_eq!(queue.print(sold(79, 3), 0), [hit(1, 80, 3)]);
    }

    #[test]
    fn a_gap_moves_nobody_but_by_what_is_shown() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.book(None, &bids(40), 0);
        assert_eq!(ahead(&queue), Some(10));
        queue.book(None, &bids(3), 0);
        assert_eq!(ahead(&queue), Some(3));
    }

    #[test]
    fn orders_come_and_go() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        queue.print(sold(100, 8), 0);
        let both = [rest(1, 100, 4), rest(2, 100, 1)];
        queue.keep(Side::Buy, both, Some(&bids(2)), 0);
        assert_eq!(
            (ahead(&queue), queue.ahead(Side::Buy, 100, 2)),
            (Some(2), Some(2))
        );
        queue.keep(Side::Buy, [rest(2, 100, 1)], Some(&bids(2)), 0);
        assert_eq!(ahead(&queue), None);
        queue.keep(Side::Buy, [], None, 0);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_was_traded_before_an_order_came_fills_it_neither_at_its_price_nor_through_it() {
        let mut queue = at(10, &[rest(1, 100, 4)]);
        let two = [rest(1, 100, 4), rest(2, 100, 4), rest(3, 90, 4)];
        queue.keep(Side::Buy, two, Some(&bids(10)), 500);
        let before = |px, lots| Print {
            at_ms: 499,
            ..sold(px, lots)
        };
        // The first was there; those that came since were not.
        assert_eq!(queue.print(before(100, 12), 600), [hit(1, 100, 2)]);
        assert_eq!(queue.ahead(Side::Buy, 100, 2), Some(10));
        assert_eq!(queue.print(before(80, 90), 600), [hit(1, 100, 2)]);
        let since = Print {
            at_ms: 500,
            ..sold(80, 6)
        };
        assert_eq!(queue.print(since, 601), [hit(2, 100, 4), hit(3, 90, 2)]);
    }
}
