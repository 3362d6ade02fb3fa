//! Before a model replaces another it forecasts beside it, without effect, and must prove better on the same outcomes.
//!
//! The paired differences of the logarithmic losses are tested against zero. Markets move together, so that all symbols' differences of
//! a minute are one outcome, their mean. Hours that begin a minute apart share most of their path, so the variance of the mean is that of
//! Newey and West (1987) with Bartlett's weights over the sixty minutes of a label.

use super::event::ShadowHealth;
use crate::probability::metrics::log_loss;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Outcomes from which a challenger may be promoted.
pub const NEEDED: usize = 500;
/// Outcomes that are remembered; beyond, the oldest goes.
const MOST: usize = 5_000;
/// Forecasts of so many milliseconds are one outcome.
const MINUTE_MS: i64 = 60_000;
/// Standard errors by which it must be better: one side, one in forty.
const BETTER: f64 = 1.96;
/// Neighbours whose outcomes overlap.
const LAG: usize = 60;

/// The losses of both on the same outcomes, in order of time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Shadow {
    /// The present model's loss less the challenger's by the forecast's minute, as a sum and a number of forecasts; at most [`MOST`].
    minutes: BTreeMap<i64, (f64, u32)>,
}

impl Shadow {
    /// Adds what became of forecasts `(p_up, p_down)` that the present one and the challenger made at `at_ms`.
    pub fn push(
        &mut self,
        at_ms: i64,
        present: (f64, f64),
        challenger: (f64, f64),
        (up, down): (bool, bool),
    ) {
        let loss = |p: (f64, f64)| 0.5 * (log_loss(p.0, up) + log_loss(p.1, down));
        self.difference(at_ms, loss(present) - loss(challenger));
    }

    /// Adds a difference of losses at `at_ms`: above zero the challenger lost less.
    pub fn difference(&mut self, at_ms: i64, difference: f64) {
        let minute = self.minutes.entry(at_ms.div_euclid(MINUTE_MS));
        let (sum, forecasts) = minute.or_default();
        *sum += difference;
        *forecasts += 1;
        if self.minutes.len() > MOST {
            self.minutes.pop_first();
        }
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.minutes.clear();
    }

    /// Mean difference in standard errors; above zero the challenger is better. `None` below [`NEEDED`] outcomes or where all are alike.
    pub fn t(&self) -> Option<f64> {
        let n = self.minutes.len();
        if n < NEEDED {
            return None;
        }
        let all = self.minutes.values();
        let means: Vec<f64> = all.map(|(sum, n)| sum / f64::from(*n)).collect();
        let mean = means.iter().sum::<f64>() / n as f64;
        let centred: Vec<f64> = means.iter().map(|d| d - mean).collect();
        let covariance = |lag: usize| -> f64 {
            let pairs = centred.iter().zip(centred.iter().skip(lag));
            pairs.map(|(a, b)| a * b).sum::<f64>() / n as f64
        };
        let tail: f64 = (1..=LAG)
            .map(|lag| 2.0 * (1.0 - lag as f64 / (LAG + 1) as f64) * covariance(lag))
            .sum();
        let variance = covariance(0) + tail;
        (variance > 0.0).then(|| mean / (variance / n as f64).sqrt())
    }

    /// What governance says of the challenger.
    pub fn health(&self, id: &str) -> ShadowHealth {
        let t = self.t();
        ShadowHealth {
            id: id.to_owned(),
            outcomes: self.minutes.len() as u32,
            needed: NEEDED as u32,
            t,
            better: t.is_some_and(|t| t > BETTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    fn after(outcomes: usize, challenger: impl Fn(bool) -> f64) -> ShadowHealth {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut shadow = Shadow::default();
        for n in 0..outcomes as i64 {
            let came = rng.next_u64() % 4 == 0;
            let p = challenger(came);
            shadow.push(n * MINUTE_MS, (0.25, 0.25), (p, p), (came, came));
        }
        shadow.health("x")
    }

    #[test]
    fn better_is_promoted_after_enough_outcomes_and_worse_never() {
        let knows = |came| if came { 0.5 } else { 0.2 };
        assert!(!after(NEEDED - 1, knows).better);
        assert!(after(NEEDED, knows).better);
        let misled = after(4_000, |came| if came { 0.2 } else { 0.5 });
        assert!(!misled.better && misled.t.unwrap() < 0.0);
        assert_eq!(after(600, |_| 0.25).t, None);
    }

    #[test]
    fn outcomes_that_repeat_each_other_count_once() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let (mut apart, mut tied) = (Shadow::default(), Shadow::default());
        for hour in 0..60 {
            let came = rng.next_u64() % 4 == 0;
            let p = if came { 0.3 } else { 0.24 };
            (0..60).for_each(|n| {
                let at = (60 * hour + n) * MINUTE_MS;
                tied.push(at, (0.25, 0.25), (p, p), (came, came));
            });
        }
        for n in 0..3_600 {
            let came = rng.next_u64() % 4 == 0;
            let p = if came { 0.3 } else { 0.24 };
            apart.push(n * MINUTE_MS, (0.25, 0.25), (p, p), (came, came));
        }
        assert!(tied.t().unwrap() < 0.3 * apart.t().unwrap());
    }

    #[test]
    fn symbols_of_a_minute_are_one_outcome_and_the_oldest_minute_goes() {
        let mut shadow = Shadow::default();
        for minute in 0..MOST as i64 + 7 {
            for _ in 0..10 {
                shadow.difference(minute * MINUTE_MS + 200, 0.1);
            }
        }
        assert_eq!(shadow.health("x").outcomes, MOST as u32);
        // A forecast of a minute that was forgotten pushes no newer one out.
        shadow.difference(0, 0.1);
        assert_eq!(shadow.minutes.first_key_value().unwrap().0, &7);
    }
}
