//! Agent credentials: keys that Hyperliquid lets act for an account, without the right to move its funds.

use crate::change::Change;
use crate::identity::{Authenticated, Identity};
use crate::keystore::{AgentKey, Sealed};
use crate::signature::Signature;
use crate::state::{MAX_AGENTS, State};
use crate::typed_data::Approval;
use crate::{Address, Refusal, Role, WalletKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Agents of a user that are neither revoked nor expired. The venue itself takes one without a name and three with one for each account.
const MAX_ACTIVE: usize = 16;
/// The venue lets an agent live for so many days.
const MAX_DAYS: u32 = 180;
const DAY_MS: i64 = 86_400_000;
/// Days before the end at which there is a warning.
const WARNINGS: [u8; 3] = [1, 3, 14];
/// What agents may do through us. The venue would let them do no more than trade.
pub const PERMISSIONS: [&str; 3] = ["order", "cancel", "modify"];

/// Which of the venue's networks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// With money.
    #[default]
    Mainnet,
    /// Without.
    Testnet,
}

impl Network {
    /// As the venue writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "Mainnet",
            Self::Testnet => "Testnet",
        }
    }
}

/// How far an agent has come.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    /// Waits for the account's wallet to sign.
    Pending,
    /// May act.
    Approved,
    /// Taken back: its key is gone.
    Revoked,
    /// Its time passed.
    Expired,
}

/// An agent as it is kept.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Agent {
    /// Id.
    pub id: String,
    /// User who made it, and who alone uses it.
    pub user: String,
    /// Account for which it acts.
    pub account: Address,
    /// Its own address. Never used again: the venue may forget which nonces an old one has used.
    pub address: Address,
    /// Name at the venue.
    pub name: String,
    /// Where.
    pub network: Network,
    /// [`Self::state_at`] knows the passage of time too.
    pub state: AgentState,
    /// UTC ms.
    pub created_ms: i64,
    /// UTC ms.
    pub expires_ms: i64,
    /// Chain of the wallet that approves it.
    pub chain_id: u64,
    /// The agent whose place it takes when it is approved.
    pub replaces: Option<String>,
    /// The key, until it is of no use any more.
    pub key: Option<Sealed>,
}

/// An agent as its user sees it.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[schemars(rename = "Agent")]
#[expect(missing_docs, reason = "the fields are those of an agent")]
pub struct AgentRow {
    pub id: String,
    pub account: Address,
    pub address: Address,
    pub name: String,
    pub network: Network,
    pub permissions: [&'static str; 3],
    pub state: AgentState,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub warning: Option<u8>,
    pub replaces: Option<String>,
}

impl AgentRow {
    /// As it is at a time, UTC ms.
    pub fn of(agent: Agent, now_ms: i64) -> Self {
        Self {
            state: agent.state_at(now_ms),
            warning: agent.warning_at(now_ms),
            id: agent.id,
            account: agent.account,
            address: agent.address,
            name: agent.name,
            network: agent.network,
            permissions: PERMISSIONS,
            created_ms: agent.created_ms,
            expires_ms: agent.expires_ms,
            replaces: agent.replaces,
        }
    }
}

impl Agent {
    /// How far it is at a time.
    pub fn state_at(&self, now_ms: i64) -> AgentState {
        match self.state {
            AgentState::Revoked => AgentState::Revoked,
            _ if now_ms >= self.expires_ms => AgentState::Expired,
            state => state,
        }
    }

    /// The warning that is due: the agent ends within so many days.
    pub fn warning_at(&self, now_ms: i64) -> Option<u8> {
        let left = self.expires_ms - now_ms;
        let due = |days: &u8| left <= i64::from(*days) * DAY_MS;
        (self.state_at(now_ms) == AgentState::Approved)
            .then(|| WARNINGS.into_iter().find(due))
            .flatten()
    }

    fn is_active(&self, now_ms: i64) -> bool {
        matches!(
            self.state_at(now_ms),
            AgentState::Pending | AgentState::Approved
        )
    }

    /// What its sealed key is bound to.
    pub(crate) fn seal_scope(&self) -> String {
        format!("{}/{}", self.user, self.id)
    }

    /// As the venue reads it: the end of its validity is part of the name.
    fn full_name(&self) -> String {
        format!("{} valid_until {}", self.name, self.expires_ms)
    }

    fn as_approval(&self) -> Approval {
        Approval {
            network: self.network,
            agent: self.address,
            name: self.full_name(),
            nonce: self.created_ms.unsigned_abs(),
            chain_id: self.chain_id,
        }
    }

    /// What the account's wallet is asked to sign.
    pub fn typed_data(&self) -> Value {
        self.as_approval().typed_data()
    }

    /// The 32 bytes of it that are signed.
    pub fn approval_digest(&self) -> [u8; 32] {
        self.as_approval().digest()
    }

    /// Signs the approval where the account's wallet is a key of this machine.
    ///
    /// # Errors
    /// `address_mismatch`: it is another account's. `signature_invalid`: practically never.
    pub fn approve_by(&self, wallet: &WalletKey) -> Result<Signature, Refusal> {
        if wallet.address() != self.account {
            return Err(Refusal::AddressMismatch);
        }
        wallet.sign_digest(&self.approval_digest())
    }
}

/// What an agent is to be.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Account for which it acts.
    pub account: Address,
    /// 1 to 16 of a-z, 0-9, - and _.
    pub name: String,
    /// 1 to 180.
    pub valid_days: u32,
    /// Where.
    pub network: Network,
}

fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    (1..=16).contains(&name.len()) && name.bytes().all(allowed)
}

/// A user's own agent.
fn own<'a>(state: &'a State, by: &Authenticated, id: &str) -> Result<&'a Agent, Refusal> {
    let agent = state.agents.get(id).filter(|a| a.user == by.user.id);
    agent.ok_or(Refusal::AgentNotFound)
}

fn may_trade(state: &State, by: &Authenticated, account: Address) -> Result<(), Refusal> {
    let user = state.user(&by.user.id)?;
    if !user.role.covers(Role::Trader) {
        return Err(Refusal::RoleRequired);
    }
    let granted = state.granted(user, account).trade;
    granted.then_some(()).ok_or(Refusal::GrantRequired)
}

impl Identity {
    /// A user's agents, in the order of their making.
    pub fn agents(&self, by: &Authenticated) -> Vec<Agent> {
        let state = self.state();
        let own = state.agents.values().filter(|a| a.user == by.user.id);
        let mut agents: Vec<Agent> = own.cloned().collect();
        agents.sort_by_key(|a| (a.created_ms, a.id.clone()));
        agents
    }

    /// Makes a key, and says what the account's wallet must sign so that it may act.
    ///
    /// # Errors
    /// `role_required`, `grant_required`, `agent_terms_invalid`, `too_many_agents`, `keystore_unavailable`, `store_failed`.
    pub async fn create_agent(&self, by: &Authenticated, terms: Terms) -> Result<Agent, Refusal> {
        if !is_name(&terms.name) || !(1..=MAX_DAYS).contains(&terms.valid_days) {
            return Err(Refusal::AgentTermsInvalid);
        }
        self.new_agent(by, terms, None).await
    }

    /// Makes another key on the same terms; it takes the place of the old one when it is approved.
    ///
    /// # Errors
    /// As [`Self::create_agent`], and `agent_not_found`.
    pub async fn rotate_agent(&self, by: &Authenticated, id: &str) -> Result<Agent, Refusal> {
        let old = own(&self.state(), by, id)?.clone();
        let days = (old.expires_ms - old.created_ms) / DAY_MS;
        let terms = Terms {
            account: old.account,
            name: old.name,
            valid_days: u32::try_from(days).unwrap_or(1),
            network: old.network,
        };
        self.new_agent(by, terms, Some(old.id)).await
    }

    async fn new_agent(
        &self,
        by: &Authenticated,
        terms: Terms,
        replaces: Option<String>,
    ) -> Result<Agent, Refusal> {
        let master = self.master()?;
        let key = AgentKey::new(&*self.secret()?).ok_or(Refusal::EntropyFailed)?;
        let id = self.id("agent")?;
        let scope = format!("{}/{id}", by.user.id);
        let sealed = master.seal(&key, &scope, self.chance()?)?;
        self.commit(by, |state, now_ms| {
            may_trade(state, by, terms.account)?;
            let all = state.agents.values();
            let active = all.filter(|a| a.user == by.user.id && a.is_active(now_ms));
            if active.count() >= MAX_ACTIVE || state.agents.len() >= MAX_AGENTS {
                return Err(Refusal::TooManyAgents);
            }
            // Chance would have to repeat itself; an address that was used is none that may be used again.
            if state.agent_addresses.contains(&key.address()) {
                return Err(Refusal::EntropyFailed);
            }
            let agent = Agent {
                id,
                user: by.user.id.clone(),
                account: terms.account,
                address: key.address(),
                name: terms.name,
                network: terms.network,
                state: AgentState::Pending,
                created_ms: now_ms,
                expires_ms: now_ms + i64::from(terms.valid_days) * DAY_MS,
                chain_id: by.session.chain_id,
                replaces,
                key: Some(sealed),
            };
            let detail = format!("{} for {}", agent.address, agent.account);
            let audit = by.did("agent_made", &agent.id, detail, now_ms);
            Ok((vec![Change::Agent(agent.clone()), audit], agent))
        })
        .await
    }

    /// The wallet that will approve is on this chain: wallets sign for the chain that they are on alone.
    ///
    /// # Errors
    /// `agent_not_found`, `agent_not_pending`, `store_failed`.
    pub async fn agent_on_chain(
        &self,
        by: &Authenticated,
        id: &str,
        chain_id: u64,
    ) -> Result<Agent, Refusal> {
        self.commit(by, |state, now_ms| {
            let mut agent = own(state, by, id)?.clone();
            if agent.state_at(now_ms) != AgentState::Pending {
                return Err(Refusal::AgentNotPending);
            }
            if agent.chain_id == chain_id {
                return Ok((Vec::new(), agent));
            }
            agent.chain_id = chain_id;
            Ok((vec![Change::Agent(agent.clone())], agent))
        })
        .await
    }

    /// Checks the wallet's signature of an approval, and gives what the venue is to be sent. It changes nothing: the agent is approved when
    /// the venue has taken it.
    ///
    /// # Errors
    /// `agent_not_found`, `agent_not_pending`, `signature_invalid`, `signature_malleable`, `address_mismatch`.
    pub fn approval(
        &self,
        by: &Authenticated,
        id: &str,
        signature: &str,
    ) -> Result<Value, Refusal> {
        let state = self.state();
        may_trade(&state, by, own(&state, by, id)?.account)?;
        let agent = own(&state, by, id)?;
        if agent.state_at(self.now_ms()) != AgentState::Pending {
            return Err(Refusal::AgentNotPending);
        }
        let signature: Signature = signature.parse()?;
        let signer = signature.signer(&agent.as_approval().digest())?;
        if signer != agent.account {
            return Err(Refusal::AddressMismatch);
        }
        Ok(json!({
            "action": agent.as_approval().action(),
            "nonce": agent.created_ms,
            "signature": { "r": signature.r(), "s": signature.s(), "v": signature.v() },
        }))
    }

    /// The venue knows the agent now. The one that it replaces is revoked.
    ///
    /// # Errors
    /// `agent_not_found`, `agent_not_pending`, `store_failed`.
    pub async fn agent_approved(&self, by: &Authenticated, id: &str) -> Result<Agent, Refusal> {
        self.commit(by, |state, now_ms| {
            let mut agent = own(state, by, id)?.clone();
            if agent.state_at(now_ms) != AgentState::Pending {
                return Err(Refusal::AgentNotPending);
            }
            agent.state = AgentState::Approved;
            let detail = agent.address.to_string();
            let mut changes = vec![by.did("agent_approved", id, detail, now_ms)];
            let old = agent.replaces.as_ref().and_then(|id| state.agents.get(id));
            if let Some(old) = old.filter(|old| old.state != AgentState::Revoked) {
                changes.extend(revoked(by, old.clone(), now_ms));
            }
            changes.push(Change::Agent(agent.clone()));
            Ok((changes, agent))
        })
        .await
    }

    /// Takes an agent back. Its key is forgotten, so that nobody can use it, whatever the venue still knows.
    ///
    /// # Errors
    /// `agent_not_found`, `store_failed`.
    pub async fn revoke_agent(&self, by: &Authenticated, id: &str) -> Result<(), Refusal> {
        self.commit(by, |state, now_ms| {
            let agent = own(state, by, id)?.clone();
            Ok((revoked(by, agent, now_ms).into(), ()))
        })
        .await
    }

    /// The key of an approved agent, for signing.
    ///
    /// # Errors
    /// `agent_not_found`, `agent_not_ready`, `role_required`, `grant_required`, `keystore_unavailable`, `keystore_seal_broken`.
    pub fn agent_key(&self, by: &Authenticated, id: &str) -> Result<AgentKey, Refusal> {
        let state = self.state();
        let agent = own(&state, by, id)?;
        may_trade(&state, by, agent.account)?;
        let ready = agent.state_at(self.now_ms()) == AgentState::Approved;
        let sealed = agent.key.as_ref().filter(|_| ready);
        let scope = agent.seal_scope();
        self.master()?
            .open(sealed.ok_or(Refusal::AgentNotReady)?, &scope)
    }

    /// Whether a user has an agent that may act now. Being logged in is another fact.
    pub fn is_agent_ready(&self, by: &Authenticated) -> bool {
        let state = self.state();
        let now_ms = self.now_ms();
        let mut own = state.agents.values().filter(|a| a.user == by.user.id);
        self.master().is_ok()
            && own.any(|a| {
                a.state_at(now_ms) == AgentState::Approved
                    && a.key.is_some()
                    && may_trade(&state, by, a.account).is_ok()
            })
    }
}

fn revoked(by: &Authenticated, mut agent: Agent, now_ms: i64) -> [Change; 2] {
    agent.state = AgentState::Revoked;
    agent.key = None;
    let audit = by.did(
        "agent_revoked",
        &agent.id,
        agent.address.to_string(),
        now_ms,
    );
    [Change::Agent(agent), audit]
}
