//! The model: figures alone, with what is true about how they came to be.

use super::calibrate::Calibrator;
use super::features::{COUNT, Features, NAMES};
use super::logistic::Logistic;
use super::metrics::Scores;
use super::{HORIZON_MS, MOVE, Probability, ProbabilityState};
use crate::governance::drift::Baseline;
use crate::governance::event::{ModelHealth, ModelState};
use hypersentry_model::Mode;
use serde::{Deserialize, Serialize};

/// How many rows went where.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// With a known label.
    pub labelled: u64,
    /// Left out because their hour was not wholly seen.
    pub censored: u64,
    /// Left out at the borders between the parts.
    pub purged: u64,
    /// Learned from.
    pub train: u64,
    /// Calibrated on.
    pub calibrate: u64,
    /// Judged by.
    pub test: u64,
}

/// How the model came to be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// When it was made, UTC ms.
    pub trained_at_ms: i64,
    /// Whether the data were real: `live` or `simulated`.
    pub trained_on: Mode,
    /// Runs that the data come from.
    pub runs: Vec<String>,
    /// Markets in them.
    pub symbols: Vec<String>,
    /// Time of the first row, UTC ms.
    pub from_ms: i64,
    /// Time of the last row, UTC ms.
    pub to_ms: i64,
    /// How many rows went where.
    pub rows: Rows,
    /// How they were parted: `chronological`, without folds and so without seeds; `other_runs` where the judge is another run.
    pub split: String,
    /// Runs that it was judged by, where those are others than it learned from.
    pub judged_by: Vec<String>,
    /// A row whose label reaches over a border is left out: the label's length, in milliseconds.
    pub purge_ms: i64,
    /// And one that begins within this time after it, in milliseconds.
    pub embargo_ms: i64,
    /// Penalty on the squared weights.
    pub l2: f64,
    /// Different hours among the rows that it learned from: what its certainty rests on.
    pub independent_hours: u64,
    /// Digest of the engine's constants that the features were made with.
    pub params: String,
}

/// One target: the line, the map to probabilities, and the test.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// From standardised features to log-odds.
    pub line: Logistic,
    /// From log-odds to a probability.
    pub calibrator: Calibrator,
    /// On rows that neither has seen.
    pub test: Scores,
}

/// The figures.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Names of the features, in order.
    pub features: Vec<String>,
    /// The move that is asked about, as a share of the price.
    #[serde(rename = "move")]
    pub share: f64,
    /// Within this time, in milliseconds.
    pub horizon_ms: i64,
    /// Mean of each feature in the training.
    pub means: Vec<f64>,
    /// Standard deviation of each feature in the training; 1 where it was constant.
    pub deviations: Vec<f64>,
    /// Touches above.
    pub up: Target,
    /// Touches below.
    pub down: Target,
    /// Distribution of each feature in the training.
    pub baseline: Vec<Baseline>,
    /// How it came to be.
    pub metadata: Metadata,
}

impl Model {
    /// Each feature in standard deviations from its mean.
    pub fn standardise(&self, features: &Features) -> Features {
        let mut out = *features;
        let scale = self.means.iter().zip(&self.deviations);
        for (x, (mean, deviation)) in out.iter_mut().zip(scale) {
            *x = (*x - mean) / deviation;
        }
        out
    }

    /// Probabilities of the touch above and below.
    pub fn probabilities(&self, features: &Features) -> (f64, f64) {
        let x = self.standardise(features);
        let of = |target: &Target| target.calibrator.probability(target.line.log_odds(&x));
        (of(&self.up), of(&self.down))
    }

    /// The first thing about it that cannot be used.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let finite = |list: &[f64]| list.len() == COUNT && list.iter().all(|x| x.is_finite());
        let target = |t: &Target| {
            t.line.intercept.is_finite() && finite(&t.line.weights) && t.calibrator.is_sound()
        };
        let m = &self.metadata;
        if !finite(&self.means) || !finite(&self.deviations) {
            Some("means or deviations")
        } else if self.deviations.iter().any(|d| *d <= 0.0) {
            Some("a deviation that is not above zero")
        } else if !target(&self.up) || !target(&self.down) {
            Some("a target's figures")
        } else if self.baseline.len() != COUNT || !self.baseline.iter().all(Baseline::is_sound) {
            Some("the distribution of a feature")
        } else if m.trained_on == Mode::Replay {
            Some("trained_on, which is live or simulated")
        } else if m.independent_hours == 0 {
            Some("independent_hours")
        } else {
            None
        }
    }

    /// Whether it answers the question that this build asks, from the features that this build makes.
    pub(super) fn is_ours(&self) -> bool {
        self.features == NAMES && self.share == MOVE && self.horizon_ms == HORIZON_MS
    }
}

/// A model with its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct NamedModel {
    /// The first 16 digits of its checksum.
    pub id: String,
    /// The model.
    pub model: Model,
}

impl NamedModel {
    /// What it says of these features.
    pub fn probability(&self, features: &Features) -> Probability {
        let (p_up, p_down) = self.model.probabilities(features);
        Probability {
            state: ProbabilityState::Trained,
            p_up,
            p_down,
            distance: MOVE,
            horizon_ms: HORIZON_MS,
            model: Some(self.id.clone()),
        }
    }

    /// Skill of the weaker target in the model's own test; `None` where one has none.
    pub fn least_skill(&self) -> Option<f64> {
        let (up, down) = (&self.model.up.test, &self.model.down.test);
        up.brier_skill.zip(down.brier_skill).map(|(a, b)| a.min(b))
    }

    /// What governance says of it.
    pub fn health(&self) -> ModelHealth {
        let (up, down) = (&self.model.up.test, &self.model.down.test);
        let mean = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| 0.5 * (a + b));
        ModelHealth {
            state: ModelState::Trained,
            id: Some(self.id.clone()),
            trained_on: Some(self.model.metadata.trained_on),
            trained_at_ms: Some(self.model.metadata.trained_at_ms),
            brier_skill: mean(up.brier_skill, down.brier_skill),
            auc: mean(up.auc, down.auc),
            ece: mean(Some(up.ece), Some(down.ece)),
            samples: Some(up.rows),
        }
    }
}
