//! Whether memory stays as large as it is once histories are read and windows are full: the core, its ledgers and the simulator, hour after hour of
//! an even market at six venues.
//!
//! What is counted is what was asked of the allocator and not given back, which the same seed makes the same on every machine. A test of its own,
//! because it counts what the whole process holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_model::Venue;
use hypersentry_sim::{Fault, Regime, Scenario, ScenarioStep};
use hypersentry_tests::plant::Plant;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const HOUR_MS: i64 = 3_600_000;

/// Hours after which it is warm: those of the longest window of which the room is not made at once, the liquidations of an hour, and one more.
const WARM: i64 = 2;

/// Of a hundred bytes so many may come and go: books, orders on their way, the seconds of an hour in which somebody was liquidated.
const NOISE_PERCENT: i64 = 2;

fn held() -> i64 {
    let stats = HEAP.stats();
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

/// An even market, so that the hours are alike.
fn even() -> Scenario {
    Scenario {
        steps: vec![ScenarioStep {
            at_ms: 0,
            fault: Fault::HoldRegime {
                regime: Regime::Chop,
                for_ms: 24 * HOUR_MS as u64,
            },
        }],
        ..Scenario::default()
    }
}

#[test]
fn memory_is_flat_once_warm() {
    let mut plant = Plant::wide(3, &Venue::ALL, 2, Some(&even()));
    plant.step_ms = 2_000;
    plant.run(WARM * HOUR_MS, &mut |_| {});
    let warm = held();
    plant.run(WARM * HOUR_MS, &mut |_| {});
    let later = held();
    println!(
        "held after {WARM} h: {warm} bytes; after {} h: {later}",
        2 * WARM
    );
    assert!(warm > 1_000_000, "something is held");
    assert!(
        (later - warm).abs() * 100 <= warm * NOISE_PERCENT,
        "{warm} bytes became {later}"
    );
}
