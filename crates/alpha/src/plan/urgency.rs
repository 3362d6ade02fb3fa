//! How much time a view leaves, and how a plan uses it.

use super::event::Strategy;
use super::params::PlanParams;
use crate::evidence::Verdict;
use crate::governance::event::MacroRegime;

/// From 0 to 1: `0.4 confidence + 0.3 |impulse| + R + 0.2 [sigma_1h > 2 %]`, where `R` is 0.2 in a squeeze, a crisis or a trend at high volatility
/// and -0.1 in chop.
pub fn urgency(
    verdict: &Verdict,
    sigma_1h: Option<f64>,
    regime: MacroRegime,
    params: &PlanParams,
) -> f64 {
    let [.., impulse] = verdict.footprint;
    let kind = match regime {
        MacroRegime::Squeeze | MacroRegime::TrendingHighVol | MacroRegime::Crisis => 0.2,
        MacroRegime::ChopLowVol => -0.1,
        MacroRegime::NormalMarket | MacroRegime::Unknown => 0.0,
    };
    let fast = sigma_1h.is_some_and(|s| s > params.fast_sigma);
    let fast = if fast { 0.2 } else { 0.0 };
    (0.4 * verdict.confidence + 0.3 * impulse.abs() + kind + fast).clamp(0.0, 1.0)
}

/// By urgency.
pub fn strategy(urgency: f64, params: &PlanParams) -> Strategy {
    if urgency < params.passive_below {
        Strategy::Passive
    } else if urgency < params.aggressive_from {
        Strategy::Hybrid
    } else {
        Strategy::Aggressive
    }
}

/// Share that takes liquidity.
pub fn taken(strategy: Strategy, params: &PlanParams) -> f64 {
    match strategy {
        Strategy::Passive => 0.0,
        Strategy::Hybrid => params.hybrid_takes,
        Strategy::Aggressive => 1.0,
    }
}
