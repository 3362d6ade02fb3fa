//! Rounds in which the ways take turns, and what they show.

use crate::recordings::Recording;
use crate::{NAMES, WAYS, ways};
use cpu_time::ThreadTime;
use std::time::Duration;

use crate::way::Way;

/// Rounds, each of which gives one ratio.
const ROUNDS: usize = 21;
/// CPU time of the fastest way in a round, at least: 2 s over the run.
const ROUND_CPU: Duration = Duration::from_millis(100);
/// What the plain design must cost at least, in the worst quarter of the rounds, against ours.
const GOAL: f64 = 3.0;

/// One pass over all frames: its CPU time, and the number of levels in the frames.
pub(crate) fn pass(way: &mut dyn Way, recordings: &[Recording]) -> (Duration, usize) {
    let mut cpu = Duration::ZERO;
    let mut told = 0;
    for recording in recordings {
        way.begin(recording);
        let start = ThreadTime::now();
        for (i, frame) in recording.frames.iter().enumerate() {
            told += way.frame(recording.venue, frame, i >= recording.included);
        }
        cpu += start.elapsed();
    }
    (cpu, told)
}

/// The CPU times of each way in each round. All find the same number of levels as [`crate::verify`] did: each did all of its work.
pub(crate) fn measure(recordings: &[Recording], levels: usize) -> (usize, Vec<[Duration; WAYS]>) {
    let mut ways = ways();
    let mut timed = |i: usize| {
        let (cpu, told) = pass(ways[i].as_mut(), recordings);
        assert_eq!(told, levels, "{}", NAMES[i]);
        cpu
    };
    // The first passes warm up.
    let trials = (0..10 * WAYS).map(|i| timed(i % WAYS));
    let fastest = trials.min().unwrap_or(ROUND_CPU);
    let passes = ROUND_CPU.as_nanos().div_ceil(fastest.as_nanos().max(1)) as usize;
    let mut rounds = vec![[Duration::ZERO; WAYS]; ROUNDS];
    for (round, cpu) in rounds.iter_mut().enumerate() {
        for turn in 0..passes * WAYS {
            // Passes and ways together shift the beginning by one way from pass to pass.
            let i = (round + turn + turn / WAYS) % WAYS;
            cpu[i] += timed(i);
        }
    }
    (passes, rounds)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Which way is set over which, and whether the goal is meant.
const PAIRS: [(usize, usize, bool); 6] = [
    (4, 0, true),
    (5, 0, false),
    (4, 1, false),
    (5, 1, false),
    (3, 1, false),
    (3, 2, false),
];

pub(crate) fn report(recordings: &[Recording], passes: usize, rounds: &[[Duration; WAYS]]) {
    let frames: usize = recordings.iter().map(|r| r.frames.len()).sum();
    let column = |i: usize| rounds.iter().map(move |cpu| cpu[i].as_secs_f64());
    let least = (0..WAYS).map(|i| column(i).sum());
    println!(
        "{} rounds of {passes} passes; CPU time of each way: {:.1} s or more",
        rounds.len(),
        least.fold(f64::INFINITY, f64::min),
    );
    println!("  way              us/frame");
    for (i, name) in NAMES.iter().enumerate() {
        let us = sorted(column(i).map(|s| s * 1e6).collect());
        let us = us[us.len() / 2] / (frames * passes) as f64;
        println!("  {name:<15} {us:>9.3}");
    }
    println!("  ratio                        median [min..max]      worst quarter below");
    for (over, under, meant) in PAIRS {
        let pairs = column(over).zip(column(under));
        let ratios = sorted(pairs.map(|(x, y)| x / y).collect());
        let quarter = ratios[ratios.len() / 4];
        let name = format!("{} / {}", NAMES[over], NAMES[under]);
        println!(
            "  {name:<28} {:>6.2} [{:.2}..{:.2}] {quarter:>16.2}{}",
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1],
            match (meant, quarter >= GOAL) {
                (true, true) => format!("  (goal {GOAL}: reached)"),
                (true, false) => format!("  (goal {GOAL}: MISSED)"),
                _ => String::new(),
            },
        );
    }
}
