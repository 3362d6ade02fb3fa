//! Fresh, stale, missing: how a figure's age is told.
//!
//! A quiet market is not a dead feed. A figure has `as_of`, the receive time of its newest event, and `proved_at`, the receive time of the newest proof that
//! its feed lives (an event, or whatever else the venue's folder counts as proof). It is stale if and only if the present minus
//! `proved_at` passes its limit.

use crate::{Source, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Age limits in milliseconds, from the specification's section on canonical state.
pub mod limit {
    /// Last price, best bid and offer, mark and index price.
    pub const PRICE_MS: u32 = 3_000;
    /// Order book, or its first five levels where the deeper ones have their own feed.
    pub const BOOK_MS: u32 = 4_000;
    /// Order book levels that come from a slower feed than the first five.
    pub const BOOK_DEEP_MS: u32 = 12_000;
    /// Trade tape.
    pub const TRADES_MS: u32 = 5_000;
    /// Open interest, and the funding and day figures that come with it.
    pub const OPEN_INTEREST_MS: u32 = 15_000;
    /// Liquidations. The specification names no limit; theirs is that of the slow figures, because their feeds are silent most of the time
    /// and proofs of life are told with a batch only.
    pub const LIQUIDATIONS_MS: u32 = 15_000;
}

/// How a figure may be read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Within its limit.
    Fresh,
    /// Past its limit.
    Stale,
    /// Never seen, or withdrawn because it may be wrong.
    Missing,
}

/// How often a feed gives a sign of life while it is well. One that misses its cadence is degraded: that says less than stale, and sooner.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cadence {
    /// The longest time between two signs, in milliseconds.
    pub within_ms: u32,
    /// What is a sign.
    pub by: Sign,
}

/// What shows that a feed keeps its cadence.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// Its events alone: it speaks at a pace, whether or not anything changes.
    Events,
    /// An event, or another proof of life: it speaks on change.
    Proofs,
}

impl Cadence {
    /// Of a feed that speaks at a pace.
    pub const fn events(within_ms: u32) -> Self {
        let by = Sign::Events;
        Self { within_ms, by }
    }

    /// Of a feed that speaks on change, and is proved while it is quiet.
    pub const fn proofs(within_ms: u32) -> Self {
        let by = Sign::Proofs;
        Self { within_ms, by }
    }
}

/// When a figure was last changed and last proved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stamp {
    /// Receive time of the newest event.
    pub as_of: Timestamp,
    /// Receive time of the newest proof of life; never before `as_of`.
    pub proved_at: Timestamp,
}

impl Stamp {
    /// The stamp of an event received at `at`.
    pub const fn at(at: Timestamp) -> Self {
        Self {
            as_of: at,
            proved_at: at,
        }
    }

    /// Notes a proof of life.
    pub fn prove(&mut self, at: Timestamp) {
        self.proved_at = self.proved_at.max(at);
    }

    /// Notes an event, which is a proof too.
    pub fn touch(&mut self, at: Timestamp) {
        self.as_of = self.as_of.max(at);
        self.prove(at);
    }

    /// The stamp of a value derived from both: the older of each.
    pub fn with(self, other: Self) -> Self {
        Self {
            as_of: self.as_of.min(other.as_of),
            proved_at: self.proved_at.min(other.proved_at),
        }
    }

    /// Whether the figure is good at `now`.
    pub fn freshness(self, now: Timestamp, limit_ms: u32) -> Freshness {
        if now > self.stale_after(limit_ms) {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }

    /// The last point at which the figure is still good.
    pub fn stale_after(self, limit_ms: u32) -> Timestamp {
        self.proved_at.plus_ms(i64::from(limit_ms))
    }
}

/// A value that cannot be read without its age and source.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stamped<T> {
    /// The value.
    pub value: T,
    /// Its times.
    pub stamp: Stamp,
    /// Who says so.
    pub source: Source,
    /// Its age limit in milliseconds.
    pub limit_ms: u32,
}

impl<T> Stamped<T> {
    /// Whether the value is good at `now`.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        self.stamp.freshness(now, self.limit_ms)
    }

    /// A value derived from this one alone.
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Stamped<U> {
        Stamped {
            value: derive(self.value),
            stamp: self.stamp,
            source: self.source,
            limit_ms: self.limit_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_is_strictly_past_the_limit() {
        let stamp = Stamp::at(Timestamp::from_ms(1_000));
        assert_eq!(
            stamp.freshness(Timestamp::from_ms(4_000), limit::PRICE_MS),
            Freshness::Fresh
        );
        let after = Timestamp::from_ns(Timestamp::from_ms(4_000).ns() + 1);
        assert_eq!(stamp.freshness(after, limit::PRICE_MS), Freshness::Stale);
    }

    #[test]
    fn quiet_is_not_dead() {
        let mut stamp = Stamp::at(Timestamp::from_ms(1_000));
        stamp.prove(Timestamp::from_ms(9_000));
        assert_eq!(stamp.as_of.ms(), 1_000);
        assert_eq!(
            stamp.freshness(Timestamp::from_ms(10_000), limit::PRICE_MS),
            Freshness::Fresh
        );
    }
}
