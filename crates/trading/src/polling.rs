//! How often each account is looked at, and which accounts have a stream of their own.
//!
//! All accounts of a process ask from one IP address, which has 1,200 of weight a minute and streams for ten users (Hyperliquid docs, API > Rate limits
//! and user limits). Accounts in use share [`POSITIONS_SHARE`] and [`WHOLE_SHARE`] of that; the others are looked at now and then. Streams belong to
//! those that are in use the most.

use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::exchange::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Accounts whose streams are followed at once: the venue allows ten users an IP address, and two are left for what else runs there.
pub const MOST_STREAMS: u8 = 8;

/// Weight a minute for the positions of all accounts in use, each answer of which weighs 2.
const POSITIONS_SHARE: i64 = 240;
/// Weight a minute for whole looks at accounts in use, which weigh 82 and more for long lists.
const WHOLE_SHARE: i64 = 360;
/// So often at the most.
const POSITIONS_MS: i64 = 4_000;
const WHOLE_MS: i64 = 30_000;
/// Accounts that nobody uses, of which nothing rests and nothing is held.
const UNUSED: Pace = Pace {
    positions_ms: 30_000,
    whole_ms: 3_600_000,
};
/// An account is in use for so long after something was asked of it.
const IN_USE_MS: i64 = 600_000;
/// A stream changes hands only to an account that was asked for so much later: they must not take it from each other in turn.
const LATER_MS: i64 = 60_000;

/// How often an account is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Pace {
    /// Its positions and equity.
    pub(crate) positions_ms: i64,
    /// All of it.
    pub(crate) whole_ms: i64,
}

#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Use {
    /// Whether something rests or is held.
    exposed: bool,
    /// When something was asked of it last.
    asked: Timestamp,
}

impl Use {
    fn lasts(self, now: Timestamp) -> bool {
        self.exposed || now < self.asked.plus_ms(IN_USE_MS)
    }
}

/// Of all accounts of a process.
#[derive(Debug)]
pub(crate) struct Polling {
    streams: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// At most [`MOST_ACCOUNTS`](crate::MOST_ACCOUNTS).
    accounts: BTreeMap<Address, Use>,
    /// At most [`MOST_STREAMS`].
    followed: BTreeSet<Address>,
}

impl Polling {
    /// With so many streams.
    pub(crate) fn new(streams: u8) -> Self {
        Self {
            streams: streams.into(),
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Each change is whole before the lock is given up.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was asked of an account.
    pub(crate) fn asked(&self, account: Address, now: Timestamp) {
        self.held().accounts.entry(account).or_default().asked = now;
    }

    /// Whether something of an account rests or is held.
    pub(crate) fn exposed(&self, account: Address, exposed: bool) {
        self.held().accounts.entry(account).or_default().exposed = exposed;
    }

    /// An account is not looked at any more.
    pub(crate) fn forget(&self, account: Address) {
        let mut held = self.held();
        held.accounts.remove(&account);
        held.followed.remove(&account);
    }

    /// How often to look at an account.
    pub(crate) fn pace(&self, account: Address, now: Timestamp) -> Pace {
        let held = self.held();
        let lasts = |it: &Use| it.lasts(now);
        if !held.accounts.get(&account).is_some_and(lasts) {
            return UNUSED;
        }
        let used = held.accounts.values().filter(|it| lasts(it)).count();
        let used = i64::try_from(used).unwrap_or(i64::MAX / 1_000_000);
        Pace {
            positions_ms: POSITIONS_MS.max(used * 2 * 60_000 / POSITIONS_SHARE),
            whole_ms: WHOLE_MS.max(used * 82 * 60_000 / WHOLE_SHARE),
        }
    }

    /// Whether an account may have a stream: one is free, it has one, or it is in use more than one that has. That one then loses it.
    pub(crate) fn may_follow(&self, account: Address) -> bool {
        let mut held = self.held();
        if held.followed.contains(&account) {
            return true;
        }
        if held.followed.len() >= self.streams {
            let mine = held.accounts.get(&account).copied().unwrap_or_default();
            let of = |other: &Address| held.accounts.get(other).copied().unwrap_or_default();
            let Some(least) = held.followed.iter().copied().min_by_key(of) else {
                return false;
            };
            let other = of(&least);
            let more = mine.exposed && !other.exposed;
            let later =
                mine.exposed == other.exposed && mine.asked >= other.asked.plus_ms(LATER_MS);
            if !more && !later {
                return false;
            }
            held.followed.remove(&least);
        }
        held.followed.insert(account);
        true
    }

    /// Whether an account still has the stream that it was given.
    pub(crate) fn follows(&self, account: Address) -> bool {
        self.held().followed.contains(&account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn account(n: u8) -> Address {
        Address::new([n; 20])
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn one_account_is_looked_at_often_and_many_share_what_there_is() {
        let polling = Polling::new(MOST_STREAMS);
        let now = at(1_000_000);
        polling.asked(account(1), now);
        assert_eq!(
            polling.pace(account(1), now),
            Pace {
                positions_ms: 4_000,
                whole_ms: 30_000
            }
        );
        for n in 2..=32 {
            polling.asked(account(n), now);
        }
        assert_eq!(
            polling.pace(account(1), now),
            Pace {
                positions_ms: 16_000,
                whole_ms: 437_333
            }
        );
        // What somebody holds is looked at however long ago it was asked for.
        polling.exposed(account(1), true);
        let later = now.plus_ms(IN_USE_MS);
        assert_eq!(polling.pace(account(1), later).positions_ms, 4_000);
        assert_eq!(polling.pace(account(2), later), UNUSED);
        assert_eq!(polling.pace(account(99), later), UNUSED);
    }

    #[test]
    fn a_stream_goes_to_whoever_is_in_use_more() {
        let polling = Polling::new(2);
        for n in 1..=3 {
            polling.asked(account(n), at(i64::from(n) * 1_000));
        }
        assert!(polling.may_follow(account(1)) && polling.may_follow(account(2)));
        assert!(polling.may_follow(account(1)));
        // A little later is no reason.
        assert!(!polling.may_follow(account(3)));
        polling.asked(account(3), at(61_000));
        assert!(polling.may_follow(account(3)));
        assert!(!polling.follows(account(1)) && polling.follows(account(2)));
        // Whoever holds something keeps its stream from all who do not.
        polling.exposed(account(2), true);
        polling.exposed(account(3), true);
        polling.asked(account(1), at(1_000_000));
        assert!(!polling.may_follow(account(1)));
        polling.exposed(account(3), false);
        polling.exposed(account(1), true);
        assert!(polling.may_follow(account(1)) && !polling.follows(account(3)));
    }

    proptest! {
        /// Whatever is asked, the looks of all accounts stay within what the venue gives, and streams within theirs.
        #[test]
        fn the_allowance_is_never_passed(uses in prop::collection::vec((0_u8..64, any::<bool>(), 0_i64..2_000_000), 1..300)) {
            let polling = Polling::new(MOST_STREAMS);
            for (n, exposed, ms) in &uses {
                polling.asked(account(*n), at(*ms));
                polling.exposed(account(*n), *exposed);
                polling.may_follow(account(*n));
            }
            let now = at(2_000_000);
            let weight: f64 = (0..64).map(|n| polling.pace(account(n), now))
                .map(|pace| 60_000.0 * (2.0 / pace.positions_ms as f64 + 82.0 / pace.whole_ms as f64)).sum();
            prop_assert!(weight < 910.0, "{weight}");
            let followed = (0..64).filter(|n| polling.follows(account(*n))).count();
            prop_assert!(followed <= usize::from(MOST_STREAMS));
        }
    }
}
