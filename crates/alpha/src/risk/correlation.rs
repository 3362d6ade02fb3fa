//! How much of a new position's risk the open book carries already: the correlation of their five-minute returns over the last day.

use super::account::Position;
use super::event::Direction;
use crate::stats::Ring;
use hypersentry_model::Symbol;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Length of a return, in milliseconds.
const STEP_MS: i64 = 300_000;
/// Returns that are remembered of a symbol: a day.
const MOST_RETURNS: usize = 288;
/// Returns that two symbols must share.
const LEAST_RETURNS: usize = 24;
/// Symbols that are remembered. At the bound further ones stay unknown.
const MOST_SYMBOLS: usize = 512;
/// Returns of a prior without correlation: few returns say little.
const PRIOR: f64 = 24.0;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Track {
    slot: i64,
    mid: f64,
    /// By slot: of the step that ended with it.
    returns: Ring<(i64, f64)>,
}

/// Prices of all followed symbols on one grid.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Returns {
    symbols: BTreeMap<Symbol, Track>,
}

impl Returns {
    /// A symbol's mid price at `now_ms`; the first in each step counts.
    pub fn take(&mut self, now_ms: i64, symbol: Symbol, mid: f64) {
        let slot = now_ms.div_euclid(STEP_MS);
        if !mid.is_finite() || mid <= 0.0 {
            return;
        }
        let room = self.symbols.len() < MOST_SYMBOLS;
        match self.symbols.get_mut(&symbol) {
            Some(track) if slot > track.slot => {
                // Across a hole there is no return of one step.
                if slot == track.slot + 1 {
                    track.returns.push((slot, libm::log(mid / track.mid)));
                }
                (track.slot, track.mid) = (slot, mid);
            }
            None if room => {
                let returns = Ring::new(MOST_RETURNS);
                self.symbols.insert(symbol, Track { slot, mid, returns });
            }
            Some(_) | None => {}
        }
    }

    /// Forgets a symbol that is no longer followed.
    pub fn forget(&mut self, symbol: Symbol) {
        self.symbols.remove(&symbol);
    }

    /// Correlation of a new position with the book, from -1 to 1, shrunk towards zero; 0 without positions in other markets. `None`
    /// where the history of a position is too short: then it is not known.
    ///
    /// The book's return in a step is the sum of signed notionals times returns, at entry prices.
    pub fn with_book(
        &self,
        symbol: Symbol,
        direction: Direction,
        book: &[Position],
    ) -> Option<f64> {
        let others = || {
            book.iter()
                .filter(|p| p.symbol != symbol && !p.sz.is_zero())
        };
        if others().next().is_none() {
            return Some(0.0);
        }
        let own = self.symbols.get(&symbol)?;
        let mut sums: BTreeMap<i64, (f64, f64, usize)> = BTreeMap::new();
        for (slot, r) in own.returns.iter() {
            sums.insert(*slot, (direction.sign() * r, 0.0, 0));
        }
        for position in others() {
            let track = self.symbols.get(&position.symbol)?;
            let usd = position.sz.to_f64() * position.entry_px.to_f64();
            for (slot, r) in track.returns.iter() {
                if let Some((_, book, seen)) = sums.get_mut(slot) {
                    *book += usd * r;
                    *seen += 1;
                }
            }
        }
        let all = others().count();
        // Only steps in which every position was seen.
        let pairs: Vec<(f64, f64)> = sums
            .into_values()
            .filter(|(_, _, seen)| *seen == all)
            .map(|(x, y, _)| (x, y))
            .collect();
        (pairs.len() >= LEAST_RETURNS).then(|| correlation(&pairs))
    }
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (dx, dy) = (x - mx, y - my);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let size = (xx * yy).sqrt();
    if size > 0.0 {
        (xy / size).clamp(-1.0, 1.0) * n / (n + PRIOR)
    } else {
        0.0
    }
}

/// Factor of a size: 1 to a correlation of 0.7, then falling by 2.5 for each further unit, not below 0.5. Where it is not known the
/// worst is taken.
pub fn factor(correlation: Option<f64>) -> f64 {
    const LEAST: f64 = 0.5;
    match correlation {
        None => LEAST,
        Some(c) if c <= 0.7 => 1.0,
        Some(c) => (1.0 - 2.5 * (c - 0.7)).max(LEAST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Price, Size};

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    fn position(name: &str, sz: &str) -> Position {
        Position {
            symbol: symbol(name),
            sz: Size::parse(sz).unwrap(),
            entry_px: Price::parse("100").unwrap(),
        }
    }

    /// A day of prices: ETH follows BTC, SOL goes its own way.
    fn day() -> Returns {
        let mut returns = Returns::default();
        for step in 0..288i64 {
            let wave = f64::from((step % 7) as i32 - 3) / 100.0;
            let other = f64::from((step * 5 % 11) as i32 - 5) / 100.0;
            for (name, mid) in [
                ("BTC", 100.0 + wave),
                ("ETH", 10.0 + wave / 10.0),
                ("SOL", 50.0 + other),
            ] {
                returns.take(step * STEP_MS, symbol(name), mid);
            }
        }
        returns
    }

    #[test]
    fn the_same_bet_again_is_correlated_and_its_opposite_is_a_hedge() {
        let returns = day();
        let long = returns
            .with_book(symbol("ETH"), Direction::Long, &[position("BTC", "1")])
            .unwrap();
        assert!(long > 0.9, "{long}");
        let hedge = returns
            .with_book(symbol("ETH"), Direction::Short, &[position("BTC", "1")])
            .unwrap();
        assert!((long + hedge).abs() < 1e-12);
        let apart = returns
            .with_book(symbol("SOL"), Direction::Long, &[position("BTC", "1")])
            .unwrap();
        assert!(apart.abs() < 0.3, "{apart}");
    }

    #[test]
    fn no_book_is_no_correlation_and_no_history_is_not_known() {
        let returns = day();
        assert_eq!(
            returns.with_book(symbol("ETH"), Direction::Long, &[]),
            Some(0.0)
        );
        assert_eq!(
            returns.with_book(symbol("ETH"), Direction::Long, &[position("DOGE", "1")]),
            None
        );
        assert!(factor(None) == 0.5 && (factor(Some(0.8)) - 0.75).abs() < 1e-12);
    }
}
