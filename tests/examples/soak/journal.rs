//! A journal of many hours in minutes: for training, backtests and replays. Two venues are enough for all that the conviction engine reads.

use hypersentry_alpha::probability::{NamedModel, file};
use hypersentry_engine::Publication;
use hypersentry_engine::hash::RunHash;
use hypersentry_model::Venue;
use hypersentry_sim::{Fault, Regime, Scenario, ScenarioStep};
use hypersentry_store::Options;
use hypersentry_tests::plant::keeper::Keeper;
use hypersentry_tests::plant::{Plant, Tap};
use std::path::Path;
use std::time::Instant;

/// Bytes that the journal may take: a day of ten symbols has half of it.
const MOST_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// Whose word is kept: where positions, rates and forced closings are told.
const VENUES: [Venue; 2] = [Venue::Hyperliquid, Venue::BinanceUsdm];

/// The models of these files, separated by commas: the first forecasts, the others are on trial.
fn named(files: &str) -> Vec<NamedModel> {
    let named = files.split(',').filter(|file| !file.is_empty());
    let read = |name| file::read(&std::fs::read(name).unwrap()).unwrap();
    named.map(read).collect()
}

/// The market keeps to one regime. Left to itself it moves by a percent in nearly every hour, and nothing can be learned of when it does.
fn held(regime: Regime, ms: i64) -> Scenario {
    let for_ms = ms as u64 + 1;
    Scenario {
        steps: vec![ScenarioStep {
            at_ms: 0,
            fault: Fault::HoldRegime { regime, for_ms },
        }],
        ..Scenario::default()
    }
}

/// The regime of this name.
pub(crate) fn regime(name: &str) -> Regime {
    match name {
        "quiet" => Regime::Quiet,
        "chop" => Regime::Chop,
        "trend" => Regime::Trend,
        "burst" => Regime::Burst,
        other => panic!("--regime={other}: quiet, chop, trend or burst"),
    }
}

/// Writes it.
pub(crate) fn run(
    hours: f64,
    symbols: usize,
    seed: u64,
    step_ms: i64,
    models: &str,
    regime: Option<Regime>,
    out: &Path,
) {
    assert!(!out.exists(), "{} is there already", out.display());
    let (began, ms) = (Instant::now(), (hours * 3_600_000.0) as i64);
    let scenario = regime.map(|regime| held(regime, ms));
    let plant = Plant::new(seed, &VENUES, symbols, scenario.as_ref());
    let models = named(models);
    let mut plant = plant.called(&format!("simulated-{seed}"), models);
    plant.step_ms = step_ms;
    let options = Options {
        total_bytes: MOST_BYTES,
        ..Options::default()
    };
    let mut keeper = Keeper::create(&plant.core, plant.now(), out, options);
    plant.tap = Tap(Some(Box::new(move |core, at, input| {
        keeper.take(core, at, input);
    })));
    let (mut hash, mut events) = (RunHash::default(), 0u64);
    plant.run(ms, &mut |publication| {
        if let Publication::Conviction(_) = publication {
            hash.update(publication);
            events += 1;
        }
    });
    plant.tap = Tap(None);
    println!(
        "{hours} h of {symbols} symbols at two venues, seed {seed}; took {:.0} s",
        began.elapsed().as_secs_f64()
    );
    println!(
        "  {} inputs, {events} convictions, {}",
        plant.tally.inputs,
        hash.hex()
    );
    println!("  journal: {}", out.display());
}
