//! The terminal that the commands work on, until the application ends.

use crate::sessions::Sessions;
use crate::team::Team;
use hypersentry_api::{ApiError, Terminal};
use hypersentry_sim::Simulator;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How long the end of the application waits for the engine.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// What all windows share.
#[derive(Debug)]
pub(crate) struct Shell {
    running: RwLock<Option<Running>>,
    pub(crate) sessions: Sessions,
    /// The team server that is watched in the engine's place, if one is.
    pub(crate) team: Team,
}

/// A terminal with what it needs beside it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) terminal: Terminal,
    /// The venues of practice.
    pub(crate) simulator: Option<Simulator>,
}

impl Shell {
    pub(crate) fn new(running: Running, team: Team) -> Self {
        Self {
            running: RwLock::new(Some(running)),
            sessions: Sessions::default(),
            team,
        }
    }

    /// Lets `ask` work on the terminal.
    pub(crate) fn terminal<T>(&self, ask: impl FnOnce(&Terminal) -> T) -> Result<T, ApiError> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .map(|running| ask(&running.terminal))
            .ok_or_else(|| ApiError::new("stopping", "the terminal is being closed"))
    }

    /// Ends the sessions, the engine with its journal, and the simulator, in this order.
    pub(crate) async fn stop(&self) {
        self.sessions.close_all();
        self.team.cancel_sign_in();
        let running = self
            .running
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(Running {
            terminal,
            simulator,
        }) = running
        else {
            return;
        };
        if tokio::time::timeout(STOP_WAIT, terminal.stop())
            .await
            .is_err()
        {
            tracing::warn!(code = "stop_timeout", "the engine did not stop in time");
        }
        if let Some(simulator) = simulator {
            simulator.shutdown().await;
        }
    }
}
