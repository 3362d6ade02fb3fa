//! Who signs for accounts.

use crate::ApiError;
use hypersentry_identity::{Address, Identity, Refusal};
use hypersentry_trading::{AgentKind, SignRefused, Signers};
use hypersentry_venues::hyperliquid::exchange::Address as VenueAddress;
use std::fmt;
use std::sync::Arc;

pub(crate) fn venue(address: Address) -> VenueAddress {
    VenueAddress::new(*address.bytes())
}

fn ours(address: VenueAddress) -> Address {
    Address::new(*address.bytes())
}

pub(crate) fn refused(refusal: Refusal) -> SignRefused {
    let (code, text) = match refusal {
        Refusal::AgentNotReady => (
            "agent_required",
            "no approved agent signs for this account: make one and have the wallet approve it"
                .to_owned(),
        ),
        other => (other.code(), other.to_string()),
    };
    SignRefused {
        code: code.to_owned(),
        text,
    }
}

/// The agents that users approved.
#[derive(Clone, Debug)]
pub struct ApprovedAgents(pub Arc<Identity>);

impl Signers for ApprovedAgents {
    fn agent(&self, account: VenueAddress, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        let agent = self.0.agent_for(ours(account), user).map_err(refused)?;
        Ok(AgentKind {
            address: venue(agent.address),
            expires_ms: agent.expires_ms,
        })
    }

    fn may_trade(&self, account: VenueAddress, user: &str) -> Result<(), SignRefused> {
        self.0.may_trade(ours(account), user).map_err(refused)
    }

    fn sign(
        &self,
        account: VenueAddress,
        agent: VenueAddress,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        let signature = self.0.sign_as(ours(account), ours(agent), digest);
        signature.map(|it| it.to_bytes()).map_err(refused)
    }
}

/// The keys of one machine's user, wherever they are kept.
pub trait OwnKeys: fmt::Debug + Send + Sync {
    /// The agent that signs for an account now, and until when it may, UTC ms. It does not wait.
    ///
    /// # Errors
    /// `agent_required`.
    fn signer(&self, account: Address) -> Result<(Address, i64), ApiError>;
    /// Signs a digest with one: r, s, v (27 or 28).
    ///
    /// # Errors
    /// It may not sign any more.
    fn signed(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], ApiError>;
}

/// They sign for that user's accounts.
#[derive(Clone, Debug)]
pub struct OwnAgents(pub Arc<dyn OwnKeys>);

fn told(error: ApiError) -> SignRefused {
    SignRefused {
        code: error.code.to_string(),
        text: error.message,
    }
}

impl Signers for OwnAgents {
    fn agent(&self, account: VenueAddress, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        let (address, expires_ms) = self.0.signer(ours(account)).map_err(told)?;
        Ok(AgentKind {
            address: venue(address),
            expires_ms,
        })
    }

    fn sign(
        &self,
        account: VenueAddress,
        agent: VenueAddress,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        let signed = self.0.signed(ours(account), ours(agent), digest);
        signed.map_err(told)
    }
}

/// Keys of practice, for users whose rights the server keeps.
#[derive(Clone, Debug)]
pub struct PracticeOf {
    /// Who signs.
    pub signers: Arc<dyn Signers>,
    /// Who may trade.
    pub identity: Arc<Identity>,
}

impl Signers for PracticeOf {
    fn agent(&self, account: VenueAddress, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        self.signers.agent(account, user)
    }

    fn may_trade(&self, account: VenueAddress, user: &str) -> Result<(), SignRefused> {
        let may = self.identity.may_trade(ours(account), user);
        may.map_err(refused)
    }

    fn sign(
        &self,
        account: VenueAddress,
        agent: VenueAddress,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        self.signers.sign(account, agent, digest)
    }
}
