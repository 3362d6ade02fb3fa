//! Aggressive buying against selling: `q = (B - S) / (B + S)` of the last minute, against its own minutes.

use crate::params::FootprintParams;
use crate::stats::soft;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
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
