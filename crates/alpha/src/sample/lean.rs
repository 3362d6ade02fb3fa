//! To which side the book leans, a sample a second. A single look is noise: orders near the price come and go within it.

use crate::observe::{Level, sane_levels};
use crate::stats::Ring;
use serde::{Deserialize, Serialize};

/// Levels of the book that are looked at.
const LEVELS: usize = 25;
/// Seconds that are averaged.
const SECONDS: usize = 60;
/// Looks from which the mean says something.
const MIN_LOOKS: u32 = 30;

/// The samples.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Lean {
    seconds: Ring<Option<f64>>,
    mean: Option<f64>,
    looks: u32,
}

impl Default for Lean {
    fn default() -> Self {
        Self {
            seconds: Ring::new(SECONDS),
            mean: None,
            looks: 0,
        }
    }
}

impl Lean {
    /// Takes the book at a full second, if there is one.
    pub fn second(&mut self, book: Option<(&[Level], &[Level])>) {
        self.seconds
            .push(book.and_then(|(bids, asks)| imbalance(bids, asks)));
        let seen = self.seconds.iter().flatten();
        let (sum, looks) = seen.fold((0.0, 0), |(sum, looks), x| (sum + x, looks + 1));
        self.looks = looks;
        self.mean = (looks >= MIN_LOOKS).then(|| sum / f64::from(looks));
    }

    /// Mean of the last minute's looks, from -1 to 1; `None` with fewer than half a minute of them.
    pub const fn mean(&self) -> Option<f64> {
        self.mean
    }

    /// Looks behind it.
    pub const fn looks(&self) -> u32 {
        self.looks
    }
}

/// `(B - A) / (B + A)` by notional.
fn imbalance(bids: &[Level], asks: &[Level]) -> Option<f64> {
    let notional =
        |side: &[Level]| -> f64 { sane_levels(side, LEVELS).map(|(px, sz)| px * sz).sum() };
    let (b, a) = (notional(bids), notional(asks));
    (b + a > 0.0).then(|| (b - a) / (b + a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_minute_of_looks_makes_a_mean() {
        let mut lean = Lean::default();
        let (large, small) = ([(100.0, 3.0)], [(100.0, 1.0)]);
        for _ in 0..29 {
            lean.second(Some((&large, &small)));
        }
        assert_eq!(lean.mean(), None);
        lean.second(Some((&large, &small)));
        assert_eq!(lean.mean(), Some(0.5));
        for _ in 0..15 {
            lean.second(Some((&small, &large)));
        }
        assert!((lean.mean().unwrap() - 15.0 * 0.5 / 45.0).abs() < 1e-12);
        for _ in 0..60 {
            lean.second(None);
        }
        assert_eq!((lean.mean(), lean.looks()), (None, 0));
    }
}
