//! Whose eyes an account's events are for: users who hold a grant, at the moment of delivery.

use hypersentry_api::{Access, Terminal};
use hypersentry_identity::{Address, Identity};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
struct Grants(Arc<Identity>);

impl Access for Grants {
    /// Of a paper account its owner needs no grant.
    fn views(&self, user: &str, account: &str) -> bool {
        let granted = account.parse::<Address>();
        let granted = granted.is_ok_and(|account| self.0.views(user, account));
        granted || account == hypersentry_api::paper::address(user)
    }

    fn viewed(&self, user: &str) -> Vec<String> {
        let viewed = self.0.viewed(user).into_iter();
        let own = hypersentry_api::paper::address(user);
        viewed.map(|it| it.to_string()).chain([own]).collect()
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
