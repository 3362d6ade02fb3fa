//! How figures are derived and judged: everything that may be configured, with its default and where that comes from.

use hypersentry_model::Rate;
use serde::{Deserialize, Serialize};

/// All rules.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Rules {
    /// Step of the grid of liquidation batches in milliseconds, from 1. The specification's notes on batching say 2 s.
    pub liquidations_ms: u32,
    /// What a wall is.
    pub walls: WallRule,
    /// Which jumps of a price are held back.
    pub outliers: OutlierRule,
    /// How venues are combined.
    pub composite: CompositeRule,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            liquidations_ms: 2_000,
            walls: WallRule::default(),
            outliers: OutlierRule::default(),
            composite: CompositeRule::default(),
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

/// Which jumps of a price are held back, and what releases them. The specification asks for configured sigma bounds (section on data
/// quality guards) and leaves the figures open: these are ours.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct OutlierRule {
    /// Standard deviations that a price may move; 0 holds nothing back. Moves of coins have heavy tails, so that the usual three would
    /// hold back ordinary trading every few minutes.
    pub sigmas: u32,
    /// Step of the grid on which moves are measured, in milliseconds.
    pub step_ms: u32,
    /// Moves that the deviation is estimated from; 128 at most.
    pub samples: usize,
    /// With fewer moves than these the floor is `cold_bps`.
    pub min_samples: usize,
    /// What always passes, in basis points.
    pub floor_bps: u32,
    /// What always passes before the market is known.
    pub cold_bps: u32,
    /// What always passes, in ticks.
    pub floor_ticks: u32,
    /// A price of another venue so near, in basis points, confirms a jump. Perpetuals and spot of one coin are rarely 50 apart.
    pub peer_bps: u32,
    /// A jump is right when so many events lie beyond the bound on its side, none between them within it,
    pub persist_events: u32,
    /// over so many milliseconds.
    pub persist_ms: u32,
    /// A quote (best bid and offer, mark, index) that stands so long without another event is right too: a quiet feed sends no second one.
    pub stand_ms: u32,
}

impl Default for OutlierRule {
    fn default() -> Self {
        Self {
            sigmas: 12,
            step_ms: 1_000,
            samples: 64,
            min_samples: 10,
            floor_bps: 50,
            cold_bps: 300,
            floor_ticks: 4,
            peer_bps: 50,
            persist_events: 3,
            persist_ms: 250,
            stand_ms: 1_000,
        }
    }
}

/// The weights of venues in what is combined. The specification (section on open interest and CVD) names the settings and takes their
/// defaults from the original terminal's configuration; 1 and 1 make plain sums.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct CompositeRule {
    /// `AGGREGATOR_OI_HL_WEIGHT`.
    pub oi_hl: Rate,
    /// `AGGREGATOR_OI_BINANCE_WEIGHT`.
    pub oi_binance: Rate,
    /// `AGGREGATOR_CVD_BINANCE_WEIGHT`.
    pub cvd_binance: Rate,
    /// `AGGREGATOR_CVD_COINBASE_WEIGHT`.
    pub cvd_coinbase: Rate,
}

const fn percent(parts: i128) -> Rate {
    Rate::from_units(parts * 10_000_000_000_000_000)
}

impl Default for CompositeRule {
    fn default() -> Self {
        Self {
            oi_hl: percent(65),
            oi_binance: percent(35),
            cvd_binance: percent(70),
            cvd_coinbase: percent(30),
        }
    }
}
