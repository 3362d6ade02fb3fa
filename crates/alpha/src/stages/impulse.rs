//! Price and flow that jump the same way within ten seconds.

use crate::params::FootprintParams;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
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
