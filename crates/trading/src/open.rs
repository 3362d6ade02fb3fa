//! The accounts whose tasks run, and what is remembered of the others.

use crate::account::Message;
use crate::log::Recalled;
use hypersentry_venues::hyperliquid::exchange::Address;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub(crate) struct OpenAccounts {
    /// At most [`MOST_ACCOUNTS`](crate::MOST_ACCOUNTS).
    running: Mutex<BTreeMap<Address, mpsc::Sender<Message>>>,
    /// What the log holds of accounts without a task; as many as it names, and those that were closed.
    resting: Mutex<BTreeMap<String, Recalled>>,
}

impl OpenAccounts {
    /// Each change of the map is whole.
    pub(crate) fn running(&self) -> MutexGuard<'_, BTreeMap<Address, mpsc::Sender<Message>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn resting(&self) -> MutexGuard<'_, BTreeMap<String, Recalled>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a task makes room for others when nobody needs it.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) open: Arc<OpenAccounts>,
    /// Ends the account's stream.
    pub(crate) stream: CancellationToken,
}

impl Leaving {
    /// From here on whoever asks for the account opens it anew, with what is remembered of it.
    pub(crate) fn leave(&self, account: Address, recalled: Recalled) {
        // In this order whoever opens accounts takes the locks too.
        let mut running = self.open.running();
        self.open.resting().insert(account.to_string(), recalled);
        running.remove(&account);
        self.stream.cancel();
    }
}
