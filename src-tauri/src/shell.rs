//! The terminal that the commands work on, until the application ends.

use crate::agents::AgentDesk;
use crate::sessions::Sessions;
use crate::team::Team;
use hypersentry_api::{ApiError, Terminal};
use hypersentry_identity::Address;
use hypersentry_sim::{Simulator, exchange};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

/// How long the end of the application waits for the engine.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// What an account of practice begins with, in millionths of a dollar.
const PRACTICE_MONEY: i128 = 10_000 * exchange::USD;

/// What all windows share.
#[derive(Debug)]
pub(crate) struct Shell {
    running: RwLock<Option<Running>>,
    pub(crate) sessions: Sessions,
    /// The team server that is watched in the engine's place, if one is.
    pub(crate) team: Team,
    /// The agents of this machine's user.
    pub(crate) agents: AgentDesk,
    /// Accounts that practice has given money; never more than the simulator takes.
    paid: Mutex<BTreeSet<Address>>,
}

/// A terminal with what it needs beside it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) terminal: Terminal,
    /// The account that practises.
    pub(crate) practice: Option<String>,
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
            agents,
            paid: Mutex::default(),
        }
    }

    /// The account that practises, if one does.
    pub(crate) fn practice(&self) -> Result<Option<String>, ApiError> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let running = running.as_ref().map(|running| running.practice.clone());
        running.ok_or_else(|| ApiError::new("stopping", "the terminal is being closed"))
    }

    /// Lets `ask` work on the terminal.
    pub(crate) fn terminal<T>(&self, ask: impl FnOnce(&Terminal) -> T) -> Result<T, ApiError> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .map(|running| ask(&running.terminal))
            .ok_or_else(|| ApiError::new("stopping", "the terminal is being closed"))
    }

    /// Gives an account of practice its money once; elsewhere accounts have their own.
    ///
    /// # Errors
    /// `practice_full`: the simulated venue takes no further account.
    pub(crate) fn pay_in(&self, account: Address) -> Result<(), ApiError> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let simulator = running.as_ref().and_then(|r| r.simulator.as_ref());
        let user = exchange::Address::parse(&account.to_string().to_lowercase());
        let (Some(simulator), Some(user)) = (simulator, user) else {
            return Ok(());
        };
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if !paid.contains(&account) {
            let full = |e: exchange::Refusal| ApiError::new("practice_full", e.to_string());
            simulator.pay_in(user, PRACTICE_MONEY).map_err(full)?;
            paid.insert(account);
        }
        Ok(())
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
