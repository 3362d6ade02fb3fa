//! Where agents are kept: what is known of them in a file, their keys in the system's keychain.
//!
//! A key is sealed before it comes here, as in a server's store, and what opens it is in the keychain too. No file holds either.

use crate::keychain::{Vault, chance};
use hypersentry_api::ApiError;
use hypersentry_identity::agent::{Agent, AgentState};
use hypersentry_identity::repository::Work;
use hypersentry_identity::repository::sqlite::SqliteRepository;
use hypersentry_identity::{Change, MasterKey, Repository, StoreFailure};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Names what opens the sealed keys.
pub(super) const MASTER: &str = "master key of agents";

/// Names an agent's sealed key.
pub(super) fn key_name(agent: &str) -> String {
    format!("key of {agent}")
}

/// What opens the sealed keys, if there is any; where it is to be made, there is one afterwards.
///
/// # Errors
/// `keychain_unavailable`, `key_unreadable`, `entropy_failed`.
pub(super) fn master(vault: &Vault, make: bool) -> Result<Option<MasterKey>, ApiError> {
    if let Some(digits) = vault.kept(MASTER)? {
        let unreadable = || {
            let message = "what the keychain holds as the master key of agents is none";
            ApiError::new("key_unreadable", message)
        };
        return MasterKey::parse(&digits).map(Some).ok_or_else(unreadable);
    }
    if !make {
        return Ok(None);
    }
    let master = MasterKey::new(*chance()?);
    vault.keep(MASTER, &master.reveal())?;
    Ok(Some(master))
}

/// The file and the keychain together.
#[derive(Debug)]
pub(super) struct KeychainRepository {
    records: SqliteRepository,
    vault: Arc<Vault>,
    /// Whether keys are of use: without what opens them the keychain is not asked for them.
    keyed: bool,
}

impl KeychainRepository {
    /// # Errors
    /// The file cannot be read or made.
    pub(super) async fn open(
        file: &Path,
        vault: Arc<Vault>,
        keyed: bool,
    ) -> Result<Self, StoreFailure> {
        Ok(Self {
            records: SqliteRepository::open(file).await?,
            vault,
            keyed,
        })
    }

    async fn asked<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Vault) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        // What the keychain said is in the log, and shown as the vault's problem.
        let answer = Vault::asked(&self.vault, ask).await;
        answer.and_then(|told| told).map_err(|_| StoreFailure)
    }

    async fn read(&self) -> Result<Vec<Change>, StoreFailure> {
        let mut changes = self.records.load().await?;
        if !self.keyed {
            return Ok(changes);
        }
        for agent in changes.iter_mut().filter_map(agent_of) {
            if !matches!(agent.state, AgentState::Pending | AgentState::Approved) {
                continue;
            }
            let name = key_name(&agent.id);
            let kept = self.asked(move |vault| vault.kept(&name)).await?;
            // A key that somebody took out of the keychain is gone, and the agent with it.
            agent.key = kept.and_then(|text| serde_json::from_str(&text).ok());
        }
        Ok(changes)
    }

    async fn write(&self, mut changes: Vec<Change>) -> Result<(), StoreFailure> {
        let mut keys = Vec::new();
        for agent in changes.iter_mut().filter_map(agent_of) {
            // Keys that were never read are not known to be gone.
            if !self.keyed && agent.state != AgentState::Revoked {
                continue;
            }
            let sealed = agent.key.take();
            let text = sealed.map(|sealed| serde_json::to_string(&sealed).map(Zeroizing::new));
            keys.push((
                key_name(&agent.id),
                text.transpose().map_err(|_| StoreFailure)?,
            ));
        }
        if keys.is_empty() {
            return self.records.save(changes).await;
        }
        // The key comes first: a record without it could never sign.
        let (made, gone): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, text)| text.is_some());
        let mut new = Vec::new();
        for (name, text) in made {
            let (asked, text) = (name.clone(), text.unwrap_or_default());
            let is_new = self.asked(move |vault| {
                let is_new = vault.kept(&asked)?.is_none();
                if is_new {
                    vault.keep(&asked, &text)?;
                }
                Ok(is_new)
            });
            if is_new.await? {
                new.push(name);
            }
        }
        let saved = self.records.save(changes).await;
        // Of what was not recorded nothing stays; of what was recorded as ended neither.
        let over = match saved {
            Ok(()) => gone.into_iter().map(|(name, _)| name).collect(),
            Err(_) => new,
        };
        for name in over {
            let _ = self
                .asked(move |vault| {
                    vault.forget(&name);
                    Ok(())
                })
                .await;
        }
        saved
    }
}

fn agent_of(change: &mut Change) -> Option<&mut Agent> {
    match change {
        Change::Agent(agent) => Some(agent),
        _ => None,
    }
}

impl Repository for KeychainRepository {
    fn load(&self) -> Work<'_, Vec<Change>> {
        Box::pin(self.read())
    }

    fn save(&self, changes: Vec<Change>) -> Work<'_, ()> {
        Box::pin(self.write(changes))
    }
}
