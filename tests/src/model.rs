//! A model of the probabilities that believes in convictions, for tests that are not about how models come to be.

use hypersentry_alpha::governance::drift::Baseline;
use hypersentry_alpha::probability::calibrate::Calibrator;
use hypersentry_alpha::probability::features::{COUNT, NAMES};
use hypersentry_alpha::probability::logistic::Logistic;
use hypersentry_alpha::probability::metrics::Scores;
use hypersentry_alpha::probability::model::{Metadata, Model, Rows, Target};
use hypersentry_alpha::probability::{HORIZON_MS, MOVE};
use hypersentry_model::Mode;

/// Learned from a market of this mode, as it says; the stronger a conviction, the surer it is of it. `trained_at_ms` tells it from others.
pub fn believer(trained_on: Mode, trained_at_ms: i64) -> Model {
    let target = |sign: f64| Target {
        line: Logistic {
            intercept: -0.5,
            weights: NAMES
                .map(|name| if name == "strength" { 6.0 * sign } else { 0.0 })
                .to_vec(),
        },
        calibrator: Calibrator::Platt { a: 1.0, b: 0.0 },
        test: Scores {
            rows: 1_000,
            positives: 330,
            base_rate: 0.33,
            brier: 0.2,
            brier_skill: Some(0.1),
            auc: Some(0.6),
            ece: 0.02,
            log_loss: 0.6,
        },
    };
    let even: Vec<f64> = (0..1_000).map(f64::from).collect();
    Model {
        features: NAMES.map(str::to_owned).to_vec(),
        share: MOVE,
        horizon_ms: HORIZON_MS,
        means: vec![0.0; COUNT],
        deviations: vec![1.0; COUNT],
        up: target(1.0),
        down: target(-1.0),
        baseline: vec![Baseline::of(&even).unwrap(); COUNT],
        metadata: Metadata {
            trained_at_ms,
            trained_on,
            runs: vec!["made".into()],
            symbols: vec!["BTC".into()],
            from_ms: 0,
            to_ms: 1,
            rows: Rows::default(),
            split: "chronological".into(),
            judged_by: Vec::new(),
            purge_ms: HORIZON_MS,
            embargo_ms: HORIZON_MS,
            l2: 1.0,
            independent_hours: 500,
            params: "0".repeat(16),
        },
    }
}
