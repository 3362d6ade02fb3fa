//! Orders that clear the book: within half a second, net one-sided flow larger than the depth that stood before it.

use crate::params::FootprintParams;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
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
