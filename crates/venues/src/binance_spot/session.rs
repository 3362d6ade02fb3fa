//! The state machine behind the connection.

use crate::session::{Input, Output, SessionConfig, SessionStatus};
use hypersentry_model::Timestamp;
use hypersentry_model::status::Connection;
use serde::{Deserialize, Serialize};

/// The session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Session {
    config: SessionConfig,
}

impl Session {
    /// A session that has seen nothing.
    pub fn new(config: SessionConfig) -> Self {
        Self { config }
    }

    /// Takes one input.
    pub fn step(&mut self, _now: Timestamp, _input: Input<'_>, _out: &mut Vec<Output>) {}

    /// When `Input::Due` is wanted next.
    pub fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// Counters and streams.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        SessionStatus {
            connection: Connection::Down,
            since: now,
            reconnects: 0,
            reason: None,
            rtt_ns: None,
            frames: 0,
            gaps: 0,
            duplicates: 0,
            refused: Default::default(),
            skipped: Default::default(),
            streams: Vec::new(),
        }
    }
}
