//! Answers that are lost or wrong, and requests that come many times: rows 2 to 5 of `docs/faults.md`.
//!
//! 64 accounts of one process trade at a simulator over sockets. `HYPERSENTRY_FAULT_ROUNDS` says how many orders each row takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::count;
use common::fleet::{Fleet, Streams};
use hypersentry_execution::order::State;
use hypersentry_sim::Fault;
use hypersentry_trading::{Asker, TradeError};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const ACCOUNTS: u16 = 64;
/// Clients that ask at once.
const CLIENTS: usize = 64;

fn rounds() -> usize {
    count("HYPERSENTRY_FAULT_ROUNDS", 128)
}

/// Places so many orders, all accounts at once, and waits until each is known.
async fn place(fleet: &Arc<Fleet>, row: &'static str, orders: usize) {
    let mut tasks = JoinSet::new();
    for account in 0..fleet.accounts.len() {
        let fleet = Arc::clone(fleet);
        tasks.spawn(async move {
            for number in (account..orders).step_by(fleet.accounts.len()) {
                let kind = fleet.rests_or_takes(number / fleet.accounts.len() + number);
                let ticket = fleet.ticket(account, &format!("{row}-{number}"), &kind);
                let placed = fleet.place(&ticket).await.unwrap();
                fleet.known(placed[0].cloid.as_ref().unwrap()).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

async fn judge(fleet: &Fleet, row: &str, orders: usize) {
    let (compared, wrong) = fleet.compare().await;
    let (unknown, rejected) = (fleet.ever(State::Unknown), fleet.ever(State::Rejected));
    println!(
        "{row}: {compared} orders compared, {unknown} were unknown, {rejected} were rejected, {} violations",
        wrong.len()
    );
    assert_eq!(wrong, Vec::new());
    assert_eq!(rejected, 0, "none was refused by the venue");
    assert_eq!(compared, orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_venue_accepted_ends_in_what_it_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = Fleet::start(ACCOUNTS, Streams::Half, dir.path()).await;
    fleet.traffic.deaf.store(true, Ordering::SeqCst);
    let (fleet, orders) = (Arc::new(fleet), rounds());
    place(&fleet, "row-2", orders).await;
    // Without a stream nothing but questions can end it.
    assert!(fleet.ever(State::Unknown) * 2 + 64 >= orders);
    assert_eq!(fleet.ever(State::Expired), 0);
    judge(&fleet, "row 2, answers lost", orders).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_for_an_order_that_was_executed_is_never_called_a_rejection() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = Fleet::start(ACCOUNTS, Streams::Half, dir.path()).await;
    let (fleet, orders) = (Arc::new(fleet), rounds());
    let fail = |count: usize, status, performed| {
        fleet.simulator.faults().apply(Fault::FailRequests {
            count: count as u32,
            status,
            performed,
        });
    };
    fail(orders, 500, true);
    place(&fleet, "row-3", orders).await;
    assert!(fleet.ever(State::Unknown) * 2 + 64 >= orders);
    assert_eq!(fleet.ever(State::Expired), 0);
    judge(&fleet, "row 3, errors for what was executed", orders).await;
    // Other errors, executed or not: what never arrived expires, and is not called rejected either.
    let more = 4 * fleet.accounts.len();
    for (status, performed) in [(429, false), (503, true), (502, false), (429, true)] {
        fail(more / 4, status, performed);
    }
    place(&fleet, "row-3-more", more).await;
    assert_eq!(fleet.ever(State::Expired), more / 2);
    judge(&fleet, "row 3, 429, 502 and 503", orders + more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_64_times_at_once_is_one_order_and_another_body_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::start(ACCOUNTS, Streams::All, dir.path()).await);
    let rounds = count("HYPERSENTRY_FAULT_ROUNDS", 32);
    let mut conflicts = 0;
    for round in 0..rounds {
        let account = round % fleet.accounts.len();
        let key = format!("row-4-{round}");
        let kind = fleet.rests_or_takes(round + round / fleet.accounts.len());
        let barrier = Arc::new(Barrier::new(CLIENTS));
        let mut tasks = JoinSet::new();
        for client in 0..CLIENTS {
            // In every other round half of them ask for something else under the same key: whoever comes first wins.
            let other = round % 2 == 1 && client % 2 == 1;
            let mut body = kind.clone();
            body["size"] = json!(if other { "0.002" } else { "0.001" });
            let ticket = fleet.ticket(account, &key, &body);
            let (fleet, barrier) = (Arc::clone(&fleet), Arc::clone(&barrier));
            tasks.spawn(async move {
                barrier.wait().await;
                (other, fleet.place(&ticket).await)
            });
        }
        let mut taken = BTreeSet::new();
        let mut refused = 0;
        while let Some(done) = tasks.join_next().await {
            let (other, answer) = done.unwrap();
            match answer {
                Ok(orders) => {
                    assert_eq!(orders.len(), 1);
                    taken.insert((other, orders[0].cloid.clone().unwrap()));
                }
                Err(error) => {
                    assert_eq!(error.code, "idempotency_conflict", "{error:?}");
                    refused += 1;
                }
            }
        }
        assert_eq!(taken.len(), 1, "round {round}: {taken:?}");
        assert_eq!(refused, if round % 2 == 1 { CLIENTS / 2 } else { 0 });
        conflicts += refused;
        let (other, name) = taken.pop_first().unwrap();
        // Row 5: whatever is changed afterwards, under the same key, is refused.
        for (field, value) in [
            ("size", json!("0.003")),
            ("symbol", json!("ETH")),
            ("reduce_only", json!(true)),
        ] {
            let mut body = kind.clone();
            body["size"] = json!(if other { "0.002" } else { "0.001" });
            body[field] = value;
            let ticket = fleet.ticket(account, &key, &body);
            let refused = fleet.trading.order(ticket, Asker::default()).await;
            let code = refused.map_err(|TradeError { code, .. }| code).unwrap_err();
            assert_eq!(code, "idempotency_conflict", "{field}");
            conflicts += 1;
        }
        fleet.known(&name).await;
    }
    println!("row 5: {conflicts} requests with another body, each refused");
    let (compared, wrong) = fleet.compare().await;
    println!(
        "row 4: {rounds} rounds of {CLIENTS} requests, {compared} orders, {} violations",
        wrong.len()
    );
    assert_eq!(wrong, Vec::new());
    assert_eq!(compared, rounds);
    let sent: u32 = fleet.traffic.sent.lock().unwrap().values().sum();
    assert_eq!(sent as usize, rounds);
}
