//! The feeds behind the components, and how far each component can be trusted by their ages.
//!
//! A feed is trusted wholly within its limit, not at all from four times the limit on, and in a straight line between. A component whose feed
//! is past its limit or was never seen is silent: its score is 0 and its weight stays in the divisor.

use crate::evidence::Component;
use crate::observe::Reading;
use hypersentry_model::{Coverage, Freshness, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The feeds as they stood. An absent one was never seen.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Feeds {
    /// The mid price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mid: Option<Reading>,
    /// The newest trade.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trade: Option<Reading>,
    /// How much of the last minutes' trades was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trade_coverage: Option<Coverage>,
    /// Open interest by venue.
    pub open_interest: Vec<Reading>,
    /// Funding by venue.
    pub funding: Vec<Reading>,
    /// Liquidations by venue.
    pub liquidations: Vec<Reading>,
}

/// How a component's feeds stand.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Standing {
    /// Whether the component may speak.
    pub state: Freshness,
    /// From 0 to 1.
    pub trust: f64,
    /// Receive time of the newest event of the feed that was quiet for longest, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of: Option<i64>,
    /// Receive time of the newest proof of life of the feed that is nearest to its limit or furthest past it, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved_at: Option<i64>,
    /// That feed's limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age_limit_ms: Option<u32>,
}

impl Standing {
    /// Nothing was seen.
    pub const MISSING: Self = Self {
        state: Freshness::Missing,
        trust: 0.0,
        as_of: None,
        proved_at: None,
        age_limit_ms: None,
    };

    /// That of one feed.
    pub fn of(reading: Option<&Reading>, now_ms: i64) -> Self {
        let Some(reading) = reading else {
            return Self::MISSING;
        };
        Self {
            state: match reading.is_stale(now_ms) {
                true => Freshness::Stale,
                false => Freshness::Fresh,
            },
            trust: reading.trust(now_ms),
            as_of: Some(reading.as_of),
            proved_at: Some(reading.proved_at),
            age_limit_ms: Some(reading.limit_ms),
        }
    }

    /// The best of several venues' feeds: one that lives is enough.
    pub fn best(readings: &[Reading], now_ms: i64) -> Self {
        let mut best = Self::MISSING;
        for reading in readings {
            let next = Self::of(Some(reading), now_ms);
            let better = next.rank() > best.rank()
                || (next.rank() == best.rank() && next.trust > best.trust);
            if better {
                best = next;
            }
        }
        best
    }

    /// Both are needed: the worse one counts.
    pub fn and(self, other: Self) -> Self {
        let other_is_worse =
            other.rank() < self.rank() || (other.rank() == self.rank() && other.trust < self.trust);
        let worse = if other_is_worse { other } else { self };
        if worse.state == Freshness::Missing {
            return Self::MISSING;
        }
        Self {
            trust: self.trust.min(other.trust),
            as_of: self.as_of.min(other.as_of),
            ..worse
        }
    }

    /// Whether the component's score counts.
    pub fn speaks(&self) -> bool {
        self.state == Freshness::Fresh
    }

    const fn rank(&self) -> u8 {
        match self.state {
            Freshness::Missing => 0,
            Freshness::Stale => 1,
            Freshness::Fresh => 2,
        }
    }
}

impl Feeds {
    /// How the feeds of a component stand.
    pub fn standing(&self, component: Component, now_ms: i64) -> Standing {
        let mid = Standing::of(self.mid.as_ref(), now_ms);
        match component {
            Component::Regime => mid.and(Standing::best(&self.open_interest, now_ms)),
            Component::Footprint => {
                let mut both = mid.and(Standing::of(self.trade.as_ref(), now_ms));
                // Trades that were not seen are missing in every sum of the component.
                let missing = self.trade_coverage.map_or(0.0, |c| c.missing.fraction());
                both.trust *= 1.0 - missing;
                both
            }
            Component::Volatility => mid,
            Component::Funding => Standing::best(&self.funding, now_ms),
            Component::Liquidation => mid.and(Standing::best(&self.liquidations, now_ms)),
        }
    }

    /// Who tells what a component is made of, without repetition, in the order of the sources.
    pub fn sources(&self, component: Component) -> Vec<Source> {
        let mid = self.mid.as_slice();
        let (first, second): (&[Reading], &[Reading]) = match component {
            Component::Regime => (mid, &self.open_interest),
            Component::Footprint => (mid, self.trade.as_slice()),
            Component::Volatility => (mid, &[]),
            Component::Funding => (&[], &self.funding),
            Component::Liquidation => (mid, &self.liquidations),
        };
        let mut sources: Vec<Source> = first.iter().chain(second).map(|r| r.source).collect();
        sources.sort();
        sources.dedup();
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Venue;

    const NOW: i64 = 100_000;

    fn reading(age_ms: i64, limit_ms: u32) -> Reading {
        Reading {
            value: 1.0,
            source: Source::Venue(Venue::Hyperliquid),
            as_of: NOW - age_ms,
            proved_at: NOW - age_ms,
            limit_ms,
        }
    }

    #[test]
    fn trust_falls_from_the_limit_to_four_times_it() {
        for (age, state, trust) in [
            (3_000, Freshness::Fresh, 1.0),
            (7_500, Freshness::Stale, 0.5),
            (12_000, Freshness::Stale, 0.0),
        ] {
            let standing = Standing::of(Some(&reading(age, 3_000)), NOW);
            assert_eq!(standing.state, state);
            assert!((standing.trust - trust).abs() < 1e-12);
        }
    }

    #[test]
    fn one_venue_that_lives_is_enough_and_two_feeds_are_as_good_as_the_worse() {
        let best = Standing::best(&[reading(20_000, 15_000), reading(1_000, 15_000)], NOW);
        assert!(best.speaks() && best.as_of == Some(NOW - 1_000));
        let mid = Standing::of(Some(&reading(5_000, 3_000)), NOW);
        let both = mid.and(best);
        assert_eq!(
            (both.state, both.age_limit_ms),
            (Freshness::Stale, Some(3_000))
        );
        assert_eq!(mid.and(Standing::MISSING), Standing::MISSING);
        assert_eq!(best.and(mid), both);
    }

    #[test]
    fn trades_that_were_not_seen_lower_the_trust_in_the_footprint() {
        let feeds = Feeds {
            mid: Some(reading(0, 3_000)),
            trade: Some(reading(0, 5_000)),
            trade_coverage: Some(Coverage::of(3, 0, 4)),
            ..Feeds::default()
        };
        let standing = feeds.standing(Component::Footprint, NOW);
        assert!(standing.speaks());
        assert!((standing.trust - 0.75).abs() < 1e-12);
    }
}
