//! What all accounts of a process share: the limits over their sum, the desk's kill switch, the desk's lease.

mod ask;
mod lease;
mod view;

pub use ask::ScopeName;
pub(crate) use lease::{Held as HeldLease, Lease, Renew};
pub use view::{
    AccountRisk, KilledAccount, KilledDesk, LeaseView, ScheduleView, ScheduledCancel, ScopeView,
    StandingView, WaitingView, WholeLimits,
};

use crate::error::TradeError;
use crate::log::{Acknowledged, Recalled};
use hypersentry_execution::risk::{DeskBook, Governed, Limits, Share, Shut, Standing};
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::exchange::Address;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Until somebody says more or less, a desk may have so many times what one account may.
const TIMES: u32 = 10;

/// The desk of a process. Its lock is held for a sum over the accounts at most, and never while something is waited for.
#[derive(Debug)]
pub(crate) struct DeskRisk {
    held: Mutex<Held>,
    /// What is heard of the desk's own records: where they are not kept, no account sends anything new.
    pub(crate) heard: Arc<Acknowledged>,
}

#[derive(Debug)]
struct Held {
    /// At most [`MOST_ACCOUNTS`](crate::MOST_ACCOUNTS).
    book: DeskBook<Address>,
    limits: Governed,
    killed: bool,
    lease: HeldLease,
    /// Counts what was changed of limits, switch and lease: accounts tell of it when it moves.
    changes: u64,
}

/// What an account looks at again and again.
#[derive(Clone, Debug)]
pub(crate) struct DeskNow {
    pub(crate) killed: bool,
    pub(crate) lapsed: bool,
    pub(crate) changes: u64,
}

impl DeskNow {
    pub(crate) const fn shut(&self) -> Option<Shut> {
        match (self.killed, self.lapsed) {
            (true, _) => Some(Shut::Killed),
            (false, true) => Some(Shut::Lapsed),
            (false, false) => None,
        }
    }
}

impl Held {
    fn now(&self, now: Timestamp) -> DeskNow {
        DeskNow {
            killed: self.killed,
            lapsed: self.lease.lapsed(now),
            changes: self.changes,
        }
    }
}

impl DeskRisk {
    /// As the log has it; without limits there with those that follow from an account's.
    pub(crate) fn new(account: &Limits, recalled: Recalled) -> Self {
        let limits = recalled.limits;
        Self {
            held: Mutex::new(Held {
                book: DeskBook::default(),
                limits: limits.unwrap_or_else(|| Governed::new(account.times(TIMES))),
                killed: recalled.killed,
                lease: HeldLease::recalled(recalled.leases.get(&None).cloned()),
                changes: 0,
            }),
            heard: Arc::default(),
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

    /// An account is not looked at any more, and nothing was traded in it.
    pub(crate) fn forget(&self, account: Address) {
        self.held().book.remove(&account);
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
        let mut standing = held.book.standing(&account, own, symbol, now);
        standing.shut = held.now(now).shut();
        (held.limits.limits().clone(), standing)
    }

    /// The sum of all accounts.
    pub(crate) fn total(&self, now: Timestamp) -> Standing {
        self.held().book.total(now)
    }

    pub(crate) fn now(&self, now: Timestamp) -> DeskNow {
        self.held().now(now)
    }

    /// Limits, lease.
    pub(crate) fn governed(&self) -> (Governed, Option<Lease>) {
        let held = self.held();
        (held.limits.clone(), held.lease.lease().cloned())
    }

    /// Changes the limits, or does not; what holds then.
    ///
    /// # Errors
    /// What `change` says.
    pub(crate) fn govern<T>(
        &self,
        change: impl FnOnce(&mut Governed) -> Result<T, TradeError>,
    ) -> Result<(T, Governed), TradeError> {
        let mut held = self.held();
        let mut limits = held.limits.clone();
        let told = change(&mut limits)?;
        held.limits = limits;
        held.changes += 1;
        Ok((told, held.limits.clone()))
    }

    pub(crate) fn kill(&self, on: bool) {
        let mut held = self.held();
        held.killed = on;
        held.changes += 1;
    }

    /// Renews the desk's lease; whether the log has to hear of it, and the lease.
    ///
    /// # Errors
    /// `bad_request`, `lease_held`.
    pub(crate) fn renew(
        &self,
        asked: &Renew,
        now: Timestamp,
    ) -> Result<(bool, Option<Lease>), TradeError> {
        let mut held = self.held();
        let renewed = held.lease.renew(asked, now)?;
        held.changes += 1;
        Ok((renewed.noted, held.lease.lease().cloned()))
    }
}
