//! SKELETON: to be replaced.

use crate::session::{Input, Output, SessionConfig, SessionStatus};
use hypersentry_model::Timestamp;
use hypersentry_model::status::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// SKELETON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Session {}

impl Session {
    /// SKELETON.
    pub fn new(_config: SessionConfig) -> Self {
        Self {}
    }

    /// SKELETON.
    pub fn step(&mut self, _now: Timestamp, _input: Input<'_>, _out: &mut Vec<Output>) {}

    /// SKELETON.
    pub fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// SKELETON.
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
            refused: BTreeMap::new(),
            skipped: BTreeMap::new(),
            streams: Vec::new(),
        }
    }
}
