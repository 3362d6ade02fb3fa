//! How figures are derived and judged: everything that may be configured, with its default and where that comes from.

use serde::{Deserialize, Serialize};

/// All rules.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Rules {
    /// Step of the grid of liquidation batches in milliseconds, from 1. The specification's notes on batching say 2 s.
    pub liquidations_ms: u32,
    /// What a wall is.
    pub walls: WallRule,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            liquidations_ms: 2_000,
            walls: WallRule::default(),
        }
    }
}

/// What a wall is: a level that is much larger than the others of its side in view.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct WallRule {
    /// A level is one from so many times the median size of its side. The original terminal took 7 times the average of 30 levels; the
    /// median is not moved by the wall itself.
    pub times: u32,
    /// A wall that stands stays one down to so many times the median, so that it does not flicker at the bound.
    pub keep_times: u32,
    /// How far from the best price of its side, in basis points of it. Our choice: what lies further is not traded soon.
    pub distance_bps: u32,
    /// A side with fewer levels in view has no walls: their median says nothing. Our choice.
    pub min_levels: usize,
    /// Walls a side that are told: the largest ones.
    pub max_a_side: usize,
}

impl Default for WallRule {
    fn default() -> Self {
        Self {
            times: 8,
            keep_times: 6,
            distance_bps: 200,
            min_levels: 8,
            max_a_side: 5,
        }
    }
}
