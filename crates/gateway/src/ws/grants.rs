//! Whose eyes an account's events are for: users who hold a grant, at the moment of delivery.

use hypersentry_api::{Access, Terminal};
use hypersentry_identity::{Address, Identity};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
struct Grants(Arc<Identity>);

impl Access for Grants {
    fn views(&self, user: &str, account: &str) -> bool {
        let account = account.parse::<Address>();
        account.is_ok_and(|account| self.0.views(user, account))
    }

    fn viewed(&self, user: &str) -> Vec<String> {
        let viewed = self.0.viewed(user).into_iter();
        viewed.map(|account| account.to_string()).collect()
    }
}

/// Lets grants decide, and looks again whenever one may have been taken, until the server ends.
pub(crate) async fn watch_grants(
    terminal: Arc<Terminal>,
    identity: Arc<Identity>,
    cancel: CancellationToken,
) {
    let mut moved = identity.watch();
    terminal.hub().admit(Arc::new(Grants(identity)));
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = moved.changed() => {
                if changed.is_err() {
                    return;
                }
                terminal.hub().recheck();
            }
        }
    }
}
