//! Aggregated books: `nSigFigs` and `mantissa` of the `l2Book` request.

use crate::generator::{Book, Level, Side, power_of_ten};

/// The wanted rounding; `None` keeps full precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Rounding {
    /// 2 to 5.
    pub(super) n_sig_figs: Option<u8>,
    /// 1, 2 or 5; only with 5 figures.
    pub(super) mantissa: Option<u8>,
}

impl Rounding {
    pub(super) fn valid(self) -> bool {
        match (self.n_sig_figs, self.mantissa) {
            (None, None) => true,
            (Some(figures), None) => (2..=5).contains(&figures),
            (Some(5), Some(mantissa)) => matches!(mantissa, 1 | 2 | 5),
            _ => false,
        }
    }

    /// Bids round down and asks up, so that no side seems better than it is.
    fn round(self, side: Side, px: i64) -> i64 {
        let Some(figures) = self.n_sig_figs else {
            return px;
        };
        let digits = px.max(1).ilog10() + 1;
        let step = power_of_ten(digits.saturating_sub(u32::from(figures)))
            * i64::from(self.mantissa.unwrap_or(1));
        match side {
            Side::Bid => px - px % step,
            Side::Ask => px + (step - px % step) % step,
        }
    }
}

/// The best `most` levels of a side.
pub(super) fn levels(
    book: &Book,
    side: Side,
    rounding: Rounding,
    most: usize,
) -> Vec<(i64, Level)> {
    let mut out: Vec<(i64, Level)> = Vec::with_capacity(most);
    for (px, level) in book.shown(side) {
        let px = rounding.round(side, px);
        let full = out.len() == most;
        match out.last_mut() {
            Some((last, sum)) if *last == px => {
                sum.lots += level.lots;
                sum.orders += level.orders;
            }
            _ if full => break,
            _ => out.push((px, level)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounding(n_sig_figs: Option<u8>, mantissa: Option<u8>) -> Rounding {
        Rounding {
            n_sig_figs,
            mantissa,
        }
    }

    #[test]
    fn rounds_away_from_the_touch() {
        // 97437.0 with one decimal.
        assert_eq!(rounding(Some(3), None).round(Side::Bid, 974_370), 974_000);
        assert_eq!(rounding(Some(3), None).round(Side::Ask, 974_370), 975_000);
        assert_eq!(
            rounding(Some(5), Some(5)).round(Side::Bid, 974_370),
            974_350
        );
        assert_eq!(
            rounding(Some(5), Some(2)).round(Side::Ask, 974_370),
            974_380
        );
        assert_eq!(rounding(None, None).round(Side::Ask, 974_370), 974_370);
        assert!(rounding(Some(5), Some(2)).valid() && rounding(Some(2), None).valid());
        assert!(!rounding(Some(4), Some(2)).valid() && !rounding(Some(6), None).valid());
        assert!(!rounding(Some(5), Some(3)).valid() && !rounding(None, Some(1)).valid());
    }

    #[test]
    fn sums_levels() {
        let mut book = Book::new(0, false);
        for px in [974_370, 974_360, 973_990] {
            book.set(Side::Bid, px, Level { lots: 5, orders: 2 });
        }
        let rounded = levels(&book, Side::Bid, rounding(Some(3), None), 20);
        assert_eq!(
            rounded,
            [
                (
                    974_000,
                    Level {
                        lots: 10,
                        orders: 4
                    }
                ),
                (973_000, Level { lots: 5, orders: 2 })
            ]
        );
    }
}
