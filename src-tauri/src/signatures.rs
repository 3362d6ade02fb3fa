//! Where it is recorded what this machine's key signs.

use crate::places::Places;
use crate::shell::Running;
use hypersentry_api::signatures::Recorded;
use std::path::PathBuf;
use std::sync::Arc;

/// The log of logins at servers, and of approvals at a real venue. It belongs to the machine's user and not to one engine: practice and the real market
/// keep their data apart, and either may run while a login is made.
pub(crate) fn of_user(places: &Places) -> Arc<Recorded> {
    Arc::new(Recorded::new(places.signing.clone()))
}

/// The log of approvals of agents.
pub(crate) fn of_agents(places: &Places, running: &Running, user: &Arc<Recorded>) -> Arc<Recorded> {
    match practice(places, running) {
        Some(place) => Arc::new(Recorded::new(place)),
        None => Arc::clone(user),
    }
}

/// The keys of practice end with the run, and what they signed stays as long as its orders do.
fn practice(places: &Places, running: &Running) -> Option<PathBuf> {
    running.practice.as_ref()?;
    let run = running.terminal.run_id();
    Some(places.engine.join("practice").join(run).join("signing"))
}
