//! Verdicts and models for tests that are not about how they come to be.

use hypersentry_alpha::conviction::{Bias, Conviction};
use hypersentry_alpha::evidence::{Component, Evidence, Verdict};
use hypersentry_alpha::feeds::Standing;
use hypersentry_alpha::governance::drift::Baseline;
use hypersentry_alpha::params::EngineParams;
use hypersentry_alpha::probability::calibrate::Calibrator;
use hypersentry_alpha::probability::features::{COUNT, NAMES};
use hypersentry_alpha::probability::logistic::Logistic;
use hypersentry_alpha::probability::metrics::Scores;
use hypersentry_alpha::probability::model::{Metadata, Model, NamedModel, Rows, Target};
use hypersentry_model::{Freshness, Mode};

/// All feeds live; this score.
pub(crate) fn verdict(score: u8, rr_target: f64) -> Verdict {
    let mut verdict = Evidence::default().judge(&EngineParams::default());
    let fresh = Standing {
        state: Freshness::Fresh,
        trust: 1.0,
        ..Standing::MISSING
    };
    verdict.standings = [fresh; 5];
    verdict.conviction = Conviction {
        score,
        rr_target,
        bias: match score {
            55.. => Bias::Long,
            ..=45 => Bias::Short,
            _ => Bias::Neutral,
        },
        ..verdict.conviction
    };
    verdict.confidence = 0.4;
    verdict
}

/// The same with a component's feed gone.
pub(crate) fn silence(verdict: &mut Verdict, component: Component) {
    let all = Component::ALL.into_iter().zip(&mut verdict.standings);
    for (_, standing) in all.filter(|(c, _)| *c == component) {
        *standing = Standing::MISSING;
    }
}

/// A model with this skill in its test, which says one in three to everything.
pub(crate) fn model(skill: f64) -> NamedModel {
    let target = || Target {
        line: Logistic {
            intercept: -0.7,
            weights: vec![0.0; COUNT],
        },
        calibrator: Calibrator::Platt { a: 1.0, b: 0.0 },
        test: Scores {
            rows: 1_000,
            positives: 330,
            base_rate: 0.33,
            brier: 0.2,
            brier_skill: Some(skill),
            auc: Some(0.6),
            ece: 0.02,
            log_loss: 0.6,
        },
    };
    let flat: Vec<f64> = (0..1_000).map(f64::from).collect();
    NamedModel {
        id: "0123456789abcdef".into(),
        model: Model {
            features: NAMES.map(str::to_owned).to_vec(),
            share: 0.01,
            horizon_ms: 3_600_000,
            means: vec![0.0; COUNT],
            deviations: vec![1.0; COUNT],
            up: target(),
            down: target(),
            baseline: vec![Baseline::of(&flat).unwrap(); COUNT],
            metadata: Metadata {
                trained_at_ms: 1,
                trained_on: Mode::Simulated,
                runs: vec!["run".into()],
                symbols: vec!["BTC".into()],
                from_ms: 0,
                to_ms: 1,
                rows: Rows::default(),
                split: "chronological".into(),
                judged_by: Vec::new(),
                purge_ms: 3_600_000,
                embargo_ms: 3_600_000,
                l2: 1.0,
                independent_hours: 500,
                params: "0".repeat(16),
            },
        },
    }
}
