//! `sim`: the venue simulator alone.

use crate::{Refused, shutdown};
use hypersentry_api::Signers;
use hypersentry_api::practice::{BEGINS_WITH_USD, OpenPractice, PracticeAgents};
use hypersentry_engine::SystemClock;
use hypersentry_model::Clock;
use hypersentry_sim::{Scenario, SimConfig, Simulator};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

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

/// Keys that sign at the simulator of this process; an account is opened when it is first asked for.
pub(crate) fn signers(simulator: &Simulator) -> Arc<dyn Signers> {
    let practice = simulator.practice();
    let open: OpenPractice =
        Box::new(move |account, agent| practice.open_named(account, agent, BEGINS_WITH_USD));
    let now_ms = SystemClock::start().now().ms();
    Arc::new(PracticeAgents::new(open, now_ms))
}
