//! `exec_plan`: how one account would trade a view. Private to the account.

use crate::risk::event::{Direction, Refusal};
use hypersentry_model::agg::TsSource;
use hypersentry_model::{Mode, Price, Size, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an order does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
}

impl From<Direction> for Action {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Long => Self::Buy,
            Direction::Short => Self::Sell,
        }
    }
}

/// What a plan says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanState {
    /// There are slices and nothing speaks against them.
    Ready,
    /// The guard found the market unsafe; there are no slices.
    Blocked,
    /// There is nothing to trade; the refusals say why.
    Refused,
    /// The view has ended; sent once.
    Cleared,
}

/// How much of it takes liquidity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// None: rests at the touch.
    Passive,
    /// A quarter.
    Hybrid,
    /// All.
    Aggressive,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tif {
    /// Adds liquidity only: refused by the venue where it would take.
    Alo,
    /// What is not filled at once is cancelled.
    Ioc,
    /// Until cancelled.
    Gtc,
}

/// The kind of an order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderType {
    /// With a price: every slice has one.
    Limit,
}

/// One order of a plan.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Slice {
    /// From 1.
    pub n: u32,
    /// Its kind.
    pub order_type: OrderType,
    /// How long it lives.
    pub tif: Tif,
    /// On the venue's tick.
    pub px: Price,
    /// In base units, on the venue's lot.
    pub sz: Size,
    /// Price times size, exactly.
    pub usd: Usd,
    /// After the plan's begin.
    pub delay_ms: i64,
}

/// What the plan would cost beside fees.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Slippage {
    /// Against the mid price, in basis points.
    pub expected_bps: f64,
    /// Part of it that the book says.
    pub book_bps: f64,
    /// Part of it that is expected of the market's reaction.
    pub impact_bps: f64,
    /// The same in USD.
    pub expected_usd: Usd,
    /// Notional that stands on the side that would be taken from.
    pub depth_usd: Usd,
}

/// One question of the guard.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Check {
    /// `spread`, `depth`, `book_support`, `sweep`, `slippage`.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// What is.
    pub value: String,
    /// What may be.
    pub limit: String,
    /// One line.
    pub text: String,
}

/// The guard's judgement.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Guard {
    /// All checks hold, and there are some.
    pub safe: bool,
    /// The questions.
    pub checks: Vec<Check>,
}

/// The body of an `exec_plan`. What was not worked out is null.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ExecPlan {
    /// Always `receive`.
    pub ts_source: TsSource,
    /// Core time, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// What it says.
    pub state: PlanState,
    /// What it does; of the view that ended when cleared.
    pub direction: Action,
    /// How much of it takes liquidity.
    pub strategy: Option<Strategy>,
    /// From 0 to 1.
    pub urgency: Option<f64>,
    /// The size that was asked for.
    pub requested_usd: Usd,
    /// Sum of the slices, never more than asked for.
    pub total_usd: Usd,
    /// Sum of the slices in base units.
    pub total_sz: Size,
    /// At most 20; empty unless ready.
    pub slices: Vec<Slice>,
    /// What it would cost.
    pub slippage: Option<Slippage>,
    /// What speaks against it.
    pub guard: Guard,
    /// Why there is nothing to trade, or why the view ended.
    pub refusals: Vec<Refusal>,
}
