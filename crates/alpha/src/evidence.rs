//! All that one evaluation depended on. From it alone the conviction can be computed again, bit for bit, in another process.

use crate::conviction::{BtcScore, Conviction, Scores, Signal, VolatilityRegime, evaluate};
use crate::observe::Reading;
use crate::params::EngineParams;
use crate::stages::{absorption, flow, funding, impulse, liquidation, regime, sweep, volatility};
use hypersentry_model::Coverage;
use serde::{Deserialize, Serialize};

/// The five components.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
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
}

/// The feeds behind the components, as they stood. An absent one was never seen.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Feeds {
    /// The mid price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mid: Option<Reading>,
    /// The newest trade.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trade: Option<Reading>,
    /// How much of the last minutes' trades was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trade_coverage: Option<Coverage>,
    /// Open interest by venue.
    pub open_interest: Vec<Reading>,
    /// Funding by venue.
    pub funding: Vec<Reading>,
    /// The liquidation feeds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub liquidations: Option<Reading>,
}

/// The record.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Evidence {
    /// Time of the evaluation, UTC ms.
    pub now_ms: i64,
    /// Time of the newest input of price, trades and open interest, UTC ms; 0 before any.
    pub signal_ms: i64,
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
}

/// What follows from a record.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Verdict {
    /// Scores of the components; 0 where their own feed is stale or missing.
    pub scores: Scores,
    /// The class of price and open interest.
    pub regime: regime::Output,
    /// What the volatility does.
    pub volatility_regime: VolatilityRegime,
    /// Signed strengths of sweep, absorption, flow and impulse.
    pub footprint: [f64; 4],
    /// Components whose feed is stale or missing.
    pub silent: Vec<Component>,
    /// Share of the weights whose feeds can be trusted, from 0 to 1.
    pub trust: f64,
    /// The arithmetic's steps.
    pub conviction: Conviction,
    /// Confidence after trust, from 0 to 1.
    pub confidence: f64,
}

/// A component's feed: `None` when it never spoke, else the trust that its age leaves, and whether it is stale.
fn state(reading: Option<&Reading>, now_ms: i64) -> Option<(f64, bool)> {
    reading.map(|r| (r.trust(now_ms), r.is_stale(now_ms)))
}

/// The best of several venues' feeds: one that lives is enough.
fn best(readings: &[Reading], now_ms: i64) -> Option<(f64, bool)> {
    readings
        .iter()
        .filter_map(|r| state(Some(r), now_ms))
        .min_by(|a, b| {
            (a.1, b.0)
                .partial_cmp(&(b.1, a.0))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
}

/// Both are needed: the worse one counts.
fn both(a: Option<(f64, bool)>, b: Option<(f64, bool)>) -> Option<(f64, bool)> {
    let (a, b) = (a?, b?);
    Some((a.0.min(b.0), a.1 || b.1))
}

impl Evidence {
    /// Whether and how far the feed of a component can be trusted.
    fn feed(&self, component: Component) -> Option<(f64, bool)> {
        let now_ms = self.now_ms;
        let mid = state(self.feeds.mid.as_ref(), now_ms);
        match component {
            Component::Regime => both(mid, best(&self.feeds.open_interest, now_ms)),
            Component::Footprint => both(mid, state(self.feeds.trade.as_ref(), now_ms)),
            Component::Volatility => mid,
            Component::Funding => best(&self.feeds.funding, now_ms),
            Component::Liquidation => both(mid, state(self.feeds.liquidations.as_ref(), now_ms)),
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
            liquidation: liquidation::score(&self.liquidation),
        };
        let mut silent = Vec::new();
        let (mut trusted, mut weights) = (0.0, 0.0);
        let w = &params.conviction.weights;
        for component in Component::ALL {
            let (score, weight) = match component {
                Component::Regime => (&mut scores.regime, w.regime),
                Component::Footprint => (&mut scores.footprint, w.footprint),
                Component::Volatility => (&mut scores.volatility, w.volatility),
                Component::Funding => (&mut scores.funding, w.funding),
                Component::Liquidation => (&mut scores.liquidation, w.liquidation),
            };
            let feed = self.feed(component);
            if feed.is_none_or(|(_, stale)| stale) {
                *score = 0.0;
                silent.push(component);
            }
            weights += weight;
            trusted += weight * feed.map_or(0.0, |(trust, _)| trust);
        }
        let trust = if weights > 0.0 {
            trusted / weights
        } else {
            0.0
        };
        let volatility_regime = volatility::regime(&self.volatility, &params.volatility);
        let signal = Signal {
            scores,
            volatility_regime,
            signal_ms: self.signal_ms,
            now_ms: self.now_ms,
            btc: self.btc,
        };
        let conviction = evaluate(&signal, &params.conviction);
        Verdict {
            scores,
            regime,
            volatility_regime,
            footprint,
            silent,
            trust,
            conviction,
            confidence: conviction.confidence * trust,
        }
    }
}
