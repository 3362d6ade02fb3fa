//! What one input alone would have to be for another outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The other outcome.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The bias is LONG.
    Long,
    /// The bias is SHORT.
    Short,
    /// The bias is NEUTRAL.
    Neutral,
    /// The score opens the gate of LONG trades.
    GateLong,
    /// The score opens the gate of SHORT trades.
    GateShort,
}

/// One input's way to it, all others as they are.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Change {
    /// The other outcome.
    pub target: Target,
    /// A component's id, `age` (the signal's, in ms) or `btc` (Bitcoin's score).
    pub input: String,
    /// For people.
    pub label: String,
    /// What it is; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<f64>,
    /// The nearest value that does it; absent when none in its range does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<f64>,
    /// Whether there is one.
    pub reachable: bool,
    /// The score at `to`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub score_then: Option<u8>,
    /// The same in words.
    pub text: String,
}
