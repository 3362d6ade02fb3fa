//! The gates before an autonomous trade, as they are told.

use crate::risk::Direction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The gates, in the order in which they are told.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum GateName {
    /// Far enough from neutral.
    Score,
    /// The same bias for some ticks.
    Streak,
    /// No component's feed is stale or missing.
    FreshInputs,
    /// The probabilities come from a trained model.
    TrainedModel,
    /// The execution plan is safe.
    Guard,
    /// The account trades by itself.
    AutoMode,
    /// The risk layer gives a size of some dollars.
    Size,
    /// The venue takes orders of that size.
    MinOrder,
    /// There is a client that could place the order.
    ClientReady,
    /// The last trade was long enough ago.
    Cooldown,
    /// Few enough positions at a time.
    Concurrent,
    /// Few enough trades today.
    DailyTrades,
    /// A small enough loss today.
    DailyLoss,
}

/// A gate's verdict. Only `pass` lets a trade through.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GateState {
    /// Open.
    Pass,
    /// Shut.
    Fail,
    /// What it asks is not known.
    Unknown,
}

/// Whom a gate asks about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The market: the same for everybody.
    Market,
    /// One account.
    Account,
}

/// A gate with its verdict.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Gate {
    /// Which.
    pub name: GateName,
    /// Its verdict.
    pub state: GateState,
    /// What was found, for people; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// What is asked for, for people.
    pub threshold: String,
    /// Both in a sentence.
    pub text: String,
    /// Whom it asks about.
    pub scope: Scope,
}

/// What all gates say of one evaluation.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Gates {
    /// Which way the score leans; null at neutral.
    pub side: Option<Direction>,
    /// Whether the score comes near to a trade.
    pub near: bool,
    /// Whether every gate is open.
    pub would_trade: bool,
    /// The gates.
    pub gates: Vec<Gate>,
}

/// What the gates said while evaluations came near to a trade: one row for each run of evaluations that they judged alike.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct NearVerdict {
    /// Time of the first evaluation, UTC ms.
    pub at_ms: i64,
    /// Time of the last one, UTC ms.
    pub until_ms: i64,
    /// How many there were.
    pub evaluations: u32,
    /// Which way.
    pub side: Direction,
    /// The score furthest from neutral among them.
    pub score: u8,
    /// Whether every gate was open.
    pub would_trade: bool,
    /// The gates that were not.
    pub failed: Vec<GateName>,
}
