//! How often one address may begin or answer a login: a bucket of tokens for each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Attempts of an address in a minute, and at once, unless the configuration says otherwise.
pub(super) const ATTEMPTS: u32 = 20;
/// Addresses that are remembered; with more, those whose buckets are full again are forgotten, and then everybody waits.
const MAX_ADDRESSES: usize = 10_000;

#[derive(Debug)]
pub(super) struct Pace {
    /// Attempts at once.
    burst: i64,
    /// An attempt is given back so often, in ms.
    refill_ms: i64,
    /// When each address's bucket is full again, UTC ms.
    full_at: Mutex<BTreeMap<String, i64>>,
}

impl Pace {
    pub(super) fn new(attempts: u32) -> Self {
        Self {
            burst: i64::from(attempts),
            refill_ms: (60_000 / i64::from(attempts.max(1))).max(1),
            full_at: Mutex::default(),
        }
    }

    /// Takes an attempt, if there is one.
    pub(super) fn take(&self, ip: &str, now_ms: i64) -> bool {
        let full_at = self.full_at.lock();
        let mut full_at = full_at.unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_ADDRESSES && !full_at.contains_key(ip) {
            full_at.retain(|_, at| *at > now_ms);
            if full_at.len() >= MAX_ADDRESSES {
                return false;
            }
        }
        let at = full_at.entry(ip.to_owned()).or_insert(now_ms);
        let next = (*at).max(now_ms) + self.refill_ms;
        let free = next - now_ms <= self.burst * self.refill_ms;
        if free {
            *at = next;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_back_and_are_each_addresses_own() {
        let pace = Pace::new(ATTEMPTS);
        let took = |ip: &str, now: i64| (0..100).filter(|_| pace.take(ip, now)).count();
        assert_eq!(took("a", 0), 20);
        assert_eq!(took("b", 0), 20);
        assert_eq!(took("a", 2_999), 0);
        assert_eq!(took("a", 3_000), 1);
        assert_eq!(took("a", 600_000), 20);
    }

    #[test]
    fn addresses_are_bounded() {
        let pace = Pace::new(ATTEMPTS);
        for n in 0..MAX_ADDRESSES {
            assert!(pace.take(&n.to_string(), 0));
        }
        assert!(!pace.take("one more", 0));
        assert!(pace.take("one more", 3_001));
    }
}
