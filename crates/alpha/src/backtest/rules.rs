//! When to trade, and how much. The same for every market.

use hypersentry_model::{Rate, Usd};
use serde::{Deserialize, Serialize};

/// The rules of a backtest. A table may leave out what it does not change.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Money at the beginning.
    pub equity_usd: Usd,
    /// Notional of an entry, at most.
    pub size_usd: Usd,
    /// Scores from here up open a long.
    pub long_from: u8,
    /// Scores up to here open a short.
    pub short_to: u8,
    /// Evaluations in a row that must say so.
    pub streak: u32,
    /// Whether a score on the other side of 50 closes.
    pub exit_at_neutral: bool,
    /// Distance of the stop in standard deviations of the hourly return.
    pub stop_sigmas: f64,
    /// And as a share of the price, at least.
    pub min_stop_share: f64,
    /// And at most.
    pub max_stop_share: f64,
    /// Longest time in a position, in milliseconds; 0 for ever.
    pub max_hold_ms: i64,
    /// Fee of every fill as a share of its notional.
    pub fee: Rate,
    /// Time from a decision to the earliest fill, in milliseconds.
    pub latency_ms: i64,
    /// Time after an exit before the next entry in that market, in milliseconds.
    pub cooldown_ms: i64,
    /// Positions at the same time.
    pub max_concurrent: u32,
}

const USD_UNIT: i128 = 10i128.pow(Usd::SCALE);

impl Default for Rules {
    /// Those of the autonomous gates, with Hyperliquid's taker fee without discounts, 4.5 basis points.
    fn default() -> Self {
        Self {
            equity_usd: Usd::from_units(10_000 * USD_UNIT),
            size_usd: Usd::from_units(1_000 * USD_UNIT),
            long_from: 65,
            short_to: 35,
            streak: 5,
            exit_at_neutral: true,
            stop_sigmas: 2.0,
            min_stop_share: 0.005,
            max_stop_share: 0.20,
            max_hold_ms: 0,
            fee: Rate::from_units(45 * 10i128.pow(Rate::SCALE - 5)),
            latency_ms: 250,
            cooldown_ms: 60_000,
            max_concurrent: 3,
        }
    }
}

impl Rules {
    /// The first thing that cannot be.
    pub fn fault(&self) -> Option<&'static str> {
        let share = |x: f64| x.is_finite() && x > 0.0 && x < 1.0;
        if !self.equity_usd.is_positive() || !self.size_usd.is_positive() {
            Some("equity_usd and size_usd must be more than 0")
        } else if self.long_from <= 50 || self.long_from > 100 || self.short_to >= 50 {
            Some("long_from must be 51 to 100 and short_to 0 to 49")
        } else if !share(self.min_stop_share)
            || !share(self.max_stop_share)
            || self.min_stop_share > self.max_stop_share
        {
            Some("min_stop_share and max_stop_share must be within 0 and 1, in this order")
        } else if !(self.stop_sigmas.is_finite() && self.stop_sigmas > 0.0) {
            Some("stop_sigmas must be more than 0")
        } else if self.fee.units() < 0 || self.fee.units() >= 10i128.pow(Rate::SCALE - 1) {
            Some("fee must be 0 or more and less than 0.1")
        } else if self.latency_ms < 0 || self.cooldown_ms < 0 || self.max_hold_ms < 0 {
            Some("times must be 0 or more")
        } else if self.max_concurrent == 0 {
            Some("max_concurrent must be 1 or more")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_and_nonsense_cannot() {
        assert_eq!(Rules::default().fault(), None);
        assert_eq!(Rules::default().fee.to_string(), "0.00045");
        let with = |change: fn(&mut Rules)| {
            let mut rules = Rules::default();
            change(&mut rules);
            rules.fault().is_some()
        };
        assert!(with(|r| r.long_from = 50));
        assert!(with(|r| r.short_to = 50));
        assert!(with(|r| r.size_usd = Usd::ZERO));
        assert!(with(|r| r.stop_sigmas = f64::NAN));
        assert!(with(|r| r.max_concurrent = 0));
        assert!(with(|r| r.min_stop_share = 0.5));
    }
}
