//! Constants of plans.

use serde::{Deserialize, Serialize};

/// Constants of plans.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanParams {
    /// Urgency below which a plan is passive.
    pub passive_below: f64,
    /// Urgency from which a plan is aggressive.
    pub aggressive_from: f64,
    /// Share of a hybrid plan that takes liquidity.
    pub hybrid_takes: f64,
    /// Hourly volatility above which time is short.
    pub fast_sigma: f64,
    /// A slice is at least this large, in USD.
    pub slice_usd: f64,
    /// And at least this share of the depth, more with urgency.
    pub slice_depth: f64,
    /// Slices at most.
    pub most_slices: u32,
    /// Time for the whole of a plan without urgency, in milliseconds.
    pub horizon_ms: i64,
    /// Time between slices at least, in milliseconds.
    pub spacing_ms: i64,
    /// How much earlier than evenly an urgent plan trades: Almgren and Chriss's `kappa T` at urgency 1.
    pub front_load: f64,
    /// Coefficient of the market's reaction (Almgren, Thum, Hauptmann and Li 2005).
    pub impact: f64,
    /// Its exponent.
    pub impact_power: f64,
    /// How far an order that takes may walk beyond the best price, as a share of it.
    pub take_share: f64,
    /// Spread beyond which nothing is traded, in basis points.
    pub max_spread_bps: f64,
    /// Cost beyond which nothing is traded, in basis points.
    pub max_slippage_bps: f64,
    /// The side behind the order must hold this share of the other at least.
    pub min_support: f64,
}

impl Default for PlanParams {
    fn default() -> Self {
        Self {
            passive_below: 0.4,
            aggressive_from: 0.7,
            hybrid_takes: 0.25,
            fast_sigma: 0.02,
            slice_usd: 100.0,
            slice_depth: 0.05,
            most_slices: 20,
            horizon_ms: 300_000,
            spacing_ms: 2_000,
            front_load: 3.0,
            impact: 0.142,
            impact_power: 0.6,
            take_share: 0.002,
            max_spread_bps: 20.0,
            max_slippage_bps: 25.0,
            min_support: 0.1,
        }
    }
}
