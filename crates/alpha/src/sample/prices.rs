//! The mid price on a grid of seconds, and bars of minutes.

use crate::params::VolatilityParams;
use crate::stats::{MeanSquare, Ring, Seen};
use hypersentry_model::Coverage;
use serde::{Deserialize, Serialize};

/// Returns are taken over so many seconds, against the bounce between bid and ask.
const RETURN_S: usize = 5;
/// Returns after which an older one weighs half as much: 5 minutes.
const HALF_LIFE: f64 = 60.0;
/// Returns from which sigma is known: one minute.
const MIN_RETURNS: u32 = 12;
/// Seconds that are remembered.
const SECONDS: usize = 121;
/// Seconds whose coverage is told.
const COVERED_S: u32 = 60;

/// A minute.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Bar {
    high: f64,
    low: f64,
    usd: f64,
}

/// The samples.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prices {
    /// Logarithm of the mid; `None` where it was missing or stale.
    seconds: Ring<Option<f64>>,
    seen: Seen,
    returns: MeanSquare,
    taken: u64,
    bar: Option<Bar>,
    bars: Ring<Bar>,
    ratios: Ring<f64>,
    compression: Option<f64>,
    volume_ratio: Option<f64>,
}

impl Prices {
    /// No samples.
    pub fn new(params: &VolatilityParams) -> Self {
        Self {
            seconds: Ring::new(SECONDS),
            seen: Seen::new(COVERED_S),
            returns: MeanSquare::default(),
            taken: 0,
            bar: None,
            bars: Ring::new(params.long_bars),
            ratios: Ring::new(params.history),
            compression: None,
            volume_ratio: None,
        }
    }

    /// Takes the mid of a full second, if there is one, and the notional traded in it.
    pub fn second(&mut self, mid: Option<f64>, usd: f64) {
        let log = mid.filter(|m| *m > 0.0).map(libm::log);
        self.seconds.push(log);
        self.seen.push(log.is_some());
        self.taken += 1;
        if self.taken.is_multiple_of(RETURN_S as u64)
            && let Some(change) = self.change(RETURN_S)
        {
            self.returns.push(change, HALF_LIFE);
        }
        if let Some(log) = log {
            let bar = self.bar.get_or_insert(Bar {
                high: log,
                low: log,
                usd: 0.0,
            });
            bar.high = bar.high.max(log);
            bar.low = bar.low.min(log);
        }
        if let Some(bar) = &mut self.bar {
            bar.usd += usd;
        }
    }

    /// A minute is over.
    pub fn minute(&mut self, params: &VolatilityParams) {
        let Some(bar) = self.bar.take() else {
            return;
        };
        self.bars.push(bar);
        (self.compression, self.volume_ratio) = (None, None);
        if self.bars.len() < params.long_bars {
            return;
        }
        let of = |bars: usize| {
            let range = |b: &Bar| (b.high - b.low) * (b.high - b.low);
            let last = self.bars.iter().rev().take(bars);
            let (squares, usd) = last.fold((0.0, 0.0), |(s, u), b| (s + range(b), u + b.usd));
            (squares / bars as f64, usd / bars as f64)
        };
        let ((short, short_usd), (long, long_usd)) = (of(params.short_bars), of(params.long_bars));
        if long_usd > 0.0 {
            self.volume_ratio = Some(short_usd / long_usd);
        }
        if long <= 0.0 {
            return;
        }
        // Parkinson's factor 1 / (4 ln 2) cancels in the ratio.
        let ratio = (short / long).sqrt();
        if self.ratios.len() >= params.min_samples {
            let below = self.ratios.iter().filter(|r| **r < ratio).count();
            self.compression = Some(1.0 - below as f64 / self.ratios.len() as f64);
        }
        self.ratios.push(ratio);
    }

    /// Logarithmic return over the last `seconds`, if both ends were seen.
    pub fn change(&self, seconds: usize) -> Option<f64> {
        Some((*self.seconds.back(0)?)? - (*self.seconds.back(seconds)?)?)
    }

    /// Standard deviation of the return over `seconds`.
    pub fn sigma(&self, seconds: f64) -> Option<f64> {
        let variance = self.returns.get(MIN_RETURNS)?;
        Some((variance * seconds / RETURN_S as f64).sqrt())
    }

    /// How much of the last minute was seen.
    pub fn coverage(&self) -> Coverage {
        self.seen.coverage()
    }

    /// Returns behind sigma.
    pub const fn samples(&self) -> u32 {
        self.returns.samples()
    }

    /// Compression, volume ratio, and the number of ratios behind the percentile.
    pub fn compression(&self) -> (Option<f64>, Option<f64>, u32) {
        (
            self.compression,
            self.volume_ratio,
            self.ratios.len() as u32,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_both_ends_and_sigma_a_minute_of_returns() {
        let mut prices = Prices::new(&VolatilityParams::default());
        let mid = |second: i32| 100.0 * libm::exp(1e-4 * f64::from(second % 2));
        for second in 0..70 {
            prices.second((second != 9).then(|| mid(second)), 0.0);
            if second < 60 {
                assert_eq!(prices.change(60), None);
            }
        }
        assert_eq!(prices.sigma(5.0), None);
        // The second 60 before the newest was not seen.
        assert_eq!(prices.change(60), None);
        assert!((prices.change(59).unwrap() - 1e-4).abs() < 1e-12);
        (70..80).for_each(|second| prices.second(Some(mid(second)), 0.0));
        let sigma = prices.sigma(5.0).unwrap();
        assert!((sigma - 1e-4).abs() < 1e-6, "{sigma}");
        assert!((prices.sigma(20.0).unwrap() - 2.0 * sigma).abs() < 1e-12);
    }

    #[test]
    fn ranges_that_shrink_are_compression_after_three_hours() {
        let params = VolatilityParams::default();
        let mut prices = Prices::new(&params);
        let minute = |prices: &mut Prices, size: f64, usd: f64| {
            for second in 0..60 {
                let away = if second % 2 == 0 { size } else { -size };
                prices.second(Some(100.0 * libm::exp(away)), usd);
            }
            prices.minute(&params);
        };
        for bar in 0..180 {
            minute(&mut prices, 1e-3 * (1.0 + 0.1 * f64::from(bar % 7)), 10.0);
        }
        assert_eq!(
            prices.compression().0.is_some(),
            prices.compression().2 > 120
        );
        for _ in 0..5 {
            minute(&mut prices, 1e-5, 1.0);
        }
        let (compression, volume, _) = prices.compression();
        assert!(compression.unwrap() > 0.95, "{compression:?}");
        assert!(volume.unwrap() < 0.5, "{volume:?}");
        for _ in 0..5 {
            minute(&mut prices, 1e-2, 1.0);
        }
        assert!(prices.compression().0.unwrap() < 0.05);
    }
}
