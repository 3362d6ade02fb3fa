//! Who signs for accounts.

use hypersentry_identity::{Address, AgentKey, Identity, Refusal};
use hypersentry_trading::{AgentKind, SignRefused, Signers};
use hypersentry_venues::hyperliquid::exchange::Address as VenueAddress;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Accounts that practise at once.
const MOST: usize = 64;

fn venue(address: Address) -> VenueAddress {
    VenueAddress::new(*address.bytes())
}

fn ours(address: VenueAddress) -> Address {
    Address::new(*address.bytes())
}

fn refused(refusal: Refusal) -> SignRefused {
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

/// Opens an account at the simulator, for which an agent signs; in words what went wrong.
pub type OpenPractice = Box<dyn Fn(&str, &str) -> Result<(), String> + Send + Sync>;

/// Keys that sign at the simulator alone. They live as long as the process, as the simulator's accounts do.
pub struct PracticeAgents {
    open: OpenPractice,
    /// At most [`MOST`].
    keys: Mutex<BTreeMap<VenueAddress, AgentKey>>,
}

impl fmt::Debug for PracticeAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PracticeAgents")
    }
}

impl PracticeAgents {
    /// With a way to open accounts.
    pub fn new(open: OpenPractice) -> Self {
        Self {
            open,
            keys: Mutex::default(),
        }
    }

    fn unavailable(text: impl Into<String>) -> SignRefused {
        SignRefused {
            code: "practice_unavailable".to_owned(),
            text: text.into(),
        }
    }
}

impl Signers for PracticeAgents {
    /// An account that is asked for the first time is opened.
    fn agent(&self, account: VenueAddress, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = |key: &AgentKey| AgentKind {
            address: venue(key.address()),
            expires_ms: i64::MAX,
        };
        if let Some(key) = keys.get(&account) {
            return Ok(kind(key));
        }
        if keys.len() >= MOST {
            return Err(Self::unavailable(format!(
                "{MOST} accounts practise already"
            )));
        }
        let mut chance = [0; 32];
        let filled = getrandom::fill(&mut chance);
        filled.map_err(|error| Self::unavailable(error.to_string()))?;
        let key = AgentKey::new(&chance).ok_or_else(|| Self::unavailable("chance gave no key"))?;
        let agent = venue(key.address()).to_string();
        (self.open)(&account.to_string(), &agent).map_err(Self::unavailable)?;
        let told = kind(&key);
        keys.insert(account, key);
        Ok(told)
    }

    fn sign(
        &self,
        account: VenueAddress,
        _: VenueAddress,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let key = keys.get(&account);
        let key = key.ok_or_else(|| Self::unavailable("the account does not practise"))?;
        key.sign(digest).map(|it| it.to_bytes()).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_opened_once_and_its_key_signs() {
        let opened = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&opened);
        let agents = PracticeAgents::new(Box::new(move |account, agent| {
            told.lock()
                .unwrap()
                .push((account.to_owned(), agent.to_owned()));
            Ok(())
        }));
        let account = VenueAddress::new([7; 20]);
        let agent = agents.agent(account, None).unwrap();
        assert_eq!(agents.agent(account, Some("u")).unwrap(), agent);
        assert_eq!(opened.lock().unwrap().len(), 1);
        assert_eq!(opened.lock().unwrap()[0].1, agent.address.to_string());
        let signature = agents.sign(account, agent.address, &[3; 32]).unwrap();
        assert!(matches!(signature[64], 27 | 28));
        assert!(
            agents
                .sign(VenueAddress::new([8; 20]), agent.address, &[3; 32])
                .is_err()
        );
    }

    #[test]
    fn what_the_simulator_refuses_is_told() {
        let agents = PracticeAgents::new(Box::new(|_, _| Err("full".to_owned())));
        let refused = agents.agent(VenueAddress::new([7; 20]), None).unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.text.as_str()),
            ("practice_unavailable", "full")
        );
    }
}
