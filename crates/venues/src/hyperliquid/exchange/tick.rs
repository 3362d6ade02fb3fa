//! Which prices and sizes the venue takes, and the nearest ones.
//!
//! A price has at most five significant figures and at most `6 - szDecimals` decimals (of a spot pair `8 - szDecimals`), and whole
//! numbers are always allowed; a size has at most `szDecimals` decimals. Hyperliquid docs, API > Tick and lot size.

use super::super::limits::px_decimals;
use hypersentry_model::{Price, Size};

/// What an asset allows, from the venue's list of markets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AssetRules {
    /// Whether it is a spot pair.
    pub spot: bool,
    /// Decimals of a size.
    pub sz_decimals: u32,
    /// Highest leverage, in times; of a spot pair 1.
    pub max_leverage: u32,
    /// Whether its margin cannot be shared with other positions.
    pub only_isolated: bool,
}

/// The side that waits: a bid waits below, an offer above.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Buys.
    Bid,
    /// Sells.
    Offer,
}

/// 10^-decimals, in smallest units.
fn step(decimals: u32, scale: u32) -> i128 {
    10i128.pow(scale.saturating_sub(decimals))
}

/// The tick at this price.
fn tick(rules: &AssetRules, price: Price) -> i128 {
    step(
        px_decimals(rules.spot, Some(price), rules.sz_decimals),
        Price::SCALE,
    )
}

/// Whether the venue takes this price.
pub fn is_on_tick(rules: &AssetRules, price: Price) -> bool {
    price.is_positive() && price.units() % tick(rules, price) == 0
}

/// Whether the venue takes this size.
pub fn is_on_lot(rules: &AssetRules, size: Size) -> bool {
    size.is_positive() && size.units() % step(rules.sz_decimals, Size::SCALE) == 0
}

/// The highest price that the venue takes at or below this one; `None` where that would be nothing.
pub fn price_below(rules: &AssetRules, price: Price) -> Option<Price> {
    if !price.is_positive() {
        return None;
    }
    // The powers of ten are on every tick, so that the tick below is never finer.
    let units = price.units() - price.units() % tick(rules, price);
    Some(Price::from_units(units)).filter(|px| px.is_positive())
}

/// The lowest price that the venue takes at or above this one; `None` for what is no price.
pub fn price_above(rules: &AssetRules, price: Price) -> Option<Price> {
    if !price.is_positive() {
        return None;
    }
    let tick = tick(rules, price);
    let over = price.units() % tick;
    let units = if over == 0 {
        price.units()
    } else {
        price.units() - over + tick
    };
    Some(Price::from_units(units))
}

/// The nearest price that the venue takes and that waits no less: down for a bid, up for an offer. `None` where there is none.
pub fn snap_price(rules: &AssetRules, side: Side, price: Price) -> Option<Price> {
    match side {
        Side::Bid => price_below(rules, price),
        Side::Offer => price_above(rules, price),
    }
}

/// The largest size that the venue takes and that is no more; `None` where that would be nothing.
pub fn snap_size(rules: &AssetRules, size: Size) -> Option<Size> {
    let units = size.units()
        - size
            .units()
            .rem_euclid(step(rules.sz_decimals, Size::SCALE));
    Some(Size::from_units(units)).filter(|sz| sz.is_positive())
}

/// The smallest size that the venue takes and that is no less; `None` for what is no size.
pub fn size_above(rules: &AssetRules, size: Size) -> Option<Size> {
    if !size.is_positive() {
        return None;
    }
    let lot = step(rules.sz_decimals, Size::SCALE);
    let over = size.units() % lot;
    let units = if over == 0 {
        size.units()
    } else {
        size.units() - over + lot
    };
    Some(Size::from_units(units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn perp(sz_decimals: u32) -> AssetRules {
        AssetRules {
            spot: false,
            sz_decimals,
            max_leverage: 40,
            only_isolated: false,
        }
    }

    fn px(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn sz(text: &str) -> Size {
        Size::parse(text).unwrap()
    }

    /// The venue's own examples, and the edges.
    #[test]
    fn prices_of_the_documentation() {
        let spot = |sz_decimals| AssetRules {
            spot: true,
            ..perp(sz_decimals)
        };
        for (rules, price, taken) in [
            (perp(1), "1234.5", true),
            (perp(1), "1234.56", false),
            (perp(0), "0.001234", true),
            (perp(0), "0.0012345", false),
            (perp(1), "0.01234", true),
            (perp(1), "0.012345", false),
            (perp(5), "123456", true),
            (perp(0), "12345.6", false),
            (perp(5), "97123.5", false),
            (perp(5), "9712.5", true),
            (spot(0), "0.0001234", true),
            (spot(2), "0.0001234", false),
            (perp(0), "0", false),
            (perp(0), "-1", false),
        ] {
            assert_eq!(is_on_tick(&rules, px(price)), taken, "{price} {rules:?}");
        }
    }

    #[test]
    fn snapping_waits_no_less() {
        let rules = perp(0);
        for (price, below, above) in [
            ("12345.6", "12345", "12346"),
            ("9.99999", "9.9999", "10"),
            ("99999.5", "99999", "100000"),
            ("0.0012345", "0.001234", "0.001235"),
            ("100", "100", "100"),
        ] {
            let snapped = |side| snap_price(&rules, side, px(price));
            assert_eq!(snapped(Side::Bid), Some(px(below)), "{price}");
            assert_eq!(snapped(Side::Offer), Some(px(above)), "{price}");
        }
        assert_eq!(snap_price(&rules, Side::Bid, px("0.0000001")), None);
        assert_eq!(
            snap_price(&rules, Side::Offer, px("0.0000001")),
            Some(px("0.000001"))
        );
        assert_eq!(snap_price(&rules, Side::Offer, px("0")), None);
        assert_eq!(snap_size(&perp(2), sz("1.239")), Some(sz("1.23")));
        assert_eq!(snap_size(&perp(2), sz("0.009")), None);
        assert_eq!(snap_size(&perp(2), sz("-0.009")), None);
        assert_eq!(size_above(&perp(2), sz("1.231")), Some(sz("1.24")));
    }

    /// The rule as it is written, read from the digits.
    fn taken_by_its_digits(rules: &AssetRules, price: Price) -> bool {
        let text = price.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}");
        let figures = digits.trim_start_matches('0').len();
        let most = if rules.spot { 8 } else { 6 } - rules.sz_decimals as usize;
        fraction.is_empty() || (figures <= 5 && fraction.len() <= most)
    }

    prop_compose! {
        fn rules()(spot in any::<bool>(), sz_decimals in 0u32..=5) -> AssetRules {
            AssetRules { spot, ..perp(sz_decimals) }
        }
    }

    prop_compose! {
        /// Of every magnitude, near powers of ten too.
        fn prices()(digits in 1i128..10_000_000, exponent in 0u32..14, off in -3i128..=3) -> Price {
            Price::from_units((digits * 10i128.pow(exponent) + off).max(1))
        }
    }

    proptest! {
        #[test]
        fn a_price_is_taken_as_its_digits_say(rules in rules(), price in prices()) {
            prop_assert_eq!(is_on_tick(&rules, price), taken_by_its_digits(&rules, price));
        }

        #[test]
        fn snapped_prices_are_taken_passive_and_nearest(rules in rules(), price in prices()) {
            let (below, above) = (price_below(&rules, price), price_above(&rules, price).unwrap());
            prop_assert!(is_on_tick(&rules, above) && above >= price);
            prop_assert_eq!(price_above(&rules, above), Some(above));
            prop_assert_eq!(is_on_tick(&rules, price), above == price);
            if let Some(below) = below {
                prop_assert!(is_on_tick(&rules, below) && below <= price);
                prop_assert_eq!(price_below(&rules, below), Some(below));
                // Nothing between them is taken.
                let middle = Price::from_units((below.units() + above.units()) / 2);
                prop_assert!(middle == below || middle == above || !is_on_tick(&rules, middle));
            }
        }

        #[test]
        fn snapped_sizes_are_taken_and_no_more(rules in rules(), units in 1i128..1_000_000_000_000_000_000) {
            let size = Size::from_units(units);
            let above = size_above(&rules, size).unwrap();
            prop_assert!(is_on_lot(&rules, above) && above >= size);
            match snap_size(&rules, size) {
                Some(below) => {
                    prop_assert!(is_on_lot(&rules, below) && below <= size);
                    prop_assert_eq!(snap_size(&rules, below), Some(below));
                    prop_assert_eq!(is_on_lot(&rules, size), below == size);
                }
                None => prop_assert!(size.units() < 10i128.pow(12 - rules.sz_decimals)),
            }
        }
    }
}
