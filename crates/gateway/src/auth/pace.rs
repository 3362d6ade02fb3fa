//! How often one address may begin or answer a login: a bucket of tokens for each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Attempts at once.
const BURST: i64 = 20;
/// An attempt is given back so often, in ms.
const REFILL_MS: i64 = 3_000;
/// Addresses that are remembered; with more, those whose buckets are full again are forgotten, and then everybody waits.
const MAX_ADDRESSES: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When each address's bucket is full again, UTC ms.
    full_at: Mutex<BTreeMap<String, i64>>,
}

impl Pace {
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
        let next = (*at).max(now_ms) + REFILL_MS;
        let free = next - now_ms <= BURST * REFILL_MS;
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
        let pace = Pace::default();
        let took = |ip: &str, now: i64| (0..100).filter(|_| pace.take(ip, now)).count();
        assert_eq!(took("a", 0), 20);
        assert_eq!(took("b", 0), 20);
        assert_eq!(took("a", 2_999), 0);
        assert_eq!(took("a", 3_000), 1);
        assert_eq!(took("a", 600_000), 20);
    }

    #[test]
    fn addresses_are_bounded() {
        let pace = Pace::default();
        for n in 0..MAX_ADDRESSES {
            assert!(pace.take(&n.to_string(), 0));
        }
        assert!(!pace.take("one more", 0));
        assert!(pace.take("one more", 3_001));
    }
}
