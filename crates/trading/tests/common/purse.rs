//! Wallets of many accounts.

use super::Wallet;
use hypersentry_trading::{AgentKind, SignRefused, Signers};
use hypersentry_venues::hyperliquid::exchange::Address;
use k256::ecdsa::SigningKey;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The wallet with a number.
pub(crate) fn wallet(key: u16) -> Wallet {
    let mut secret = [0x31; 32];
    secret[..2].copy_from_slice(&key.to_be_bytes());
    Wallet(SigningKey::from_slice(&secret).unwrap())
}

/// Several, each for its own account.
#[derive(Debug)]
pub(crate) struct Purse {
    wallets: BTreeMap<Address, Wallet>,
    /// Whose they are; everybody's while nothing is said.
    owners: Mutex<Option<Vec<String>>>,
    /// Whether the key is taken away between who signs and the signature.
    pub(crate) revoked: AtomicBool,
}

impl Purse {
    pub(crate) fn of(keys: impl IntoIterator<Item = u16>) -> Self {
        let wallets = keys.into_iter().map(wallet);
        Self {
            wallets: wallets.map(|it| (it.address(), it)).collect(),
            owners: Mutex::default(),
            revoked: AtomicBool::default(),
        }
    }

    /// From now on these users alone have agents; with none of them nobody has.
    pub(crate) fn owned_by(&self, users: &[&str]) {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        *self.owners.lock().unwrap() = Some(users);
    }

    fn wallet(&self, account: Address) -> Result<&Wallet, SignRefused> {
        self.wallets.get(&account).ok_or_else(|| SignRefused {
            code: "agent_required".into(),
            text: "no wallet".into(),
        })
    }
}

impl Signers for Purse {
    fn agent(&self, account: Address, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        let owners = self.owners.lock().unwrap().clone();
        let has = |owners: &Vec<String>| match user {
            Some(user) => owners.iter().any(|owner| owner == user),
            None => !owners.is_empty(),
        };
        if !owners.as_ref().is_none_or(has) {
            return Err(SignRefused {
                code: "agent_required".into(),
                text: "no agent of this user".into(),
            });
        }
        self.wallet(account)?.agent(account, user)
    }

    fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        if self.revoked.load(Ordering::SeqCst) {
            return Err(SignRefused {
                code: "agent_revoked".into(),
                text: "the agent was revoked".into(),
            });
        }
        self.wallet(account)?.sign(account, agent, digest)
    }
}
