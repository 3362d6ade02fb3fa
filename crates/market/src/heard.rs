//! Trades of a market since somebody asked last, for whoever samples them on a grid of time.

use hypersentry_model::{Price, Side, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// Trades that wait at most. What comes beyond is added to the last one of its side: the sums stay right, a few prices are lost.
pub const MAX_HEARD: usize = 2_048;

/// A trade as it was taken.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HeardTrade {
    /// Price.
    pub px: Price,
    /// Price times size.
    pub notional: Usd,
    /// The aggressor's side.
    pub side: Side,
    /// The venue's time, or ours where its clock runs ahead.
    pub at: Timestamp,
}

/// What waits. Trades that a venue sent as history, or that filled a gap, are not among it: what was judged in their time was told and stands.
/// They count in candles and volume delta, and the coverage of the trades says that they were missing then.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Heard {
    waiting: Vec<HeardTrade>,
}

impl Heard {
    pub(crate) fn push(&mut self, trade: HeardTrade) {
        if self.waiting.len() >= MAX_HEARD {
            let last = self.waiting.iter_mut().rev().find(|t| t.side == trade.side);
            if let Some(last) = last {
                let sum = last.notional.checked_add(trade.notional);
                last.notional = sum.unwrap_or(last.notional);
                return;
            }
            // All that wait are of the other side: one of them makes room.
            self.waiting.pop();
        }
        self.waiting.push(trade);
    }

    /// Moves what waits to `out`, oldest first.
    pub(crate) fn take(&mut self, out: &mut Vec<HeardTrade>) {
        out.append(&mut self.waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_stay_right_at_the_bound() {
        let mut heard = Heard::default();
        for n in 0..MAX_HEARD as i64 + 1_000 {
            heard.push(HeardTrade {
                px: Price::from_units(1),
                notional: Usd::from_units(1),
                side: if n % 2 == 0 { Side::Buy } else { Side::Sell },
                at: Timestamp::from_ms(n),
            });
        }
        let mut out = Vec::new();
        heard.take(&mut out);
        assert_eq!(out.len(), MAX_HEARD);
        for side in [Side::Buy, Side::Sell] {
            let of = out.iter().filter(|t| t.side == side);
            let sum: i128 = of.map(|t| t.notional.units()).sum();
            assert_eq!(sum, (MAX_HEARD as i128 + 1_000) / 2);
        }
        heard.take(&mut out);
        assert_eq!(out.len(), MAX_HEARD, "nothing is given twice");
    }
}
