//! Price and flow that jump the same way within ten seconds.
//!
//! `s = sgn(x_p) min(1, (|x_p| / 2) (|x_f| / 2) / 5)` if the price's move `x_p` and the net flow `x_f` have the same sign and both are 2 at least, in robust
//! standard deviations of the ten-second windows of the last hour, and the net flow is 50,000 USD at least; else 0. Without 60 windows there is no scale.

use crate::params::FootprintParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ImpulseInputs")]
pub struct Inputs {
    /// Logarithmic return over the window; absent unless both ends were seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<f64>,
    /// Robust scale of such returns; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_scale: Option<f64>,
    /// Robust scale of the flow, in USD; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow_scale: Option<f64>,
    /// Buying less selling, in USD.
    pub net_usd: f64,
    /// Windows behind the scales.
    pub samples: u32,
}

impl Inputs {
    /// The price's move in robust standard deviations.
    pub fn x_price(&self) -> Option<f64> {
        let scale = self.price_scale.filter(|s| *s > 0.0)?;
        Some(self.change? / scale)
    }

    /// The flow in robust standard deviations.
    pub fn x_flow(&self) -> Option<f64> {
        let scale = self.flow_scale.filter(|s| *s > 0.0)?;
        Some(self.net_usd / scale)
    }
}

/// Signed strength, from -1 to 1.
pub fn score(inputs: &Inputs, params: &FootprintParams) -> f64 {
    let (Some(x_price), Some(x_flow)) = (inputs.x_price(), inputs.x_flow()) else {
        return 0.0;
    };
    let sd = params.impulse_sd;
    let together = x_price * x_flow > 0.0 && x_price.abs() >= sd && x_flow.abs() >= sd;
    if !together || inputs.net_usd.abs() < params.impulse_usd {
        return 0.0;
    }
    let product = (x_price.abs() / sd) * (x_flow.abs() / sd);
    let strength = (product / params.impulse_full).min(1.0);
    if x_price < 0.0 { -strength } else { strength }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x_price: f64, x_flow: f64) -> Inputs {
        Inputs {
            change: Some(x_price * 1e-4),
            price_scale: Some(1e-4),
            flow_scale: Some(40_000.0),
            net_usd: x_flow * 40_000.0,
            samples: 100,
        }
    }

    #[test]
    fn both_jump_the_same_way() {
        let p = FootprintParams::default();
        let said = |x_price, x_flow| score(&at(x_price, x_flow), &p);
        assert!((said(4.0, 5.0) - 1.0).abs() < 1e-12);
        assert!((said(2.5, 4.0) - 0.5).abs() < 1e-12);
        assert!(said(2.5, 4.0) == -said(-2.5, -4.0));
        for (x_price, x_flow) in [(1.9, 9.0), (9.0, 1.9), (4.0, -4.0), (-4.0, 4.0)] {
            assert!(said(x_price, x_flow) == 0.0, "{x_price} {x_flow}");
        }
    }

    #[test]
    fn it_takes_a_floor_of_flow_and_history() {
        let p = FootprintParams::default();
        let quiet = Inputs {
            flow_scale: Some(1_000.0),
            net_usd: 49_000.0,
            ..at(9.0, 9.0)
        };
        assert!(score(&quiet, &p) == 0.0);
        let young = Inputs {
            price_scale: None,
            ..at(9.0, 9.0)
        };
        assert!(score(&young, &p) == 0.0);
        // A price that never moved has no scale to be measured by.
        let still = Inputs {
            price_scale: Some(0.0),
            ..at(9.0, 9.0)
        };
        assert!(score(&still, &p) == 0.0);
    }
}
