//! Funding against its own history, contrarian: crowded longs point down.
//!
//! Rates of all venues as rates per hour, weighted by their open interest; one sample a minute.

use crate::params::FundingParams;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Inputs {
    /// The rate per hour now; absent when no venue tells one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hourly: Option<f64>,
    /// Mean of the history; absent without enough of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean: Option<f64>,
    /// Standard deviation of the history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub std: Option<f64>,
    /// Minutes behind them.
    pub samples: u32,
}

/// The deviation in standard deviations, if there is something to say.
pub fn z(inputs: &Inputs, params: &FundingParams) -> Option<f64> {
    Some((inputs.hourly? - inputs.mean?) / inputs.std?.max(params.std_floor))
}

/// From -1 to 1. Only extremes say something: rates hang together for days, so a deviation of one is the rule.
pub fn score(inputs: &Inputs, params: &FundingParams) -> f64 {
    z(inputs, params).map_or(0.0, |z| {
        let beyond = (z.abs() - params.dead_band).max(0.0);
        let strength = libm::tanh(beyond);
        if z > 0.0 { -strength } else { strength }
    })
}
