//! `alpha_conviction`: one evaluation of one symbol, complete in itself.

use crate::conviction::{Bias, VolatilityRegime};
use crate::evidence::{Component, Evidence, Verdict};
use crate::params::EngineParams;
use crate::stages::regime::Regime;
use crate::why::lines;
use hypersentry_model::agg::TsSource;
use hypersentry_model::{Freshness, Mode, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct AlphaConviction {
    /// Always the receive time: an evaluation has no event time of a venue.
    pub ts_source: TsSource,
    /// Time of the evaluation, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// Which parameters: [`EngineParams::digest`].
    pub params: String,
    /// Time of the newest news of price, trades and open interest, UTC ms; absent before any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal_ms: Option<i64>,
    /// Its age; absent before any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age_ms: Option<i64>,
    /// From 0 to 100; 50 is no opinion.
    pub score: u8,
    /// Which way.
    pub bias: Bias,
    /// Signed, from -1 to 1.
    pub strength: f64,
    /// From 0 to 1: the strength's size times the trust.
    pub confidence: f64,
    /// Share of the weights whose feeds can be trusted, from 0 to 1.
    pub trust: f64,
    /// Reward to risk.
    pub rr_target: f64,
    /// The class of price and open interest.
    pub regime: Regime,
    /// What the volatility does.
    pub volatility_regime: VolatilityRegime,
    /// Standard deviation of the return over one hour; absent without enough history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sigma_1h: Option<f64>,
    /// How long the bias has stood.
    pub streak: Streak,
    /// Over the last ticks.
    pub average: Average,
    /// The components, in the order of their weights.
    pub components: Vec<Part>,
    /// The arithmetic from the components to the strength.
    pub steps: Steps,
    /// Of a large move; null while the volatility is not known.
    pub probability: Option<Probability>,
    /// The same for people, one line a component, then what else applies.
    pub explanation: Vec<String>,
    /// From this alone everything above follows, but for what spans several ticks or a model.
    pub evidence: Evidence,
}

/// A bias and for how many ticks it has stood.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Streak {
    /// The bias.
    pub bias: Bias,
    /// Ticks, this one included.
    pub ticks: u32,
}

/// The mean over the last ticks, at most ten.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Average {
    /// From 0 to 100, halves to even.
    pub score: u8,
    /// Which way that score points.
    pub bias: Bias,
    /// From 0 to 1.
    pub confidence: f64,
    /// How many ticks there were.
    pub readings: u32,
}

/// A component.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Part {
    /// Which.
    pub name: Component,
    /// Its weight.
    pub weight: f64,
    /// As it counts, from -1 to 1: 0 while its feed is stale or missing.
    pub score: f64,
    /// What it adds to `steps.normalised`.
    pub contribution: f64,
    /// Whether it has the history that it needs to say anything.
    pub ready: bool,
    /// How its feeds stand.
    pub state: Freshness,
    /// Receive time of the newest event of its feeds, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of: Option<i64>,
    /// Receive time of their newest proof of life, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved_at: Option<i64>,
    /// Limit for the age of `proved_at`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age_limit_ms: Option<u32>,
    /// Share of the trust that their ages leave, from 0 to 1.
    pub trust: f64,
    /// Who tells what it is made of.
    pub sources: Vec<Source>,
}

/// The arithmetic's steps.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Steps {
    /// Weighted sum.
    pub raw: f64,
    /// Divided by the weights.
    pub normalised: f64,
    /// Factor of the signal's age.
    pub decay: f64,
    /// After it.
    pub decayed: f64,
    /// Bitcoin's part; absent where nothing is blended in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub btc: Option<BtcStep>,
    /// After it.
    pub blended: f64,
    /// After the power.
    pub strength: f64,
}

/// Bitcoin's part.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct BtcStep {
    /// Its score at the tick before.
    pub score: f64,
    /// Time of its signal, UTC ms.
    pub ts_ms: i64,
    /// How much of it the asset shares.
    pub coefficient: f64,
    /// What it adds, sign included.
    pub influence: f64,
}

/// Whether a model was trained.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProbabilityState {
    /// No: a driftless walk with the measured volatility.
    Untrained,
    /// Yes.
    Trained,
}

/// Probability that the price moves so far within the horizon.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Probability {
    /// Whether a model was trained.
    pub state: ProbabilityState,
    /// Up, from 0 to 1.
    pub p_up: f64,
    /// Down, from 0 to 1.
    pub p_down: f64,
    /// How far, as a share of the price.
    #[serde(rename = "move")]
    pub distance: f64,
    /// Within this time.
    pub horizon_ms: i64,
    /// The model's id; null without one.
    pub model: Option<String>,
}

/// What an event tells beside the evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// [`EngineParams::digest`].
    pub params: String,
    /// How long the bias has stood.
    pub streak: Streak,
    /// Over the last ticks.
    pub average: Average,
    /// Of a large move.
    pub probability: Option<Probability>,
}

impl AlphaConviction {
    /// The event of an evaluation.
    pub fn new(
        evidence: Evidence,
        verdict: &Verdict,
        params: &EngineParams,
        context: Context,
    ) -> Self {
        let c = &verdict.conviction;
        Self {
            ts_source: TsSource::Receive,
            now_ms: evidence.now_ms,
            run_id: context.run_id,
            mode: context.mode,
            params: context.params,
            signal_ms: evidence.signal_ms,
            age_ms: evidence.age_ms(),
            score: c.score,
            bias: c.bias,
            strength: c.strength,
            confidence: verdict.confidence,
            trust: verdict.trust,
            rr_target: c.rr_target,
            regime: verdict.regime.regime,
            volatility_regime: verdict.volatility_regime,
            sigma_1h: evidence.volatility.sigma_1h,
            streak: context.streak,
            average: context.average,
            components: parts(&evidence, verdict, params),
            steps: steps(&evidence, verdict),
            probability: context.probability,
            explanation: lines::of(&evidence, verdict, params),
            evidence,
        }
    }
}

fn parts(evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> Vec<Part> {
    let weights = params.conviction.weights.all();
    let scores = verdict.scores.all();
    let each = Component::ALL.into_iter().zip(weights).zip(scores);
    each.zip(verdict.standings)
        .map(|(((name, weight), score), standing)| Part {
            name,
            weight,
            score,
            contribution: verdict.conviction.contribution(weight, score),
            ready: evidence.is_ready(name, params),
            state: standing.state,
            as_of: standing.as_of,
            proved_at: standing.proved_at,
            age_limit_ms: standing.age_limit_ms,
            trust: standing.trust,
            sources: evidence.feeds.sources(name),
        })
        .collect()
}

fn steps(evidence: &Evidence, verdict: &Verdict) -> Steps {
    let c = &verdict.conviction;
    let btc = evidence.btc.zip(c.btc_influence);
    Steps {
        raw: c.raw,
        normalised: c.normalised,
        decay: c.decay,
        decayed: c.decayed,
        btc: btc.map(|(btc, influence)| BtcStep {
            score: btc.score,
            ts_ms: btc.ts_ms,
            coefficient: btc.coefficient,
            influence,
        }),
        blended: c.blended,
        strength: c.strength,
    }
}
