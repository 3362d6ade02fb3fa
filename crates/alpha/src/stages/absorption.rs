//! Flow that meets a price which does not move: somebody takes the other side. Selling that is absorbed points up.
//!
//! `s = -sgn(net) min(1, |net| / 500,000 USD)` over 30 s, if `|net|` is 100,000 USD at least and the highest price of the trades over the lowest, less
//! one, stays below `max(2 bp, sigma_30s / 4)`, else 0. Without trades in the window, or without enough history for sigma, nothing is said.

use crate::params::FootprintParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "AbsorptionInputs")]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(net_usd: f64, excursion: Option<f64>, sigma: Option<f64>) -> f64 {
        let inputs = Inputs {
            net_usd,
            excursion,
            sigma,
        };
        score(&inputs, &FootprintParams::default())
    }

    #[test]
    fn what_is_absorbed_points_the_other_way() {
        assert!(at(-250_000.0, Some(1e-4), Some(1e-4)) == 0.5);
        assert!(at(250_000.0, Some(1e-4), Some(1e-4)) == -0.5);
        assert!(at(-1e9, Some(0.0), Some(1e-4)) == 1.0);
    }

    #[test]
    fn it_takes_flow_and_a_still_price() {
        assert!(at(-99_999.0, Some(0.0), Some(1e-4)) == 0.0);
        assert!(at(-250_000.0, Some(3e-4), Some(1e-4)) == 0.0);
        // In a wild market a quarter of what is usual is still.
        assert!(at(-250_000.0, Some(3e-4), Some(2e-3)) == 0.5);
        assert!(at(-250_000.0, None, Some(1e-4)) == 0.0);
        assert!(at(-250_000.0, Some(0.0), None) == 0.0);
    }
}
