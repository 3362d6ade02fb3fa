//! An agent's approval: signed by the account's wallet, then told to the venue.

use super::{AgentDesk, Need, Opened, refused, venue_error};
use crate::keychain::Vault;
use crate::trade;
use crate::wallet_page::{Answer, Told, WalletPage, Words};
use hypersentry_api::ApiError;
use hypersentry_api::signatures::Signing;
use hypersentry_identity::agent::{Agent, AgentRow, AgentState, Network};
use hypersentry_identity::{Address, Refusal, WalletKey};

/// An agent's approval as the log of signatures has it.
fn signing(agent: &Agent) -> Signing {
    Signing::ApproveAgent {
        network: agent.network.name().to_lowercase(),
        account: agent.account.to_string(),
        agent: agent.address.to_string(),
        name: agent.name.clone(),
        expires_ms: agent.expires_ms,
        chain_id: agent.chain_id,
        nonce: agent.created_ms,
    }
}

/// What the page shows of an agent before the wallet does.
fn text(agent: &Agent, chain_id: u64) -> String {
    let days = (agent.expires_ms - agent.created_ms) / 86_400_000;
    format!(
        "Approve an agent at Hyperliquid ({})\n\nAccount: {}\nAgent: {}\nName: {}\nLasts: {days} days, until {} (UTC ms)\nMay: place, change and cancel orders\nMay not: withdraw or transfer\nChain of the wallet: {chain_id}",
        agent.network.name(),
        agent.account,
        agent.address,
        agent.name,
        agent.expires_ms,
    )
}

fn words(agent: &Agent) -> Words {
    let what = match agent.network {
        Network::Mainnet => "at Hyperliquid",
        Network::Testnet => "at Hyperliquid without money (testnet or practice)",
    };
    Words {
        title: "Approve an agent",
        asks: format!(
            "HyperSentry on this computer asks the wallet of <strong>{}</strong> to approve an agent {what}. The agent signs orders for this account and cannot withdraw. A signature costs nothing.",
            agent.account
        ),
        read: "The wallet shows the same agent and name. The key of the agent is on your own computer and nowhere else.",
        done: "The agent is approved.",
    }
}

impl AgentDesk {
    /// The address of this machine's key, where it is an account's wallet.
    ///
    /// # Errors
    /// `keychain_unavailable`, `key_unreadable`, `entropy_failed`.
    pub(crate) async fn wallet(&self) -> Result<Address, ApiError> {
        Ok(self.machine_key().await?.address())
    }

    async fn machine_key(&self) -> Result<WalletKey, ApiError> {
        Vault::asked(&self.vault, Vault::machine_key).await?
    }

    /// The account of an agent that waits for its approval.
    ///
    /// # Errors
    /// `agent_not_found`, `agent_not_pending`, `keystore_unavailable`, `venue_unavailable`.
    pub(crate) async fn pending_account(&self, id: &str) -> Result<Address, ApiError> {
        Ok(self.pending(id).await?.1.account)
    }

    async fn pending(&self, id: &str) -> Result<(Opened, Agent), ApiError> {
        self.place()?;
        // An agent whose key cannot be used is not worth a signature.
        let opened = self.open(Need::Keys).await?;
        let agent = opened.find(id)?;
        if agent.state_at(opened.identity.now_ms()) != AgentState::Pending {
            return Err(refused(Refusal::AgentNotPending));
        }
        Ok((opened, agent))
    }

    /// Lets this machine's key approve an agent of its own account. The record of it is on disk before the key signs.
    ///
    /// # Errors
    /// As [`Self::pending_account`] and [`Self::wallet`]; `address_mismatch`; `signature_not_recorded`; what the venue says.
    pub(crate) async fn approve_by_key(&self, id: &str) -> Result<AgentRow, ApiError> {
        let (opened, agent) = self.pending(id).await?;
        let key = self.machine_key().await?;
        let (by, signer) = (trade::asker(), key.address());
        if signer != agent.account {
            let error = mismatch("this computer's key", signer, &agent);
            let refused = self.recorded.refuse(by, signing(&agent), signer, &error);
            refused.await;
            return Err(error);
        }
        let digest = agent.approval_digest();
        let signature = self
            .recorded
            .sign(by, signing(&agent), signer, digest, || {
                agent.approve_by(&key)
            })
            .await?;
        self.tell(&opened, id, &signature.to_string()).await
    }

    /// Lets a wallet of the system's browser approve an agent; returns when that is done.
    ///
    /// # Errors
    /// As [`Self::pending_account`] and of [`crate::wallet_page::Pages::show`]; what is wrong with the signature; what the venue says.
    pub(crate) async fn approve_in_browser(&self, id: &str) -> Result<AgentRow, ApiError> {
        let (opened, agent) = self.pending(id).await?;
        self.pages
            .show(words(&agent), |page| self.in_browser(&opened, id, page))
            .await
    }

    async fn in_browser(
        &self,
        opened: &Opened,
        id: &str,
        mut page: WalletPage,
    ) -> Result<AgentRow, ApiError> {
        loop {
            let (told, answer) = page.next().await?;
            match told {
                // The page says what is wrong, and its reader may choose another wallet.
                Told::Wallet { address, chain_id } => {
                    let _ = answer.send(asked(opened, id, &address, chain_id).await);
                }
                Told::Signed { signature } => {
                    let told = self.tell(opened, id, &signature).await;
                    let said = told.as_ref().map(|_| Answer::Done);
                    let _ = answer.send(said.map_err(Clone::clone));
                    page.close().await;
                    return told;
                }
            }
        }
    }

    /// Tells the venue, if the signature is the account's.
    async fn tell(&self, opened: &Opened, id: &str, signature: &str) -> Result<AgentRow, ApiError> {
        let Opened { identity, by, .. } = opened;
        let request = identity.approval(by, id, signature).map_err(refused)?;
        let told = self.place()?.venue.submit(&request).await;
        told.map_err(|error| venue_error(&error))?;
        let agent = identity.agent_approved(by, id).await.map_err(refused)?;
        tracing::info!(agent = agent.id, account = %agent.account, "agent approved");
        Ok(opened.row(agent))
    }

    /// Calls off the approval that waits in the browser, if one does.
    pub(crate) fn cancel_approval(&self) {
        self.pages.cancel();
    }
}

fn mismatch(who: &str, address: Address, agent: &Agent) -> ApiError {
    let message = format!("{who} is {address}, and the agent is for {}", agent.account);
    ApiError::new("address_mismatch", message)
}

/// What a wallet is asked to sign, if it is the account's.
async fn asked(
    opened: &Opened,
    id: &str,
    address: &str,
    chain_id: u64,
) -> Result<Answer, ApiError> {
    let wallet: Address = address.parse().map_err(refused)?;
    let agent = opened.find(id)?;
    if wallet != agent.account {
        return Err(mismatch("the wallet's account", wallet, &agent));
    }
    let moved = opened.identity.agent_on_chain(&opened.by, id, chain_id);
    let agent = moved.await.map_err(refused)?;
    Ok(Answer::Typed {
        text: text(&agent, chain_id),
        data: agent.typed_data(),
    })
}
