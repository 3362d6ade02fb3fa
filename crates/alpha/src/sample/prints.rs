//! Liquidations of the last minutes.

use crate::observe::ForcedClose;
use crate::params::LiquidationParams;
use crate::stages::liquidation::Inputs;
use crate::stats::{Ring, Seen};
use serde::{Deserialize, Serialize};

/// Prints that are remembered: in a cascade the newest count.
const PRINTS: usize = 1_000;
/// Seconds whose coverage is told, at most.
const COVERED_S: i64 = 14_400;

/// The prints.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prints {
    prints: Ring<ForcedClose>,
    seen: Seen,
}

impl Prints {
    /// No prints.
    pub fn new(params: &LiquidationParams) -> Self {
        Self {
            prints: Ring::new(PRINTS),
            seen: Seen::new((params.max_age_ms / 1_000).clamp(1, COVERED_S) as u32),
        }
    }

    /// A full second is over, during which some venue's feed lived, or none.
    pub fn second(&mut self, fed: bool) {
        self.seen.push(fed);
    }

    /// Takes new prints at `now_ms`. Those that are too old to count are forgotten.
    pub fn take(&mut self, new: &[ForcedClose], now_ms: i64, params: &LiquidationParams) {
        let is_old = |p: &ForcedClose| now_ms.saturating_sub(p.ts_ms) > params.max_age_ms;
        self.prints.forget_while(is_old);
        for print in new.iter().filter(|p| p.is_sane()) {
            self.prints.push(*print);
        }
    }

    /// The bands about the price at `now_ms`.
    pub fn inputs(
        &self,
        px: Option<f64>,
        open_interest_usd: Option<f64>,
        (fed, now_ms): (bool, i64),
        params: &LiquidationParams,
    ) -> Inputs {
        let mut inputs = Inputs {
            shrink_usd: crate::stages::liquidation::shrink_usd(open_interest_usd, params),
            fed,
            coverage: Some(self.seen.coverage()),
            ..Inputs::default()
        };
        for (band, width) in inputs.bands.iter_mut().zip(params.bands) {
            band.width = width;
        }
        let px = px.filter(|px| *px > 0.0);
        for print in self.prints.iter() {
            if now_ms.saturating_sub(print.ts_ms) > params.max_age_ms {
                continue;
            }
            inputs.prints += 1;
            let oldest = inputs.oldest_ms.unwrap_or(print.ts_ms);
            inputs.oldest_ms = Some(oldest.min(print.ts_ms));
            inputs.newest_ms = inputs.newest_ms.max(Some(print.ts_ms));
            if let Err(place) = inputs.sources.binary_search(&print.source) {
                inputs.sources.insert(place, print.source);
            }
            if let Some(px) = px {
                put(&mut inputs, print, px);
            }
        }
        for band in &mut inputs.bands {
            band.chance_usd = band.chance_usd.sqrt();
        }
        inputs
    }
}

/// Into the bands that reach it. The same distance up and down, so that the mirror image has the mirrored bands.
fn put(inputs: &mut Inputs, print: &ForcedClose, px: f64) {
    let distance = match print.long {
        false => print.px / px,
        true => px / print.px,
    };
    // A short that was closed below the price, or a long above it, was not squeezed by a move to here.
    if distance <= 1.0 {
        return;
    }
    for band in &mut inputs.bands {
        if distance > 1.0 + band.width {
            continue;
        }
        band.prints += 1;
        // The sum of the squares, until all are in.
        band.chance_usd += print.usd * print.usd;
        if print.long {
            band.down_usd += print.usd;
        } else {
            band.up_usd += print.usd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Source, Venue};

    fn print(px: f64, long: bool, ts_ms: i64) -> ForcedClose {
        ForcedClose {
            px,
            usd: 3.0,
            long,
            source: Source::Venue(Venue::Bybit),
            ts_ms,
        }
    }

    #[test]
    fn bands_hold_shorts_above_and_longs_below() {
        let params = LiquidationParams::default();
        let mut prints = Prints::new(&params);
        let new = [
            print(100.4, false, 0),
            print(101.5, false, 0),
            print(99.5, true, 0),
            // At the price, on the wrong side of it, and out of every band.
            print(100.0, false, 0),
            print(99.0, false, 0),
            print(101.0, true, 0),
            print(110.0, false, 0),
        ];
        prints.take(&new, 0, &params);
        let inputs = prints.inputs(Some(100.0), None, (true, 1_000), &params);
        let sums = inputs.bands.map(|b| (b.up_usd, b.down_usd, b.prints));
        assert_eq!(
            sums,
            [(3.0, 0.0, 1), (3.0, 3.0, 2), (6.0, 3.0, 3), (6.0, 3.0, 3)]
        );
        assert!((inputs.bands[2].chance_usd - 27.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((inputs.prints, inputs.sources.len()), (7, 1));
    }

    #[test]
    fn old_prints_and_an_unknown_price_say_nothing() {
        let params = LiquidationParams::default();
        let mut prints = Prints::new(&params);
        prints.take(&[print(100.4, false, 0)], 0, &params);
        let later = prints.inputs(Some(100.0), None, (true, params.max_age_ms + 1), &params);
        assert_eq!((later.prints, later.newest_ms), (0, None));
        let blind = prints.inputs(None, None, (true, 1_000), &params);
        assert!(blind.bands.iter().all(|b| b.up_usd == 0.0 && b.prints == 0));
        assert_eq!(blind.prints, 1);
        prints.take(&[], params.max_age_ms + 1, &params);
        assert_eq!(prints.prints.len(), 0, "it will never count again");
    }
}
