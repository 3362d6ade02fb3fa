//! Agents of this machine's user: keys that trade for an account at Hyperliquid once the account's wallet has approved them.
//!
//! The rules are those of `hypersentry-identity`. Here is where the keys are kept, whom the wallet's approval is told to, and who may sign.

/// The wallet's approval.
mod approval;
/// What the window may call.
pub(crate) mod commands;
/// Where agents are kept.
mod kept;
/// Who may sign, and what is signed.
mod signing;
#[cfg(test)]
mod tests;

use crate::keychain::{MemoryKeychain, Vault, chance};
use crate::wallet_page::{Browser, Pages};
use hypersentry_api::ApiError;
use hypersentry_api::signatures::Recorded;
use hypersentry_engine::{AgentVenue, AgentVenueError, SystemClock};
use hypersentry_identity::agent::{Agent, AgentRow, AgentState, Network, Terms};
use hypersentry_identity::repository::memory::MemoryRepository;
use hypersentry_identity::{
    Address, Authenticated, Entropy, EntropyFailure, EoaVerifier, GrantRow, Grants, Identity,
    LOCAL, MasterKey, Refusal, Repository, Settings,
};
use hypersentry_model::Mode;
use kept::KeychainRepository;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long the page in the browser waits for the wallet.
const APPROVAL_WAIT: Duration = Duration::from_secs(300);

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailure> {
        getrandom::fill(bytes).map_err(|_| EntropyFailure)
    }
}

/// The venue, and which of its networks it is.
#[derive(Debug)]
struct Place {
    venue: AgentVenue,
    network: Network,
}

/// The agents, opened with the first need of them.
#[derive(Debug)]
pub(crate) struct AgentDesk {
    /// What is known of them; `None` in practice, where agents and keys end with the run.
    records: Option<PathBuf>,
    vault: Arc<Vault>,
    /// `None` where a recording is played.
    place: Option<Place>,
    pages: Pages,
    /// What this machine's key signs.
    recorded: Arc<Recorded>,
    open: tokio::sync::Mutex<Option<Opened>>,
    /// The same, once keys can be opened: for those who cannot wait.
    keyed: OnceLock<Opened>,
}

#[derive(Clone, Debug)]
struct Opened {
    identity: Arc<Identity>,
    by: Authenticated,
    /// Whether sealed keys can be opened.
    keyed: bool,
}

/// What the agents are opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    /// To be looked at.
    Records,
    /// For a key that is there.
    Keys,
    /// For a key that is being made.
    NewKey,
}

/// All agents, and how things stand with them.
#[derive(Debug, Serialize)]
pub(crate) struct AgentList {
    agents: Vec<AgentRow>,
    /// Where approvals go; `null` where a recording is played.
    network: Option<Network>,
    /// Whether they end with the run.
    for_the_run: bool,
    /// Whether one of them may sign now.
    ready: bool,
    /// Whether a page waits in the browser.
    approving: bool,
    /// Why the keychain is of no use; `null` while it is.
    keychain: Option<ApiError>,
}

/// What the venue says of an agent.
#[derive(Debug, Serialize)]
pub(crate) struct AgentChecked {
    agent: AgentRow,
    /// Whether the venue lists it for the account now.
    listed: bool,
    /// Until when, as the venue says, UTC ms.
    valid_until_ms: Option<i64>,
    /// Whether this machine can sign with its key.
    signs: bool,
}

/// A refusal as the window is told of it.
fn refused(refusal: Refusal) -> ApiError {
    let told = match refusal {
        Refusal::KeystoreUnavailable => no_keystore("it holds no master key of agents"),
        _ => ApiError::new(refusal.code(), refusal.to_string()),
    };
    if refusal.is_retryable() {
        told.retryable()
    } else {
        told
    }
}

fn no_keystore(reason: &str) -> ApiError {
    let message = format!("agent keys are kept in the system's keychain alone: {reason}");
    ApiError::new("keystore_unavailable", message).retryable()
}

fn venue_error(error: &AgentVenueError) -> ApiError {
    let told = ApiError::new(error.code(), error.to_string());
    if error.is_retryable() {
        told.retryable()
    } else {
        told
    }
}

impl AgentDesk {
    /// Agents for the venue whose REST has this base; `records` is the file of those that outlive a run.
    ///
    /// # Errors
    /// `tls_unavailable`.
    pub(crate) fn new(
        mode: Mode,
        rest: Option<&str>,
        records: PathBuf,
        vault: Arc<Vault>,
        browser: Browser,
        recorded: Arc<Recorded>,
    ) -> Result<Self, ApiError> {
        let venue = rest.map(AgentVenue::new).transpose();
        let venue = venue?.filter(|_| mode != Mode::Replay);
        let practice = mode == Mode::Simulated;
        let place = venue.map(|venue| Place {
            network: match practice || venue.is_testnet() {
                true => Network::Testnet,
                false => Network::Mainnet,
            },
            venue,
        });
        Ok(Self {
            records: (!practice).then_some(records),
            // Practice asks nothing of the machine that is real.
            vault: match practice {
                true => Arc::new(Vault::new(Arc::new(MemoryKeychain::default()))),
                false => vault,
            },
            place,
            pages: Pages::new(browser, "approval", APPROVAL_WAIT),
            recorded,
            open: tokio::sync::Mutex::default(),
            keyed: OnceLock::new(),
        })
    }

    fn place(&self) -> Result<&Place, ApiError> {
        self.place.as_ref().ok_or_else(|| {
            let message = "agents are approved at a venue, and a recording is played";
            ApiError::new("venue_unavailable", message)
        })
    }

    async fn open(&self, need: Need) -> Result<Opened, ApiError> {
        let mut open = self.open.lock().await;
        if let Some(found) = open.as_ref()
            && (found.keyed || need == Need::Records)
        {
            return Ok(found.clone());
        }
        let (master, repository): (_, Arc<dyn Repository>) = match &self.records {
            None => (
                Some(MasterKey::new(*chance()?)),
                Arc::new(MemoryRepository::default()),
            ),
            Some(file) => {
                let make = need == Need::NewKey;
                let asked = Vault::asked(&self.vault, move |vault| kept::master(vault, make));
                let master = match asked.await.and_then(|found| found) {
                    Ok(found) => found,
                    Err(_) if need == Need::Records => None,
                    Err(error) if error.code == "keychain_unavailable" => {
                        return Err(no_keystore(&error.message));
                    }
                    Err(error) => return Err(error),
                };
                let (vault, keyed) = (Arc::clone(&self.vault), master.is_some());
                let kept = KeychainRepository::open(file, vault, keyed).await;
                (
                    master,
                    Arc::new(kept.map_err(Refusal::from).map_err(refused)?),
                )
            }
        };
        let keyed = master.is_some();
        let identity = Identity::start(
            Settings::local(master),
            Arc::new(SystemClock::start()),
            Arc::new(SystemEntropy),
            repository,
            Box::new(EoaVerifier),
        );
        let identity = identity.await.map_err(refused)?;
        let by = identity.local().map_err(refused)?;
        let opened = Opened {
            identity: Arc::new(identity),
            by,
            keyed,
        };
        *open = Some(opened.clone());
        if keyed {
            // From here on it is never opened again.
            let _ = self.keyed.set(opened.clone());
        }
        match keyed || need == Need::Records {
            true => Ok(opened),
            false => Err(refused(Refusal::KeystoreUnavailable)),
        }
    }

    /// The agents and how things stand. Where none was ever made, the keychain is not asked.
    ///
    /// # Errors
    /// `store_failed`.
    pub(crate) async fn list(&self) -> Result<AgentList, ApiError> {
        let made = match &self.records {
            Some(file) => file.exists(),
            None => true,
        };
        let (mut agents, mut ready) = (Vec::new(), false);
        if made {
            let opened = self.open(Need::Records).await?;
            let Opened { identity, by, .. } = &opened;
            // Keys of agents that have ended by themselves go.
            identity.sweep().await.map_err(refused)?;
            let all = identity.agents(by).into_iter();
            agents = all.map(|agent| opened.row(agent)).collect();
            ready = identity.is_agent_ready(by);
        }
        Ok(AgentList {
            agents,
            network: self.place.as_ref().map(|place| place.network),
            for_the_run: self.records.is_none(),
            ready,
            approving: self.pages.is_open(),
            keychain: self.vault.problem(),
        })
    }

    /// Makes a key for an account, whose wallet has to approve it.
    ///
    /// # Errors
    /// `venue_unavailable`, `keystore_unavailable`, `address_invalid`, `agent_terms_invalid`, `too_many_agents`, `store_failed`.
    pub(crate) async fn create(
        &self,
        account: &str,
        name: &str,
        valid_days: u32,
    ) -> Result<AgentRow, ApiError> {
        let network = self.place()?.network;
        let account: Address = account.trim().parse().map_err(refused)?;
        let opened = self.open(Need::NewKey).await?;
        let Opened { identity, by, .. } = &opened;
        // The user says which accounts are the own ones, and each one's wallet whether that is so.
        let held = identity.accounts(by).into_iter();
        if !held
            .filter(|(_, grants)| grants.trade)
            .any(|(a, _)| a == account)
        {
            let row = GrantRow {
                user: LOCAL.to_owned(),
                account,
                grants: Grants::ALL,
            };
            identity.set_grant(by, row).await.map_err(refused)?;
        }
        let terms = Terms {
            account,
            name: name.to_owned(),
            valid_days,
            network,
        };
        let made = identity.create_agent(by, terms).await;
        Ok(opened.row(made.map_err(refused)?))
    }

    /// Makes another key on the same terms; it takes the place of the old one when it is approved.
    ///
    /// # Errors
    /// As [`Self::create`], and `agent_not_found`.
    pub(crate) async fn rotate(&self, id: &str) -> Result<AgentRow, ApiError> {
        self.place()?;
        let opened = self.open(Need::NewKey).await?;
        let made = opened.identity.rotate_agent(&opened.by, id).await;
        Ok(opened.row(made.map_err(refused)?))
    }

    /// Takes an agent back; its key is forgotten.
    ///
    /// # Errors
    /// `agent_not_found`, `store_failed`.
    pub(crate) async fn revoke(&self, id: &str) -> Result<(), ApiError> {
        let opened = self.open(Need::Records).await?;
        let revoked = opened.identity.revoke_agent(&opened.by, id).await;
        revoked.map_err(refused)
    }

    /// Asks the venue about an agent, and this machine whether it can sign with it.
    ///
    /// # Errors
    /// `agent_not_found`, `venue_unavailable`, `venue_unreachable`.
    pub(crate) async fn check(&self, id: &str) -> Result<AgentChecked, ApiError> {
        let venue = &self.place()?.venue;
        let opened = self.open(Need::Records).await?;
        let mut agent = opened.find(id)?;
        let (account, address) = (agent.account.to_string(), agent.address.to_string());
        let listed = venue.valid_until(&account, &address).await;
        let listed = listed.map_err(|error| venue_error(&error))?;
        // An approval whose answer was lost: the venue knows the agent, so the wallet has signed.
        if listed.is_some() && agent.state_at(opened.identity.now_ms()) == AgentState::Pending {
            let approved = opened.identity.agent_approved(&opened.by, id).await;
            agent = approved.map_err(refused)?;
        }
        Ok(AgentChecked {
            signs: self.opens(&agent.id).await,
            agent: opened.row(agent),
            listed: listed.is_some(),
            valid_until_ms: listed.flatten(),
        })
    }

    /// Whether an agent's key is here and can be used.
    async fn opens(&self, id: &str) -> bool {
        let opened = self.open(Need::Keys).await;
        opened.is_ok_and(|opened| opened.identity.agent_key(&opened.by, id).is_ok())
    }
}

impl Opened {
    fn find(&self, id: &str) -> Result<Agent, ApiError> {
        let own = self.identity.agents(&self.by).into_iter();
        let mut found = own.filter(|agent| agent.id == id);
        found.next().ok_or_else(|| refused(Refusal::AgentNotFound))
    }

    fn row(&self, agent: Agent) -> AgentRow {
        AgentRow::of(agent, self.identity.now_ms())
    }
}
