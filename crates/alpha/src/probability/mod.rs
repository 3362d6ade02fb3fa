//! How probable a move of one percent within an hour is.

/// From log-odds to probabilities.
pub mod calibrate;
/// What the model sees.
pub mod features;
/// A model as a file.
pub mod file;
/// The fit.
pub mod logistic;
/// How good forecasts were.
pub mod metrics;
/// The model.
pub mod model;
/// The normal distribution.
pub mod normal;
/// Without a model.
pub mod passage;
/// To learn, to calibrate, to judge.
pub mod split;
/// From evaluations to a model.
pub mod train;
/// Other weights of the components.
pub mod weights;

pub use crate::event::conviction::{Probability, ProbabilityState};
pub use features::features;
pub use file::ModelError;
pub use model::{Model, NamedModel};

use crate::evidence::{Evidence, Verdict};

/// The move that is asked about, as a share of the price.
pub const MOVE: f64 = 0.01;

/// Within this time, in milliseconds.
pub const HORIZON_MS: i64 = 3_600_000;

impl Probability {
    /// Without a model: a driftless walk with this standard deviation of the return over one hour. `None` while it is unknown.
    pub fn untrained(sigma_1h: Option<f64>) -> Option<Self> {
        let p = passage::touch(MOVE, sigma_1h?)?;
        Some(Self {
            state: ProbabilityState::Untrained,
            p_up: p,
            p_down: p,
            distance: MOVE,
            horizon_ms: HORIZON_MS,
            model: None,
        })
    }

    /// By the model where there is one, else without. `None` while the volatility is unknown.
    pub fn of(evidence: &Evidence, verdict: &Verdict, model: Option<&NamedModel>) -> Option<Self> {
        match model {
            Some(model) => features(evidence, verdict).map(|f| model.probability(&f)),
            None => Self::untrained(evidence.volatility.sigma_1h),
        }
    }
}
