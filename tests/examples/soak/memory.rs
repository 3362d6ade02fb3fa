//! Whether an hour leaves the core as large and as fast as it was.

use crate::HEAP;
use cpu_time::ThreadTime;
use hypersentry_engine::core::Core;
use hypersentry_engine::input::Input;
use hypersentry_model::{Timestamp, Venue};
use hypersentry_sim::{Fault, Regime, Scenario, ScenarioStep};
use hypersentry_tests::plant::Plant;
use stats_alloc::Region;
use std::time::Instant;

const SEED: u64 = 9;
/// What is kept for the comparison of CPU time, at the begin and at the end.
const KEPT_MS: i64 = 60_000;
/// What happens before the first of them: histories are read, windows fill.
const WARM_MS: i64 = 300_000;
const ROUNDS: usize = 15;
/// By so much an event may cost more at the end.
const SLOWER: f64 = 1.05;
/// By so much the core may grow in the second half of the hour.
const GROWTH: f64 = 1.02;

/// An even market, so that the begin and the end are alike.
fn scenario(ms: i64) -> Scenario {
    let for_ms = ms as u64 + 1;
    let regime = Regime::Chop;
    Scenario {
        steps: vec![ScenarioStep {
            at_ms: 0,
            fault: Fault::HoldRegime { regime, for_ms },
        }],
        ..Scenario::default()
    }
}

/// The bytes that a copy of the core takes.
fn bytes(core: &Core) -> i64 {
    let region = Region::new(HEAP);
    let copy = core.clone();
    let change = region.change();
    drop(copy);
    change.bytes_allocated as i64 + change.bytes_reallocated as i64
        - change.bytes_deallocated as i64
}

/// Resident memory of the process in kB, where the system tells it.
fn resident_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// CPU microseconds of an input.
fn cost(core: &Core, inputs: &[(Timestamp, Input)]) -> f64 {
    let mut core = core.clone();
    let mut out = Vec::new();
    let start = ThreadTime::now();
    for (at, input) in inputs {
        core.step(*at, input, &mut out);
        out.clear();
    }
    start.elapsed().as_secs_f64() * 1e6 / inputs.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether all sizes stay flat.
pub(crate) fn run(minutes: i64, counts: &[usize], step_ms: i64) -> bool {
    let all: Vec<bool> = counts
        .iter()
        .map(|symbols| one(minutes, *symbols, step_ms))
        .collect();
    all.iter().all(|fine| *fine)
}

fn one(minutes: i64, symbols: usize, step_ms: i64) -> bool {
    let began = Instant::now();
    let total_ms = minutes * 60_000;
    let mut plant = Plant::wide(SEED, &Venue::ALL, symbols, Some(&scenario(total_ms)));
    plant.step_ms = step_ms;
    let start = plant.now();
    let ran = |plant: &Plant| plant.now().ms() - start.ms();
    plant.run(WARM_MS, &mut |_| {});
    let early = plant.core.clone();
    plant.keep_inputs();
    plant.run(KEPT_MS, &mut |_| {});
    let first = plant.take_kept();
    let mut sizes = vec![(ran(&plant), bytes(&plant.core))];
    while ran(&plant) < total_ms - KEPT_MS {
        let rest = total_ms - KEPT_MS - ran(&plant);
        plant.run(rest.min((total_ms / 6).max(600_000)), &mut |_| {});
        sizes.push((ran(&plant), bytes(&plant.core)));
    }
    let late = plant.core.clone();
    plant.keep_inputs();
    plant.run(KEPT_MS, &mut |_| {});
    let last = plant.take_kept();
    let resident = resident_kb();
    println!(
        "\n{symbols} symbols at six venues, {minutes} min of an even market; took {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let told: Vec<String> = sizes
        .iter()
        .map(|(ms, bytes)| format!("{} min {:.1} MB", ms / 60_000, *bytes as f64 / 1e6))
        .collect();
    println!("  the core: {}", told.join(", "));
    println!(
        "  the process, simulator and copies included: {} MB resident",
        resident.map_or("?".into(), |kb| (kb / 1_000).to_string())
    );
    let pairs: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let a = cost(&early, &first);
                (a, cost(&late, &last))
            } else {
                let b = cost(&late, &last);
                (cost(&early, &first), b)
            }
        })
        .collect();
    let ratio = median(pairs.iter().map(|(a, b)| b / a).collect());
    println!(
        "  CPU time of an input: {:.2} us in the minute after {} min ({} inputs), {:.2} us in the last ({} inputs); ratio of pairs {ratio:.3} (goal at most {SLOWER})",
        median(pairs.iter().map(|p| p.0).collect()),
        WARM_MS / 60_000,
        first.len(),
        median(pairs.iter().map(|p| p.1).collect()),
        last.len(),
    );
    let middle = sizes[sizes.len() / 2].1 as f64;
    let growth = sizes.last().map_or(1.0, |(_, b)| *b as f64 / middle);
    println!("  growth of the core in the second half: {growth:.3} (goal at most {GROWTH})");
    growth <= GROWTH && ratio <= SLOWER
}
