//! Aggressive buying against selling: `q = (B - S) / (B + S)` of the last minute, against its own minutes.
//!
//! `z = (q - mean) / max(std, 0.05)` with mean and standard deviation of the whole minutes before, which do not overlap; `s` is nothing within 1.5 standard
//! deviations, then a straight line to 1 at 4. Minutes with less than 10,000 USD say nothing. Without 20 earlier minutes there is no score.

use crate::params::FootprintParams;
use crate::stats::soft;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "FlowInputs")]
pub struct Inputs {
    /// Buying in the last minute, in USD.
    pub buy_usd: f64,
    /// Selling in the last minute, in USD.
    pub sell_usd: f64,
    /// Mean of `q` over earlier minutes; absent without enough of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean: Option<f64>,
    /// Standard deviation of `q` over earlier minutes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub std: Option<f64>,
    /// Minutes behind them.
    pub samples: u32,
}

/// No minute is quieter than this: with fewer, a handful of equal minutes would make any other an extreme.
const STD_FLOOR: f64 = 0.05;

/// The deviation in standard deviations, if there is something to say.
pub fn z(inputs: &Inputs, params: &FootprintParams) -> Option<f64> {
    let all = inputs.buy_usd + inputs.sell_usd;
    let (mean, std) = (inputs.mean?, inputs.std?);
    if all < params.flow_min_usd {
        return None;
    }
    let q = (inputs.buy_usd - inputs.sell_usd) / all;
    Some((q - mean) / std.max(STD_FLOOR))
}

/// From -1 to 1.
pub fn score(inputs: &Inputs, params: &FootprintParams) -> f64 {
    z(inputs, params).map_or(0.0, |z| soft(z, params.flow_band.0, params.flow_band.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(buy_usd: f64, sell_usd: f64, mean: Option<f64>) -> Inputs {
        Inputs {
            buy_usd,
            sell_usd,
            mean,
            std: mean.map(|_| 0.2),
            samples: 60,
        }
    }

    #[test]
    fn one_sided_minutes_speak_beyond_the_band() {
        let p = FootprintParams::default();
        let said = |buy, sell| score(&at(buy, sell, Some(0.0)), &p);
        assert!(said(65_000.0, 35_000.0) == 0.0);
        // q = 0.55, z = 2.75: the middle of the band from 1.5 to 4.
        assert!((said(77_500.0, 22_500.0) - 0.5).abs() < 1e-12);
        assert!(said(77_500.0, 22_500.0) == -said(22_500.0, 77_500.0));
        assert!(said(100_000.0, 0.0) == 1.0);
    }

    #[test]
    fn little_flow_and_little_history_say_nothing() {
        let p = FootprintParams::default();
        assert_eq!(z(&at(9_999.0, 0.0, Some(0.0)), &p), None);
        assert_eq!(z(&at(100_000.0, 0.0, None), &p), None);
        assert!(score(&at(100_000.0, 0.0, None), &p) == 0.0);
    }
}
