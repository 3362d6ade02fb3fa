//! Real kills: a child process trades at the simulator, which lives on in the parent, and is killed (`abort`) at one point: at a write, a sync, a
//! signature, a request on its way out, an answer on its way in, or an order's step. A second child takes up the same directory, asks for the
//! same things under the same keys, and ends. Then what it holds is compared with what the venue holds.
//!
//! The points are counted by a run without a kill, and every one of them is taken. `HYPERSENTRY_KILLS=N` takes each N-th only;
//! `HYPERSENTRY_KILL_ROUNDS=N` takes each of them N times. Orders that change, brackets that are filled in part, TWAPs of the venue's and the kill
//! switch: `kills_paths.rs`.
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
use common::{count, kill};
use hypersentry_trading::AccountState;

#[test]
#[ignore = "the child of the test beside it"]
fn the_child() {
    child::child(play);
}

/// Asks for what the script says, as a client that repeats itself does, and waits until all of it has ended.
async fn play(child: Child) -> AccountState {
    let trades = |state: &AccountState| state.ready && state.stream == "open";
    child.until(trades).await;
    child.order(child.ticket()).await;
    child.end().await
}

#[test]
fn a_process_that_is_killed_anywhere_doubles_and_loses_nothing() {
    let every = count("HYPERSENTRY_KILLS", 7);
    let rounds = count("HYPERSENTRY_KILL_ROUNDS", 1);
    kill::sweep(&SCRIPTS, (every, rounds), |_, _| Ok(()));
}
