//! What all accounts of a process share: the limits over their sum.

use hypersentry_execution::risk::{DeskBook, Governed, Limits, Share, Standing};
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::exchange::Address;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Until somebody says more or less, a desk may have so many times what one account may.
const TIMES: u32 = 10;

/// The desk of a process. Its lock is held for a sum over the accounts at most, and never while something is waited for.
#[derive(Debug)]
pub(crate) struct DeskRisk {
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// At most [`MOST_ACCOUNTS`](crate::MOST_ACCOUNTS).
    book: DeskBook<Address>,
    limits: Governed,
}

impl DeskRisk {
    /// With the limits that follow from an account's.
    pub(crate) fn new(account: &Limits) -> Self {
        Self {
            held: Mutex::new(Held {
                book: DeskBook::default(),
                limits: Governed::new(account.times(TIMES)),
            }),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Each change is one assignment: a poisoned lock guards no half-made state.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces what an account adds.
    pub(crate) fn put(&self, account: Address, share: Share) {
        self.held().book.put(account, share);
    }

    /// What the desk may do, and how it stands before an order of an account whose own standing is without it. With `reserved` the account's
    /// share, order and all, is put in at the same moment, so that of two orders that ask at once each is found by one of them.
    pub(crate) fn covers(
        &self,
        account: Address,
        reserved: Option<Share>,
        own: &Standing,
        symbol: Symbol,
        now: Timestamp,
    ) -> (Limits, Standing) {
        let mut held = self.held();
        if let Some(share) = reserved {
            held.book.put(account, share);
        }
        let standing = held.book.standing(&account, own, symbol, now);
        (held.limits.limits().clone(), standing)
    }
}
