//! A machine's own user, who is there without a login.

use crate::change::Change;
use crate::identity::{Authenticated, Identity, Settings, user};
use crate::session::{Client, Session, Token, TokenHash};
use crate::{Address, LoginPolicy, MasterKey, Refusal, Role, SessionPolicy, hex};
use std::sync::PoisonError;

/// The id of a machine's own user.
pub const LOCAL: &str = "local";

/// Wallets sign for a chain; this one, until the wallet says which it is on.
const MAINNET: u64 = 1;

impl Settings {
    /// Of a machine with its own user alone: nobody logs in.
    pub fn local(master: Option<MasterKey>) -> Self {
        Self {
            login: LoginPolicy::new("localhost", "http://localhost"),
            sessions: SessionPolicy::default(),
            admins: Vec::new(),
            invited_only: true,
            master,
        }
    }
}

impl Identity {
    /// The machine's own user, with everything that an admin may do. That there is one follows from the machine and is not kept; the
    /// session's token is known to nobody, and the session lasts as long as this.
    ///
    /// # Errors
    /// `entropy_failed`.
    pub fn local(&self) -> Result<Authenticated, Refusal> {
        let now_ms = self.now_ms();
        let token = Token::new(*self.secret()?);
        let session = Session {
            id: LOCAL.to_owned(),
            user: LOCAL.to_owned(),
            token: TokenHash::of(token.reveal())?,
            previous: None,
            csrf: hex::encode(&self.chance::<16>()?),
            chain_id: MAINNET,
            bearer: true,
            created_ms: now_ms,
            last_used_ms: now_ms,
            rotated_ms: now_ms,
            expires_ms: i64::MAX,
            idle_ms: i64::MAX,
            client: Client::default(),
        };
        // No wallet logs in as this user, so that none has the address.
        let user = user(LOCAL.into(), Address::new([0; 20]), "", Role::Admin, now_ms);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.apply(Change::User(user.clone()));
        state.apply(Change::Session(session.clone()));
        Ok(Authenticated {
            user,
            session,
            rotation_due: false,
        })
    }
}
