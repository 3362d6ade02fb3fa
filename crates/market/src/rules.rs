//! How figures are derived and judged: everything that may be configured, with its default and where that comes from.

use serde::{Deserialize, Serialize};

/// All rules.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Rules {
    /// Step of the grid of liquidation batches in milliseconds, from 1. The specification's notes on batching say 2 s.
    pub liquidations_ms: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            liquidations_ms: 2_000,
        }
    }
}
