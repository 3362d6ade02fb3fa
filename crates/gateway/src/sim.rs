//! `sim`: the venue simulator alone.

use crate::{Refused, shutdown};
use hypersentry_sim::{Scenario, SimConfig};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3001")]
    listen: SocketAddr,
    /// Seed of the market: the same seed gives the same market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Faults to play, as JSON.
    #[arg(long)]
    scenario: Option<PathBuf>,
}

/// Reads a scenario file.
pub(crate) fn scenario(path: &std::path::Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Refused::because(
            "scenario_unreadable",
            format!("{} cannot be read: {e}", path.display()),
        )
    })?;
    Scenario::from_json(&text)
        .map_err(|e| Refused::because(e.code(), format!("{}: {e}", path.display())))
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let scenario = arguments.scenario.as_deref().map(scenario).transpose()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let config = SimConfig {
            listen: arguments.listen,
            seed: arguments.seed,
            scenario,
            ..SimConfig::default()
        };
        let requests = shutdown::Requests::catch()?;
        let simulator = hypersentry_sim::start(config)
            .await
            .map_err(|e| Refused::because(e.code(), &e))?;
        writeln!(
            std::io::stdout(),
            "listening on http://{}",
            simulator.local_addr()
        )?;
        requests.first().await;
        simulator.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}
