//! From the command line to a running terminal.

use crate::launch::Launch;
use crate::places::Places;
use crate::shell::Running;
use hypersentry_api::{ApiError, Terminal};
use hypersentry_engine::config::{ConfigFile, Weights, models};
use hypersentry_engine::{EngineConfig, EngineError, Prepared};
use hypersentry_model::{Mode, Venue};
use hypersentry_sim::{SimConfig, SimError, Simulator};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The simulated market when none is chosen.
const SEED: u64 = 1;

/// Starts what was asked for. Must be called within a tokio runtime.
///
/// # Errors
/// What was asked for cannot be read, or the directories cannot be written to. Then nothing was connected.
pub(crate) async fn start(launch: &Launch, places: &Places) -> Result<Running, ApiError> {
    // First, so that a wrong path leaves no directories behind.
    let replay = launch
        .replay
        .as_deref()
        .map(Prepared::playback)
        .transpose()
        .map_err(explained)?;
    writable(&places.web_view)?;
    let mut simulator = None;
    let mut exchange = None;
    let prepared = match replay {
        Some(prepared) => prepared,
        None => {
            let file = match &launch.config {
                Some(path) => ConfigFile::read(path)?,
                None => ConfigFile::default(),
            };
            if launch.practice {
                simulator = Some(simulate(launch.seed.unwrap_or(SEED)).await?);
            }
            let mut config = venues(&file, simulator.as_ref())?;
            let hyperliquid = config.endpoints.get(&Venue::Hyperliquid);
            exchange = hyperliquid.map(|endpoints| endpoints.rest.clone());
            config.data_dir = Some(places.engine.clone());
            let own = config.data_dir.as_deref();
            config.models = models(&launch.models, own, config.mode)?;
            Prepared::venues(config).map_err(explained)?
        }
    };
    let terminal = Terminal::start_local(prepared)?;
    if launch.risk_auto_mode {
        let mut account = terminal.account()?;
        account.auto_mode = true;
        terminal.tell_account(&account)?;
    }
    let practice = simulator
        .as_ref()
        .map(|simulator| crate::trade::practise(&terminal, simulator, &places.engine))
        .transpose()?;
    if launch.replay.is_none() {
        crate::paper::offer(&terminal, &places.engine)?;
    }
    Ok(Running {
        terminal,
        practice,
        simulator,
        exchange,
    })
}

fn venues(file: &ConfigFile, simulator: Option<&Simulator>) -> Result<EngineConfig, EngineError> {
    let address = simulator.map(|s| s.local_addr().to_string());
    let mode = if simulator.is_some() {
        Mode::Simulated
    } else {
        Mode::Live
    };
    file.engine(mode, &[], address.as_deref(), &Weights::default())
}

async fn simulate(seed: u64) -> Result<Simulator, ApiError> {
    let config = SimConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        seed,
        scenario: None,
        ..SimConfig::default()
    };
    hypersentry_sim::start(config)
        .await
        .map_err(|error: SimError| ApiError::new(error.code(), error.to_string()))
}

fn writable(dir: &Path) -> Result<(), ApiError> {
    // Permissions alone do not tell: the file system may be read-only.
    let trial = dir.join(".writable");
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&trial, []))
        .and_then(|()| std::fs::remove_file(&trial))
        .map_err(|error| {
            ApiError::new(
                "data_dir_read_only",
                format!("cannot write to {}: {error}: {ELSEWHERE}", dir.display()),
            )
        })
}

const ELSEWHERE: &str = "choose another directory with --data-dir";

/// The engine's error with what its user can do about it.
fn explained(error: EngineError) -> ApiError {
    let advice = match error.code() {
        "journal_read_only" => Some(ELSEWHERE),
        "journal_full" => Some("free some space or choose another directory with --data-dir"),
        "journal_locked" => {
            Some("close the other terminal or choose another directory with --data-dir")
        }
        _ => None,
    };
    let mut error = ApiError::from(error);
    if let Some(advice) = advice {
        error.message = format!("{}: {advice}", error.message);
    }
    error
}
