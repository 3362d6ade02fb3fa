//! Open interest on a grid of seconds. Changes are taken per venue and then added up, so that a venue which comes or goes makes no jump.

use crate::observe::OpenInterest;
use crate::stats::{Ring, Seen, robust_scale};
use hypersentry_model::{Coverage, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds that are remembered.
const SECONDS: usize = 61;
/// Minutes behind the scale.
const MINUTES: usize = 240;
/// Venues at most.
const VENUES: usize = 16;

/// The samples.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Interest {
    last: BTreeMap<Source, f64>,
    /// Weighted sum of all changes so far, in base units.
    flow: f64,
    seconds: Ring<f64>,
    seen: Seen,
    /// Relative change of each minute.
    minutes: Ring<f64>,
    scale: Option<f64>,
    total: Option<f64>,
    #[serde(skip)]
    scratch: Vec<f64>,
}

impl Default for Interest {
    fn default() -> Self {
        Self {
            last: BTreeMap::new(),
            flow: 0.0,
            seconds: Ring::new(SECONDS),
            seen: Seen::new(SECONDS as u32 - 1),
            minutes: Ring::new(MINUTES),
            scale: None,
            total: None,
            scratch: Vec::new(),
        }
    }
}

impl Interest {
    /// Takes the venues' figures at a full second. Stale ones say nothing about the present.
    pub fn second(&mut self, venues: &[OpenInterest], now_ms: i64) {
        let mut total = 0.0;
        for venue in venues.iter().take(VENUES) {
            let counts = venue.weight > 0.0 && venue.weight.is_finite() && venue.base.is_number();
            if !counts || venue.base.is_stale(now_ms) {
                self.last.remove(&venue.base.source);
                continue;
            }
            let base = venue.base.value;
            if let Some(before) = self.last.insert(venue.base.source, base) {
                self.flow += venue.weight * (base - before);
            }
            total += venue.weight * base;
        }
        self.total = (total > 0.0).then_some(total);
        self.seconds.push(self.flow);
        self.seen.push(self.total.is_some());
    }

    /// A minute is over.
    pub fn minute(&mut self, min_samples: usize) {
        if let Some(change) = self.change() {
            self.minutes.push(change);
        }
        self.scale = (self.minutes.len() >= min_samples)
            .then(|| robust_scale(self.minutes.iter().copied(), &mut self.scratch))
            .flatten();
    }

    /// Change over the last minute, as a share of the total.
    pub fn change(&self) -> Option<f64> {
        let (now, then) = (self.seconds.back(0)?, self.seconds.back(SECONDS - 1)?);
        Some((now - then) / self.total?)
    }

    /// Robust scale of such changes.
    pub const fn scale(&self) -> Option<f64> {
        self.scale
    }

    /// Weighted sum of the fresh venues in base units.
    pub const fn total(&self) -> Option<f64> {
        self.total
    }

    /// How much of the last minute was seen.
    pub fn coverage(&self) -> Coverage {
        self.seen.coverage()
    }

    /// Minutes behind the scale.
    pub fn samples(&self) -> u32 {
        self.minutes.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Reading;
    use hypersentry_model::Venue;

    fn told(venue: Venue, value: f64, age_ms: i64) -> OpenInterest {
        OpenInterest {
            base: Reading {
                value,
                source: Source::Venue(venue),
                as_of: -age_ms,
                proved_at: -age_ms,
                limit_ms: 15_000,
            },
            weight: 1.0,
        }
    }

    #[test]
    fn a_venue_that_comes_or_goes_makes_no_change() {
        let mut interest = Interest::default();
        let (one, two) = (Venue::Hyperliquid, Venue::Bybit);
        for second in 0..SECONDS {
            let mut venues = vec![told(one, 100.0, 0)];
            if (20..40).contains(&second) {
                venues.push(told(two, 900.0, 0));
            }
            interest.second(&venues, 0);
        }
        assert_eq!(
            (interest.change(), interest.total()),
            (Some(0.0), Some(100.0))
        );
        // What a venue opens while it is there counts.
        interest.second(&[told(one, 110.0, 0)], 0);
        assert!((interest.change().unwrap() - 10.0 / 110.0).abs() < 1e-12);
    }

    #[test]
    fn a_stale_figure_says_nothing_about_the_present() {
        let mut interest = Interest::default();
        interest.second(&[told(Venue::Okx, 100.0, 15_001)], 0);
        assert_eq!(interest.total(), None);
        assert_eq!(interest.coverage(), Coverage::NONE);
    }
}
