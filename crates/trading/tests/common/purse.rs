//! Wallets of many accounts.

use super::Wallet;
use hypersentry_trading::{AgentKind, SignRefused, Signers};
use hypersentry_venues::hyperliquid::exchange::Address;
use k256::ecdsa::SigningKey;
use std::collections::BTreeMap;

/// The wallet with a number.
pub(crate) fn wallet(key: u16) -> Wallet {
    let mut secret = [0x31; 32];
    secret[..2].copy_from_slice(&key.to_be_bytes());
    Wallet(SigningKey::from_slice(&secret).unwrap())
}

/// Several, each for its own account.
#[derive(Debug)]
pub(crate) struct Purse(BTreeMap<Address, Wallet>);

impl Purse {
    pub(crate) fn of(keys: impl IntoIterator<Item = u16>) -> Self {
        let wallets = keys.into_iter().map(wallet);
        Self(wallets.map(|it| (it.address(), it)).collect())
    }

    fn wallet(&self, account: Address) -> Result<&Wallet, SignRefused> {
        self.0.get(&account).ok_or_else(|| SignRefused {
            code: "agent_required".into(),
            text: "no wallet".into(),
        })
    }
}

impl Signers for Purse {
    fn agent(&self, account: Address, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        self.wallet(account)?.agent(account, user)
    }

    fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        self.wallet(account)?.sign(account, agent, digest)
    }
}
