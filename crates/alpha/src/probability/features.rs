//! What the model sees of an evaluation. All of it follows from the record; nothing is constant.

use super::{MOVE, passage};
use crate::evidence::{Evidence, Verdict};

/// How many.
pub const COUNT: usize = 9;

/// Their names, in the order of the model.
pub const NAMES: [&str; COUNT] = [
    "regime",
    "sweep",
    "absorption",
    "flow",
    "impulse",
    "funding",
    "liquidation",
    "strength",
    "first_passage",
];

/// Values in the order of [`NAMES`], finite.
pub type Features = [f64; COUNT];

/// Probabilities nearer to 0 or 1 than this are taken as this, so that their odds stay finite.
const EDGE: f64 = 1e-9;

/// Logarithm of the odds.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    libm::log(p / (1.0 - p))
}

/// The features of an evaluation: component scores and signed strengths from -1 to 1, the conviction's signed strength, and the logarithm of
/// the odds that a driftless walk touches the barrier. `None` while the volatility is unknown.
pub fn features(evidence: &Evidence, verdict: &Verdict) -> Option<Features> {
    let touch = passage::touch(MOVE, evidence.volatility.sigma_1h?)?;
    // Old trades say nothing of the present.
    let [_, footprint, ..] = &verdict.standings;
    let live = if footprint.speaks() { 1.0 } else { 0.0 };
    let [sweep, absorption, flow, impulse] = verdict.footprint.map(|x| live * x);
    let all = [
        verdict.scores.regime,
        sweep,
        absorption,
        flow,
        impulse,
        verdict.scores.funding,
        verdict.scores.liquidation,
        verdict.conviction.strength,
        logit(touch),
    ];
    all.iter().all(|x| x.is_finite()).then_some(all)
}
