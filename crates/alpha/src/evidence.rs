//! All that one evaluation depended on. From it alone the conviction can be computed again, bit for bit, in another process.

use crate::conviction::{BtcScore, Conviction, Scores, Signal, VolatilityRegime, evaluate};
use crate::feeds::{Feeds, Standing};
use crate::params::EngineParams;
use crate::stages::{absorption, flow, funding, impulse, liquidation, regime, sweep, volatility};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The five components.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ConvictionComponent")]
pub enum Component {
    /// Price and open interest together.
    Regime,
    /// Sweeps, absorption, flow, impulse.
    Footprint,
    /// Has no direction.
    Volatility,
    /// Contrarian.
    Funding,
    /// Forced closings.
    Liquidation,
}

impl Component {
    /// All, in the order of their weights in the specification.
    pub const ALL: [Self; 5] = [
        Self::Regime,
        Self::Footprint,
        Self::Volatility,
        Self::Funding,
        Self::Liquidation,
    ];

    /// Its id in the tree and in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regime => "regime",
            Self::Footprint => "footprint",
            Self::Volatility => "volatility",
            Self::Funding => "funding",
            Self::Liquidation => "liquidation",
        }
    }

    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Regime => "Regime",
            Self::Footprint => "Footprint",
            Self::Volatility => "Volatility",
            Self::Funding => "Funding",
            Self::Liquidation => "Liquidation",
        }
    }
}

/// The record.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Evidence {
    /// Time of the evaluation, UTC ms.
    pub now_ms: i64,
    /// Time of the newest news of price, trades and open interest, UTC ms; absent before any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal_ms: Option<i64>,
    /// Statistics of each stage.
    pub regime: regime::Inputs,
    /// Statistics of each stage.
    pub volatility: volatility::Inputs,
    /// Statistics of each stage.
    pub liquidation: liquidation::Inputs,
    /// Statistics of each stage.
    pub sweep: sweep::Inputs,
    /// Statistics of each stage.
    pub absorption: absorption::Inputs,
    /// Statistics of each stage.
    pub flow: flow::Inputs,
    /// Statistics of each stage.
    pub impulse: impulse::Inputs,
    /// Statistics of each stage.
    pub funding: funding::Inputs,
    /// The feeds behind them.
    pub feeds: Feeds,
    /// Bitcoin's score, where it is blended in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub btc: Option<BtcScore>,
    /// The symbol shares some of Bitcoin's conviction, but there was none at the tick before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub btc_missing: bool,
}

/// What follows from a record.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Verdict {
    /// Scores of the components; 0 where their own feed is stale or missing.
    pub scores: Scores,
    /// The class of price and open interest.
    pub regime: regime::Output,
    /// What the volatility does.
    pub volatility_regime: VolatilityRegime,
    /// Signed strengths of sweep, absorption, flow and impulse.
    pub footprint: [f64; 4],
    /// How the components' feeds stand, in the order of [`Component::ALL`].
    pub standings: [Standing; 5],
    /// Share of the weights whose feeds can be trusted, from 0 to 1.
    pub trust: f64,
    /// The arithmetic's steps.
    pub conviction: Conviction,
    /// Confidence after trust, from 0 to 1.
    pub confidence: f64,
}

impl Evidence {
    /// Age of the newest news; `None` before any.
    pub fn age_ms(&self) -> Option<i64> {
        self.signal_ms.map(|at| self.now_ms.saturating_sub(at))
    }

    /// Whether a component has the history that it needs to say anything.
    pub fn is_ready(&self, component: Component, params: &EngineParams) -> bool {
        match component {
            Component::Regime => {
                let p = &params.regime;
                self.regime.x_price(p).is_some() && self.regime.x_oi(p).is_some()
            }
            Component::Footprint => self.flow.mean.is_some(),
            Component::Volatility => self.volatility.compression.is_some(),
            Component::Funding => funding::z(&self.funding, &params.funding).is_some(),
            Component::Liquidation => self.liquidation.fed,
        }
    }

    /// Judges the record.
    pub fn judge(&self, params: &EngineParams) -> Verdict {
        let p = &params.footprint;
        let regime = regime::score(&self.regime, &params.regime);
        let footprint = [
            sweep::score(&self.sweep, p),
            absorption::score(&self.absorption, p),
            flow::score(&self.flow, p),
            impulse::score(&self.impulse, p),
        ];
        let [sweep, absorption, flow, impulse] = footprint;
        let [a, b, c, d] = p.shares;
        let mut scores = Scores {
            regime: regime.score,
            footprint: (a * sweep + b * absorption + c * flow + d * impulse).clamp(-1.0, 1.0),
            volatility: 0.0,
            funding: funding::score(&self.funding, &params.funding),
            liquidation: liquidation::score(&self.liquidation, &params.liquidation),
        };
        let standings = Component::ALL.map(|c| self.feeds.standing(c, self.now_ms));
        let fields = [
            &mut scores.regime,
            &mut scores.footprint,
            &mut scores.volatility,
            &mut scores.funding,
            &mut scores.liquidation,
        ];
        let (mut trusted, mut all) = (0.0, 0.0);
        let weights = params.conviction.weights.all();
        for ((score, standing), weight) in fields.into_iter().zip(&standings).zip(weights) {
            if !standing.speaks() {
                *score = 0.0;
            }
            all += weight;
            trusted += weight * standing.trust;
        }
        let trust = if all > 0.0 { trusted / all } else { 0.0 };
        let signal = self.signal(scores, trust, params);
        let conviction = evaluate(&signal, &params.conviction);
        Verdict {
            scores,
            regime,
            volatility_regime: signal.volatility_regime,
            footprint,
            standings,
            trust,
            conviction,
            confidence: conviction.confidence * trust,
        }
    }

    /// What the arithmetic is given.
    pub(crate) fn signal(&self, scores: Scores, trust: f64, params: &EngineParams) -> Signal {
        Signal {
            scores,
            volatility_regime: volatility::regime(&self.volatility, &params.volatility),
            compression: self.volatility.compression,
            // Before any news there is nothing that could be young.
            signal_ms: self.signal_ms.unwrap_or(i64::MIN),
            now_ms: self.now_ms,
            // An asset of which nothing is known has no opinion, whatever Bitcoin does.
            btc: self.btc.filter(|_| trust > 0.0),
        }
    }
}
