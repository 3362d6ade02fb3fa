//! How probable a move of one percent within an hour is.

/// Without a model.
pub mod passage;

use serde::{Deserialize, Serialize};

/// The move that is asked about, as a share of the price.
pub const MOVE: f64 = 0.01;

/// Within this time, in milliseconds.
pub const HORIZON_MS: i64 = 3_600_000;

/// Where the probabilities come from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProbabilityState {
    /// No model: they say only how volatile the market is.
    Untrained,
    /// A model.
    Trained,
}

/// Probabilities that the price touches one percent above, or below, within the hour. Both may happen.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Probability {
    /// Where they come from.
    pub state: ProbabilityState,
    /// Of the touch above, from 0 to 1.
    pub p_up: f64,
    /// Of the touch below, from 0 to 1.
    pub p_down: f64,
    /// [`MOVE`].
    #[serde(rename = "move")]
    pub share: f64,
    /// [`HORIZON_MS`].
    pub horizon_ms: i64,
    /// The model's name; null without one.
    pub model: Option<String>,
}

impl Probability {
    /// Without a model: a driftless walk with this standard deviation of the return over one hour. `None` while it is unknown.
    pub fn untrained(sigma_1h: Option<f64>) -> Option<Self> {
        let p = passage::touch(MOVE, sigma_1h?)?;
        Some(Self {
            state: ProbabilityState::Untrained,
            p_up: p,
            p_down: p,
            share: MOVE,
            horizon_ms: HORIZON_MS,
            model: None,
        })
    }
}
