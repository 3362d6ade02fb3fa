//! What would come of a request, as clients are told it.

use super::RefusalView;
use crate::margin::MarketMargin;
use crate::ticket::OrderSide;
use hypersentry_execution::order::Leg;
use hypersentry_model::agg::Field;
use hypersentry_model::{Price, Size, Usd};
use schemars::JsonSchema;
use serde::Serialize;

/// An order as it would be sent.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct PreviewOrder {
    /// Its part.
    #[schemars(with = "String")]
    pub leg: Leg,
    /// Which side.
    pub side: OrderSide,
    /// Its price, or the worst that it takes.
    pub px: Price,
    /// The mark price that it waits for.
    pub trigger_px: Option<Price>,
    /// Base units.
    pub size: Size,
    /// Size at that price.
    pub notional_usd: Option<Usd>,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// Of a plan: so long after the first one it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<i64>,
}

/// What would come of a request.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Preview {
    /// The orders.
    pub orders: Vec<PreviewOrder>,
    /// The mid that it was reckoned from.
    pub mid: Field<Price>,
    /// Average price by the book as it stands, of what takes at once.
    pub average_px: Option<Price>,
    /// What that costs against the mid, in basis points.
    pub slippage_bps: Option<i64>,
    /// The fee at that price, or as a taker at its own price where it would rest.
    pub fee_usd: Option<Usd>,
    /// The rate.
    pub fee_bps: Option<String>,
    /// Where the position would be liquidated, reckoned from the first tier's margin and everything else as it stands.
    pub liquidation_px: Option<Price>,
    /// Initial margin of what it adds, at the leverage that is set.
    pub margin_usd: Option<Usd>,
    /// How the market is margined.
    pub market: MarketMargin,
    /// Decimals of a size.
    pub size_decimals: u32,
    /// Every check that refuses.
    pub refusals: Vec<RefusalView>,
    /// The present.
    pub now_ms: i64,
}
