//! Funding against its own history, contrarian: crowded longs point down.
//!
//! Rates of all venues as rates per hour, weighted by their open interest; one sample a minute over a week. `z = (rate - mean) / max(std, 1e-6)`,
//! `s = -sgn(z) tanh(max(0, |z| - 2))`. Without a fresh rate or 240 samples there is no score.

use crate::params::FundingParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "FundingInputs")]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hourly: Option<f64>, std: f64) -> Inputs {
        Inputs {
            hourly,
            mean: Some(1e-5),
            std: Some(std),
            samples: 300,
        }
    }

    #[test]
    fn only_extremes_speak_and_they_point_back() {
        let p = FundingParams::default();
        let said = |z: f64| score(&at(Some(1e-5 + z * 1e-5), 1e-5), &p);
        assert!(said(1.9) == 0.0 && said(-1.9) == 0.0);
        assert!(said(3.0) < -0.7 && said(-3.0) > 0.7);
        assert!((said(3.0) + said(-3.0)).abs() < 1e-9);
        assert!(said(50.0) >= -1.0);
    }

    #[test]
    fn without_a_rate_or_a_history_there_is_no_score() {
        let p = FundingParams::default();
        assert!(score(&at(None, 1e-5), &p) == 0.0);
        assert!(score(&Inputs::default(), &p) == 0.0);
        // A rate that stood still is not divided by nothing.
        assert!(score(&at(Some(1.5e-5), 0.0), &p) > -1.0);
    }
}
