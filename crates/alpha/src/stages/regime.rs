//! Price against open interest.
//!
//! `x_p = ln(P / P_60s) / sigma_60s`, `x_o = (dOI_60s / OI) / scale`; sigma from five-second returns (sub-sampled against
//! microstructure noise: Zhang, Mykland and Aït-Sahalia 2005), the scale is robust. The four classes of price and open interest are a convention of traders.
//!
//! | price | open interest | regime | value |
//! |---|---|---|---|
//! | up | builds | aggressive long build | +1.0 |
//! | up | otherwise | short cover | +0.7 |
//! | down | builds | aggressive short build | -1.0 |
//! | down | otherwise | long unwind | -0.7 |
//! | still | builds, and the book leans | stable accumulation or distribution | ±0.4 |
//! | still | otherwise | neutral | 0 |
//!
//! Open interest has no direction of its own: both sides of a contract are counted in it. So a still market is judged by the side to
//! which the book leans, which keeps the stage odd under reflection.

use crate::params::RegimeParams;
use crate::stats::soft;
use hypersentry_model::Coverage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statistics that decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "RegimeInputs")]
pub struct Inputs {
    /// Logarithmic return over the window; absent unless both ends were seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<f64>,
    /// Standard deviation of the return over the window; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sigma: Option<f64>,
    /// Change of open interest over a minute, as a share of it; absent unless both ends were seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_change: Option<f64>,
    /// Robust scale of such changes; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_scale: Option<f64>,
    /// Weighted open interest of the fresh venues, in base units.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_base: Option<f64>,
    /// Mean imbalance of the book by notional over the last minute, from -1 to 1; absent without enough looks at a book.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imbalance: Option<f64>,
    /// Looks behind the imbalance, one a second.
    pub imbalance_looks: u32,
    /// How much of the last minute of prices was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_coverage: Option<Coverage>,
    /// How much of the last minute of open interest was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_coverage: Option<Coverage>,
    /// Five-second returns behind sigma.
    pub price_samples: u32,
    /// Minutes behind the scale of open interest.
    pub oi_samples: u32,
}

impl Inputs {
    /// The price's move in standard deviations, which are not smaller than the floor allows.
    pub fn x_price(&self, params: &RegimeParams) -> Option<f64> {
        let floor = params.sigma_floor_1h * (params.window_s as f64 / 3_600.0).sqrt();
        Some(self.change? / self.sigma?.max(floor))
    }

    /// The change of open interest in robust standard deviations.
    pub fn x_oi(&self, params: &RegimeParams) -> Option<f64> {
        Some(self.oi_change? / self.oi_scale?.max(params.oi_scale_floor))
    }
}

/// The classes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Price up, positions opened.
    AggressiveLongBuild,
    /// Price up, positions not opened.
    ShortCover,
    /// Price down, positions opened.
    AggressiveShortBuild,
    /// Price down, positions not opened.
    LongUnwind,
    /// Price still, positions opened, bids larger.
    StableAccumulation,
    /// Price still, positions opened, asks larger.
    StableDistribution,
    /// None of them, or unknown.
    #[default]
    Neutral,
}

impl Regime {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AggressiveLongBuild => "aggressive long build",
            Self::ShortCover => "short cover",
            Self::AggressiveShortBuild => "aggressive short build",
            Self::LongUnwind => "long unwind",
            Self::StableAccumulation => "stable accumulation",
            Self::StableDistribution => "stable distribution",
            Self::Neutral => "neutral",
        }
    }
}

/// The class and its strength.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Output {
    /// The class.
    pub regime: Regime,
    /// From 0 to 1.
    pub strength: f64,
    /// Value of the class times its strength.
    pub score: f64,
}

/// Classifies.
pub fn score(inputs: &Inputs, params: &RegimeParams) -> Output {
    // Without open interest there is no class: a move alone is no regime.
    let (Some(x_price), Some(x_oi)) = (inputs.x_price(params), inputs.x_oi(params)) else {
        return Output::default();
    };
    let builds = x_oi > params.dead_band;
    let lean = inputs.imbalance.filter(|i| i.abs() >= params.lean);
    let moved = soft(x_price, params.dead_band, params.full_at);
    let (regime, value, strength) = if moved > 0.0 {
        match builds {
            true => (Regime::AggressiveLongBuild, 1.0, moved),
            false => (Regime::ShortCover, 0.7, moved),
        }
    } else if moved < 0.0 {
        match builds {
            true => (Regime::AggressiveShortBuild, -1.0, -moved),
            false => (Regime::LongUnwind, -0.7, -moved),
        }
    } else {
        let strength = soft(x_oi, params.dead_band, params.full_at).max(0.0);
        match lean.filter(|_| builds) {
            Some(lean) if lean > 0.0 => (Regime::StableAccumulation, 0.4, strength),
            Some(_) => (Regime::StableDistribution, -0.4, strength),
            None => (Regime::Neutral, 0.0, 0.0),
        }
    };
    Output {
        regime,
        strength,
        score: value * strength,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x_price: f64, x_oi: f64, imbalance: f64) -> Output {
        let inputs = Inputs {
            change: Some(x_price * 1e-3),
            sigma: Some(1e-3),
            oi_change: Some(x_oi * 1e-4),
            oi_scale: Some(1e-4),
            imbalance: Some(imbalance),
            ..Inputs::default()
        };
        score(&inputs, &RegimeParams::default())
    }

    #[test]
    fn classes() {
        for (x_price, x_oi, imbalance, regime) in [
            (3.0, 3.0, 0.0, Regime::AggressiveLongBuild),
            (3.0, -3.0, 0.0, Regime::ShortCover),
            (3.0, 0.0, -0.9, Regime::ShortCover),
            (-3.0, 3.0, 0.0, Regime::AggressiveShortBuild),
            (-3.0, -3.0, 0.9, Regime::LongUnwind),
            (0.1, 3.0, 0.5, Regime::StableAccumulation),
            (0.1, 3.0, -0.5, Regime::StableDistribution),
            (0.1, 3.0, 0.1, Regime::Neutral),
            (0.1, -3.0, 0.5, Regime::Neutral),
        ] {
            let got = at(x_price, x_oi, imbalance);
            assert_eq!(got.regime, regime, "{x_price} {x_oi} {imbalance}");
            let mirrored = at(-x_price, x_oi, -imbalance);
            assert!(got.score == -mirrored.score);
        }
    }

    #[test]
    fn without_open_interest_there_is_no_class() {
        let inputs = Inputs {
            change: Some(5e-3),
            sigma: Some(1e-3),
            ..Inputs::default()
        };
        assert_eq!(score(&inputs, &RegimeParams::default()), Output::default());
    }

    #[test]
    fn a_step_out_of_standstill_is_no_move() {
        let inputs = Inputs {
            change: Some(5e-5),
            sigma: Some(1e-6),
            ..Inputs::default()
        };
        let x = inputs.x_price(&RegimeParams::default()).unwrap();
        assert!(x < 1.0, "{x}");
    }
}
