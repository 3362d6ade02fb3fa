//! What governance says over hours, and how a model takes another's place.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod support;

use hypersentry_alpha::EngineParams;
use hypersentry_alpha::evidence::Evidence;
use hypersentry_alpha::governance::event::{CalibrationStatus, ModelState};
use hypersentry_alpha::governance::registry::Part;
use hypersentry_alpha::governance::shadow::NEEDED;
use hypersentry_alpha::governance::{GovUpdate, Governor, MacroRegime, Registry, Run};
use hypersentry_alpha::observe::Reading;
use hypersentry_alpha::probability::NamedModel;
use hypersentry_model::{Mode, Source, Venue};
use support::model;

const RUN: Run<'static> = Run {
    run_id: "run",
    mode: Mode::Simulated,
};

fn tick(governor: &mut Governor, registry: &Registry, now_ms: i64, mid: f64) -> Option<GovUpdate> {
    let params = EngineParams::default();
    let mut evidence = Evidence {
        now_ms,
        ..Evidence::default()
    };
    // A little other each minute: what is always alike is never tested.
    let minute = now_ms.div_euclid(60_000);
    evidence.volatility.sigma_1h = Some(0.006 + 0.0005 * (minute % 7) as f64);
    evidence.feeds.mid = Some(Reading {
        value: mid,
        source: Source::Venue(Venue::Hyperliquid),
        as_of: now_ms,
        proved_at: now_ms,
        limit_ms: 4_000,
    });
    let verdict = evidence.judge(&params);
    governor.tick(&evidence, &verdict, &[], registry, &params, RUN)
}

/// Ticks every ten seconds; the last that was said comes back.
fn minutes(governor: &mut Governor, registry: &Registry, from: i64, to: i64) -> GovUpdate {
    let mut last = None;
    for step in from * 6..to * 6 {
        // One percent up and down again every half hour.
        let mid = if step % 180 < 90 { 100.0 } else { 101.5 };
        last = tick(governor, registry, step * 10_000, mid).or(last);
    }
    last.unwrap()
}

fn named(id: &str, trained_at_ms: i64) -> NamedModel {
    let mut model = model(0.05);
    model.id = id.to_owned();
    model.model.metadata.trained_at_ms = trained_at_ms;
    model
}

#[test]
fn it_speaks_at_least_every_ten_seconds_and_at_once_when_something_changes() {
    let mut registry = Registry::new(Mode::Simulated);
    let mut governor = Governor::default();
    let said: Vec<i64> = (0..300)
        .filter_map(|step| tick(&mut governor, &registry, step * 200, 100.0))
        .map(|update| update.now_ms)
        .collect();
    assert_eq!(said, [0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    registry.register(named("a", 1), None, 60_000).unwrap();
    let told = tick(&mut governor, &registry, 60_200, 100.0).unwrap();
    assert_eq!(told.model.id.as_deref(), Some("a"));
    assert_eq!(told.model.state, ModelState::Trained);
    assert_eq!(told.drift.len(), 9);
}

#[test]
fn calibration_is_unknown_until_fifty_hours_are_over_and_seen() {
    let registry = Registry::new(Mode::Simulated);
    let mut governor = Governor::default();
    let early = minutes(&mut governor, &registry, 0, 100);
    assert_eq!(early.calibration.status, CalibrationStatus::Unknown);
    assert!(
        early.calibration.outcomes < 50,
        "{}",
        early.calibration.outcomes
    );
    let later = minutes(&mut governor, &registry, 100, 120);
    assert_ne!(later.calibration.status, CalibrationStatus::Unknown);
    assert!(later.calibration.outcomes >= 50);
    assert_ne!(later.macro_regime, MacroRegime::Unknown);
    assert_eq!(later.model.state, ModelState::Untrained);
    assert!(later.drift.is_empty() && later.shadow.is_none());
}

#[test]
fn another_model_is_judged_by_its_own_forecasts() {
    let mut registry = Registry::new(Mode::Simulated);
    let mut governor = Governor::default();
    minutes(&mut governor, &registry, 0, 120);
    registry
        .register(named("a", 1), None, 120 * 60_000)
        .unwrap();
    // What waits was forecast without it.
    let told = minutes(&mut governor, &registry, 120, 179);
    assert_eq!(told.calibration.outcomes, 0);
    let told = minutes(&mut governor, &registry, 179, 200);
    assert!(told.calibration.outcomes > 0);
}

/// A model that says this of both sides, nearly whatever it sees.
fn says(id: &str, trained_at_ms: i64, intercept: f64) -> NamedModel {
    let mut model = named(id, trained_at_ms);
    for target in [&mut model.model.up, &mut model.model.down] {
        target.line.intercept = intercept;
        // Of the driftless odds.
        target.line.weights[8] = 0.1;
    }
    model
}

/// Ticks of two symbols every ten seconds with a trial, up to a promotion; what was said last comes back, and when the promotion came.
fn trial(registry: &mut Registry, from: i64, to: i64) -> (GovUpdate, Option<i64>) {
    let mut symbols = [Governor::default(), Governor::default()];
    let (mut last, mut promoted) = (None, None);
    for step in from * 6..to * 6 {
        let now_ms = step * 10_000;
        // Two and a half percent up and down again every half hour: both sides come true in every hour.
        let mid = if step % 180 < 90 { 100.0 } else { 102.5 };
        for governor in &mut symbols {
            last = tick(governor, registry, now_ms, mid).or(last);
            governor.take_pairs().iter().for_each(|p| registry.take(p));
        }
        if now_ms % 60_000 == 0 {
            registry.minute(now_ms);
        }
        if promoted.is_none() && registry.trial().promotion().is_some() {
            promoted = Some(now_ms);
        }
    }
    (last.unwrap(), promoted)
}

#[test]
fn a_challenger_takes_the_place_by_itself_once_it_is_better_on_five_hundred_outcomes() {
    let mut registry = Registry::new(Mode::Simulated);
    let first = registry.register(says("a", 1, -2.0), None, 0).unwrap();
    assert!(matches!(first, Part::Promoted { .. }));
    let second = registry.register(says("b", 2, 2.0), None, 0).unwrap();
    assert_eq!(second, Part::Shadow);
    let (told, promoted) = trial(&mut registry, 0, 559);
    let shadow = told.shadow.unwrap();
    // An hour until the first outcome, then one a minute although there are two symbols.
    assert!((490..500).contains(&shadow.outcomes), "{}", shadow.outcomes);
    assert_eq!((shadow.id.as_str(), shadow.needed), ("b", NEEDED as u32));
    assert_eq!((shadow.better, shadow.t, promoted), (false, None, None));
    assert_eq!(told.model.id.as_deref(), Some("a"));
    let early = registry.promote("b", 1).unwrap_err();
    assert_eq!(early.code(), "model_not_better");

    let mut registry = Registry::new(Mode::Simulated);
    registry.register(says("a", 1, -2.0), None, 0).unwrap();
    registry.register(says("b", 2, 2.0), None, 0).unwrap();
    let (told, promoted) = trial(&mut registry, 0, 570);
    let promotion = told.promotion.unwrap();
    assert_eq!(promoted, Some(promotion.at_ms));
    assert_eq!(
        (promotion.id.as_str(), promotion.replaced.as_str()),
        ("b", "a")
    );
    assert!(promotion.outcomes as usize >= NEEDED && promotion.t.unwrap() > 1.96);
    // What is said afterwards names the new model, whose own outcomes begin anew.
    assert_eq!(told.model.id.as_deref(), Some("b"));
    assert_eq!((told.shadow, told.calibration.outcomes), (None, 0));
    assert_eq!(registry.active(MacroRegime::NormalMarket).unwrap().id, "b");
    for (id, code) in [("b", "model_not_in_trial"), ("c", "model_unknown")] {
        assert_eq!(registry.promote(id, 6).unwrap_err().code(), code);
    }
    let again = registry.register(named("a", 1), None, 7).unwrap_err();
    assert_eq!(again.code(), "model_known");
}

#[test]
fn a_challenger_that_is_no_better_stays_on_trial() {
    let mut registry = Registry::new(Mode::Simulated);
    registry.register(says("a", 1, 2.0), None, 0).unwrap();
    registry.register(says("b", 2, -2.0), None, 0).unwrap();
    let (told, promoted) = trial(&mut registry, 0, 700);
    let shadow = told.shadow.unwrap();
    assert!(shadow.outcomes > 600 && !shadow.better);
    assert!(shadow.t.unwrap() < 0.0);
    assert_eq!((promoted, told.promotion), (None, None));
    assert_eq!(told.model.id.as_deref(), Some("a"));
}

#[test]
fn a_model_for_one_kind_of_market_goes_before_one_for_all() {
    let mut registry = Registry::new(Mode::Simulated);
    registry.register(named("all", 1), None, 0).unwrap();
    registry
        .register(named("crisis", 1), Some(MacroRegime::Crisis), 0)
        .unwrap();
    assert_eq!(registry.active(MacroRegime::Crisis).unwrap().id, "crisis");
    assert_eq!(
        registry.active(MacroRegime::NormalMarket).unwrap().id,
        "all"
    );
}

#[test]
fn a_real_market_takes_no_simulated_model() {
    let mut registry = Registry::new(Mode::Live);
    let refused = registry.register(named("a", 1), None, 0).unwrap_err();
    assert_eq!(refused.code(), "model_simulated");
    assert!(registry.active(MacroRegime::NormalMarket).is_none());
}

#[test]
fn its_state_survives_a_checkpoint() {
    let registry = Registry::new(Mode::Simulated);
    let mut governor = Governor::default();
    minutes(&mut governor, &registry, 0, 90);
    let bytes = serde_json::to_vec(&governor).unwrap();
    let mut copy: Governor = serde_json::from_slice(&bytes).unwrap();
    let (a, b) = (
        minutes(&mut governor, &registry, 90, 130),
        minutes(&mut copy, &registry, 90, 130),
    );
    assert_eq!(a, b);
}
