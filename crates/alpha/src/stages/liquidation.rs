//! Forced closings about the price: where shorts were closed above it the market was squeezed up, where longs were closed
//! below it, down.
//!
//! `s = sgn(U - D) max(0, |U - D| - b N) / (U + D + K)` with `U` the notional of shorts closed within 1 % above the price, `D` that of longs closed
//! within 1 % below, and `K` a notional that shrinks what is small. `N` is the root of the sum of the squares of all these notionals: the
//! imbalance that they would have if coins decided the sides. Within `b` times that nothing is said, so that one large closing is no opinion.
//! Odd, bounded, 0 without data.

use crate::params::LiquidationParams;
use hypersentry_model::{Coverage, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was closed by force within one distance of the price.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Band {
    /// Its width, as a share of the price.
    pub width: f64,
    /// Shorts closed above the price, in USD.
    pub up_usd: f64,
    /// Longs closed below it, in USD.
    pub down_usd: f64,
    /// Root of the sum of squares of the closings' notionals, in USD.
    pub chance_usd: f64,
    /// Closings in it.
    pub prints: u32,
}

impl Band {
    /// Which side was squeezed: one that is larger by a fifth, and by more than what shrinks small imbalances.
    pub fn squeezed(&self, shrink_usd: f64) -> Option<Squeezed> {
        let ahead = (self.up_usd - self.down_usd).abs() > 0.1 * shrink_usd;
        if ahead && self.up_usd > 1.2 * self.down_usd {
            Some(Squeezed::Shorts)
        } else if ahead && self.down_usd > 1.2 * self.up_usd {
            Some(Squeezed::Longs)
        } else {
            None
        }
    }
}

/// Whose positions were closed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Squeezed {
    /// Shorts, above the price.
    Shorts,
    /// Longs, below it.
    Longs,
}

/// The statistics that decide.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "LiquidationInputs")]
pub struct Inputs {
    /// The bands that are shown, the narrowest first; all nothing without a price.
    pub bands: [Band; 4],
    /// `K`, in USD.
    pub shrink_usd: f64,
    /// Closings that are remembered and not too old, whatever their distance.
    pub prints: u32,
    /// Time of the oldest of them, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oldest_ms: Option<i64>,
    /// Time of the newest of them, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub newest_ms: Option<i64>,
    /// Whose closings they are, in the order of the sources. All of them are closings that a venue told; none is estimated.
    pub sources: Vec<Source>,
    /// How much of the time that is looked at some venue's feed lived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage: Option<Coverage>,
    /// Whether any venue's feed was seen.
    pub fed: bool,
}

impl Inputs {
    /// The band that is scored.
    pub fn scored(&self, params: &LiquidationParams) -> Band {
        self.bands
            .get(params.scored_band)
            .copied()
            .unwrap_or_default()
    }
}

/// `K` for this open interest.
pub fn shrink_usd(open_interest_usd: Option<f64>, params: &LiquidationParams) -> f64 {
    let share = open_interest_usd.unwrap_or(0.0) * params.shrink_oi;
    share.max(params.shrink_usd)
}

/// The score.
pub fn score(inputs: &Inputs, params: &LiquidationParams) -> f64 {
    let band = inputs.scored(params);
    let all = band.up_usd + band.down_usd + inputs.shrink_usd;
    if !inputs.fed || all <= 0.0 {
        return 0.0;
    }
    let ahead = band.up_usd - band.down_usd;
    let beyond = (ahead.abs() - params.dead_band * band.chance_usd).max(0.0);
    let strength = beyond / all;
    if ahead < 0.0 { -strength } else { strength }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(up_usd: f64, down_usd: f64) -> Inputs {
        let band = Band {
            width: 0.01,
            up_usd,
            down_usd,
            chance_usd: 0.0,
            prints: 1,
        };
        Inputs {
            bands: [band; 4],
            shrink_usd: 250_000.0,
            fed: true,
            ..Inputs::default()
        }
    }

    #[test]
    fn small_prints_say_little_and_no_prints_nothing() {
        let at = |up, down| score(&inputs(up, down), &LiquidationParams::default());
        assert!(at(0.0, 0.0) == 0.0);
        assert!(at(1.0, 0.0) < 1e-5);
        assert!(at(2e6, 1e6) == -at(1e6, 2e6));
        assert!(at(1e12, 0.0) > 0.99);
    }

    #[test]
    fn what_coins_could_have_done_says_nothing() {
        let mut same = inputs(3e6, 0.0);
        for (chance_usd, silent) in [(3e6, true), (2e6, true), (1e6, false)] {
            same.bands[1].chance_usd = chance_usd;
            let score = score(&same, &LiquidationParams::default());
            assert_eq!(score == 0.0, silent, "{chance_usd}: {score}");
        }
    }

    #[test]
    fn a_side_is_squeezed_when_it_is_clearly_larger() {
        let at = |up, down| inputs(up, down).bands[1].squeezed(250_000.0);
        assert_eq!(at(1e6, 5e5), Some(Squeezed::Shorts));
        assert_eq!(at(5e5, 1e6), Some(Squeezed::Longs));
        assert_eq!(at(1.1e6, 1e6), None);
        assert_eq!(at(1.0, 0.0), None);
    }

    #[test]
    fn without_a_feed_there_is_no_score() {
        let blind = Inputs {
            fed: false,
            ..inputs(1e9, 0.0)
        };
        assert!(score(&blind, &LiquidationParams::default()) == 0.0);
    }
}
