//! What a delivered frame costs the server: the gateway's whole way (fan-out, queue, frame, socket) beside bare writes of the same bytes.
//!
//! 200 clients of another process read on loopback sockets and take every frame apart; each gets every message of 1.2 KB. The two ways take turns
//! in one process, whose CPU time is measured. A burst is over when the readers have said that all of them have all of it.
//!
//! `cargo bench --bench fan_out -- --way ours|bare --burst N --bursts N` runs one way alone, for a count of its system calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

mod bare;
mod ours;
mod readers;
mod report;

use cpu_time::ProcessTime;
use readers::Readers;
use report::{Paced, Rounds};
use std::time::{Duration, Instant};

/// Clients of each way.
pub(crate) const CLIENTS: usize = 200;

/// Rounds, each of which gives one ratio.
const ROUNDS: usize = 12;

/// Bursts in a round, and how many messages each has: some tenths of a second of each way's CPU time.
const BURSTS: [(usize, usize); 2] = [(480, 1), (240, 8)];

/// Blocks of paced messages of each way.
const BLOCKS: usize = 6;

/// Messages of a block.
const PACED: u32 = 60;

/// Between two paced messages: 20 a second.
const PACE: Duration = Duration::from_millis(50);

/// A way to bring messages to all clients.
pub(crate) trait Way {
    /// Says so many messages at once.
    fn say(&mut self, burst: usize);
}

/// CPU time of so many bursts.
fn cpu(way: &mut dyn Way, readers: &mut Readers, burst: usize, bursts: usize) -> Duration {
    let start = ProcessTime::now();
    for _ in 0..bursts {
        way.say(burst);
        readers.wait(burst);
    }
    start.elapsed()
}

/// How old each message was when it arrived, in microseconds.
fn paced(way: &mut dyn Way, readers: &mut Readers) -> Vec<u32> {
    let start = Instant::now();
    let mut all = Vec::new();
    for n in 0..PACED {
        if let Some(rest) = (PACE * n).checked_sub(start.elapsed()) {
            std::thread::sleep(rest);
        }
        way.say(1);
        all.extend(readers.wait(1));
    }
    all.sort_unstable();
    all
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).map(String::as_str) == Some("readers") {
        return readers::run(&arguments[2..]);
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    let count = |name: &str| value(name).map(|n| n.parse::<usize>().expect("a number"));
    let (mut ours, mut to_ours) = ours::start();
    let (mut bare, mut to_bare) = bare::start();
    let mut run = |n: usize, burst: usize, bursts: usize| {
        if n == 0 {
            cpu(&mut ours, &mut to_ours, burst, bursts)
        } else {
            cpu(&mut bare, &mut to_bare, burst, bursts)
        }
    };
    // Warm.
    for n in [0, 1] {
        run(n, 8, 20);
    }
    if let Some(way) = value("--way") {
        let (burst, bursts) = (count("--burst").unwrap_or(1), count("--bursts"));
        let bursts = bursts.unwrap_or(100);
        let spent = run(usize::from(way != "ours"), burst, bursts);
        println!("{way}: {bursts} bursts of {burst}, {CLIENTS} clients, CPU {spent:?}");
        return;
    }
    // Without `--bench` (`cargo test`) it is enough that every client got everything.
    if !arguments.iter().any(|a| a == "--bench") {
        return;
    }
    for (bursts, burst) in BURSTS {
        let mut rounds = Rounds::new(burst, bursts * burst * CLIENTS);
        for round in 0..ROUNDS {
            let mut spent = [Duration::ZERO; 2];
            for n in [round % 2, (round + 1) % 2] {
                spent[n] = run(n, burst, bursts);
            }
            rounds.add(spent);
        }
        rounds.print();
    }
    let mut all = Paced::default();
    for block in 0..BLOCKS {
        let mut ages = [Vec::new(), Vec::new()];
        for n in [block % 2, (block + 1) % 2] {
            ages[n] = if n == 0 {
                paced(&mut ours, &mut to_ours)
            } else {
                paced(&mut bare, &mut to_bare)
            };
        }
        all.add(&ages);
    }
    all.print();
}
