//! Leveraged positions, and which of them are closed by force when the mark price moves.
//!
//! A small share of the open interest stands close enough to its liquidation price to matter within days. It is kept as
//! lots by liquidation price, longs and shorts apart, in buckets of half a basis point. Every opened position adds
//! equally to both sides, mirrored about its entry, so that nothing but the way of the price tells longs from shorts.

use std::collections::BTreeMap;

use super::book::Side;
use super::random::Random;

/// Buckets per unit of the price's logarithm.
const PER_LOG: f64 = 20_000.0;
/// Share of open interest at such leverage.
const SHARE: f64 = 0.012;
/// Nearest distance of entry to liquidation: a leverage of some 200 after maintenance margin.
const NEAREST: f64 = 0.0025;
const TAIL: f64 = 0.8;
const FARTHEST: f64 = 0.4;
/// Buckets of one side; the farthest from the market go first.
const MOST_BUCKETS: usize = 1_500;
/// Draws at the start, and how many entry prices of the past they come from.
const DRAWS: usize = 300;
/// Forced orders of one step.
const MOST_ORDERS: usize = 6;

/// A position, or a part of one, that is to be closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Forced {
    /// `Bid` is a long: its forced order sells.
    pub(crate) liquidated: Side,
    pub(crate) lots: f64,
    /// Price at which the margin is used up, in quanta.
    pub(crate) bankruptcy_px: f64,
}

/// The leveraged positions of one perpetual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Positions {
    longs: BTreeMap<i64, f64>,
    shorts: BTreeMap<i64, f64>,
    /// Stored lots times this are lots: closing shrinks all alike.
    scale: f64,
}

fn bucket(px: f64) -> i64 {
    (libm::log(px.max(1e-9)) * PER_LOG).floor() as i64
}

fn price(bucket: i64) -> f64 {
    libm::exp((bucket as f64 + 0.5) / PER_LOG)
}

impl Positions {
    /// Positions entered at `entries` (quanta), as far as they would still stand at `px`.
    pub(crate) fn new(open_interest: f64, px: f64, entries: &[f64], random: &mut Random) -> Self {
        let mut positions = Self {
            scale: 1.0,
            ..Self::default()
        };
        let lots = open_interest * SHARE / DRAWS as f64;
        for _ in 0..DRAWS {
            let which = random.below(entries.len() as u64) as usize;
            let entry = entries.get(which).copied().unwrap_or(px);
            let distance = distance(random);
            let (long, short) = (entry * (1.0 - distance), entry * (1.0 + distance));
            if long < px * (1.0 - 1e-4) {
                positions.add(Side::Bid, long, lots);
            }
            if short > px * (1.0 + 1e-4) {
                positions.add(Side::Ask, short, lots);
            }
        }
        positions
    }

    /// Lots were opened on both sides at a price.
    pub(crate) fn open(&mut self, px: f64, lots: f64, random: &mut Random) {
        let distance = distance(random);
        self.add(Side::Bid, px * (1.0 - distance), lots * SHARE);
        self.add(Side::Ask, px * (1.0 + distance), lots * SHARE);
    }

    /// A share of all positions was closed.
    pub(crate) fn close(&mut self, share: f64) {
        self.scale *= 1.0 - share.clamp(0.0, 0.5);
        if self.scale < 1e-6 {
            let scale = self.scale;
            for lots in self.longs.values_mut().chain(self.shorts.values_mut()) {
                *lots *= scale;
            }
            self.scale = 1.0;
        }
    }

    /// Takes what must be closed at this mark price, nearest first, in orders of at most `largest` lots.
    pub(crate) fn due(&mut self, mark: f64, largest: f64, forced: &mut Vec<Forced>) {
        let at = bucket(mark);
        for side in [Side::Bid, Side::Ask] {
            for _ in 0..MOST_ORDERS {
                let next = match side {
                    Side::Bid => self.longs.range(at..).next_back(),
                    Side::Ask => self.shorts.range(..=at).next(),
                };
                let Some((key, stored)) = next.map(|(key, stored)| (*key, *stored)) else {
                    break;
                };
                let lots = stored * self.scale;
                let now = lots.min(largest);
                let rest = (lots - now) / self.scale;
                let levels = self.side(side);
                if lots - now < 1.0 {
                    levels.remove(&key);
                } else {
                    levels.insert(key, rest);
                }
                if now < 1.0 {
                    continue;
                }
                // What maintenance margin is left is lost between liquidation and bankruptcy.
                let slack = 0.003 * side.sign() as f64;
                forced.push(Forced {
                    liquidated: side,
                    lots: now,
                    bankruptcy_px: price(key) * (1.0 - slack),
                });
            }
        }
    }

    /// Puts back what the book could not take.
    pub(crate) fn back(&mut self, order: Forced, lots: f64) {
        let slack = 0.003 * order.liquidated.sign() as f64;
        self.add(order.liquidated, order.bankruptcy_px / (1.0 - slack), lots);
    }

    fn add(&mut self, side: Side, px: f64, lots: f64) {
        let stored = lots / self.scale;
        let levels = self.side(side);
        *levels.entry(bucket(px)).or_default() += stored;
        if levels.len() > MOST_BUCKETS {
            match side {
                Side::Bid => levels.pop_first(),
                Side::Ask => levels.pop_last(),
            };
        }
    }

    fn side(&mut self, side: Side) -> &mut BTreeMap<i64, f64> {
        match side {
            Side::Bid => &mut self.longs,
            Side::Ask => &mut self.shorts,
        }
    }
}

fn distance(random: &mut Random) -> f64 {
    random.pareto(NEAREST, TAIL).min(FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_down_takes_longs_and_a_mirrored_one_shorts() {
        let random = Random::new(3, 3);
        let total = |factor: f64, side| {
            let mut positions = Positions {
                scale: 1.0,
                ..Positions::default()
            };
            let mut random = random.clone();
            for _ in 0..500 {
                positions.open(1_000.0, 1_000.0, &mut random);
            }
            let mut forced = Vec::new();
            for _ in 0..1_000 {
                positions.due(1_000.0 * factor, 1e9, &mut forced);
            }
            assert!(forced.iter().all(|order| order.liquidated == side));
            forced.iter().map(|order| order.lots).sum::<f64>()
        };
        let (down, up) = (total(0.98, Side::Bid), total(1.02, Side::Ask));
        assert!(
            down > 1_000.0 && (down / up - 1.0).abs() < 0.05,
            "{down} {up}"
        );
    }

    #[test]
    fn nothing_is_due_where_nothing_moved_and_closing_shrinks() {
        let mut random = Random::new(4, 4);
        let mut positions = Positions {
            scale: 1.0,
            ..Positions::default()
        };
        positions.open(500.0, 1e6, &mut random);
        let mut forced = Vec::new();
        positions.due(500.0, 1e9, &mut forced);
        assert!(forced.is_empty());
        positions.close(0.25);
        positions.due(1.0, 1e9, &mut forced);
        assert!((forced[0].lots - 1e6 * SHARE * 0.75).abs() < 1.0);
    }
}
