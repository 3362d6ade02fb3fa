//! Points in time. The cores receive them as inputs; only the rim holds a [`Clock`] that moves by itself.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};

/// A point in UTC time, in nanoseconds since 1970.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `ns` nanoseconds after 1970.
    pub const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// The point `ms` milliseconds after 1970; saturates at the ends of the range (years 1677 and 2262).
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// Nanoseconds since 1970.
    pub const fn ns(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The point `ms` milliseconds later.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }

    /// Nanoseconds from `earlier` to here; negative when `earlier` is later.
    pub const fn ns_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first point of a grid of `step_ms` strictly after this one. The grid starts at 1970.
    pub const fn next_on_grid(self, step_ms: i64) -> Self {
        let step = step_ms * 1_000_000;
        Self((self.0.div_euclid(step) + 1) * step)
    }
}

/// Gives the present. Implementations outside tests live at the rim.
pub trait Clock: Send + Sync {
    /// The present, never earlier than at the last call.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until told otherwise.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `at`.
    pub const fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.ns()))
    }

    /// Moves the clock on to `at`, unless it is there or later already.
    pub fn advance_to(&self, at: Timestamp) {
        self.0.fetch_max(at.ns(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ns(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_points_are_strictly_later() {
        let at = Timestamp::from_ms(100);
        assert_eq!(at.next_on_grid(50).ms(), 150);
        assert_eq!(Timestamp::from_ns(at.ns() - 1).next_on_grid(50).ms(), 100);
        assert_eq!(Timestamp::from_ns(-1).next_on_grid(50).ms(), 0);
    }

    #[test]
    fn manual_clock_never_goes_back() {
        let clock = ManualClock::new(Timestamp::from_ms(5));
        clock.advance_to(Timestamp::from_ms(3));
        assert_eq!(clock.now().ms(), 5);
    }
}
