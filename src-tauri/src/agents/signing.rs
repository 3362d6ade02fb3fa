//! Signatures of this machine's user.

use super::{AgentDesk, Need, Opened, refused};
use hypersentry_api::ApiError;
use hypersentry_api::signers::OwnKeys;
use hypersentry_identity::agent::{Agent, AgentState, Network};
use hypersentry_identity::{Address, Refusal, Signature};
use std::collections::BTreeMap;

impl AgentDesk {
    /// Which of the venue's networks agents are for; `None` where a recording is played.
    pub(crate) fn network(&self) -> Option<Network> {
        self.place.as_ref().map(|place| place.network)
    }

    /// For a venue at another address, such as a simulator: it is asked as a testnet.
    #[cfg(test)]
    pub(crate) fn at_testnet(mut self) -> Self {
        if let Some(place) = &mut self.place {
            place.network = Network::Testnet;
        }
        self
    }

    /// The accounts that this user made agents for, and whether one of them may sign now: those whose agents have ended are still looked after. Keys are at
    /// hand afterwards, as far as the keychain gives them.
    ///
    /// # Errors
    /// `store_failed`.
    pub(crate) async fn accounts(&self) -> Result<BTreeMap<Address, bool>, ApiError> {
        if self.records.as_ref().is_some_and(|file| !file.exists()) {
            // None was ever made: the keychain is not asked.
            return Ok(BTreeMap::new());
        }
        let opened = self.open(Need::Records).await?;
        let network = self.network();
        let made = opened.identity.agents(&opened.by).into_iter();
        let made = made.filter(|agent| Some(agent.network) == network);
        Ok(made
            .map(|agent| (agent.account, !self.signing(agent.account).is_empty()))
            .collect())
    }

    /// The agent that signs for an account now: an approved one, of several the one that lasts longest. It waits for nobody: once the
    /// agents were listed, or one was made, their keys are at hand.
    ///
    /// # Errors
    /// `agent_required`: none is approved, or the keychain was of no use yet.
    pub(crate) fn agent_of(&self, account: Address) -> Result<Agent, ApiError> {
        let own = self.signing(account).into_iter();
        own.max_by_key(|agent| agent.expires_ms).ok_or_else(|| {
            let message = format!("no agent of this computer may sign for {account}");
            ApiError::new("agent_required", message)
        })
    }

    /// Signs a digest with an agent of an account. Whether the agent may still do so is asked each time.
    ///
    /// # Errors
    /// `agent_not_ready`: it was revoked or has ended meanwhile. `keystore_seal_broken`.
    pub(crate) fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<Signature, ApiError> {
        let not_ready = || refused(Refusal::AgentNotReady);
        let mut own = self.signing(account).into_iter();
        let found = own.find(|found| found.address == agent);
        let id = found.ok_or_else(not_ready)?.id;
        let Opened { identity, by, .. } = self.keyed.get().ok_or_else(not_ready)?;
        let key = identity.agent_key(by, &id).map_err(refused)?;
        key.sign(digest).map_err(refused)
    }

    /// The agents that may sign for an account now.
    fn signing(&self, account: Address) -> Vec<Agent> {
        let (Some(opened), Some(place)) = (self.keyed.get(), &self.place) else {
            return Vec::new();
        };
        let now_ms = opened.identity.now_ms();
        let own = opened.identity.agents(&opened.by).into_iter();
        own.filter(|agent| {
            agent.account == account
                && agent.network == place.network
                && agent.state_at(now_ms) == AgentState::Approved
                && agent.key.is_some()
        })
        .collect()
    }
}

impl OwnKeys for AgentDesk {
    fn signer(&self, account: Address) -> Result<(Address, i64), ApiError> {
        let agent = self.agent_of(account)?;
        Ok((agent.address, agent.expires_ms))
    }

    fn signed(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], ApiError> {
        self.sign(account, agent, digest).map(|it| it.to_bytes())
    }
}
