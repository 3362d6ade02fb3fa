//! Logins at the server: by a wallet of the system's browser, and by a key of this machine.

use super::loopback::{self, LoopbackPage, Told};
use super::server::Server;
use super::{Team, Token, login};
use hypersentry_api::ApiError;
use hypersentry_identity::{Address, WalletKey};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Names the key of this machine in the keychain.
pub(super) const KEY: &str = "login key of this machine";

impl Team {
    /// The address of this machine's key, which is made with the first need of it.
    ///
    /// # Errors
    /// `keychain_unavailable`: a key that nobody keeps would be another one with each start. `entropy_failed`.
    pub(crate) async fn key_address(&self) -> Result<Address, ApiError> {
        Ok(self.key().await?.address())
    }

    async fn key(&self) -> Result<WalletKey, ApiError> {
        self.with_vault(|vault| {
            if let Some(digits) = vault.kept(KEY)? {
                return WalletKey::parse(&digits).ok_or_else(|| {
                    ApiError::new(
                        "key_unreadable",
                        "what the keychain holds as this machine's key is none",
                    )
                });
            }
            let no_chance =
                || ApiError::new("entropy_failed", "the system gives no random numbers");
            let mut chance = Zeroizing::new([0; 32]);
            getrandom::fill(chance.as_mut()).map_err(|_| no_chance())?;
            let key = WalletKey::new(&chance).ok_or_else(no_chance)?;
            vault.keep(KEY, &key.reveal())?;
            Ok(key)
        })
        .await?
    }

    /// Logs in with this machine's key.
    ///
    /// # Errors
    /// As [`Self::key_address`], and what the server refuses with.
    pub(crate) async fn sign_in_by_key(&self) -> Result<(), ApiError> {
        let (server, door) = (self.connected()?, self.door()?);
        let key = self.key().await?;
        let chain = login::chain(&door, &server).await?;
        let challenge = login::challenge(&door, &server, key.address(), chain).await?;
        let signature = key
            .sign(&challenge.message)
            .map_err(|refusal| ApiError::new(refusal.code(), refusal.to_string()))?;
        let token = challenge
            .answer(&door, &server, &signature.to_string())
            .await?;
        self.take_token(&server, token).await;
        Ok(())
    }

    /// Logs in with a wallet of the system's browser; returns when that is done.
    ///
    /// # Errors
    /// `sign_in_running`, `browser_not_opened`, `loopback_unavailable`, `login_link_reused`, `sign_in_cancelled`, `sign_in_timeout`, and what the
    /// server refuses with.
    pub(crate) async fn sign_in_by_browser(&self) -> Result<(), ApiError> {
        let server = self.connected()?;
        let cancel = CancellationToken::new();
        {
            let mut signing = self.signing();
            if signing.is_some() {
                return Err(ApiError::new(
                    "sign_in_running",
                    "a login in the browser is under way",
                ));
            }
            *signing = Some(cancel.clone());
        }
        let done = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ApiError::new("sign_in_cancelled", "the login was called off")),
            () = tokio::time::sleep(self.login_wait) => {
                let message = "the page in the browser was not answered in time";
                Err(ApiError::new("sign_in_timeout", message).retryable())
            }
            done = self.in_browser(&server) => done,
        };
        *self.signing() = None;
        self.take_token(&server, done?).await;
        Ok(())
    }

    async fn in_browser(&self, server: &Server) -> Result<Token, ApiError> {
        let door = self.door()?;
        let mut page = LoopbackPage::open(&server.origin()).await?;
        (self.browser.0)(page.url())?;
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
                        loopback::Answer::Message(message)
                    });
                    // The page says what is wrong, and its reader may choose another wallet.
                    let _ = answer.send(shown);
                }
                Told::Signed { signature } => {
                    let taken = match challenge.take() {
                        Some(challenge) => challenge.answer(&door, server, &signature).await,
                        None => Err(ApiError::new("bad_request", "nothing was to be signed")),
                    };
                    let said = taken.as_ref().map(|_| loopback::Answer::Done);
                    let _ = answer.send(said.map_err(Clone::clone));
                    page.close().await;
                    return taken;
                }
            }
        }
    }

    /// Calls off the login that is under way in the browser, if one is.
    pub(crate) fn cancel_sign_in(&self) {
        if let Some(cancel) = self.signing().as_ref() {
            cancel.cancel();
        }
    }
}
