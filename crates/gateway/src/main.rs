//! `hypersentry-gateway`: the terminal's server, and the commands with which its data is examined.

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

mod audit;
mod backtest;
mod decode;
mod judge;
mod load;
mod parquet;
mod replay;
mod serve;
mod shutdown;
mod sim;
mod train;

/// HyperSentry's server and tools.
#[derive(Debug, Parser)]
#[command(name = "hypersentry-gateway", version, about)]
struct Arguments {
    /// What is logged to stderr: `error`, `warn`, `info`, `debug`, or tracing directives.
    #[arg(long, global = true, env = "HYPERSENTRY_LOG", default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: market data over WebSocket, and the terminal for browsers.
    Serve(Box<serve::Arguments>),
    /// Run the venue simulator alone.
    Sim(sim::Arguments),
    /// Decode raw venue messages, one a line from stdin, to canonical envelopes.
    Decode(decode::Arguments),
    /// Run a journal or a recording through the engine.
    Replay(replay::Arguments),
    /// Compute convictions, one a line from stdin, again from their own evidence.
    Judge(judge::Arguments),
    /// Make a model of the probabilities from journals or recordings.
    Train(train::Arguments),
    /// Connect many clients to a server, and tell what reaches them.
    Load(load::Arguments),
    /// Check the audit log of orders offline, or prove the records of one order.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the role that each route and channel needs.
    Roles,
    /// Try rules and constants on a journal or a recording.
    Backtest(backtest::Arguments),
}

/// A failure that the user can mend: one line, exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{message} [{code}]")]
pub(crate) struct Refused {
    code: String,
    message: String,
}

impl Refused {
    pub(crate) fn because(code: &str, message: impl std::fmt::Display) -> anyhow::Error {
        anyhow!(Self {
            code: code.to_owned(),
            message: message.to_string()
        })
    }
}

/// What may be logged of crates that know messages whole, whatever is asked for.
const TALKATIVE: [&str; 2] = ["tungstenite=warn", "tungstenite::protocol=warn"];

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => match flag_error(&error) {
            Some(line) => return fail(&Refused::because("bad_flag", line)),
            None => error.exit(),
        },
    };
    let filter = match EnvFilter::try_new(&arguments.log) {
        Ok(filter) => filter,
        Err(error) => return fail(&Refused::because("bad_flag", format!("--log: {error}"))),
    };
    // At their finest these write down what clients send, and tokens are in it.
    let filter = TALKATIVE.into_iter().fold(filter, |filter, quiet| {
        let quiet = quiet.parse();
        quiet.map_or_else(
            |_| EnvFilter::new("warn"),
            |quiet| filter.add_directive(quiet),
        )
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let result = match arguments.command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Sim(arguments) => sim::run(arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Judge(arguments) => judge::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Audit(command) => audit::run(&command),
        Command::Roles => roles(),
        Command::Backtest(arguments) => backtest::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn roles() -> anyhow::Result<ExitCode> {
    hypersentry_gateway::auth::write_roles(&mut std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// A wrong flag in one line; `None` where help or the version was asked for.
fn flag_error(error: &clap::Error) -> Option<String> {
    use clap::error::ErrorKind;
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    // Up to the first empty line is what is wrong; what follows is usage.
    let text = error.to_string();
    let wrong: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|l| !l.is_empty())
        .collect();
    let wrong = wrong.join(" ");
    Some(format!(
        "{}; --help lists what there is",
        wrong.trim_start_matches("error: ")
    ))
}

#[expect(
    clippy::print_stderr,
    reason = "the one line that says why the command failed"
)]
fn fail(error: &anyhow::Error) -> ExitCode {
    // A reader that went away (`| head`) is no failure worth a line.
    let gone = |kind| kind == Some(std::io::ErrorKind::BrokenPipe);
    if error.chain().any(|e| {
        gone(e.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
            || gone(
                e.downcast_ref::<serde_json::Error>()
                    .and_then(serde_json::Error::io_error_kind),
            )
    }) {
        return ExitCode::SUCCESS;
    }
    eprintln!("hypersentry-gateway: {error:#}");
    ExitCode::from(2)
}
