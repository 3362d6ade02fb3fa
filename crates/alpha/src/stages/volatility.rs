//! Compression and expansion of ranges. It has no direction: its score is always 0.
//!
//! Range volatility by Parkinson (1980) over one-minute bars, the last 5 over the last 60; compression is one less the
//! percentile of that ratio among those of the last day. COMPRESSION above 0.8 while volume fades (the short span's per minute below the long one's),
//! EXPANSION below 0.2, else TRENDING. Without 60 bars and 120 ratios, which is three hours, it is TRENDING and the compression unknown.

use crate::conviction::VolatilityRegime;
use crate::params::VolatilityParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "VolatilityInputs")]
pub struct Inputs {
    /// From 0 to 1; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compression: Option<f64>,
    /// Volume of the short span over that of the long one, per minute; absent without trades.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub volume_ratio: Option<f64>,
    /// Standard deviation of the return over one hour; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sigma_1h: Option<f64>,
    /// Ratios behind the percentile.
    pub samples: u32,
}

/// The regime. Without data it is the plain one.
pub fn regime(inputs: &Inputs, params: &VolatilityParams) -> VolatilityRegime {
    let Some(compression) = inputs.compression else {
        return VolatilityRegime::Trending;
    };
    let fading = inputs.volume_ratio.is_some_and(|ratio| ratio < 1.0);
    if compression > params.compressed_from && fading {
        VolatilityRegime::Compression
    } else if compression < params.expanded_to {
        VolatilityRegime::Expansion
    } else {
        VolatilityRegime::Trending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regimes() {
        for (compression, volume, expected) in [
            (None, None, VolatilityRegime::Trending),
            (Some(0.9), Some(0.5), VolatilityRegime::Compression),
            (Some(0.9), Some(1.5), VolatilityRegime::Trending),
            (Some(0.9), None, VolatilityRegime::Trending),
            (Some(0.1), None, VolatilityRegime::Expansion),
            (Some(0.5), Some(0.5), VolatilityRegime::Trending),
        ] {
            let inputs = Inputs {
                compression,
                volume_ratio: volume,
                ..Inputs::default()
            };
            assert_eq!(regime(&inputs, &VolatilityParams::default()), expected);
        }
    }
}
