//! A connection: opened, lost, opened again.

use super::Limits;
use hypersentry_model::Timestamp;
use hypersentry_model::status::Connection;
use serde::{Deserialize, Serialize};

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Phase {
    /// Not wanted.
    Down,
    /// Asked for.
    Opening { until: Timestamp },
    /// Open.
    Open { since: Timestamp },
    /// We closed it and wait for its end.
    Closing { until: Timestamp, at_once: bool },
    /// To be opened again.
    Waiting { until: Timestamp },
}

/// The connection and its history.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Link {
    pub(super) phase: Phase,
    /// As users see it.
    pub(super) shown: Connection,
    pub(super) reconnects: u64,
    /// Attempts since the last good connection.
    failures: u32,
    random: u64,
}

impl Link {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Down,
            shown: Connection::Down,
            reconnects: 0,
            failures: 0,
            random: seed,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// When the phase ends by itself, if it does.
    pub(super) fn until(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Down | Phase::Open { .. } => None,
            Phase::Opening { until } | Phase::Closing { until, .. } | Phase::Waiting { until } => {
                Some(until)
            }
        }
    }

    pub(super) fn opening(&mut self, now: Timestamp, limits: &Limits) {
        let until = now.plus_ms(limits.open_timeout_ms);
        self.phase = Phase::Opening { until };
    }

    pub(super) fn closing(&mut self, now: Timestamp, at_once: bool, limits: &Limits) {
        let until = now.plus_ms(limits.close_timeout_ms);
        self.phase = Phase::Closing { until, at_once };
    }

    /// It has ended; waits for the next attempt, or makes it at once, but not twice without a good connection in between.
    pub(super) fn ended(&mut self, now: Timestamp, at_once: bool, limits: &Limits) {
        let first = self.failures == 0;
        let delay_ms = self.delay_ms(limits);
        let until = if at_once && first {
            now
        } else {
            now.plus_ms(delay_ms)
        };
        self.phase = Phase::Waiting { until };
    }

    /// Notes whether the connection has lived long enough to be a good one.
    pub(super) fn note_life(&mut self, now: Timestamp, limits: &Limits) {
        let good = limits.good_life_ms;
        if matches!(self.phase, Phase::Open { since } if since.plus_ms(good) <= now) {
            self.failures = 0;
        }
    }

    /// The delay before the next attempt: doubled each time, up to a quarter longer by chance.
    fn delay_ms(&mut self, limits: &Limits) -> i64 {
        let base = (limits.reconnect_ms << self.failures.min(8)).min(limits.reconnect_max_ms);
        self.failures = self.failures.saturating_add(1);
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        base + (z % (base as u64 / 4 + 1)) as i64
    }
}
