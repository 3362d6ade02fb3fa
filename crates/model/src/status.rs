//! `venue_status`: the state of a venue's connection and of each of its streams.

use crate::agg::{Mark, TsSource};
use crate::{Mode, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a venue's connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// First attempt under way.
    Connecting,
    /// Open and acknowledged.
    Live,
    /// Was open, is being opened again.
    Reconnecting,
    /// Not wanted.
    Down,
}

/// Whether a book may be read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// Being built; it has no prices.
    Syncing,
    /// Complete and in sequence.
    Synced,
}

/// One stream of a venue.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StreamStatus {
    /// The channel, with its variant: `l2Book:fast`, `depth@100ms`.
    pub channel: String,
    /// Canonical symbol, `*` for channels of the whole venue.
    pub symbol: Symbol,
    /// For books.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sync: Option<Sync>,
    /// Stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

/// The body of a `venue_status`; complete in itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VenueStatus {
    /// Always the receive time.
    pub ts_source: TsSource,
    /// Core time at which the message was made, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// State of the connection.
    pub connection: Connection,
    /// Since when, UTC ms.
    pub since_ms: i64,
    /// How often the connection was lost.
    pub reconnects: u64,
    /// Why it was lost last.
    pub reason: Option<String>,
    /// Round trip of the last answered ping.
    pub rtt_ms: Option<f64>,
    /// Frames received.
    pub frames: u64,
    /// Sequence gaps found.
    pub gaps: u64,
    /// Trades that the venue sent again.
    pub duplicates: u64,
    /// Refused frames and events by code.
    pub refused: BTreeMap<String, u64>,
    /// Frames of channels that we know and do not use, by name.
    pub skipped: BTreeMap<String, u64>,
    /// Every stream that is or should be there.
    pub streams: Vec<StreamStatus>,
}
