//! Whether an hour leaves the core as large and as fast as it was.

use crate::HEAP;
use crate::census::{self, Census};
use cpu_time::ThreadTime;
use hypersentry_engine::core::Core;
use hypersentry_engine::input::Input;
use hypersentry_model::{Timestamp, Venue};
use hypersentry_sim::{Fault, Regime, Scenario, ScenarioStep};
use hypersentry_tests::plant::Plant;
use hypersentry_venues::session::RequestKind;
use std::time::Instant;

const SEED: u64 = 9;
/// What is kept for the comparison of CPU time, at the begin and at the end.
const KEPT_MS: i64 = 60_000;
/// What happens before the first of them: histories are read, windows fill.
const WARM_MS: i64 = 300_000;
const ROUNDS: usize = 15;
/// By so much an event may cost more at the end.
const SLOWER: f64 = 1.05;
/// By so much what is held may grow in the second half of the run.
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

/// Bytes that the process has asked for and not given back.
fn live() -> i64 {
    let stats = HEAP.stats();
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

/// The bytes that a copy takes: what is held without the room beside it.
fn weigh<T: Clone>(of: &T) -> i64 {
    let before = live();
    let copy = of.clone();
    let bytes = live() - before;
    drop(copy);
    bytes
}

/// Resident memory of the process, where the system tells it.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kb: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb * 1_024)
}

/// The memory at a time of the run.
struct Sample {
    ms: i64,
    resident: Option<i64>,
    live: i64,
}

impl Sample {
    fn take(ms: i64) -> Self {
        Self {
            ms,
            resident: resident(),
            live: live(),
        }
    }

    fn tell(&self) {
        let resident = self.resident.map_or("?".into(), megabytes);
        let live = megabytes(self.live);
        println!(
            "  {:>5} min: {live} MB held, {resident} MB resident",
            self.ms / 60_000
        );
    }
}

fn megabytes(bytes: i64) -> String {
    format!("{:.2}", bytes as f64 / 1e6)
}

/// The slope of a line through points of (ms, bytes), and its standard error, in MB an hour.
fn slope(points: &[(i64, i64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let x = |ms: i64| ms as f64 / 3.6e6;
    let y = |bytes: i64| bytes as f64 / 1e6;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(a, b), (ms, bytes)| {
        (a + x(*ms), b + y(*bytes))
    });
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let of = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        let each = points.iter();
        each.map(|(ms, bytes)| f(x(*ms) - mean_x, y(*bytes) - mean_y))
            .sum()
    };
    let square = of(&|dx, _| dx * dx);
    let slope = of(&|dx, dy| dx * dy) / square;
    let rest = of(&|dx, dy| (dy - slope * dx).powi(2));
    (points.len() > 2).then(|| (slope, (rest / (n - 2.0) / square).sqrt()))
}

/// How memory went on after so many milliseconds.
fn tell_slopes(samples: &[Sample], warm_ms: i64) {
    let warm: Vec<&Sample> = samples.iter().filter(|s| s.ms >= warm_ms).collect();
    let told = |points: Vec<(i64, i64)>| {
        let line = slope(&points);
        line.map_or("too few samples".into(), |(slope, error)| {
            format!("{slope:+.3} MB/h, standard error {error:.3}")
        })
    };
    let held = warm.iter().map(|s| (s.ms, s.live)).collect();
    let resident = warm.iter().filter_map(|s| Some((s.ms, s.resident?)));
    println!(
        "  a line through the {} samples from minute {} on: held {}; resident {}",
        warm.len(),
        warm_ms / 60_000,
        told(held),
        told(resident.collect()),
    );
}

/// What an account of the core changed since `before`.
fn tell_census(before: &Census, after: &Census) {
    for (place, items) in after {
        let was = before.get(place).copied().unwrap_or_default();
        println!(
            "    {place}: {items} ({:+})",
            items.cast_signed() - was.cast_signed()
        );
    }
}

/// Pages of past candles come at the begin alone, and are no part of what is compared.
fn is_history(input: &Input) -> bool {
    matches!(input, Input::Answer(_, answer) if matches!(answer.key.kind, RequestKind::Candles(_)))
}

/// CPU microseconds of an input that is no page of past candles.
fn cost(core: &Core, inputs: &[(Timestamp, Input)]) -> f64 {
    let mut core = core.clone();
    let mut out = Vec::new();
    let (start, mut apart, mut counted) = (ThreadTime::now(), 0.0, 0);
    for (at, input) in inputs {
        let page = is_history(input).then(ThreadTime::now);
        core.step(*at, input, &mut out);
        out.clear();
        match page {
            Some(page) => apart += page.elapsed().as_secs_f64(),
            None => counted += 1,
        }
    }
    (start.elapsed().as_secs_f64() - apart) * 1e6 / f64::from(counted.max(1))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long, how large, and when it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Length of the run in minutes.
    pub(crate) minutes: i64,
    /// Milliseconds by which the market is moved.
    pub(crate) step_ms: i64,
    /// Minutes between two looks.
    pub(crate) every: i64,
    /// Minutes after which memory is to be flat.
    pub(crate) warm: i64,
    /// Whether what is held is counted, which takes memory itself.
    pub(crate) census: bool,
}

/// Whether all sizes stay flat.
pub(crate) fn run(plan: Plan, counts: &[usize]) -> bool {
    let all: Vec<bool> = counts.iter().map(|symbols| one(plan, *symbols)).collect();
    all.iter().all(|fine| *fine)
}

fn one(plan: Plan, symbols: usize) -> bool {
    let began = Instant::now();
    let total_ms = plan.minutes * 60_000;
    let empty = live();
    let mut plant = Plant::wide(SEED, &Venue::ALL, symbols, Some(&scenario(total_ms)));
    plant.step_ms = plan.step_ms;
    let start = plant.now();
    let ran = |plant: &Plant| plant.now().ms() - start.ms();
    println!(
        "\n{symbols} symbols at six venues, {} min of an even market",
        plan.minutes
    );
    plant.run(WARM_MS, &mut |_| {});
    let early = plant.core.clone();
    let core_early = weigh(&early);
    plant.keep_inputs();
    plant.run(KEPT_MS, &mut |_| {});
    let first = plant.take_kept();
    let mut counted = None;
    let mut samples = Vec::new();
    while ran(&plant) < total_ms - KEPT_MS {
        let next = (ran(&plant) / 60_000 / plan.every + 1) * plan.every * 60_000;
        plant.run(next.min(total_ms - KEPT_MS) - ran(&plant), &mut |_| {});
        let sample = Sample::take(ran(&plant));
        sample.tell();
        if plan.census && (counted.is_none() && sample.ms >= plan.warm * 60_000) {
            counted = Some(census::take(&plant.core));
        }
        samples.push(sample);
    }
    tell_slopes(&samples, plan.warm * 60_000);
    if let Some(counted) = counted {
        tell_census(&counted, &census::take(&plant.core));
    }
    let late = plant.core.clone();
    plant.keep_inputs();
    plant.run(KEPT_MS, &mut |_| {});
    let last = plant.take_kept();
    let fine = tell_costs((&early, &first), (&late, &last));
    drop((early, first, late, last));
    let parts = [
        weigh(&plant.core),
        weigh(plant.core.market()),
        weigh(plant.core.alpha()),
    ];
    let all = live();
    drop(plant.core);
    let without = live();
    let [whole, market, alpha] = parts;
    println!(
        "  held at the end: the core {} MB (as a copy {}: markets {}, conviction engine {}, sessions and lists {}; a copy after {} min {}), the simulator and what is under way {} MB; took {:.0} s",
        megabytes(all - without),
        megabytes(whole),
        megabytes(market),
        megabytes(alpha),
        megabytes(whole - market - alpha),
        WARM_MS / 60_000,
        megabytes(core_early),
        megabytes(without - empty),
        began.elapsed().as_secs_f64()
    );
    let half = samples.get(samples.len() / 2).map_or(0, |s| s.live);
    let growth = samples.last().map_or(1.0, |s| s.live as f64 / half as f64);
    println!("  growth of what is held in the second half: {growth:.3} (goal at most {GROWTH})");
    growth <= GROWTH && fine
}

/// Whether an input costs as much in the end as at the begin.
fn tell_costs(early: (&Core, &[(Timestamp, Input)]), late: (&Core, &[(Timestamp, Input)])) -> bool {
    let one = |(core, inputs): (&Core, &[_])| cost(core, inputs);
    let pairs: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let a = one(early);
                (a, one(late))
            } else {
                let b = one(late);
                (one(early), b)
            }
        })
        .collect();
    let ratio = median(pairs.iter().map(|(a, b)| b / a).collect());
    println!(
        "  CPU time of an input: {:.2} us in the minute after {} min ({} inputs), {:.2} us in the last ({} inputs); ratio of pairs {ratio:.3} (goal at most {SLOWER})",
        median(pairs.iter().map(|p| p.0).collect()),
        WARM_MS / 60_000,
        early.1.len(),
        median(pairs.iter().map(|p| p.1).collect()),
        late.1.len(),
    );
    ratio <= SLOWER
}
