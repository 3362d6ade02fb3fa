//! What seeded runs are made of: chance, times, sizes, figures.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "for tests, of which not each uses all of it"
)]

use hypersentry_model::{Size, Source, Stamp, Stamped, Timestamp, Venue};

/// Sebastiano Vigna's splitmix64: a run is its seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: i64) -> i64 {
        (self.next() % n.unsigned_abs()) as i64
    }

    pub(crate) fn percent(&mut self, n: i64) -> bool {
        self.below(100) < n
    }
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

pub(crate) fn lots(n: i64) -> Size {
    Size::from_units(i128::from(n) * 1_000_000_000)
}

/// A figure of the venue's that was told now.
pub(crate) fn seen<T>(value: T, now: i64) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(at(now)),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 3_000,
    })
}
