//! What a market and the venue allow.

use serde::{Deserialize, Serialize};

use super::number::{Micro, USD};

/// A perpetual market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketSpec {
    /// The coin's name.
    pub name: String,
    /// Decimals of a size.
    pub sz_decimals: u32,
    /// Margin tiers: from so much notional upwards, at most this leverage. The first begins at 0.
    pub tiers: Vec<(Micro, u32)>,
}

impl MarketSpec {
    /// A market with one margin tier.
    #[must_use]
    pub fn new(name: &str, sz_decimals: u32, max_leverage: u32) -> Self {
        Self {
            name: name.to_owned(),
            sz_decimals,
            tiers: vec![(0, max_leverage.max(1))],
        }
    }

    /// Decimals of a price: 6 less those of a size.
    #[must_use]
    pub fn px_decimals(&self) -> u32 {
        6_u32.saturating_sub(self.sz_decimals)
    }

    /// The most leverage of the market.
    #[must_use]
    pub fn max_leverage(&self) -> u32 {
        self.tiers.first().map_or(1, |(_, most)| *most)
    }

    /// The most leverage of a position worth `notional`.
    #[must_use]
    pub fn max_leverage_at(&self, notional: Micro) -> u32 {
        self.tiers
            .iter()
            .rev()
            .find(|(from, _)| notional >= *from)
            .map_or(1, |(_, most)| *most)
    }
}

/// Fees in millionths of the notional; negative is a rebate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRates {
    /// Of what takes.
    pub taker: i64,
    /// Of what rests.
    pub maker: i64,
}

impl Default for FeeRates {
    /// The base tier for perpetuals ("Fees"): 0.045 % and 0.015 %.
    fn default() -> Self {
        Self {
            taker: 450,
            maker: 150,
        }
    }
}

/// The venue's rules that a test or a scenario may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Fees.
    pub fees: FeeRates,
    /// Least value of an order.
    pub least_order: Micro,
    /// Least value of a TWAP.
    pub least_twap: Micro,
    /// Volume that `scheduleCancel` asks for.
    pub schedule_volume: Micro,
    /// Requests that an account may send before it trades.
    pub request_buffer: u64,
    /// Open orders of an account before its volume adds to them.
    pub open_orders: usize,
    /// Open orders that no volume exceeds.
    pub most_open_orders: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            fees: FeeRates::default(),
            least_order: 10 * USD,
            least_twap: 100 * USD,
            schedule_volume: 1_000_000 * USD,
            request_buffer: 10_000,
            open_orders: 1_000,
            most_open_orders: 5_000,
        }
    }
}

/// How a market's open interest stands to its cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OpenInterest {
    /// Below.
    #[default]
    Free,
    /// At the cap: nothing may increase or turn a position, no price may go beyond the oracle's.
    Capped,
    /// It grew too fast: nothing may increase a position.
    TooFast,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_lower_the_leverage_of_large_positions() {
        let mut spec = MarketSpec::new("BTC", 5, 40);
        spec.tiers.push((150_000_000 * USD, 20));
        assert_eq!((spec.px_decimals(), spec.max_leverage()), (1, 40));
        assert_eq!(spec.max_leverage_at(149_999_999 * USD), 40);
        assert_eq!(spec.max_leverage_at(150_000_000 * USD), 20);
    }
}
