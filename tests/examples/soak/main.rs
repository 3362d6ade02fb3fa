//! Long runs in virtual time, told as tables. `cargo xtask soak` builds and starts it; see CONTRIBUTING.md.
//!
//! | part | runs | shows |
//! |---|---|---|
//! | `quota` | a day of all venues with storms of 429, lost connections and gaps, while orders go out | bans by the venues, requests by class, orders that had to wait |
//! | `memory` | an hour each with 10, 40 and 80 symbols | what the process holds and has resident every ten minutes, how that goes on, CPU time of an input at the begin and at the end; with `--census=true` how many items each list of the core has |
//! | `journal` | so many hours of a few symbols, kept as a journal; only when it is asked for | the journal's path, its inputs, and the hash over what the conviction engine said |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it is started by hand and tells people"
)]

mod census;
mod journal;
mod memory;
mod quota;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

/// Counts what is allocated.
#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The value of `--name=value`, if it is given.
fn option<T: std::str::FromStr>(name: &str) -> Option<T> {
    let mut arguments = std::env::args();
    let value =
        arguments.find_map(|a| Some(a.strip_prefix(name)?.strip_prefix('=')?.to_owned()))?;
    let read = value.parse().ok();
    Some(read.unwrap_or_else(|| panic!("{name}={value}: not understood")))
}

fn main() {
    let only: Option<String> = option("--only");
    let does = |part: &str| only.as_ref().is_none_or(|only| only == part);
    let mut failed = false;
    if only.as_deref() == Some("journal") {
        let hours = option("--hours").unwrap_or(10.0);
        let symbols = option("--symbols").unwrap_or(3);
        let seed = option("--seed").unwrap_or(1);
        let step = option("--step").unwrap_or(100);
        let out: std::path::PathBuf = option("--out").expect("--out=DIR names a new directory");
        let models: Option<String> = option("--models");
        let models = models.unwrap_or_default();
        let regime: Option<String> = option("--regime");
        let regime = regime.as_deref().map(journal::regime);
        journal::run(hours, symbols, seed, step, &models, regime, &out);
        return;
    }
    if does("memory") {
        let counts = option("--symbols").map_or_else(|| vec![10, 40, 80], |count| vec![count]);
        let minutes = option("--minutes").unwrap_or(60);
        let plan = memory::Plan {
            minutes,
            step_ms: option("--step").unwrap_or(100),
            every: option("--every").unwrap_or((minutes / 6).max(1)),
            warm: option("--warm").unwrap_or(minutes / 2),
            census: option("--census").unwrap_or(false),
        };
        failed |= !memory::run(plan, &counts);
    }
    if does("quota") {
        let hours = option("--hours").unwrap_or(24.0);
        let symbols = option("--symbols").unwrap_or(80);
        failed |= !quota::run(hours, symbols, option("--step").unwrap_or(500));
    }
    if failed {
        std::process::exit(1);
    }
}
