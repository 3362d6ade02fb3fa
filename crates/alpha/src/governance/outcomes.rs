//! Forecasts that wait for their hour: was the price one percent higher, one percent lower, within it?
//!
//! The path is the mid price at each tick. Where it was not seen for longer than a minute the outcome is unknown, unless both
//! barriers were touched, and such a forecast is left out: a label that was cut short is no "no".

use crate::probability::{HORIZON_MS, MOVE};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Forecasts that wait at most: one a minute, and some to spare. At the bound a new one is not taken.
pub const MOST_WAITING: usize = 64;

/// Longest time without a price, in milliseconds.
const GAP_MS: i64 = 60_000;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Waiting<T> {
    at_ms: i64,
    entry: f64,
    seen_ms: i64,
    gap: bool,
    up: bool,
    down: bool,
    what: T,
}

/// What a forecast came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<T> {
    /// When it was made, UTC ms.
    pub at_ms: i64,
    /// The price touched one percent above.
    pub up: bool,
    /// The price touched one percent below.
    pub down: bool,
    /// What was forecast.
    pub what: T,
}

/// The queue, oldest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Awaiting<T> {
    waiting: VecDeque<Waiting<T>>,
    censored: u64,
}

impl<T> Default for Awaiting<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            censored: 0,
        }
    }
}

impl<T> Awaiting<T> {
    /// A forecast made at `now_ms` with the price at `mid`.
    pub fn push(&mut self, now_ms: i64, mid: f64, what: T) {
        if self.waiting.len() < MOST_WAITING && mid > 0.0 {
            self.waiting.push_back(Waiting {
                at_ms: now_ms,
                entry: mid,
                seen_ms: now_ms,
                gap: false,
                up: false,
                down: false,
                what,
            });
        }
    }

    /// The price at `now_ms`; `None` where it is not known. What came to its end is pushed.
    pub fn observe(&mut self, now_ms: i64, mid: Option<f64>, out: &mut Vec<Outcome<T>>) {
        for w in &mut self.waiting {
            let ends = w.at_ms + HORIZON_MS;
            w.gap |= now_ms.min(ends) - w.seen_ms > GAP_MS;
            if let Some(mid) = mid
                && now_ms <= ends
            {
                w.seen_ms = now_ms;
                w.up |= mid >= w.entry * (1.0 + MOVE);
                w.down |= mid <= w.entry * (1.0 - MOVE);
            }
        }
        while let Some(first) = self.waiting.front()
            && now_ms >= first.at_ms + HORIZON_MS
            && let Some(done) = self.waiting.pop_front()
        {
            if done.gap && !(done.up && done.down) {
                self.censored += 1;
            } else {
                out.push(Outcome {
                    at_ms: done.at_ms,
                    up: done.up,
                    down: done.down,
                    what: done.what,
                });
            }
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many were left out because the price was not seen.
    pub const fn censored(&self) -> u64 {
        self.censored
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(path: &[(i64, Option<f64>)]) -> (Vec<Outcome<()>>, u64) {
        let mut queue = Awaiting::default();
        queue.push(0, 100.0, ());
        let mut out = Vec::new();
        // A price every 30 s where the path says none otherwise.
        let mut price = Some(100.0);
        for second in (30..=3_600).step_by(30) {
            if let Some((_, p)) = path.iter().rev().find(|(at, _)| *at <= second) {
                price = *p;
            }
            queue.observe(second * 1_000, price, &mut out);
        }
        (out, queue.censored())
    }

    #[test]
    fn labels_by_touch() {
        let (out, _) = run(&[
            (60, Some(101.0)),
            (90, Some(100.0)),
            (900, Some(98.9)),
            (930, Some(100.0)),
        ]);
        assert_eq!((out[0].up, out[0].down), (true, true));
        let (out, _) = run(&[(60, Some(100.99))]);
        assert_eq!((out[0].up, out[0].down), (false, false));
    }

    #[test]
    fn a_price_that_was_not_seen_leaves_the_row_out() {
        let (out, censored) = run(&[(600, None), (900, Some(100.0))]);
        assert_eq!((out.len(), censored), (0, 1));
        // The end of the hour counts too.
        let (out, censored) = run(&[(3_500, None)]);
        assert_eq!((out.len(), censored), (0, 1));
        // Known all the same: both were touched.
        let (out, censored) = run(&[(60, Some(101.0)), (90, Some(99.0)), (120, None)]);
        assert_eq!((out.len(), censored), (1, 0));
    }

    #[test]
    fn is_bounded() {
        let mut queue = Awaiting::default();
        for i in 0..1_000 {
            queue.push(i, 100.0, ());
        }
        assert_eq!(queue.len(), MOST_WAITING);
    }
}
