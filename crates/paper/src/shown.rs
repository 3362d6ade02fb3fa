//! The venue's book as far as it is shown.

use hypersentry_sim::exchange::Side;
use std::collections::BTreeMap;

/// Levels by price: quanta and lots. As deep as the venue shows it; what lies beyond the worst level is unknown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Shown {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Shown {
    /// From both sides. Levels without lots are none.
    pub fn new(
        bids: impl IntoIterator<Item = (i64, i64)>,
        asks: impl IntoIterator<Item = (i64, i64)>,
    ) -> Self {
        let held = |(_, lots): &(i64, i64)| *lots > 0;
        Self {
            bids: bids.into_iter().filter(held).collect(),
            asks: asks.into_iter().filter(held).collect(),
        }
    }

    /// A side, lowest price first.
    pub fn side(&self, side: Side) -> &BTreeMap<i64, i64> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Lots at a price: 0 where none are shown, none where the price is out of view.
    pub fn lots(&self, side: Side, px: i64) -> Option<i64> {
        let levels = self.side(side);
        let worst = match side {
            Side::Buy => levels.first_key_value(),
            Side::Sell => levels.last_key_value(),
        };
        let in_view = side.sign() * (px - worst?.0) >= 0;
        in_view.then(|| levels.get(&px).copied().unwrap_or(0))
    }

    /// Best price of a side.
    pub fn best(&self, side: Side) -> Option<i64> {
        let levels = self.side(side);
        let best = match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        };
        best.map(|(px, _)| *px)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_beyond_the_worst_level() {
        let book = Shown::new([(98, 5), (99, 0), (97, 2)], [(101, 4), (103, 1)]);
        assert_eq!(book.best(Side::Buy), Some(98));
        assert_eq!(book.lots(Side::Buy, 98), Some(5));
        assert_eq!(book.lots(Side::Buy, 99), Some(0));
        assert_eq!(book.lots(Side::Buy, 96), None);
        assert_eq!(book.lots(Side::Sell, 102), Some(0));
        assert_eq!(book.lots(Side::Sell, 104), None);
        assert_eq!(Shown::default().lots(Side::Sell, 1), None);
    }
}
