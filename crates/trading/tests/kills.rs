//! Real kills: a child process trades at the simulator, which lives on in the parent, and is killed (`abort`) at one point: at a write, a sync, a
//! signature, a request on its way out, an answer on its way in, or an order's step. A second child takes up the same directory, asks for the
//! same things under the same keys, and ends. Then what it holds is compared with what the venue holds.
//!
//! The points are counted by a run without a kill, and every one of them is taken. `HYPERSENTRY_KILLS=N` takes each N-th only;
//! `HYPERSENTRY_KILL_ROUNDS=N` takes each of them N times.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::base;
use common::kill::{self, Child, Job, SCRIPTS, report, run, wallet};
use hypersentry_sim::{Scenario, SimConfig, exchange};
use hypersentry_trading::AccountState;

/// Children at once.
const AT_ONCE: usize = 6;

#[test]
#[ignore = "the child of the test beside it"]
fn the_child() {
    kill::child(play);
}

/// Asks for what the script says, as a client that repeats itself does, and waits until all of it has ended.
async fn play(child: Child) -> AccountState {
    let trades = |state: &AccountState| state.ready && state.stream == "open";
    child.until(trades).await;
    child.order(child.ticket()).await;
    child.end().await
}

fn number(name: &str, usual: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().unwrap()).max(1)
}

#[test]
fn a_process_that_is_killed_anywhere_doubles_and_loses_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = SimConfig {
        scenario: Some(Scenario::from_json(common::WIDE).unwrap()),
        ..SimConfig::default()
    };
    let simulator = runtime.block_on(hypersentry_sim::start(config)).unwrap();
    let url = base(&simulator);
    let every = number("HYPERSENTRY_KILLS", 7);
    let rounds = number("HYPERSENTRY_KILL_ROUNDS", 1);
    let mid = runtime.block_on(kill::mid(&url));
    let root = tempfile::tempdir().unwrap();
    let mut key = 0_u16;
    let mut job = |script: &str, kill_at: u64| {
        key += 1;
        let user = wallet(key).address().to_string();
        let user = exchange::Address::parse(&user).unwrap();
        simulator.pay_in(user, 50_000 * exchange::USD).unwrap();
        let dir = root.path().join(key.to_string());
        std::fs::create_dir(&dir).unwrap();
        Job {
            script: script.to_owned(),
            url: url.clone(),
            dir,
            key,
            mid,
            kill_at,
        }
    };
    let mut jobs = Vec::new();
    for script in SCRIPTS {
        let whole = run(&job(script, 0), &|_| ());
        assert!(
            whole.status.success(),
            "{}",
            String::from_utf8_lossy(&whole.stderr)
        );
        let points = report(&whole)["points"].as_u64().unwrap();
        println!("{script}: {points} points");
        for _ in 0..rounds {
            jobs.extend((1..=points).step_by(every).map(|at| job(script, at)));
        }
    }
    let total = jobs.len();
    let done = kill::all(&jobs, AT_ONCE, |job| {
        kill::one(job, runtime.handle(), &|_| ())
    });
    // A run differs from the next in how often it asks, so that the last points may not come: such a run ends well, and that is no fault.
    let missed = done.iter().filter(|(_, came)| came.killed.is_none());
    let missed = missed.count();
    let orders: usize = done.iter().map(|(_, came)| came.orders).sum();
    let wrong: Vec<String> = done
        .iter()
        .filter_map(|(job, came)| {
            let (fault, text) = came.wrong.as_ref()?;
            Some(format!("{fault:?}: {} at {text}", job.script))
        })
        .collect();
    println!(
        "{total} kills, {missed} beyond the end of their run, {orders} orders compared, {} wrong",
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(missed * 5 < total, "{missed} of {total}");
}
