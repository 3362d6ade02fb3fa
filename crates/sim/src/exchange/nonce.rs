//! Nonces of one signer ("Nonces and API wallets"): the hundred highest are kept, a new one must be above the lowest of them,
//! unused, and within two days before and one day after the block's time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

const KEPT: usize = 100;
const DAY_MS: i64 = 86_400_000;

/// The nonces that a signer has used.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Nonces(BTreeSet<u64>);

impl Nonces {
    /// Uses a nonce up.
    ///
    /// # Errors
    /// [`Refusal::DuplicateNonce`] or [`Refusal::Nonce`]; nothing is used then.
    pub fn spend(&mut self, nonce: u64, now_ms: i64) -> Result<(), Refusal> {
        let time = i64::try_from(nonce).map_err(|_| Refusal::Nonce(nonce))?;
        if time <= now_ms - 2 * DAY_MS || time >= now_ms + DAY_MS {
            return Err(Refusal::Nonce(nonce));
        }
        if self.0.contains(&nonce) {
            return Err(Refusal::DuplicateNonce(nonce));
        }
        if self.0.len() == KEPT {
            if self.0.first().is_some_and(|lowest| nonce < *lowest) {
                return Err(Refusal::Nonce(nonce));
            }
            self.0.pop_first();
        }
        self.0.insert(nonce);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn the_window_is_two_days_back_and_one_ahead() {
        let mut nonces = Nonces::default();
        let at = |offset: i64| (NOW + offset) as u64;
        for bad in [-2 * DAY_MS, DAY_MS, -3 * DAY_MS] {
            assert_eq!(nonces.spend(at(bad), NOW), Err(Refusal::Nonce(at(bad))));
        }
        assert_eq!(nonces.spend(at(1 - 2 * DAY_MS), NOW), Ok(()));
        assert_eq!(nonces.spend(at(DAY_MS - 1), NOW), Ok(()));
        assert_eq!(
            nonces.spend(at(DAY_MS - 1), NOW),
            Err(Refusal::DuplicateNonce(at(DAY_MS - 1)))
        );
    }

    #[test]
    fn what_is_below_the_hundred_highest_is_refused() {
        let mut nonces = Nonces::default();
        for step in 1..=100 {
            assert_eq!(nonces.spend(NOW as u64 + 2 * step, NOW), Ok(()));
        }
        assert_eq!(
            nonces.spend(NOW as u64 + 1, NOW),
            Err(Refusal::Nonce(NOW as u64 + 1))
        );
        assert_eq!(nonces.spend(NOW as u64 + 3, NOW), Ok(()));
    }

    proptest! {
        #[test]
        fn no_nonce_is_used_twice(sent in prop::collection::vec(0_u64..300, 0..600)) {
            let mut nonces = Nonces::default();
            let mut used = BTreeSet::new();
            for step in sent {
                let nonce = NOW as u64 + step;
                if nonces.spend(nonce, NOW).is_ok() {
                    prop_assert!(used.insert(nonce));
                }
                prop_assert!(nonces.0.len() <= KEPT);
            }
        }
    }
}
