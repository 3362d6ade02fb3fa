//! Signatures by agents, for whoever leads an account's orders.

use crate::agent::{Agent, AgentState};
use crate::role::Role;
use crate::signature::Signature;
use crate::state::State;
use crate::{Address, Identity, Refusal};

/// Whether an agent's own user may still trade for its account.
fn may(state: &State, agent: &Agent) -> Result<(), Refusal> {
    may_trade(state, &agent.user, agent.account)
}

fn may_trade(state: &State, user: &str, account: Address) -> Result<(), Refusal> {
    let user = state.user(user)?;
    if user.disabled || !user.role.covers(Role::Trader) {
        return Err(Refusal::RoleRequired);
    }
    let granted = state.granted(user, account).trade;
    granted.then_some(()).ok_or(Refusal::GrantRequired)
}

impl Identity {
    /// The agent that signs for an account now: a user's own, or any user's where nobody asks (a kill switch, a lapsed lease). Of several the
    /// newest.
    ///
    /// # Errors
    /// `agent_not_ready`; `keystore_unavailable` without a key to open it.
    pub fn agent_for(&self, account: Address, user: Option<&str>) -> Result<Agent, Refusal> {
        self.master()?;
        let (state, now_ms) = (self.state(), self.now_ms());
        let ready = state.agents.values().filter(|agent| {
            agent.account == account
                && user.is_none_or(|user| agent.user == user)
                && agent.state_at(now_ms) == AgentState::Approved
                && may(&state, agent).is_ok()
        });
        let newest = ready.max_by_key(|agent| (agent.created_ms, agent.id.clone()));
        newest.cloned().ok_or(Refusal::AgentNotReady)
    }

    /// Whether a user may trade for an account as things stand, whoever signs.
    ///
    /// # Errors
    /// `user_not_found`, `role_required`, `grant_required`.
    pub fn may_trade(&self, account: Address, user: &str) -> Result<(), Refusal> {
        may_trade(&self.state(), user, account)
    }

    /// Signs a digest with an agent's key, if it may sign for the account still.
    ///
    /// # Errors
    /// `agent_not_ready`, `keystore_unavailable`, `keystore_seal_broken`.
    pub fn sign_as(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<Signature, Refusal> {
        let (state, now_ms) = (self.state(), self.now_ms());
        let mut all = state.agents.values();
        let found = all.find(|it| {
            it.address == agent
                && it.account == account
                && it.state_at(now_ms) == AgentState::Approved
        });
        let found = found.ok_or(Refusal::AgentNotReady)?;
        may(&state, found)?;
        let sealed = found.key.as_ref().ok_or(Refusal::AgentNotReady)?;
        let key = self.master()?.open(sealed, &found.seal_scope())?;
        key.sign(digest)
    }
}
