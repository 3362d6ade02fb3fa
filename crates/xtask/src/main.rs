//! The project's own commands: run, test, bench, soak, tidy.
//!
//! It is the one place that knows how the parts are built and started together. It holds no product code and no room may
//! depend on it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod bench;
mod binaries;
mod failure;
mod journeys;
mod node;
mod openapi;
mod packages;
mod process;
mod python;
mod python_sdk;
mod run;
mod service;
mod smoke;
mod soak;
mod steps;
mod system;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{failure::exit_code, workspace::Workspace};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Run, test, bench, soak and tidy HyperSentry",
    version
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the terminal and open it; in practice mode unless --live is given
    Run(run::Options),
    /// Run every check; stops at the first that fails
    Test(test::Options),
    /// Run the release benchmarks, or one of them
    Bench(bench::Options),
    /// Run the long runs in virtual time and print their tables
    Soak(soak::Options),
    /// Check the rules of the house: import direction, sizes, seams, texts
    Tidy,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = process::forward_signals()
        .and_then(|()| Workspace::locate())
        .and_then(|workspace| match cli.command {
            Command::Run(options) => run::run(&workspace, &options),
            Command::Test(options) => test::test(&workspace, &options),
            Command::Bench(options) => bench::bench(&workspace, &options),
            Command::Soak(options) => soak::soak(&workspace, &options),
            Command::Tidy => tidy::tidy(&workspace).map(|()| ExitCode::SUCCESS),
        });
    process::end_all();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            exit_code(&error)
        }
    }
}
