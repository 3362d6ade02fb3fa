//! `risk_update`: the size that a view is worth to one account, or why it is worth none. Private to the account.

use super::account::EquitySource;
use crate::conviction::Bias;
use hypersentry_model::agg::TsSource;
use hypersentry_model::{Mode, Price, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which way a view goes.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// Up.
    Long,
    /// Down.
    Short,
}

impl Direction {
    /// The direction of a bias that has one.
    pub const fn of(bias: Bias) -> Option<Self> {
        match bias {
            Bias::Long => Some(Self::Long),
            Bias::Short => Some(Self::Short),
            Bias::Neutral => None,
        }
    }

    /// 1 or -1.
    pub const fn sign(self) -> f64 {
        match self {
            Self::Long => 1.0,
            Self::Short => -1.0,
        }
    }
}

/// What an update says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskState {
    /// There is a size.
    Sized,
    /// There is none; the refusals say why.
    Refused,
    /// The view has ended; sent once.
    Cleared,
}

/// Why there is no size or no plan.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// No model of the probabilities.
    Untrained,
    /// The model did not beat the base rate in its own test.
    NoSkill,
    /// A feed that the view rests on is stale or missing.
    StaleInputs,
    /// Nobody said what the account is worth.
    NoEquity,
    /// The venue's word about it is too old.
    StaleEquity,
    /// The volatility is not known yet.
    NoVolatility,
    /// There is no price.
    NoPrice,
    /// After costs the odds are not in favour.
    NoEdge,
    /// Positions fill the account's limits.
    LimitsReached,
    /// There is no size.
    NoSize,
    /// The market's tick and lot are not known.
    NoGrid,
    /// The book is missing.
    NoBook,
    /// Smaller than the venue's smallest order.
    BelowMinimum,
    /// The book holds less than the order.
    DepthTooSmall,
    /// The traded volume is not known, so the cost is not.
    CostUnknown,
    /// The guard found the market unsafe.
    Unsafe,
    /// The view turned neutral.
    Neutral,
    /// The view turned round.
    Flipped,
}

/// A reason, for machines and for people.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Refusal {
    /// Stable.
    pub code: RefusalCode,
    /// One line.
    pub text: String,
}

impl Refusal {
    /// A reason.
    pub fn new(code: RefusalCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}

/// The equity that a size was made from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Equity {
    /// How much.
    pub usd: Usd,
    /// When it was said, UTC ms.
    pub as_of: i64,
    /// By whom.
    pub source: EquitySource,
}

/// The factors of a size. What was not worked out is null.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Breakdown {
    /// Probability of the target before the stop.
    pub win_probability: Option<f64>,
    /// Target over stop.
    pub reward_risk: Option<f64>,
    /// The same after costs.
    pub reward_risk_net: Option<f64>,
    /// Kelly's share of equity.
    pub kelly: Option<f64>,
    /// Factor for the uncertainty of the probability.
    pub shrink: Option<f64>,
    /// Half of Kelly's share, shrunk and capped.
    pub half_kelly_capped: Option<f64>,
    /// Distance of the stop as a share of the price.
    pub stop_share: Option<f64>,
    /// Factor of the market's kind.
    pub regime: Option<f64>,
    /// Factor of the account's drawdown.
    pub drawdown: Option<f64>,
    /// Factor of the correlation with open positions.
    pub correlation: Option<f64>,
    /// Costs of the round trip as a share of the notional.
    pub cost_share: Option<f64>,
    /// Limits that cut the size: `max_risk_share`, `max_leverage`, `max_position`.
    pub caps: Vec<String>,
}

/// The body of a `risk_update`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RiskUpdate {
    /// Always `receive`.
    pub ts_source: TsSource,
    /// Core time, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// What it says.
    pub state: RiskState,
    /// Which way; of the view that ended when cleared.
    pub direction: Direction,
    /// Notional; 0 unless sized.
    pub size_usd: Usd,
    /// Why there is no size, or why the view ended.
    pub refusals: Vec<Refusal>,
    /// What the size was made from; null while unknown.
    pub equity: Option<Equity>,
    /// Stop; null while the volatility or the price is unknown.
    pub stop_px: Option<Price>,
    /// Target; as `stop_px`.
    pub target_px: Option<Price>,
    /// Share of equity that is lost at the stop, after all limits; null unless sized.
    pub risk_share_of_equity: Option<f64>,
    /// How the size came about.
    pub breakdown: Breakdown,
}
