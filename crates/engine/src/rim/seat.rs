//! The local user's account at the rim: told of every conviction on its way out, heard by its owner alone.

use crate::account::{Account, AccountEvent};
use crate::core::Core;
use crate::{Desk, Publication};
use hypersentry_alpha::risk::AccountView;
use hypersentry_model::{Owner, Private};
use tokio::sync::watch;

/// Takes private events to their owner. It must not block.
pub type PrivateRelay = Box<dyn FnMut(Private<Owner, AccountEvent>) + Send>;

/// The account and the way to its owner.
pub(crate) struct Seat {
    account: Account,
    told: watch::Receiver<AccountView>,
    relay: PrivateRelay,
}

impl Seat {
    pub(crate) fn new(told: watch::Receiver<AccountView>, relay: PrivateRelay) -> Self {
        let mut seat = Self {
            account: Account::new(Desk::local()),
            told,
            relay,
        };
        seat.told.mark_changed();
        seat
    }

    /// Takes what the core has just told.
    pub(crate) fn take(&mut self, core: &Core, publication: &Publication) {
        let Publication::Conviction(event) = publication else {
            return;
        };
        if self.told.has_changed().unwrap_or(false) {
            let view = self.told.borrow_and_update().clone();
            if let Err(error) = self.account.told(view) {
                tracing::error!(code = error.code(), %error, "the account is not taken");
            }
        }
        let mut said = Vec::new();
        self.account.take(core, event, &mut said);
        said.into_iter().for_each(&mut self.relay);
    }
}
