//! `venue_status`: the state of a venue's connection and of each of its streams.

use crate::agg::{Mark, TsSource};
use crate::{Mode, Symbol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a venue's connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// Being built; it has no prices.
    Syncing,
    /// Complete and in sequence.
    Synced,
}

/// One stream of a venue.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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

/// A venue's clock against ours, from request times and event times.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ClockOffset {
    /// The venue's clock less ours.
    pub offset_ms: f64,
    /// The true offset lies within this of `offset_ms`.
    pub bound_ms: f64,
    /// When it was estimated last, UTC ms.
    pub as_of: i64,
    /// Steps of the venue's clock or of ours that were found.
    pub steps: u64,
}

/// How much of a venue's allowance is used.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct BudgetUse {
    /// `connections`, `subscriptions`, `messages`, or a class of requests: `metadata`, `books`, `account`, `orders`.
    pub class: String,
    /// Used within the window.
    pub used: u64,
    /// Allowed within the window; the class's own share, where classes share.
    pub limit: u64,
    /// Length of the window; absent for what is counted at one moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window_ms: Option<u32>,
}

/// What was refused of one market.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RefusedRow {
    /// Canonical symbol; `*` where none is known.
    pub symbol: Symbol,
    /// The stable code.
    pub code: String,
    /// How often.
    pub count: u64,
}

/// The body of a `venue_status`; complete in itself.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
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
    /// The same by market, the most frequent first; 64 rows at most.
    pub refused_by: Vec<RefusedRow>,
    /// Receive time less the venue's event time, corrected by `clock`, median of the last events.
    pub latency_ms: Option<f64>,
    /// The venue's clock; absent until it was estimated.
    pub clock: Option<ClockOffset>,
    /// How much of the venue's allowance is used.
    pub budget: Vec<BudgetUse>,
    /// No request is made before, UTC ms: the venue asked us to stay away.
    pub cooldown_until_ms: Option<i64>,
    /// Lists that were given again from memory, because the venue could not be asked.
    #[serde(default)]
    pub stale_answers: u64,
    /// Frames of channels that we know and do not use, by name.
    pub skipped: BTreeMap<String, u64>,
    /// Every stream that is or should be there.
    pub streams: Vec<StreamStatus>,
}
