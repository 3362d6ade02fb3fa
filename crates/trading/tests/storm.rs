//! A storm of lost connections while orders are under way: how long is an order unknown at most.
//!
//! The venue cuts its connections, leaves them half-open, refuses new ones, is away, answers with 429 and 5xx, and loses answers and orders, again
//! and again. Between two blows it can be reached. An order that is unknown has to end, by the venue's clock, at `expiresAfter`, or when the venue can
//! be reached again after that, and two round trips. `HYPERSENTRY_STORM_S` says for how many seconds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::fleet::{Fleet, Streams};
use common::{count, now};
use hypersentry_execution::order::State;
use hypersentry_sim::{Fault, Venue};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const ACCOUNTS: u16 = 16;
/// How long an order may live at the venue, by its clock.
const LIFE_MS: i64 = 15_000;
/// What the checks and the wire may take after the last moment at which the venue could still take the order: how well the venue's clock is known
/// here (100 ms, to one side), two questions (200 ms apart, if the first is lost) and their round trips; the rest is the machine's.
const SLACK_MS: i64 = 2_500;

/// The blows in their order, each with how long the venue cannot be reached by requests.
fn blow(number: usize) -> (Fault, u64) {
    let venue = Venue::Hyperliquid;
    match number % 8 {
        0 => (Fault::DropConnections { venue }, 0),
        1 => (
            Fault::SilenceVenue {
                venue,
                for_ms: 3_000,
            },
            0,
        ),
        2 => (
            Fault::LoseAnswers {
                count: 12,
                performed: true,
            },
            0,
        ),
        3 => (
            Fault::Maintenance {
                venue,
                for_ms: 1_500,
            },
            1_500,
        ),
        4 => (
            Fault::LoseAnswers {
                count: 4,
                performed: false,
            },
            0,
        ),
        5 => (
            Fault::RateLimitStorm {
                venue,
                for_ms: 1_000,
            },
            1_000,
        ),
        6 => (
            Fault::RefuseConnections {
                venue,
                for_ms: 2_000,
            },
            0,
        ),
        _ => (
            Fault::FailRequests {
                count: 12,
                status: 503,
                performed: true,
            },
            0,
        ),
    }
}

/// Orders without an end, until it is told to stop; how many.
async fn trade(fleet: &Fleet, account: usize, stop: &AtomicBool) -> usize {
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        let kind = fleet.rests_or_takes(1 + 2 * number);
        let ticket = fleet.ticket(account, &format!("storm-{number}"), &kind);
        let placed = match fleet.place(&ticket).await {
            Ok(placed) => placed,
            Err(error) => {
                let state = fleet.trading.state(&ticket.account, None).await;
                panic!("{error:?} {:#?}", state.unwrap());
            }
        };
        fleet.known(placed[0].cloid.as_ref().unwrap()).await;
        number += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_order_ends_within_its_life_and_two_round_trips() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::start(ACCOUNTS, Streams::All, dir.path()).await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut traders = JoinSet::new();
    for account in 0..fleet.accounts.len() {
        let (fleet, stop) = (Arc::clone(&fleet), Arc::clone(&stop));
        traders.spawn(async move { trade(&fleet, account, &stop).await });
    }
    let began = Instant::now();
    let long = Duration::from_secs(count("HYPERSENTRY_STORM_S", 24) as u64);
    // When the venue could not be reached: from, to.
    let mut away = Vec::new();
    let mut blows = 0;
    while began.elapsed() < long {
        let (fault, unreachable) = blow(blows);
        fleet.simulator.faults().apply(fault);
        if unreachable > 0 {
            let from = now().ms();
            away.push((from, from + unreachable as i64));
        }
        blows += 1;
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    fleet.simulator.faults().clear();
    stop.store(true, Ordering::SeqCst);
    let mut orders = 0;
    while let Some(done) = traders.join_next().await {
        orders += done.unwrap();
    }
    let (compared, wrong) = fleet.compare().await;
    let lives = fleet.record.lives.lock().unwrap();
    let at = |instant: Instant| now().ms() - instant.elapsed().as_millis() as i64;
    let (mut longest, mut ends) = (0, Vec::new());
    for life in lives.values() {
        for pair in life.windows(2) {
            let ((State::Unknown, since, Some(until)), (_, ended, _)) = (pair[0], pair[1]) else {
                continue;
            };
            let ended = at(ended);
            longest = longest.max(ended - at(since));
            // The venue has to be reachable for two questions in a row.
            let mut last = until;
            for (from, to) in &away {
                if *from <= last + SLACK_MS / 2 && *to > last {
                    last = *to;
                }
            }
            ends.push(ended - last);
        }
    }
    ends.sort_unstable();
    let (unknown, latest) = (ends.len(), ends.last().copied().unwrap_or(i64::MIN));
    // Those that the venue's word ended, and not a fill or an answer before.
    let proven = &ends[ends.partition_point(|after| *after <= 0)..];
    println!(
        "{} of {unknown} ended after expiresAfter or the venue's return, half of them within {:?} ms",
        proven.len(),
        proven.get(proven.len() / 2)
    );
    println!(
        "{blows} blows in {} s: {orders} orders, {unknown} times unknown, at most {longest} ms; the latest end was {latest} ms after expiresAfter or the \
         venue's return; {} violations",
        long.as_secs(),
        wrong.len()
    );
    assert_eq!(wrong, Vec::new());
    assert_eq!(compared, orders);
    assert!(unknown > 0, "nothing was unknown");
    assert!(latest <= SLACK_MS, "{latest} ms too late");
    let away: i64 = away.iter().map(|(from, to)| to - from).max().unwrap_or(0);
    assert!(longest <= LIFE_MS + away + SLACK_MS, "{longest} ms unknown");
}
