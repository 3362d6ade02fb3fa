//! What governance says over hours, and how a model takes another's place.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod support;

use hypersentry_alpha::EngineParams;
use hypersentry_alpha::evidence::Evidence;
use hypersentry_alpha::governance::event::{CalibrationStatus, ModelState};
use hypersentry_alpha::governance::registry::Part;
use hypersentry_alpha::governance::shadow::{NEEDED, Shadow};
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
    evidence.volatility.sigma_1h = Some(0.006);
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

#[test]
fn a_challenger_forecasts_in_the_shadow_until_it_is_better() {
    let mut registry = Registry::new(Mode::Simulated);
    let mut governor = Governor::default();
    assert!(matches!(
        registry.register(named("a", 1), None, 0).unwrap(),
        Part::Promoted { .. }
    ));
    assert_eq!(
        registry.register(named("b", 2), None, 0).unwrap(),
        Part::Shadow
    );
    let told = minutes(&mut governor, &registry, 0, 130);
    let shadow = told.shadow.unwrap();
    assert_eq!(
        (shadow.id.as_str(), shadow.needed, shadow.better),
        ("b", NEEDED as u32, false)
    );
    assert!(shadow.outcomes > 50);
    assert_eq!(told.model.id.as_deref(), Some("a"));
    let early = registry.promote("b", governor.trial(), 1).unwrap_err();
    assert_eq!(early.code(), "model_not_better");
    // A trial that it has won.
    let mut won = Shadow::default();
    for i in 0..2 * NEEDED {
        let came = i % 3 == 0;
        let p = if came { 0.6 } else { 0.1 };
        won.push((0.33, 0.33), (p, p), (came, came));
    }
    registry.promote("b", &won, 5).unwrap();
    assert_eq!(registry.active(MacroRegime::NormalMarket).unwrap().id, "b");
    assert!(registry.challenger().is_none());
    assert_eq!(
        registry.promote("b", &won, 6).unwrap_err().code(),
        "model_not_in_trial"
    );
    assert_eq!(
        registry.promote("c", &won, 6).unwrap_err().code(),
        "model_unknown"
    );
    assert_eq!(
        registry
            .register(named("a", 1), None, 7)
            .unwrap_err()
            .code(),
        "model_known"
    );
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
