//! What a client may still send.

use crate::limits::{Bucket, Limits};
use std::sync::Arc;
use tokio::time::Instant;

/// The code of whoever asks too often.
pub(crate) const RATE_LIMITED: &str = "rate_limited";

/// Messages that are refused with a word before the client is cut off.
const WARNINGS: u32 = 100;

/// What a client may still send.
pub(crate) struct Allowance {
    limits: Arc<Limits>,
    messages: Bucket,
    bytes: Bucket,
    refused: u32,
}

/// What becomes of a message.
pub(crate) enum Verdict {
    Allowed,
    /// The client is told.
    Refused,
    /// It was told often enough.
    TooMuch,
}

impl Allowance {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        let now = Instant::now();
        Self {
            messages: Bucket::full(limits.messages, now),
            bytes: Bucket::full(limits.bytes, now),
            refused: 0,
            limits,
        }
    }

    pub(crate) fn bytes(&mut self, count: usize, now: Instant) -> bool {
        self.bytes.take(self.limits.bytes, count, now)
    }

    pub(crate) fn message(&mut self, now: Instant) -> Verdict {
        if self.messages.take(self.limits.messages, 1, now) {
            self.refused = 0;
            return Verdict::Allowed;
        }
        self.refused += 1;
        if self.refused <= WARNINGS {
            Verdict::Refused
        } else {
            Verdict::TooMuch
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Rate;

    #[test]
    fn who_does_not_stop_is_cut_off() {
        let limits = Limits {
            messages: Rate::new(1, 2),
            bytes: Rate::new(1, 10),
            ..Limits::default()
        };
        let mut allowance = Allowance::new(Arc::new(limits));
        let now = Instant::now();
        for _ in 0..2 {
            assert!(matches!(allowance.message(now), Verdict::Allowed));
        }
        for _ in 0..WARNINGS {
            assert!(matches!(allowance.message(now), Verdict::Refused));
        }
        assert!(matches!(allowance.message(now), Verdict::TooMuch));
        assert!(allowance.bytes(10, now) && !allowance.bytes(1, now));
    }
}
