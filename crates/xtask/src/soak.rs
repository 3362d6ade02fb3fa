//! `cargo xtask soak`: long runs in virtual time. Bounded: a day of six venues with 80 symbols, and an hour each with 10, 40 and 80.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{process::Cmd, steps::Steps, workspace::Workspace};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// Requests, refusals, bans and orders in a day with storms of 429
    Quota,
    /// Memory and CPU time of an event over an hour
    Memory,
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One part alone
    #[arg(long)]
    only: Option<Part>,
    /// Simulated hours of `quota`
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// Symbols: 80 of `quota`, and 10, 40 and 80 of `memory` when not given
    #[arg(long)]
    symbols: Option<usize>,
    /// Milliseconds by which the market is moved at a time: 500 of `quota`, 100 of `memory` when not given
    #[arg(long)]
    step: Option<u32>,
    /// Simulated minutes of `memory`
    #[arg(long, default_value_t = 60)]
    minutes: u32,
}

pub(crate) fn soak(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let outcome = steps.step("Soak", || {
        let mut arguments = vec![
            format!("--hours={}", options.hours),
            format!("--minutes={}", options.minutes),
        ];
        arguments.extend(options.symbols.map(|count| format!("--symbols={count}")));
        arguments.extend(options.step.map(|ms| format!("--step={ms}")));
        match options.only {
            Some(Part::Quota) => arguments.push("--only=quota".to_owned()),
            Some(Part::Memory) => arguments.push("--only=memory".to_owned()),
            None => {}
        }
        Cmd::cargo(&workspace.root)
            .args(["run", "--release", "--package", "hypersentry-tests"])
            .args(["--example", "soak", "--"])
            .args(arguments)
            .no_limit()
            .run()
    });
    println!("\n{}", steps.summary());
    outcome.map(|()| ExitCode::SUCCESS)
}
