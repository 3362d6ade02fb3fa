//! What clients are answered.

use hypersentry_model::Mode;
use hypersentry_model::agg::CandleRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// An answer to `subscribe`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize, specta::Type)]
pub struct Subscribed {
    /// The symbol.
    pub coin: String,
    /// The channels.
    pub channels: Vec<String>,
    /// The run: sequences begin anew with each.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    #[schemars(with = "Mode")]
    pub mode: String,
    /// Sources that have the symbol.
    pub sources: Vec<String>,
}

/// A market that can be watched.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize, specta::Type)]
pub struct SymbolEntry {
    /// Canonical symbol.
    pub symbol: String,
    /// Sources that have it, or had it: see `delisted`.
    pub sources: Vec<String>,
    /// Of these, the ones where it is not traded (any more): their last values stay.
    pub delisted: Vec<String>,
    /// It is followed whether anybody watches it or not: the default watch list.
    pub followed: bool,
}

/// All markets that can be watched.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize, specta::Type)]
pub struct Symbols {
    /// The run.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    #[schemars(with = "Mode")]
    pub mode: String,
    /// The markets.
    pub symbols: Vec<SymbolEntry>,
}

/// How the engine is doing.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize, specta::Type)]
pub struct Readiness {
    /// A book is synced, and nothing is degraded that must not be.
    pub ready: bool,
    /// Why not, or what is degraded.
    pub reasons: Vec<String>,
    /// `healthy`, `off` or `degraded`.
    pub journal: String,
}

/// Past candles of one market of one source.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Candles {
    /// The run.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    #[schemars(with = "Mode")]
    pub mode: &'static str,
    /// When it was read, UTC ms.
    pub now_ms: i64,
    /// Canonical symbol.
    pub symbol: String,
    /// Whose.
    #[schemars(with = "hypersentry_model::Source")]
    pub source: &'static str,
    /// Length of each.
    pub interval: &'static str,
    /// Oldest first. A span without a candle is a gap: nothing is known of it.
    pub candles: Vec<CandleRow>,
    /// The venue is being asked for older ones: ask again after some seconds.
    pub pending: bool,
}

/// The current state of a symbol's streams.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Snapshot {
    /// The run.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    #[schemars(with = "Mode")]
    pub mode: &'static str,
    /// Canonical symbol.
    pub symbol: String,
    /// When it was read, UTC ms.
    pub now_ms: i64,
    /// One event a stream, each complete; none while nobody watches the symbol.
    #[schemars(with = "Vec<super::Event>")]
    pub events: Vec<Box<RawValue>>,
}

/// The mode's name.
pub const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Simulated => "simulated",
        Mode::Replay => "replay",
    }
}

/// An answer as a socket carries it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Answer<'a> {
    Subscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        #[serde(flatten)]
        body: &'a Subscribed,
    },
    Unsubscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        coin: &'a str,
        channels: Vec<&'static str>,
    },
    PrivateReady {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        channels: Vec<&'static str>,
        run_id: &'a str,
        /// Whether what follows begins where the client wanted; absent if it did not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        resumed: Option<bool>,
        /// Why it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        now_ms: i64,
    },
    Candles {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        #[serde(flatten)]
        body: &'a Candles,
    },
    Status {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        now_ms: i64,
        #[serde(flatten)]
        body: &'a Readiness,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<super::Id>")]
        id: Option<Value>,
        code: &'a str,
        detail: &'a str,
        retryable: bool,
    },
}
