//! Whether the terminal can be relied on.

use crate::Hub;
use crate::encoded::Encoded;
use crate::message::{Answer, Readiness};
use hypersentry_engine::startup::{Health, JournalHealth};
use hypersentry_model::Mode;
use std::sync::Arc;
use tokio::sync::watch;

/// Reads the engine's health.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    health: watch::Receiver<Health>,
    mode: Mode,
}

impl Status {
    pub(crate) const fn new(health: watch::Receiver<Health>, mode: Mode) -> Self {
        Self { health, mode }
    }

    pub(crate) fn readiness(&self, hub: &Hub) -> Readiness {
        let Health { journal, synced } = self.health.borrow().clone();
        let mut reasons = Vec::new();
        let served = if self.mode == Mode::Replay {
            !hub.published().is_empty()
        } else {
            !synced.is_empty()
        };
        if !served {
            reasons.push("no order book is synced yet".to_owned());
        }
        let journal = match journal {
            JournalHealth::Off => "off",
            JournalHealth::Healthy => "healthy",
            JournalHealth::Degraded { code, detail } => {
                reasons.push(format!("journal stopped: {code}: {detail}"));
                "degraded"
            }
        };
        Readiness {
            ready: served,
            reasons,
            journal: journal.to_owned(),
        }
    }

    /// Tells the clients that asked for it whenever it changes, until the engine is gone.
    pub(crate) async fn tell(mut self, hub: Arc<Hub>) {
        let mut told = None;
        while self.health.changed().await.is_ok() {
            let body = self.readiness(&hub);
            if told.as_ref() == Some(&body) {
                continue;
            }
            let message = Encoded::json(&Answer::Status {
                id: None,
                now_ms: hub.now().ms(),
                body: &body,
            });
            hub.tell_status(&message);
            told = Some(body);
        }
    }
}
