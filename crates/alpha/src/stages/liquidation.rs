//! Forced closings about the price: where shorts were closed above it the market was squeezed up, where longs were closed
//! below it, down.
//!
//! `s = (U - D) / (U + D + K)` with `U` the notional of shorts closed within 1 % above the price, `D` that of longs closed
//! within 1 % below, and `K` a notional that shrinks what is small. Odd, bounded, 0 without data.

use crate::params::LiquidationParams;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Inputs {
    /// `U`, in USD.
    pub up_usd: f64,
    /// `D`, in USD.
    pub down_usd: f64,
    /// `K`, in USD.
    pub shrink_usd: f64,
    /// Prints within the bands.
    pub prints: u32,
    /// Whether any venue's feed lives.
    pub fed: bool,
}

/// `K` for this open interest.
pub fn shrink_usd(open_interest_usd: Option<f64>, params: &LiquidationParams) -> f64 {
    let share = open_interest_usd.unwrap_or(0.0) * params.shrink_oi;
    share.max(params.shrink_usd)
}

/// The score.
pub fn score(inputs: &Inputs) -> f64 {
    let all = inputs.up_usd + inputs.down_usd + inputs.shrink_usd;
    if !inputs.fed || all <= 0.0 {
        return 0.0;
    }
    (inputs.up_usd - inputs.down_usd) / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_prints_say_little_and_no_prints_nothing() {
        let at = |up_usd, down_usd| {
            score(&Inputs {
                up_usd,
                down_usd,
                shrink_usd: 250_000.0,
                prints: 1,
                fed: true,
            })
        };
        assert!(at(0.0, 0.0) == 0.0);
        assert!(at(1.0, 0.0) < 1e-5);
        assert!(at(2e6, 1e6) == -at(1e6, 2e6));
        assert!(at(1e12, 0.0) > 0.99);
    }
}
