//! Flow that meets a price which does not move: somebody takes the other side. Selling that is absorbed points up.

use crate::params::FootprintParams;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Inputs {
    /// Buying less selling in the window, in USD.
    pub net_usd: f64,
    /// Highest price over lowest in the window, less one; absent without trades.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub excursion: Option<f64>,
    /// Standard deviation of the return over the window; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sigma: Option<f64>,
}

/// Signed strength, from -1 to 1.
pub fn score(inputs: &Inputs, params: &FootprintParams) -> f64 {
    let size = inputs.net_usd.abs();
    let (Some(excursion), Some(sigma)) = (inputs.excursion, inputs.sigma) else {
        return 0.0;
    };
    let still = excursion < params.absorption_move.max(0.25 * sigma);
    if size < params.absorption_usd || !still {
        return 0.0;
    }
    let strength = (size / (params.absorption_full * params.absorption_usd)).min(1.0);
    if inputs.net_usd < 0.0 {
        strength
    } else {
        -strength
    }
}
