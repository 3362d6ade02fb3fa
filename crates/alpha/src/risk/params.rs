//! Constants of sizing. Limits are the account's own; these are the house's.

use serde::{Deserialize, Serialize};

/// Constants of sizing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RiskParams {
    /// Half of Kelly's share is cut here.
    pub kelly_cap: f64,
    /// Distance of the stop in standard deviations of the hourly return.
    pub stop_sigmas: f64,
    /// A stop is at most this share of the price away.
    pub max_stop_share: f64,
    /// Drawdown without consequence.
    pub drawdown_free: f64,
    /// The least that drawdown leaves.
    pub drawdown_least: f64,
    /// Fee of one side as a share of the notional: Hyperliquid's taker fee without discounts, 4.5 basis points.
    pub fee_share: f64,
    /// Age at which the venue's word about equity is too old, in milliseconds.
    pub equity_limit_ms: i64,
    /// Factors by the market's kind.
    pub regime: RegimeFactors,
}

/// Factors by the market's kind.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeFactors {
    /// Trending at high volatility.
    pub trending_high_vol: f64,
    /// Chopping at low volatility.
    pub chop_low_vol: f64,
    /// Squeeze.
    pub squeeze: f64,
    /// Crisis, and while the kind is not known.
    pub crisis: f64,
}

impl Default for RegimeFactors {
    fn default() -> Self {
        Self {
            trending_high_vol: 0.8,
            chop_low_vol: 1.2,
            squeeze: 1.5,
            crisis: 0.4,
        }
    }
}

impl Default for RiskParams {
    fn default() -> Self {
        Self {
            kelly_cap: 0.20,
            stop_sigmas: 2.0,
            max_stop_share: 0.20,
            drawdown_free: 0.05,
            drawdown_least: 0.3,
            fee_share: 0.000_45,
            equity_limit_ms: 60_000,
            regime: RegimeFactors::default(),
        }
    }
}
