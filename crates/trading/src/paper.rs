//! What is said of accounts whose fills are reckoned.

use schemars::JsonSchema;
use serde::Serialize;

/// How a paper account's fills are made.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct PaperAssumptions {
    /// From sending an order to its place in the market, at least, in milliseconds.
    pub latency_ms: i64,
    /// How orders that rest are filled, in words.
    pub queue: String,
    /// How orders that take are filled, in words.
    pub fills: String,
}
