//! Funding as a rate per hour, a sample a minute.

use crate::observe::{Funding, OpenInterest};
use crate::params::FundingParams;
use crate::stages::funding::Inputs;
use crate::stats::{Ring, mean_and_std};
use serde::{Deserialize, Serialize};

/// The samples.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Rates {
    minutes: Ring<f64>,
    moments: Option<(f64, f64)>,
}

impl Rates {
    /// No samples.
    pub const fn new(params: &FundingParams) -> Self {
        Self {
            minutes: Ring::new(params.history),
            moments: None,
        }
    }

    /// A minute is over: the rate at its end.
    pub fn minute(&mut self, hourly: Option<f64>, params: &FundingParams) {
        let Some(hourly) = hourly else {
            return;
        };
        // The moments are those of the minutes before this one.
        self.moments = (self.minutes.len() >= params.min_samples)
            .then(|| mean_and_std(self.minutes.iter().copied()))
            .flatten();
        self.minutes.push(hourly);
    }

    /// What the stage needs.
    pub fn inputs(&self, hourly: Option<f64>) -> Inputs {
        Inputs {
            hourly,
            mean: self.moments.map(|m| m.0),
            std: self.moments.map(|m| m.1),
            samples: self.minutes.len() as u32,
        }
    }
}

/// The venues' rates per hour, weighted by their open interest; those without one count equally when none has one.
pub fn hourly(venues: &[Funding], interest: &[OpenInterest], now_ms: i64) -> Option<f64> {
    let weigh = |weight: &dyn Fn(&Funding) -> f64| {
        let fresh = venues
            .iter()
            .filter(|v| v.rate.is_number() && !v.rate.is_stale(now_ms));
        let (sum, weights) = fresh.fold((0.0, 0.0), |(sum, weights), v| {
            let w = weight(v);
            (
                sum + w * v.rate.value / f64::from(v.interval_h.max(1)),
                weights + w,
            )
        });
        (weights > 0.0).then(|| sum / weights)
    };
    let by_interest = |v: &Funding| {
        let same = interest.iter().find(|i| i.base.source == v.rate.source);
        same.filter(|i| i.base.is_number() && !i.base.is_stale(now_ms))
            .map_or(0.0, |i| i.base.value.max(0.0))
    };
    weigh(&by_interest).or_else(|| weigh(&|_| 1.0))
}
