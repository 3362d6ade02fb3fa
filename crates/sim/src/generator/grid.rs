//! Which prices an order may have.

/// A venue's price rule for one instrument. Prices are integers, counted in quanta of `10^-decimals` quote units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Decimal places of one quantum.
    pub(crate) decimals: u32,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Every quantum is a price.
    Fixed,
    /// At most five significant figures; whole numbers are always allowed.
    FiveFigures,
}

impl Grid {
    /// A fixed tick of one quantum, as Binance's PRICE_FILTER.
    pub(crate) const fn fixed(decimals: u32) -> Self {
        Self {
            decimals,
            rule: Rule::Fixed,
        }
    }

    /// Hyperliquid's rule ("Tick and lot size"): at most 5 significant figures and at most
    /// `MAX_DECIMALS - szDecimals` decimals, where MAX_DECIMALS is 6 for perpetuals and 8 for spot.
    pub(crate) const fn five_figures(decimals: u32) -> Self {
        Self {
            decimals,
            rule: Rule::FiveFigures,
        }
    }

    /// Distance from `px` to the next allowed price above it.
    pub(crate) fn step_at(self, px: i64) -> i64 {
        match self.rule {
            Rule::Fixed => 1,
            Rule::FiveFigures => {
                let mut step = 1;
                let mut decimals_left = self.decimals;
                // Six digits need a step of 10, seven of 100, until the step is a whole unit.
                let mut rest = px.abs() / 100_000;
                while rest > 0 && decimals_left > 0 {
                    step *= 10;
                    rest /= 10;
                    decimals_left -= 1;
                }
                step
            }
        }
    }

    /// The highest allowed price that is not above `px`.
    pub(crate) fn floor(self, px: f64) -> i64 {
        let whole = px.floor() as i64;
        whole - whole.rem_euclid(self.step_at(whole))
    }

    /// The lowest allowed price that is not below `px`.
    pub(crate) fn ceil(self, px: f64) -> i64 {
        let whole = px.ceil() as i64;
        let step = self.step_at(whole);
        whole + (step - whole.rem_euclid(step)) % step
    }

    pub(crate) fn above(self, px: i64) -> i64 {
        px + self.step_at(px)
    }

    pub(crate) fn below(self, px: i64) -> i64 {
        px - self.step_at(px - 1)
    }

    /// Quanta per quote unit.
    pub(crate) fn scale(self) -> f64 {
        power_of_ten(self.decimals) as f64
    }
}

/// `10^exponent`, for exponents up to 18.
pub(crate) fn power_of_ten(exponent: u32) -> i64 {
    10_i64.pow(exponent.min(18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_figures_and_whole_numbers() {
        // One decimal: 97437.5 has six figures, so the step is a whole unit.
        let btc = Grid::five_figures(1);
        assert_eq!(btc.step_at(974_375), 10);
        assert_eq!(btc.floor(974_375.0), 974_370);
        assert_eq!(btc.ceil(974_375.0), 974_380);
        assert_eq!(btc.ceil(974_370.0), 974_370);
        // Above 100000 whole numbers stay allowed.
        assert_eq!(btc.step_at(1_234_560), 10);
        // Below 10000 one decimal fits.
        assert_eq!(btc.above(99_999), 100_000);
        assert_eq!(btc.below(100_000), 99_999);
        assert_eq!(btc.above(100_000), 100_010);
        // Six decimals: 0.010123 has five figures.
        assert_eq!(Grid::five_figures(6).step_at(10_123), 1);
        assert_eq!(Grid::five_figures(6).step_at(263_450), 10);
    }
}
