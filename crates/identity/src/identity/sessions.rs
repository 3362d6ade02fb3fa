//! Sessions: their use, exchange and end.

use super::{Authenticated, Identity, ended};
use crate::Refusal;
use crate::change::Change;
use crate::session::{EndReason, Session, Token, TokenHash};
use std::sync::PoisonError;

impl Identity {
    /// Who presents a token. It counts as use of the session.
    ///
    /// # Errors
    /// `session_required`, `session_expired`, `session_revoked`.
    pub fn authenticate(&self, token: &str) -> Result<Authenticated, Refusal> {
        let (hash, now_ms) = (TokenHash::of(token)?, self.now_ms());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let (session, user) = state.session_of(hash, now_ms)?;
        let age = now_ms - session.rotated_ms;
        let rotation_due =
            !session.bearer && session.token == hash && age >= self.settings.sessions.rotate_ms;
        let mut authenticated = Authenticated {
            user: user.clone(),
            session: session.clone(),
            rotation_due,
        };
        authenticated.session.last_used_ms = now_ms;
        let id = &authenticated.session.id;
        if let Some(session) = state.sessions.get_mut(id) {
            session.last_used_ms = now_ms;
        }
        state.touched.insert(id.clone());
        Ok(authenticated)
    }

    /// The same user and session, as they are now, without counting as use.
    ///
    /// # Errors
    /// `session_expired`, `session_revoked`.
    pub fn recheck(&self, by: &Authenticated) -> Result<Authenticated, Refusal> {
        let state = self.state();
        let (session, user) = state.session(&by.session.id, self.now_ms())?;
        Ok(Authenticated {
            user: user.clone(),
            session: session.clone(),
            rotation_due: false,
        })
    }

    /// Exchanges the token. The old one serves requests that were under way for a short while. `None` if it was exchanged meanwhile.
    ///
    /// # Errors
    /// `session_expired`, `session_revoked`, `entropy_failed`, `store_failed`.
    pub async fn rotate(&self, by: &Authenticated) -> Result<Option<Token>, Refusal> {
        let token = Token::new(*self.secret()?);
        let grace_ms = self.settings.sessions.grace_ms;
        let rotated = self.commit(by, |state, now_ms| {
            let session = state.sessions.get(&by.session.id);
            let mut session = session.ok_or(Refusal::SessionRevoked)?.clone();
            if session.token != by.session.token {
                return Ok((Vec::new(), false));
            }
            session.previous = Some((session.token, now_ms.saturating_add(grace_ms)));
            session.token = TokenHash::of(token.reveal())?;
            session.rotated_ms = now_ms;
            Ok((vec![Change::Session(session)], true))
        });
        Ok(rotated.await?.then_some(token))
    }

    /// The user's sessions, most recently used first.
    pub fn sessions(&self, by: &Authenticated) -> Vec<Session> {
        let state = self.state();
        let now_ms = self.now_ms();
        let own = state.sessions_of(&by.user.id).into_iter().rev();
        own.filter(|s| !s.is_over(now_ms)).cloned().collect()
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// `session_not_found`, `store_failed`.
    pub async fn revoke(&self, by: &Authenticated, id: &str) -> Result<(), Refusal> {
        self.commit(by, |state, now_ms| {
            let own = state.sessions.get(id).filter(|s| s.user == by.user.id);
            own.ok_or(Refusal::SessionNotFound)?;
            let audit = by.did("session_revoked", id, String::new(), now_ms);
            Ok((vec![ended(id, EndReason::Revoked), audit], ()))
        })
        .await
    }

    /// Ends the user's other sessions, and says how many there were.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn revoke_others(&self, by: &Authenticated) -> Result<usize, Refusal> {
        self.commit(by, |state, now_ms| {
            let all = state.sessions_of(&by.user.id).into_iter();
            let others: Vec<Change> = all
                .filter(|s| s.id != by.session.id)
                .map(|s| ended(&s.id, EndReason::Revoked))
                .collect();
            let count = others.len();
            let detail = format!("{count} others");
            let audit = by.did("sessions_revoked", &by.session.id, detail, now_ms);
            Ok((others.into_iter().chain([audit]).collect(), count))
        })
        .await
    }
}
