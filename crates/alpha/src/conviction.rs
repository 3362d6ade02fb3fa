//! The conviction arithmetic of the specification's section 21: five component scores to one figure from 0 to 100.
//!
//! ```text
//! raw   = sum(w_i s_i)
//! n0    = raw / sum(w_i)                                  all five weights, also those of components without data
//! n1    = n0 * 2^-(max(0, age - 30 s) / 120 s)            age of the signal
//! n2    = 0.8 n1 + 0.2 rho (btc - 50) / 50                 only where Bitcoin's score is younger than 120 s
//! m     = sgn(n2) |n2|^0.7
//! score = round((m + 1) * 50), halves to even
//! ```
//!
//! The specification says of volatility both that it amplifies and that its score is 0; its arithmetic has no amplifier. Neither has this by
//! default. With [`crate::params::VolAmplifier`] the weight of volatility leaves the divisor and `n0` is multiplied.
//!
//! A pure function: evaluating it again from the same [`Signal`] gives the same bits.

use crate::params::ConvictionParams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Scores of the components, each from -1 (short) to 1 (long); 0 says nothing, also when there are no data.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Scores {
    /// Price and open interest together.
    pub regime: f64,
    /// Sweeps, absorption, flow, impulse.
    pub footprint: f64,
    /// Always 0: volatility has no direction.
    pub volatility: f64,
    /// Contrarian.
    pub funding: f64,
    /// Forced closings.
    pub liquidation: f64,
}

/// What the market's volatility does.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VolatilityRegime {
    /// Neither of the others, or unknown.
    #[default]
    #[serde(alias = "TRENDING")]
    Trending,
    /// Ranges shrink.
    #[serde(alias = "COMPRESSION")]
    Compression,
    /// Ranges grow.
    #[serde(alias = "EXPANSION")]
    Expansion,
}

impl VolatilityRegime {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Trending => "trending",
            Self::Compression => "compression",
            Self::Expansion => "expansion",
        }
    }
}

impl Scores {
    /// In the order of [`crate::evidence::Component::ALL`].
    pub const fn all(&self) -> [f64; 5] {
        [
            self.regime,
            self.footprint,
            self.volatility,
            self.funding,
            self.liquidation,
        ]
    }
}

/// Bitcoin's own score, as it was published.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct BtcScore {
    /// From 0 to 100.
    pub score: f64,
    /// The time of its signal, UTC ms.
    pub ts_ms: i64,
    /// How much of it the asset shares.
    pub coefficient: f64,
}

impl BtcScore {
    /// Bitcoin's score as the asset `symbol` sees it, where it shares anything. `score` and `signal_ms` are those of Bitcoin's record of the tick
    /// before.
    pub fn seen_by(
        symbol: &str,
        score: u8,
        signal_ms: i64,
        params: &ConvictionParams,
    ) -> Option<Self> {
        let coefficient = *params.btc_coefficients.get(symbol)?;
        (coefficient > 0.0).then(|| Self {
            score: f64::from(score),
            ts_ms: signal_ms,
            coefficient,
        })
    }
}

/// All that the arithmetic depends on.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Signal {
    /// Component scores.
    pub scores: Scores,
    /// Decides the reward to risk ratio, and the amplifier where there is one.
    pub volatility_regime: VolatilityRegime,
    /// Degree of compression, from 0 to 1, for the amplifier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compression: Option<f64>,
    /// Time of the newest input, UTC ms.
    pub signal_ms: i64,
    /// Time of the evaluation, UTC ms.
    pub now_ms: i64,
    /// Absent for Bitcoin itself, for assets that share nothing, and where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub btc: Option<BtcScore>,
}

/// Which way the engine leans.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Bias {
    /// Up.
    Long,
    /// Down.
    Short,
    /// No opinion.
    Neutral,
}

/// The result with its intermediate values, so that each step can be shown.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Conviction {
    /// Weighted sum of the components.
    pub raw: f64,
    /// What the sum is divided by.
    pub divisor: f64,
    /// What it is multiplied by: 1 without an amplifier.
    pub amplifier: f64,
    /// Normalised sum of the components, `n0`.
    pub normalised: f64,
    /// Factor of the signal's age, from 0 to 1.
    pub decay: f64,
    /// After it, `n1`.
    pub decayed: f64,
    /// What Bitcoin adds to `n2`, sign included; absent where nothing is blended in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub btc_influence: Option<f64>,
    /// After Bitcoin's score, `n2`.
    pub blended: f64,
    /// Signed strength `m`, from -1 to 1.
    pub strength: f64,
    /// From 0 to 100.
    pub score: u8,
    /// Size of the strength, from 0 to 1, before the inputs' ages are judged.
    pub confidence: f64,
    /// Which way.
    pub bias: Bias,
    /// Reward to risk, from 1 to 5.
    pub rr_target: f64,
}

impl Conviction {
    /// What a component of this weight and score adds to `n0`.
    pub fn contribution(&self, weight: f64, score: f64) -> f64 {
        if self.divisor > 0.0 {
            weight * score / self.divisor * self.amplifier
        } else {
            0.0
        }
    }
}

/// Evaluates a signal.
pub fn evaluate(signal: &Signal, params: &ConvictionParams) -> Conviction {
    let w = &params.weights;
    let s = &signal.scores;
    let raw = w.regime * s.regime
        + w.footprint * s.footprint
        + w.volatility * s.volatility
        + w.funding * s.funding
        + w.liquidation * s.liquidation;
    let (divisor, amplifier) = scale(signal, params);
    let normalised = if divisor > 0.0 {
        raw / divisor * amplifier
    } else {
        0.0
    };
    let decay = decay(signal.now_ms.saturating_sub(signal.signal_ms), params);
    let decayed = normalised * decay;
    let btc_influence = blend(signal, params);
    let blended = match btc_influence {
        Some(influence) => params.own_share * decayed + influence,
        None => decayed,
    };
    let strength = strength(blended, params);
    let score = score(strength);
    Conviction {
        raw,
        divisor,
        amplifier,
        normalised,
        decay,
        decayed,
        btc_influence,
        blended,
        strength,
        score,
        confidence: strength.abs(),
        bias: bias(score, params),
        rr_target: rr_target(score, signal.volatility_regime, params),
    }
}

/// The signed power `m` of the blended sum.
pub(crate) fn strength(blended: f64, params: &ConvictionParams) -> f64 {
    let size = libm::pow(blended.abs().min(1.0), params.power);
    if blended > 0.0 {
        size
    } else if blended < 0.0 {
        -size
    } else {
        0.0
    }
}

/// From 0 to 100, halves to even.
pub(crate) fn score(strength: f64) -> u8 {
    ((strength + 1.0) * 50.0)
        .round_ties_even()
        .clamp(0.0, 100.0) as u8
}

/// Divisor and factor of the weighted sum.
fn scale(signal: &Signal, params: &ConvictionParams) -> (f64, f64) {
    let w = &params.weights;
    let directed = w.regime + w.footprint;
    let Some(amplifier) = &params.vol_amplifier else {
        return (directed + w.volatility + w.funding + w.liquidation, 1.0);
    };
    let factor = match signal.volatility_regime {
        VolatilityRegime::Trending => 1.0,
        VolatilityRegime::Compression => {
            amplifier.compression
                + amplifier.compression_slope * signal.compression.unwrap_or_default()
        }
        VolatilityRegime::Expansion => amplifier.expansion,
    };
    (directed + w.funding + w.liquidation, factor)
}

/// What is left of a signal of this age.
pub(crate) fn decay(age_ms: i64, params: &ConvictionParams) -> f64 {
    let old_ms = age_ms.saturating_sub(params.fresh_ms);
    if old_ms <= 0 {
        return 1.0;
    }
    libm::exp2(-(old_ms as f64) / params.half_life_ms.max(1) as f64)
}

fn blend(signal: &Signal, params: &ConvictionParams) -> Option<f64> {
    let btc = signal.btc.filter(|btc| btc.coefficient > 0.0)?;
    let age_ms = signal.now_ms.saturating_sub(btc.ts_ms);
    if age_ms >= params.btc_max_age_ms {
        return None;
    }
    Some((1.0 - params.own_share) * btc.coefficient * ((btc.score - 50.0) / 50.0))
}

pub(crate) fn bias(score: u8, params: &ConvictionParams) -> Bias {
    if score >= params.long_from {
        Bias::Long
    } else if score <= params.short_to {
        Bias::Short
    } else {
        Bias::Neutral
    }
}

/// Rounded to a tenth, halves to even.
fn rr_target(score: u8, regime: VolatilityRegime, params: &ConvictionParams) -> f64 {
    let base = match regime {
        VolatilityRegime::Trending => params.rr_base,
        VolatilityRegime::Compression => params.rr_compression,
        VolatilityRegime::Expansion => params.rr_expansion,
    };
    let strong = score.abs_diff(50) >= params.rr_strong_from;
    let ratio = if strong {
        base * params.rr_strong
    } else {
        base
    };
    (ratio.clamp(1.0, 5.0) * 10.0).round_ties_even() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(scores: Scores, age_ms: i64) -> Conviction {
        let signal = Signal {
            scores,
            now_ms: 1_760_000_000_000,
            signal_ms: 1_760_000_000_000 - age_ms,
            ..Signal::default()
        };
        evaluate(&signal, &ConvictionParams::default())
    }

    fn regime(regime: f64) -> Scores {
        Scores {
            regime,
            ..Scores::default()
        }
    }

    #[test]
    fn nothing_known_is_neutral() {
        let none = at(Scores::default(), 0);
        assert_eq!((none.score, none.bias), (50, Bias::Neutral));
        assert!(none.confidence == 0.0);
    }

    #[test]
    fn a_signal_halves_after_its_fresh_time() {
        assert!(at(regime(1.0), 30_000) == at(regime(1.0), 0));
        let old = at(regime(1.0), 150_000);
        assert!(old.decay == 0.5);
    }

    #[test]
    fn missing_components_keep_their_weight() {
        assert!((at(regime(1.0), 0).normalised - 0.35).abs() < 1e-12);
    }

    #[test]
    fn an_amplifier_multiplies_and_leaves_the_divisor() {
        let params = ConvictionParams {
            vol_amplifier: Some(crate::params::VolAmplifier::default()),
            ..ConvictionParams::default()
        };
        let at = |volatility_regime, compression| {
            let signal = Signal {
                scores: regime(0.5),
                volatility_regime,
                compression,
                ..Signal::default()
            };
            evaluate(&signal, &params).normalised
        };
        let plain = 0.5 * 0.35 / 0.85;
        for (regime, compression, factor) in [
            (VolatilityRegime::Trending, Some(0.5), 1.0),
            (VolatilityRegime::Compression, Some(0.8), 1.35),
            (VolatilityRegime::Expansion, Some(0.1), 0.85),
        ] {
            let got = at(regime, compression);
            assert!((got - plain * factor).abs() < 1e-12, "{regime:?}: {got}");
        }
    }

    #[test]
    fn bitcoin_is_seen_by_those_that_share_it() {
        let params = ConvictionParams::default();
        let seen = BtcScore::seen_by("ETH", 70, 5, &params).unwrap();
        assert!(seen.coefficient == 0.85 && seen.score == 70.0 && seen.ts_ms == 5);
        assert_eq!(BtcScore::seen_by("BTC", 70, 5, &params), None);
        assert_eq!(BtcScore::seen_by("XYZ", 70, 5, &params), None);
    }

    fn scores() -> impl Strategy<Value = Scores> {
        let one = || -1.0..=1.0f64;
        (one(), one(), one(), one()).prop_map(|(regime, footprint, funding, liquidation)| Scores {
            regime,
            footprint,
            volatility: 0.0,
            funding,
            liquidation,
        })
    }

    proptest! {
        /// Negating every direction mirrors the score.
        #[test]
        fn the_mirror_image_has_the_mirrored_score(
            scores in scores(),
            age_ms in 0i64..400_000,
            btc in prop::option::of((0u8..=100, 0i64..200_000)),
        ) {
            let signal = |sign: f64| Signal {
                compression: None,
                scores: Scores {
                    regime: sign * scores.regime,
                    footprint: sign * scores.footprint,
                    volatility: 0.0,
                    funding: sign * scores.funding,
                    liquidation: sign * scores.liquidation,
                },
                volatility_regime: VolatilityRegime::Trending,
                signal_ms: -age_ms,
                now_ms: 0,
                btc: btc.map(|(score, age)| BtcScore {
                    score: 50.0 + sign * (f64::from(score) - 50.0),
                    ts_ms: -age,
                    coefficient: 0.85,
                }),
            };
            let params = ConvictionParams::default();
            let (up, down) = (evaluate(&signal(1.0), &params), evaluate(&signal(-1.0), &params));
            prop_assert_eq!(up.score, 100 - down.score);
            prop_assert_eq!(up.strength, -down.strength);
            prop_assert_eq!(up.confidence, down.confidence);
            prop_assert_eq!(up.rr_target, down.rr_target);
            prop_assert_eq!(up.bias == Bias::Long, down.bias == Bias::Short);
        }

        #[test]
        fn each_component_pulls_its_own_way(base in scores(), more in 0.0..1.0f64, which in 0usize..4) {
            let mut raised = base;
            let field = match which {
                0 => &mut raised.regime,
                1 => &mut raised.footprint,
                2 => &mut raised.funding,
                _ => &mut raised.liquidation,
            };
            *field = (*field + more).min(1.0);
            prop_assert!(at(raised, 0).score >= at(base, 0).score);
        }

        #[test]
        fn age_only_weakens(scores in scores(), age in 0i64..600_000, more in 0i64..600_000) {
            let (young, old) = (at(scores, age), at(scores, age + more));
            prop_assert!(old.score.abs_diff(50) <= young.score.abs_diff(50));
            prop_assert!(old.strength * young.strength >= 0.0);
        }
    }
}
