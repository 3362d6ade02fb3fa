//! Money in integers: walking a book, fees, funding.

use crate::plan::event::Action;
use hypersentry_model::{Level, Price, Rate, Size, Usd};

/// What was traded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Fill {
    /// In base units.
    pub sz: Size,
    /// Price times size, summed.
    pub usd: Usd,
}

impl Fill {
    /// Both.
    pub fn with(self, other: Self) -> Option<Self> {
        Some(Self {
            sz: self.sz.checked_add(other.sz)?,
            usd: self.usd.checked_add(other.usd)?,
        })
    }

    /// The mean price, for people.
    pub fn px(self) -> Option<f64> {
        self.sz
            .is_positive()
            .then(|| self.usd.to_f64() / self.sz.to_f64())
    }
}

/// Takes `sz` from `levels`, best first, as far as they reach. `None` beyond the range of money.
pub fn walk(levels: &[Level], sz: Size) -> Option<Fill> {
    let mut fill = Fill::default();
    for level in levels {
        let left = sz.checked_sub(fill.sz)?;
        if !left.is_positive() {
            break;
        }
        let part = left.min(level.sz);
        let usd = level.px.notional(part).ok()?;
        fill = fill.with(Fill { sz: part, usd })?;
    }
    Some(fill)
}

/// The side of a book that an action takes from.
pub fn side<'a>(action: Action, bids: &'a [Level], asks: &'a [Level]) -> &'a [Level] {
    match action {
        Action::Buy => asks,
        Action::Sell => bids,
    }
}

const RATE_UNIT: i128 = 10i128.pow(Rate::SCALE);

/// `usd` times `rate`, away from zero: what is paid is never rounded down. `None` beyond the range.
pub fn share(usd: Usd, rate: Rate) -> Option<Usd> {
    let exact = usd.units().checked_mul(rate.units())?;
    let whole = exact / RATE_UNIT;
    let rest = exact % RATE_UNIT;
    Some(Usd::from_units(whole + rest.signum()))
}

/// What a position of `sz` (negative when short) pays at `rate` of its notional at `mark`; negative when it is paid. Longs pay a rate above zero.
pub fn funding(sz: Size, mark: Price, rate: Rate) -> Option<Usd> {
    // Twelve decimals of the rate, so that the product stays within the range.
    let notional = mark.notional(sz).ok()?;
    let parts = rate.units() / 10i128.pow(Rate::SCALE - 12);
    let one = 10i128.pow(12);
    let (whole, rest) = (notional.units() / one, notional.units() % one);
    let units = whole
        .checked_mul(parts)?
        .checked_add(rest.checked_mul(parts)? / one)?;
    Some(Usd::from_units(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(px: &str, sz: &str) -> Level {
        Level {
            px: Price::parse(px).unwrap(),
            sz: Size::parse(sz).unwrap(),
        }
    }

    fn usd(text: &str) -> Usd {
        Usd::parse(text).unwrap()
    }

    #[test]
    fn walks_as_far_as_the_book_reaches() {
        let asks = [level("100", "1"), level("101", "2")];
        let fill = walk(&asks, Size::parse("2").unwrap()).unwrap();
        assert_eq!((fill.sz, fill.usd), (Size::parse("2").unwrap(), usd("201")));
        let all = walk(&asks, Size::parse("5").unwrap()).unwrap();
        assert_eq!((all.sz, all.usd), (Size::parse("3").unwrap(), usd("302")));
        assert_eq!(walk(&[], Size::parse("1").unwrap()), Some(Fill::default()));
    }

    #[test]
    fn fees_are_never_rounded_down() {
        let rate = Rate::parse("0.00045").unwrap();
        assert_eq!(share(usd("1000"), rate), Some(usd("0.45")));
        assert_eq!(
            share(usd("0.000000000001"), rate),
            Some(usd("0.000000000001"))
        );
    }

    #[test]
    fn longs_pay_and_shorts_are_paid() {
        let pays = |sz, rate| {
            funding(
                Size::parse(sz).unwrap(),
                Price::parse("100").unwrap(),
                Rate::parse(rate).unwrap(),
            )
            .unwrap()
        };
        assert_eq!(pays("10", "0.0001"), usd("0.1"));
        assert_eq!(pays("-10", "0.0001"), usd("-0.1"));
        assert_eq!(pays("10", "-0.0001"), usd("-0.1"));
    }
}
