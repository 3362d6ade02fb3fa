//! What followed on convictions of each strength: evaluations in ten parts of equal number, ordered by their signed strength, and the
//! return of the mid price over the hour after each.

use super::Step;
use crate::probability::HORIZON_MS;
use hypersentry_model::{Price, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// One evaluation of a symbol in this time, in milliseconds.
const EVERY_MS: i64 = 60_000;
/// An hour's end is seen at most so late, in milliseconds; else it was not seen.
const LATE_MS: i64 = 60_000;
/// Evaluations at most: further ones are not counted.
const MOST_ROWS: usize = 2_000_000;
/// Parts.
const PARTS: usize = 10;

/// A tenth of the evaluations.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Decile {
    /// From 1, the most bearish, to 10.
    pub n: u32,
    /// Evaluations in it, one a minute and symbol.
    pub evaluations: u32,
    /// Lowest score in it.
    pub score_from: u8,
    /// Highest score in it.
    pub score_to: u8,
    /// Mean return of the next hour, as a share of the price.
    pub mean_return: f64,
    /// Share of them with a return above zero.
    pub up: f64,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at_ms: i64,
    strength: f64,
    score: u8,
    mid: f64,
}

#[derive(Clone, Debug, Default)]
struct OneSymbol {
    /// At most as many as minutes in an hour, and those that are late.
    waiting: VecDeque<Seen>,
    minute: Option<i64>,
}

/// Collects them.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector {
    symbols: BTreeMap<Symbol, OneSymbol>,
    /// Strength, score, return; at most [`MOST_ROWS`].
    rows: Vec<(f64, u8, f64)>,
}

impl Collector {
    /// Takes an evaluation; `mid` is the price of the market that is traded, where it is known.
    pub(super) fn take(&mut self, step: &Step<'_>, mid: Option<Price>) {
        let Some(mid) = mid.map(Price::to_f64).filter(|mid| *mid > 0.0) else {
            return;
        };
        let one = self.symbols.entry(step.symbol).or_default();
        while let Some(seen) = one.waiting.front()
            && step.now_ms >= seen.at_ms + HORIZON_MS
        {
            let in_time = step.now_ms <= seen.at_ms + HORIZON_MS + LATE_MS;
            if in_time && self.rows.len() < MOST_ROWS {
                let row = (seen.strength, seen.score, mid / seen.mid - 1.0);
                self.rows.push(row);
            }
            one.waiting.pop_front();
        }
        let minute = step.now_ms.div_euclid(EVERY_MS);
        if step.fresh && one.minute.is_none_or(|last| minute > last) {
            one.minute = Some(minute);
            one.waiting.push_back(Seen {
                at_ms: step.now_ms,
                strength: step.strength,
                score: step.score,
                mid,
            });
        }
    }

    /// The parts; none with fewer evaluations than parts. Equal strengths stand in order of time.
    pub(super) fn finish(mut self) -> Vec<Decile> {
        self.rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = self.rows.len();
        if n < PARTS {
            return Vec::new();
        }
        let part = |k: usize| {
            let rows = self.rows.get(k * n / PARTS..(k + 1) * n / PARTS);
            let rows = rows.unwrap_or_default();
            let count = rows.len() as f64;
            Decile {
                n: k as u32 + 1,
                evaluations: rows.len() as u32,
                score_from: rows.iter().map(|r| r.1).min().unwrap_or_default(),
                score_to: rows.iter().map(|r| r.1).max().unwrap_or_default(),
                mean_return: rows.iter().map(|r| r.2).sum::<f64>() / count,
                up: rows.iter().filter(|r| r.2 > 0.0).count() as f64 / count,
            }
        };
        (0..PARTS).map(part).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(minutes: i64, price: impl Fn(i64) -> f64, strength: impl Fn(i64) -> f64) -> Vec<Decile> {
        let mut all = Collector::default();
        for n in 0..minutes {
            let strength = strength(n);
            let step = Step {
                symbol: Symbol::new("BTC").unwrap(),
                now_ms: n * EVERY_MS,
                score: (50.0 * (strength + 1.0)) as u8,
                strength,
                fresh: true,
                rr_target: 2.0,
                sigma_1h: None,
                bids: &[],
                asks: &[],
                sz_decimals: None,
                mark: None,
                funding: None,
            };
            all.take(&step, Price::parse(&format!("{:.4}", price(n))).ok());
        }
        all.finish()
    }

    #[test]
    fn what_follows_on_strength_is_told_by_tenths() {
        // The price goes where the strength of the hour before pointed.
        let wave = |n: i64| libm::sin(n as f64 / 40.0);
        let price = |n: i64| 100.0 + libm::sin((n - 60) as f64 / 40.0) * 5.0;
        let follows = |n: i64| (price(n + 60) / price(n) - 1.0) * 8.0;
        let told = run(2_000, price, follows);
        assert_eq!(told.len(), 10);
        assert_eq!(told.iter().map(|d| d.evaluations).sum::<u32>(), 1_940);
        assert!(told.is_sorted_by(|a, b| a.mean_return < b.mean_return));
        assert!(told.is_sorted_by(|a, b| a.score_to <= b.score_from.max(a.score_to)));
        assert_eq!((told[0].up, told[9].up), (0.0, 1.0));
        // One that knows nothing tells no order.
        let blind = run(2_000, price, |n| wave(n * 7_919) * 0.5);
        let spread = blind[9].mean_return - blind[0].mean_return;
        assert!(spread.abs() < 0.3 * (told[9].mean_return - told[0].mean_return));
    }

    #[test]
    fn an_hour_that_was_not_seen_to_its_end_is_left_out() {
        assert_eq!(run(69, |_| 100.0, |_| 0.1), []);
        let gap = run(
            140,
            |n| if (60..135).contains(&n) { 0.0 } else { 100.0 },
            |_| 0.1,
        );
        assert_eq!(gap, []);
    }
}
