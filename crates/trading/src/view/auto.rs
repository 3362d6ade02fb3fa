//! Trading by itself, as clients are shown it and ask for it.

use super::Why;
use hypersentry_execution::auto::{Gate, GateName, OutcomeKind};
use hypersentry_model::{Symbol, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gives leave to trade by itself, or takes it back. To take it back `on` is enough.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetAuto {
    /// The account.
    pub account: String,
    /// The asker's name for this request; the same name is the same request, also when its leave has ended since.
    pub key: String,
    /// Given or taken back.
    pub on: bool,
    /// For how long, 1 to 1,440 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1440))]
    pub minutes: Option<u32>,
    /// In which markets, 1 to 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
    /// The most that one trade is worth in USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_usd: Option<Usd>,
    /// That orders will be sent which nobody confirms.
    #[serde(default)]
    pub acknowledge: bool,
    /// Whether a trained model must stand behind the probabilities; only in practice it need not.
    #[serde(default = "yes")]
    pub model_required: bool,
}

const fn yes() -> bool {
    true
}

/// Has a market's gates asked at once.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerAuto {
    /// The account.
    pub account: String,
    /// The market.
    pub symbol: String,
}

/// A leave that holds.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "AutoLeave")]
pub struct AutoOn {
    /// Always true.
    pub on: bool,
    /// When it ends by itself.
    pub until_ms: i64,
    /// Who gave it.
    pub by: String,
}

/// Trading by itself, of one account.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct AutoView {
    /// The account.
    pub account: String,
    /// Whether leave is given.
    pub on: bool,
    /// By whom.
    pub by: Option<String>,
    /// Until when.
    pub until_ms: Option<i64>,
    /// In which markets.
    #[schemars(with = "Vec<String>")]
    pub symbols: Vec<Symbol>,
    /// The most that one trade is worth.
    pub size_usd: Option<Usd>,
    /// Whether a trained model is asked for.
    pub model_required: bool,
    /// Readings in a row that are asked for.
    pub streak: u32,
    /// Between two trades of a market.
    pub cooldown_ms: i64,
    /// Trades at once.
    pub most_open: usize,
    /// Trades that are open.
    pub open: usize,
    /// The whole in a sentence.
    pub state_text: String,
    /// Why the last leave ended.
    pub ended: Option<Why>,
    /// Each enabled market, and those with an open trade.
    pub symbols_state: Vec<AutoSymbol>,
    /// The present.
    pub now_ms: i64,
}

/// One market of it.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct AutoSymbol {
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Every gate, in the order in which they are asked.
    pub gates: Vec<AutoGate>,
    /// When the next slice of its plan is due.
    pub next_ms: Option<i64>,
    /// What became of it last.
    pub last: Option<AutoOutcome>,
}

/// A gate.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct AutoGate {
    /// Which.
    #[schemars(with = "String")]
    pub gate: GateName,
    /// Stable; under it a trade is held back.
    pub code: &'static str,
    /// Whether it lets a trade through.
    pub holds: bool,
    /// What was found.
    pub found: String,
    /// What is needed.
    pub needed: String,
}

impl From<Gate> for AutoGate {
    fn from(gate: Gate) -> Self {
        Self {
            gate: gate.name,
            code: gate.name.code(),
            holds: gate.holds,
            found: gate.found,
            needed: gate.needed,
        }
    }
}

/// What became of a market last.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct AutoOutcome {
    /// When.
    pub at_ms: i64,
    /// What.
    #[schemars(with = "String")]
    pub outcome: OutcomeKind,
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
    /// The last entry order of its open trade.
    pub cloid: Option<String>,
}
