//! `load`: many clients of a server, and what reaches them.

use crate::Refused;
use client::{Plan, Target};
use std::cell::RefCell;
use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tally::{Process, Tally};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// One client.
mod client;
/// What was counted.
mod tally;

/// Clients that connect at the same time.
const CONNECTING: usize = 128;

/// The longest that all clients may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(120);

/// The most clients: each needs a port and a descriptor.
const MAX_CLIENTS: u32 = 50_000;

/// The longest run.
const MAX_SECONDS: u64 = 3_600;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The server's socket, for example `ws://127.0.0.1:8787/ws`.
    #[arg(long)]
    url: String,
    /// Clients that connect.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CLIENTS)))]
    clients: u32,
    /// Symbols that each of them subscribes to, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "BTC")]
    symbols: Vec<String>,
    /// How long it is measured, from when all are connected.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=MAX_SECONDS))]
    seconds: u64,
    /// Share of the clients that read nothing, in percent.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=99))]
    stalled: u32,
    /// Share of the clients that drop their connection halfway and connect again at once, in percent.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    storm: u32,
    /// The server's process on this machine, whose CPU time and memory are read.
    #[arg(long)]
    server_pid: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = Target::read(&arguments.url).map_err(|e| Refused::because("bad_flag", e))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, measure(arguments, target))
}

/// Whether the `n`th of the clients is among a share of them, evenly spread.
const fn among(n: u32, percent: u32) -> bool {
    (n * percent) % 100 < percent
}

async fn measure(arguments: &Arguments, target: Target) -> anyhow::Result<ExitCode> {
    let tally = Rc::new(RefCell::new(Tally::default()));
    let gate = Rc::new(Semaphore::new(CONNECTING));
    let (storm, stormed) = tokio::sync::watch::channel(false);
    let process = |pid: u32| Process::read(pid).map_err(|e| Refused::because("bad_flag", e));
    let before = arguments.server_pid.map(process).transpose()?;
    let started = Instant::now();
    let subscribe: Rc<[u8]> = client::subscriptions(&arguments.symbols).into();
    for n in 0..arguments.clients {
        let plan = Plan {
            target: target.clone(),
            subscribe: Rc::clone(&subscribe),
            answers: arguments.symbols.len(),
            stalled: among(n, arguments.stalled),
            // Those that stall are not those that storm.
            storm: (!among(n, arguments.stalled) && among(n, arguments.storm))
                .then(|| stormed.clone()),
        };
        tokio::task::spawn_local(client::run(plan, Rc::clone(&tally), Rc::clone(&gate)));
    }
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let held = tally.borrow();
        if held.connected + held.refused + held.failed >= u64::from(arguments.clients) {
            break;
        }
        if started.elapsed() > CONNECT_WITHIN {
            break;
        }
    }
    let connecting = started.elapsed();
    // What piled up while they connected is not measured.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = arguments.server_pid.map(process).transpose()?;
    tally.borrow_mut().begin();
    let (begun, span) = (Instant::now(), Duration::from_secs(arguments.seconds));
    tokio::time::sleep(span / 2).await;
    if arguments.storm > 0 {
        tally.borrow_mut().storm();
        let _ = storm.send(true);
    }
    tokio::time::sleep_until(begun + span).await;
    let after = arguments.server_pid.map(process).transpose()?;
    let mut out = std::io::stdout().lock();
    let held = tally.borrow();
    writeln!(
        out,
        "{} clients of {}, {} symbols each",
        arguments.clients,
        arguments.url,
        arguments.symbols.len()
    )?;
    writeln!(
        out,
        "  connected in          {:.2} s",
        connecting.as_secs_f64()
    )?;
    held.print(&mut out, span)?;
    if let (Some(before), Some(idle), Some(after)) = (before, idle, after) {
        before.print(&idle, &after, &held, &mut out)?;
    }
    let whole = held.holes == 0 && held.refused == 0 && held.failed == 0;
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_spread_evenly() {
        for percent in [0, 1, 10, 99, 100] {
            let hit = (0..1_000).filter(|n| among(*n, percent)).count();
            assert_eq!(hit as u32, percent * 10);
        }
    }
}
