//! Orders that clear the book: within three slots of the grid (600 ms), net one-sided flow larger than the depth that stood before it.
//!
//! `s = sgn(net) min(1, |net| / (5 T))` if `|net| > T`, `|net| > depth` and at least two levels were crossed, else 0; all in USD. `T` is the larger of
//! 50,000 USD and the 99th percentile of such windows; `depth` is that of the first three levels on the side that was hit, in the book of the slot before the
//! window (order flow against depth: Cont, Kukanov and Stoikov 2014). Without a book before the window there is no sweep.

use crate::params::FootprintParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "SweepInputs")]
pub struct Inputs {
    /// Buying less selling in the window, in USD.
    pub net_usd: f64,
    /// Notional of the first levels on the side that was hit, before the window; absent without a book.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub depth_usd: Option<f64>,
    /// Levels of that book that the window's prices crossed.
    pub levels: u32,
    /// Net flow from which there may be a sweep, in USD.
    pub threshold_usd: f64,
    /// Windows behind the threshold's percentile.
    pub samples: u32,
}

/// Signed strength, from -1 to 1.
pub fn score(inputs: &Inputs, params: &FootprintParams) -> f64 {
    let size = inputs.net_usd.abs();
    let Some(depth) = inputs.depth_usd.filter(|depth| *depth > 0.0) else {
        return 0.0;
    };
    let clears = size > params.sweep_depth * depth && inputs.levels >= 2;
    if size <= inputs.threshold_usd || !clears {
        return 0.0;
    }
    let strength = (size / (params.sweep_full * inputs.threshold_usd)).min(1.0);
    if inputs.net_usd < 0.0 {
        -strength
    } else {
        strength
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(net_usd: f64, depth_usd: Option<f64>, levels: u32) -> f64 {
        let inputs = Inputs {
            net_usd,
            depth_usd,
            levels,
            threshold_usd: 50_000.0,
            samples: 1_000,
        };
        score(&inputs, &FootprintParams::default())
    }

    #[test]
    fn a_sweep_exceeds_its_threshold_and_the_depth_and_crosses_levels() {
        assert!(at(50_000.0, Some(10_000.0), 3) == 0.0);
        assert!(at(125_000.0, Some(10_000.0), 3) == 0.5);
        assert!(at(125_000.0, Some(125_000.0), 3) == 0.0);
        assert!(at(125_000.0, Some(10_000.0), 1) == 0.0);
        assert!(at(125_000.0, None, 3) == 0.0);
        assert!(at(125_000.0, Some(0.0), 3) == 0.0);
        assert!(at(1e9, Some(10_000.0), 3) == 1.0);
        assert!(at(-125_000.0, Some(10_000.0), 3) == -0.5);
    }
}
