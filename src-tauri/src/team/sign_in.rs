//! Logins at the server: by a wallet of the system's browser, and by a key of this machine.

use super::server::Server;
use super::{Team, Token, login};
use crate::trade;
use crate::wallet_page::{Answer, Told, WalletPage, Words};
use hypersentry_api::ApiError;
use hypersentry_api::signatures::Signing;
use hypersentry_identity::{Address, WalletKey, login_digest};

impl Team {
    /// The address of this machine's key, which is made with the first need of it.
    ///
    /// # Errors
    /// `keychain_unavailable`: a key that nobody keeps would be another one with each start. `entropy_failed`.
    pub(crate) async fn key_address(&self) -> Result<Address, ApiError> {
        Ok(self.key().await?.address())
    }

    async fn key(&self) -> Result<WalletKey, ApiError> {
        self.with_vault(|vault| vault.machine_key()).await?
    }

    /// Logs in with this machine's key. The record of it is on disk before the key signs.
    ///
    /// # Errors
    /// As [`Self::key_address`]; `message_malformed`; `signature_not_recorded`; what the server refuses with.
    pub(crate) async fn sign_in_by_key(&self) -> Result<(), ApiError> {
        let (server, door) = (self.connected()?, self.door()?);
        let key = self.key().await?;
        let (by, signer) = (trade::asker(), key.address());
        let chain_id = login::chain(&door, &server).await?;
        let signing = |nonce| Signing::Login {
            domain: server.domain(),
            chain_id,
            nonce,
        };
        let asked = login::challenge(&door, &server, signer, chain_id).await;
        let asked = asked.and_then(|made| made.nonce().map(|nonce| (made, nonce)));
        let (challenge, nonce) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                let refused = self.recorded.refuse(by, signing(None), signer, &error);
                refused.await;
                return Err(error);
            }
        };
        let digest = login_digest(&challenge.message);
        let signature = self
            .recorded
            .sign(by, signing(Some(nonce)), signer, digest, || {
                key.sign(&challenge.message)
            })
            .await?;
        let token = challenge
            .answer(&door, &server, &signature.to_string())
            .await?;
        self.take_token(&server, token).await;
        Ok(())
    }

    /// Logs in with a wallet of the system's browser; returns when that is done.
    ///
    /// # Errors
    /// As of [`crate::wallet_page::Pages::show`], `login_link_reused`, and what the server refuses with.
    pub(crate) async fn sign_in_by_browser(&self) -> Result<(), ApiError> {
        let server = self.connected()?;
        let words = Words {
            title: "Log in at a team server",
            asks: format!(
                "HyperSentry on this computer asks your wallet to sign in at <strong>{server}</strong>. A signature moves nothing and costs nothing."
            ),
            read: "Its first line must name the server above. The wallet may warn that this page has another address: the page is on your own computer.",
            done: "You are logged in.",
        };
        let token = self
            .pages
            .show(words, |page| self.in_browser(&server, page))
            .await?;
        self.take_token(&server, token).await;
        Ok(())
    }

    async fn in_browser(&self, server: &Server, mut page: WalletPage) -> Result<Token, ApiError> {
        let door = self.door()?;
        let mut challenge = None;
        loop {
            let (told, answer) = page.next().await?;
            match told {
                Told::Wallet { address, chain_id } => {
                    let made = match address.parse::<Address>() {
                        Ok(wallet) => login::challenge(&door, server, wallet, chain_id).await,
                        Err(refusal) => Err(ApiError::new(refusal.code(), refusal.to_string())),
                    };
                    let shown = made.map(|made| {
                        let message = made.message.clone();
                        challenge = Some(made);
                        Answer::Message(message)
                    });
                    // The page says what is wrong, and its reader may choose another wallet.
                    let _ = answer.send(shown);
                }
                Told::Signed { signature } => {
                    let taken = match challenge.take() {
                        Some(challenge) => challenge.answer(&door, server, &signature).await,
                        None => Err(ApiError::new("bad_request", "nothing was to be signed")),
                    };
                    let said = taken.as_ref().map(|_| Answer::Done);
                    let _ = answer.send(said.map_err(Clone::clone));
                    page.close().await;
                    return taken;
                }
            }
        }
    }

    /// Calls off the login that is under way in the browser, if one is.
    pub(crate) fn cancel_sign_in(&self) {
        self.pages.cancel();
    }
}
