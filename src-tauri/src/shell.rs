//! The terminal that the commands work on, until the application ends.

use crate::agents::AgentDesk;
use crate::sessions::Sessions;
use crate::team::Team;
use hypersentry_api::practice::Purse;
use hypersentry_api::{ApiError, Terminal};
use hypersentry_identity::Address;
use hypersentry_sim::Simulator;
use std::sync::{Arc, PoisonError, RwLock};
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
    /// The agents of this machine's user.
    pub(crate) agents: Arc<AgentDesk>,
}

/// A terminal with what it needs beside it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) terminal: Terminal,
    /// The account that practises, and what pays accounts in.
    pub(crate) practice: Option<(String, Arc<Purse>)>,
    /// The venues of practice.
    pub(crate) simulator: Option<Simulator>,
    /// The base of Hyperliquid's REST; `None` where a recording is played.
    pub(crate) exchange: Option<String>,
}

impl Shell {
    pub(crate) fn new(running: Running, team: Team, agents: AgentDesk) -> Self {
        Self {
            running: RwLock::new(Some(running)),
            sessions: Sessions::default(),
            team,
            agents: Arc::new(agents),
        }
    }

    fn running<T>(&self, ask: impl FnOnce(&Running) -> T) -> Result<T, ApiError> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let running = running.as_ref().map(ask);
        running.ok_or_else(|| ApiError::new("stopping", "the terminal is being closed"))
    }

    /// Whether orders are taken.
    pub(crate) fn trades(&self) -> bool {
        self.running(|running| running.terminal.trades())
            .unwrap_or_default()
    }

    /// The account that practises, if one does.
    pub(crate) fn practice(&self) -> Result<Option<String>, ApiError> {
        self.running(|running| {
            running
                .practice
                .as_ref()
                .map(|(account, _)| account.clone())
        })
    }

    /// Lets `ask` work on the terminal.
    pub(crate) fn terminal<T>(&self, ask: impl FnOnce(&Terminal) -> T) -> Result<T, ApiError> {
        self.running(|running| ask(&running.terminal))
    }

    /// Gives an account of practice its money once; elsewhere accounts have their own.
    ///
    /// # Errors
    /// `practice_full`: the simulated venue takes no further account.
    pub(crate) fn pay_in(&self, account: Address) -> Result<(), ApiError> {
        let purse = self.running(|running| {
            let practice = running.practice.as_ref();
            practice.map(|(_, purse)| Arc::clone(purse))
        });
        let Ok(Some(purse)) = purse else {
            return Ok(());
        };
        let full = |text: String| ApiError::new("practice_full", text);
        purse.pay_in(&account.to_string()).map_err(full)
    }

    /// Ends the sessions, the engine with its journal, and the simulator, in this order.
    pub(crate) async fn stop(&self) {
        self.sessions.close_all();
        self.team.cancel_sign_in();
        self.agents.cancel_approval();
        let running = self
            .running
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(Running {
            terminal,
            simulator,
            ..
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
