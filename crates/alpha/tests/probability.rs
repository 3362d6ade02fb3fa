//! Models learn what is there, say nothing where nothing is, and are refused when damaged, foreign or out of place.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use hypersentry_alpha::evidence::Evidence;
use hypersentry_alpha::observe::Reading;
use hypersentry_alpha::params::EngineParams;
use hypersentry_alpha::probability::file::{self, admit};
use hypersentry_alpha::probability::train::{About, Collector, Judge, TrainError, train};
use hypersentry_alpha::probability::{Model, NamedModel, Probability, ProbabilityState};
use hypersentry_model::{Mode, Source, Symbol, Venue};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::sync::OnceLock;

const START_MS: i64 = 1_785_150_060_000;

fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
}

/// Two days of a price in steps of ten seconds, whose drift follows the regime's score by `pull` (share of the price an hour).
fn collected(seed: u64, pull: f64, hours: i64) -> Collector {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut collector = Collector::default();
    let params = EngineParams::default();
    let (mut price, mut score) = (100.0, 0.0);
    let step_h = 1.0 / 360.0;
    for step in 0..hours * 360 {
        let now_ms = START_MS + step * 10_000;
        // The score wanders over some two hours.
        score = 0.9986 * score + 0.05 * normal(&mut rng);
        let told = score.clamp(-1.0, 1.0);
        let sigma = 0.007;
        price *= 1.0 + pull * told * step_h + sigma * step_h.sqrt() * normal(&mut rng);
        let mut evidence = Evidence {
            now_ms,
            signal_ms: Some(now_ms),
            ..Evidence::default()
        };
        evidence.volatility.sigma_1h = Some(sigma);
        evidence.feeds.mid = Some(Reading {
            value: price,
            source: Source::Venue(Venue::Hyperliquid),
            as_of: now_ms,
            proved_at: now_ms,
            limit_ms: 4_000,
        });
        let mut verdict = evidence.judge(&params);
        verdict.scores.regime = told;
        collector.take(Symbol::new("BTC").unwrap(), &evidence, &verdict);
    }
    collector
}

fn about(trained_on: Mode) -> About {
    About {
        trained_at_ms: 1,
        trained_on,
        runs: vec!["run".into()],
        params: "0".repeat(16),
    }
}

fn informed() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| train(&collected(5, 0.012, 160), None, &about(Mode::Simulated)).unwrap())
}

#[test]
fn what_is_there_is_learned() {
    let model = informed();
    for test in [&model.up.test, &model.down.test] {
        assert!(test.brier_skill.unwrap() > 0.05, "{test:?}");
        assert!(test.auc.unwrap() > 0.6, "{test:?}");
        assert!(test.ece < 0.15, "{test:?}");
    }
    assert!(model.up.line.weights[0] > 0.0 && model.down.line.weights[0] < 0.0);
    let rows = model.metadata.rows;
    assert_eq!(
        rows.labelled,
        rows.train + rows.calibrate + rows.test + rows.purged
    );
    assert_eq!(model.metadata.trained_on, Mode::Simulated);
}

#[test]
fn where_nothing_is_nothing_is_claimed() {
    let model = train(&collected(6, 0.0, 160), None, &about(Mode::Simulated)).unwrap();
    for test in [&model.up.test, &model.down.test] {
        assert!(test.brier_skill.unwrap() < 0.03, "{test:?}");
    }
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let bytes = || {
        let model = train(&collected(5, 0.012, 60), None, &about(Mode::Live)).unwrap();
        file::write(model).unwrap().0
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_model_can_be_judged_by_a_seed_that_it_has_not_seen() {
    let other = collected(77, 0.012, 60);
    let judged = |runs: &[String], on| {
        let judge = Judge {
            collected: &other,
            runs,
        };
        train(&collected(5, 0.012, 160), Some(judge), &about(on))
    };
    let model = judged(&["other".to_owned()], Mode::Simulated).unwrap();
    assert_eq!(model.metadata.split, "other_runs");
    assert_eq!(model.metadata.judged_by, ["other"]);
    assert_eq!(model.metadata.rows.test, other.rows().len() as u64);
    assert!(
        model.up.test.brier_skill.unwrap() > 0.03,
        "{:?}",
        model.up.test
    );
    // Its own run is no judge, nor is the same time of a real market.
    let code = |runs: &[String], on| judged(runs, on).unwrap_err().code();
    assert_eq!(code(&["run".to_owned()], Mode::Simulated), "judge_known");
    assert_eq!(code(&["other".to_owned()], Mode::Live), "judge_known");
}

#[test]
fn too_little_is_refused_with_a_code() {
    let few = train(&collected(5, 0.012, 3), None, &about(Mode::Live)).unwrap_err();
    assert_eq!(few.code(), "too_few_rows");
    assert!(matches!(few, TrainError::TooFewRows { .. }));
}

fn named() -> (Vec<u8>, NamedModel) {
    file::write(informed().clone()).unwrap()
}

#[test]
fn a_file_reads_back_bit_for_bit() {
    let (bytes, written) = named();
    let read = file::read(&bytes).unwrap();
    assert_eq!(read, written);
    assert_eq!(read.id.len(), 16);
    let features = [0.3, 0.0, -0.2, 0.4, 0.0, 0.1, 0.0, 0.25, -1.0];
    assert_eq!(read.probability(&features), written.probability(&features));
    assert_eq!(read.probability(&features).state, ProbabilityState::Trained);
}

#[test]
fn foreign_files_are_refused_with_codes() {
    let (bytes, _) = named();
    let text = String::from_utf8(bytes).unwrap();
    let code = |text: &str| file::read(text.as_bytes()).unwrap_err().code();
    assert_eq!(code("\u{80}"), "model_malformed");
    assert_eq!(code("{}"), "model_malformed");
    assert_eq!(
        code(&text.replace("hypersentry-probability", "pickle")),
        "model_foreign"
    );
    assert_eq!(
        code(&text.replace("\"version\":1", "\"version\":2")),
        "model_version"
    );
    assert_eq!(
        code(&text.replace("\"regime\"", "\"regent\"")),
        "model_checksum"
    );
    assert_eq!(code(&" ".repeat(file::MOST_BYTES + 1)), "model_too_large");
    // Written whole, and still not for this build.
    let mut other = informed().clone();
    other.features[0] = "moon".into();
    let (bytes, _) = file::write(other).unwrap();
    assert_eq!(
        file::read(&bytes).unwrap_err().code(),
        "model_other_features"
    );
    let mut unsound = informed().clone();
    unsound.deviations[0] = 0.0;
    assert_eq!(file::write(unsound).unwrap_err().code(), "model_unsound");
}

#[test]
fn a_simulated_model_is_not_used_for_a_real_market() {
    let (_, model) = named();
    assert_eq!(
        admit(&model, Mode::Live).unwrap_err().code(),
        "model_simulated"
    );
    assert_eq!(admit(&model, Mode::Simulated), Ok(()));
    let mut live = model;
    live.model.metadata.trained_on = Mode::Live;
    assert_eq!(admit(&live, Mode::Live), Ok(()));
}

#[test]
fn without_a_model_both_sides_are_equal_and_say_so() {
    let p = Probability::untrained(Some(0.006)).unwrap();
    assert_eq!(p.state, ProbabilityState::Untrained);
    assert!(p.p_up == p.p_down && p.p_up > 0.09 && p.p_up < 0.1);
    assert_eq!(Probability::untrained(None), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever byte is changed: it is noticed.
    #[test]
    fn damage_is_noticed(place in any::<prop::sample::Index>(), flip in 1u8..=255) {
        let (mut bytes, _) = named();
        // The last byte is a newline, which says nothing.
        let place = place.index(bytes.len() - 1);
        bytes[place] ^= flip;
        prop_assert!(file::read(&bytes).is_err());
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = file::read(&bytes);
    }
}
