//! Real kills at a bad venue: while a child trades, the venue loses or delays answers, answers with errors, repeats and reorders its streams, goes
//! silent with its connections open, or is away; the child is killed at a point that the seed chooses, and a second one takes up its directory.
//!
//! Each worker has a simulator of its own, because a fault befalls whoever asks next. A fault begins when the child is about to order.
//! `HYPERSENTRY_FAULT_KILLS=N` makes N kills, each fault as often as the others; `HYPERSENTRY_FAULT_SEED` begins elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::child::{self, Child, SCRIPTS};
use common::kill::{self, Job};
use common::{count, venue};
use hypersentry_sim::{Fault, Scenario, SimConfig, Simulator, Venue};
use hypersentry_trading::AccountState;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Kills at once, each with a venue of its own.
const AT_ONCE: usize = 6;

/// What the venue does, by its name.
fn faults(name: &str) -> Vec<Fault> {
    let venue = Venue::Hyperliquid;
    let frames = |make: fn(Venue, String, String, u32) -> Fault| {
        ["orderUpdates", "userFills"]
            .map(|channel| make(venue, channel.to_owned(), String::new(), 20))
            .to_vec()
    };
    match name {
        "lost ack" => vec![Fault::LoseAnswers {
            count: 2,
            performed: true,
        }],
        "lost order" => vec![Fault::LoseAnswers {
            count: 1,
            performed: false,
        }],
        "late ack" => vec![Fault::LateAnswers {
            count: 2,
            delay_ms: 4_000,
            action_waits: false,
        }],
        "late order" => vec![Fault::LateAnswers {
            count: 1,
            delay_ms: 6_000,
            action_waits: true,
        }],
        "duplicate fill" => frames(|venue, channel, symbol, count| Fault::DuplicateFrames {
            venue,
            channel,
            symbol,
            count,
        }),
        "reordered stream" => frames(|venue, channel, symbol, count| Fault::ReorderFrames {
            venue,
            channel,
            symbol,
            count,
        }),
        "half-open socket" => vec![Fault::SilenceVenue {
            venue,
            for_ms: 12_000,
        }],
        "429, executed" => vec![Fault::FailRequests {
            count: 2,
            status: 429,
            performed: true,
        }],
        "429 storm" => vec![Fault::RateLimitStorm {
            venue,
            for_ms: 4_000,
        }],
        "5xx, executed" => vec![Fault::FailRequests {
            count: 2,
            status: 502,
            performed: true,
        }],
        "5xx, not executed" => vec![Fault::FailRequests {
            count: 1,
            status: 503,
            performed: false,
        }],
        _ => vec![Fault::Maintenance {
            venue,
            for_ms: 4_000,
        }],
    }
}

const FAULTS: [&str; 12] = [
    "lost ack",
    "lost order",
    "late ack",
    "late order",
    "duplicate fill",
    "reordered stream",
    "half-open socket",
    "429, executed",
    "429 storm",
    "5xx, executed",
    "5xx, not executed",
    "maintenance",
];

#[test]
#[ignore = "the child of the test beside it"]
fn the_child() {
    child::child(play);
}

async fn play(child: Child) -> AccountState {
    let (ready, go) = (child.dir.join("ready"), child.dir.join("go"));
    // The second child may find the venue as bad as the first one left it.
    let again = go.exists();
    let trades = |state: &AccountState| state.ready && (again || state.stream == "open");
    child.until(trades).await;
    std::fs::write(ready, "").unwrap();
    let began = Instant::now();
    while !go.exists() {
        assert!(began.elapsed() < child::PATIENCE, "nobody says go");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.order(child.ticket()).await;
    child.end().await
}

/// Lets the fault begin when the child says that it is ready.
fn begin(simulator: &Simulator, name: Option<&str>, dir: &Path) {
    let go = dir.join("go");
    if dir.join("ready").exists() && !go.exists() {
        for fault in name.map(faults).unwrap_or_default() {
            simulator.faults().apply(fault);
        }
        std::fs::write(go, "").unwrap();
    }
}

/// Sebastiano Vigna's splitmix64.
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Trial {
    fault: &'static str,
    script: &'static str,
    kill_at: u64,
    key: u16,
}

#[test]
fn a_process_that_is_killed_at_a_bad_venue_doubles_and_loses_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start = || {
        let config = SimConfig {
            scenario: Some(Scenario::from_json(common::WIDE).unwrap()),
            symbols: 1,
            ..SimConfig::default()
        };
        runtime.block_on(hypersentry_sim::start(config)).unwrap()
    };
    let venues: Vec<Simulator> = (0..AT_ONCE).map(|_| start()).collect();
    let root = tempfile::tempdir().unwrap();
    let job = |simulator: &Simulator, script: &str, kill_at: u64, key: u16| {
        Job::new(
            simulator,
            runtime.handle(),
            root.path(),
            script,
            key,
            kill_at,
        )
    };
    let mut points = BTreeMap::new();
    for (key, script) in (1..).zip(SCRIPTS) {
        let whole = kill::points(&job(&venues[0], script, 0, key), &|job: &Job| {
            begin(&venues[0], None, &job.dir);
        });
        points.insert(script, whole);
    }
    let seed = count("HYPERSENTRY_FAULT_SEED", 1) as u64;
    let trials: Vec<Trial> = (0..count("HYPERSENTRY_FAULT_KILLS", 36))
        .map(|number| {
            let script = SCRIPTS[number / FAULTS.len() % SCRIPTS.len()];
            Trial {
                fault: FAULTS[number % FAULTS.len()],
                script,
                kill_at: 1 + chance(seed << 32 | number as u64) % points[script],
                key: 100 + number as u16,
            }
        })
        .collect();
    let free = Mutex::new(venues.iter().collect::<Vec<_>>());
    let done = kill::all(&trials, AT_ONCE, |trial| {
        let simulator = free.lock().unwrap().pop().unwrap();
        let job = job(simulator, trial.script, trial.kill_at, trial.key);
        let came = kill::one(&job, runtime.handle(), &|job| {
            begin(simulator, Some(trial.fault), &job.dir);
        });
        simulator.faults().clear();
        free.lock().unwrap().push(simulator);
        came
    });
    let mut table: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (trial, came) in &done {
        let row = table.entry(trial.fault).or_default();
        row[0] += 1;
        row[1] += usize::from(came.killed.is_some());
        row[2] += came.orders;
        if let Some((fault, text)) = &came.wrong {
            row[match fault {
                venue::Fault::Doubled => 3,
                venue::Fault::Lost => 4,
                venue::Fault::WrongEnd => 5,
                venue::Fault::Broken => 6,
            }] += 1;
            let (script, at) = (trial.script, trial.kill_at);
            wrong.push(format!(
                "{fault:?}: {} in {script} at {at}: {text}",
                trial.fault
            ));
        }
    }
    for (fault, [runs, killed, orders, doubled, lost, ends, broken]) in &table {
        println!(
            "{fault}: {runs} runs, {killed} killed, {orders} orders; {doubled} doubled, {lost} lost, {ends} wrong ends, {broken} broken"
        );
    }
    let killed: usize = table.values().map(|row| row[1]).sum();
    let orders: usize = table.values().map(|row| row[2]).sum();
    println!(
        "{} runs at {} kinds of fault, {killed} killed, {orders} orders compared, {} wrong",
        trials.len(),
        table.len(),
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(killed * 2 > trials.len());
}
