//! `liquidation_batch`: the liquidations that one venue reported of one market, told together on a fixed grid, because a cascade brings hundreds a second.

use crate::agg::{Kind, Mark, TsSource};
use crate::coverage::Coverage;
use crate::event::{Liquidated, LiquidationCoverage, LiquidationPrice};
use crate::{Mode, Price, Size, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One liquidation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct LiquidationRow {
    /// The venue's time, UTC ms.
    pub ts_ms: i64,
    /// Whose position.
    pub liquidated: Liquidated,
    /// Price.
    pub px: Price,
    /// What the price means.
    pub px_kind: LiquidationPrice,
    /// Size in base units.
    pub sz: Size,
    /// Price times size.
    pub notional_usd: Usd,
}

/// Sums over a window. They are one venue's report, and a lower bound where it samples.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct LiquidationSums {
    /// Length of the window.
    pub window_ms: u32,
    /// Longs closed by force.
    pub long_usd: Usd,
    /// Shorts closed by force.
    pub short_usd: Usd,
    /// Number of liquidations.
    pub count: u32,
    /// How much of the window was seen.
    pub coverage: Coverage,
}

/// The body of a `liquidation_batch`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct LiquidationBatch {
    /// A snapshot's rows replace what the receiver holds, a delta's are added to it. All else is complete in both.
    pub kind: Kind,
    /// Always the receive time: a batch has no single event time.
    pub ts_source: TsSource,
    /// Core time at which the batch was made, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// Step of the grid.
    pub batch_ms: u32,
    /// Oldest first: the last ones in a snapshot, in a delta those since the batch before.
    pub rows: Vec<LiquidationRow>,
    /// Rows that were left out because too many came at once; the sums have them.
    pub dropped: u32,
    /// How much of the liquidations the venue's feed tells; absent until the first one said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub feed_coverage: Option<LiquidationCoverage>,
    /// Sums over 1 min, 5 min and 1 h.
    pub sums: Vec<LiquidationSums>,
    /// Stamps and state of the feed. `as_of` is the newest liquidation, or the moment from which the feed is followed.
    #[serde(flatten)]
    pub mark: Mark,
}
