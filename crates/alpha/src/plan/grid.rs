//! Prices and sizes that the venue accepts.
//!
//! Hyperliquid ("Tick and lot size", "Error responses"): sizes have `szDecimals` decimals; prices of perpetuals have at most
//! `6 - szDecimals` decimals and at most five significant figures, whole numbers always; an order is worth at least 10 USD.

use hypersentry_model::{Price, Size, Usd, Venue};
use serde::{Deserialize, Serialize};

const PRICE_UNIT: i128 = 10i128.pow(Price::SCALE);
const MIN_USD: Usd = Usd::from_units(10 * 10i128.pow(Usd::SCALE));
const SIGNIFICANT: u32 = 5;

/// Which way a price may be moved to the tick.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Toward {
    /// Never above the price.
    Lower,
    /// Never below it.
    Higher,
}

/// A market's tick, lot and smallest order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OrderGrid {
    /// Decimals of a price at most.
    pub px_decimals: u32,
    /// Decimals of a size.
    pub sz_decimals: u32,
    /// Significant figures of a price that is no whole number, at most.
    pub significant: u32,
    /// The smallest order.
    pub min_usd: Usd,
}

impl OrderGrid {
    /// Of a market whose tick and lot have these decimals. `None` for venues to which no orders go, and for decimals beyond what can be held.
    pub fn of(venue: Venue, px_decimals: u32, sz_decimals: u32) -> Option<Self> {
        let held = px_decimals <= Price::SCALE && sz_decimals <= Size::SCALE;
        (venue == Venue::Hyperliquid && held).then_some(Self {
            px_decimals,
            sz_decimals,
            significant: SIGNIFICANT,
            min_usd: MIN_USD,
        })
    }

    /// The tick at a price, in units of [`Price`].
    fn tick(&self, px: Price) -> i128 {
        let finest = 10i128.pow(Price::SCALE.saturating_sub(self.px_decimals));
        let digits = px.units().unsigned_abs().checked_ilog10().unwrap_or(0);
        let by_figures = 10i128.pow((digits + 1).saturating_sub(self.significant));
        // Whole numbers are accepted whatever their figures.
        finest.max(by_figures.min(PRICE_UNIT))
    }

    /// The nearest price on the tick, on the side that `toward` says. `None` where there is none above zero.
    pub fn px(&self, px: Price, toward: Toward) -> Option<Price> {
        let tick = self.tick(px);
        let steps = match toward {
            Toward::Lower => px.units().div_euclid(tick),
            Toward::Higher => {
                px.units().div_euclid(tick) + i128::from(px.units().rem_euclid(tick) != 0)
            }
        };
        Some(Price::from_units(steps * tick)).filter(|p| p.is_positive())
    }

    /// Units of [`Size`] in a lot.
    const fn lot(&self) -> i128 {
        10i128.pow(Size::SCALE - self.sz_decimals)
    }

    /// The most lots that `usd` pays at `px`. `None` at a price of zero or beyond the range.
    pub fn lots(&self, usd: Usd, px: Price) -> Option<i128> {
        if !px.is_positive() || usd.units() < 0 {
            return None;
        }
        // usd / px in lots: both count 10^-12, so the quotient counts whole units.
        let per_lot = 10i128.pow(self.sz_decimals);
        usd.units().checked_mul(per_lot).map(|u| u / px.units())
    }

    /// So many lots.
    pub const fn size(&self, lots: i128) -> Size {
        Size::from_units(lots * self.lot())
    }

    /// Whether the venue would accept the price.
    pub fn accepts_px(&self, px: Price) -> bool {
        px.is_positive() && px.units() % self.tick(px) == 0
    }

    /// Whether the venue would accept the size.
    pub fn accepts_sz(&self, sz: Size) -> bool {
        sz.is_positive() && sz.units() % self.lot() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(sz_decimals: u32) -> OrderGrid {
        OrderGrid::of(Venue::Hyperliquid, 6 - sz_decimals, sz_decimals).unwrap()
    }

    fn px(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    #[test]
    fn five_figures_and_whole_numbers() {
        for (sz_decimals, price, lower, higher) in [
            (5, "97437.53", "97437", "97438"),
            (5, "123456.7", "123456", "123457"),
            (4, "3412.567", "3412.5", "3412.6"),
            (2, "171.2345", "171.23", "171.24"),
            (0, "0.0123456", "0.012345", "0.012346"),
            (0, "0.00012345", "0.000123", "0.000124"),
            (1, "9.99999", "9.9999", "10"),
            (2, "171.23", "171.23", "171.23"),
        ] {
            let g = grid(sz_decimals);
            assert_eq!(g.px(px(price), Toward::Lower), Some(px(lower)), "{price}");
            assert_eq!(g.px(px(price), Toward::Higher), Some(px(higher)), "{price}");
        }
    }

    #[test]
    fn nothing_is_left_of_a_price_below_the_tick() {
        assert_eq!(grid(0).px(px("0.0000001"), Toward::Lower), None);
        assert_eq!(OrderGrid::of(Venue::Okx, 1, 1), None);
    }

    #[test]
    fn lots() {
        let g = grid(5);
        assert_eq!(
            g.lots(Usd::parse("1000").unwrap(), px("97412")),
            Some(1_026)
        );
        assert_eq!(g.size(1_026).to_string(), "0.01026");
    }

    proptest! {
        #[test]
        fn rounded_prices_are_accepted_and_near(units in 1_000_000i128..5_000_000_000_000_000_000, sz_decimals in 0u32..=5) {
            let (g, p) = (grid(sz_decimals), Price::from_units(units));
            let (low, high) = (g.px(p, Toward::Lower), g.px(p, Toward::Higher).unwrap());
            prop_assert!(g.accepts_px(high) && high >= p);
            if let Some(low) = low {
                prop_assert!(g.accepts_px(low) && low <= p);
                prop_assert!(high.units() - low.units() <= g.tick(high));
            }
        }

        #[test]
        fn lots_never_cost_more(usd in 0i128..1_000_000_000_000_000_000, units in 1_000_000i128..5_000_000_000_000_000_000, sz_decimals in 0u32..=5) {
            let (g, usd, p) = (grid(sz_decimals), Usd::from_units(usd), Price::from_units(units));
            let lots = g.lots(usd, p).unwrap();
            if let Ok(cost) = p.notional(g.size(lots)) {
                prop_assert!(cost <= usd);
            }
        }
    }
}
