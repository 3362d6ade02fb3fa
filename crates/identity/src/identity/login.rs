//! Logins: a text to sign, and for its signature a session.

use super::{Authenticated, Identity, did, ended, user};
use crate::challenge::{Challenges, Issued};
use crate::change::Change;
use crate::session::{Client, EndReason, Session, Token, TokenHash, hash};
use crate::state::{MAX_SESSIONS, MAX_USER_SESSIONS, MAX_USERS};
use crate::{Address, Refusal, Role, hex};
use std::sync::PoisonError;

/// A login's second half.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    /// The text as it was signed.
    pub message: &'a str,
    /// 0x and 130 digits.
    pub signature: &'a str,
    /// The secret that the first half gave to this browser.
    pub browser: &'a str,
    /// Whether a program logs in.
    pub bearer: bool,
    /// Who holds the session.
    pub client: Client,
}

/// A new session. The token is nowhere else.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// For the client.
    pub token: Token,
    /// Who it is.
    pub authenticated: Authenticated,
}

impl Identity {
    /// Begins a login.
    ///
    /// # Errors
    /// `chain_not_allowed`, `login_rate_limited`, `entropy_failed`.
    pub fn begin(&self, wallet: Address, chain_id: u64, browser: &str) -> Result<Issued, Refusal> {
        let nonce = hex::encode(&self.chance::<16>()?);
        let mut challenges = self.challenges();
        let (policy, now_ms) = (self.policy(), self.now_ms());
        challenges.issue(policy, wallet, chain_id, hash(browser), nonce, now_ms)
    }

    pub(super) fn challenges(&self) -> std::sync::MutexGuard<'_, Challenges> {
        let challenges = self.challenges.lock();
        challenges.unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a login: a new session, whatever session the client had.
    ///
    /// # Errors
    /// A code of the message, the nonce or the signature; `user_unknown`, `user_disabled`, `directory_full`, `store_failed`.
    pub async fn login(&self, login: Login<'_>) -> Result<LoggedIn, Refusal> {
        let answered = self.challenges().answer(
            self.policy(),
            login.message,
            hash(login.browser),
            self.now_ms(),
        )?;
        let wallet = answered.address;
        self.verifier
            .verify(wallet, login.message, login.signature)?;
        let token = Token::new(*self.secret()?);
        let (user_id, session_id) = (self.id("user")?, self.id("session")?);
        let csrf = hex::encode(&self.chance::<16>()?);
        let terms = self.settings.sessions;
        let authenticated = self.keep(|state, now_ms| {
            let mut changes = Vec::new();
            let known = state.by_address.get(&wallet);
            let user = match known.and_then(|id| state.users.get(id)) {
                Some(user) if user.disabled => return Err(Refusal::UserDisabled),
                Some(user) => user.clone(),
                None if self.settings.invited_only => return Err(Refusal::UserUnknown),
                None if state.users.len() >= MAX_USERS => return Err(Refusal::DirectoryFull),
                None => {
                    let user = user(user_id, wallet, "", Role::Viewer, now_ms);
                    changes.push(Change::User(user.clone()));
                    changes.push(did(
                        &user.id,
                        "user_made",
                        &user.id,
                        "viewer".into(),
                        now_ms,
                    ));
                    user
                }
            };
            let held = state.sessions_of(&user.id);
            if held.len() >= MAX_USER_SESSIONS {
                changes.extend(held.first().map(|s| ended(&s.id, EndReason::Revoked)));
            } else if state.sessions.len() >= MAX_SESSIONS {
                return Err(Refusal::DirectoryFull);
            }
            let session = Session {
                id: session_id,
                user: user.id.clone(),
                token: TokenHash::of(token.reveal())?,
                previous: None,
                csrf,
                chain_id: answered.chain_id,
                bearer: login.bearer,
                created_ms: now_ms,
                last_used_ms: now_ms,
                rotated_ms: now_ms,
                expires_ms: now_ms.saturating_add(terms.ttl_ms),
                idle_ms: terms.idle_ms,
                client: login.client,
            };
            changes.push(Change::Session(session.clone()));
            changes.push(did(&user.id, "login", &session.id, String::new(), now_ms));
            let authenticated = Authenticated {
                user,
                session,
                rotation_due: false,
            };
            Ok((changes, authenticated))
        });
        let authenticated = authenticated.await?;
        Ok(LoggedIn {
            token,
            authenticated,
        })
    }
}
