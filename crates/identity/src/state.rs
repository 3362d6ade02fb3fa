//! Users, sessions, grants and agents in memory: small, read with each request, written through the repository.

use crate::agent::Agent;
use crate::change::{AuditEntry, Change};
use crate::session::{EndReason, Session, TokenHash};
use crate::{Address, Grants, Refusal, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Users at most.
pub(crate) const MAX_USERS: usize = 10_000;
/// Sessions at most, of all users.
pub(crate) const MAX_SESSIONS: usize = 50_000;
/// Sessions of a user; a further login ends the one that was used least recently.
pub(crate) const MAX_USER_SESSIONS: usize = 32;
/// Grants at most.
pub(crate) const MAX_GRANTS: usize = 50_000;
/// Agents that were ever made, at most: they are kept for good, so that no address is used again.
pub(crate) const MAX_AGENTS: usize = 100_000;
/// Ended tokens of which is known why they ended.
const MAX_ENDED: usize = 4_096;
/// Audit entries in memory; all of them are in the repository.
const MAX_AUDIT: usize = 1_000;

/// A person.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct User {
    /// Id.
    pub id: String,
    /// The wallet that logs in.
    pub address: Address,
    /// What admins call the user.
    pub name: String,
    /// What the user may do at all.
    pub role: Role,
    /// UTC ms.
    pub created_ms: i64,
    /// Whether the user is kept out.
    pub disabled: bool,
}

/// All of it. Read without a lock on anything else.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) by_address: BTreeMap<Address, String>,
    pub(crate) sessions: BTreeMap<String, Session>,
    by_token: BTreeMap<TokenHash, String>,
    pub(crate) grants: BTreeMap<(String, Address), Grants>,
    pub(crate) agents: BTreeMap<String, Agent>,
    pub(crate) agent_addresses: BTreeSet<Address>,
    /// Newest first; at most [`MAX_AUDIT`].
    pub(crate) audit: VecDeque<AuditEntry>,
    ended: BTreeMap<TokenHash, EndReason>,
    ended_ids: BTreeMap<String, EndReason>,
    /// Both, in the order of ending; at most [`MAX_ENDED`].
    ended_order: VecDeque<(TokenHash, String)>,
    /// Sessions whose use was not kept yet.
    pub(crate) touched: BTreeSet<String>,
}

impl State {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::User(user) => {
                self.by_address.insert(user.address, user.id.clone());
                self.users.insert(user.id.clone(), user);
            }
            Change::Session(session) => {
                self.drop_tokens(&session.id);
                self.by_token.insert(session.token, session.id.clone());
                if let Some((previous, _)) = session.previous {
                    self.by_token.insert(previous, session.id.clone());
                }
                self.sessions.insert(session.id.clone(), session);
            }
            Change::SessionEnded { id, reason } => self.end(&id, reason),
            Change::Grant {
                user,
                account,
                grants,
            } => {
                if grants.is_empty() {
                    self.grants.remove(&(user, account));
                } else {
                    self.grants.insert((user, account), grants);
                }
            }
            Change::Agent(agent) => {
                self.agent_addresses.insert(agent.address);
                self.agents.insert(agent.id.clone(), agent);
            }
            Change::Audit(entry) => {
                self.audit.push_front(entry);
                self.audit.truncate(MAX_AUDIT);
            }
        }
    }

    fn drop_tokens(&mut self, id: &str) {
        if let Some(session) = self.sessions.get(id) {
            self.by_token.remove(&session.token);
            if let Some((previous, _)) = session.previous {
                self.by_token.remove(&previous);
            }
        }
    }

    fn end(&mut self, id: &str, reason: EndReason) {
        self.drop_tokens(id);
        self.touched.remove(id);
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        self.ended.insert(session.token, reason);
        self.ended_ids.insert(session.id.clone(), reason);
        self.ended_order.push_back((session.token, session.id));
        if self.ended_order.len() > MAX_ENDED
            && let Some((token, id)) = self.ended_order.pop_front()
        {
            self.ended.remove(&token);
            self.ended_ids.remove(&id);
        }
    }

    /// A session by its id, with its user.
    pub(crate) fn session(&self, id: &str, now_ms: i64) -> Result<(&Session, &User), Refusal> {
        let Some(session) = self.sessions.get(id) else {
            let reason = self.ended_ids.get(id).copied();
            return Err(reason.unwrap_or(EndReason::Revoked).refusal());
        };
        self.live(session, now_ms)
    }

    /// The live session of a token, with its user.
    pub(crate) fn session_of(
        &self,
        token: TokenHash,
        now_ms: i64,
    ) -> Result<(&Session, &User), Refusal> {
        let Some(id) = self.by_token.get(&token) else {
            let reason = self.ended.get(&token).copied();
            return Err(reason.map_or(Refusal::SessionRequired, EndReason::refusal));
        };
        let session = self.sessions.get(id).ok_or(Refusal::SessionRequired)?;
        let is_previous = session.token != token;
        if is_previous && session.previous.is_none_or(|(_, until)| now_ms >= until) {
            return Err(Refusal::SessionExpired);
        }
        self.live(session, now_ms)
    }

    fn live<'a>(
        &'a self,
        session: &'a Session,
        now_ms: i64,
    ) -> Result<(&'a Session, &'a User), Refusal> {
        if session.is_over(now_ms) {
            return Err(Refusal::SessionExpired);
        }
        let user = self.users.get(&session.user);
        let user = user.filter(|user| !user.disabled);
        Ok((session, user.ok_or(Refusal::SessionRevoked)?))
    }

    /// What a user may do with an account: what was granted, and with the own wallet's account everything, as far as the role goes.
    pub(crate) fn granted(&self, user: &User, account: Address) -> Grants {
        let given = self.grants.get(&(user.id.clone(), account)).copied();
        let given = if user.address == account {
            Grants::ALL
        } else {
            given.unwrap_or_default()
        };
        given.and(user.role.limit())
    }

    /// The accounts with which a user may do anything.
    pub(crate) fn accounts(&self, user: &User) -> Vec<(Address, Grants)> {
        let from = (user.id.clone(), Address::new([0; 20]));
        let held = self.grants.range(from..);
        let mut accounts: BTreeSet<Address> = held
            .take_while(|((of, _), _)| *of == user.id)
            .map(|((_, account), _)| *account)
            .collect();
        accounts.insert(user.address);
        accounts
            .into_iter()
            .map(|account| (account, self.granted(user, account)))
            .filter(|(_, grants)| !grants.is_empty())
            .collect()
    }

    pub(crate) fn user(&self, id: &str) -> Result<&User, Refusal> {
        self.users.get(id).ok_or(Refusal::UserNotFound)
    }

    /// The sessions of a user, least recently used first.
    pub(crate) fn sessions_of(&self, user: &str) -> Vec<&Session> {
        let mut sessions: Vec<&Session> =
            self.sessions.values().filter(|s| s.user == user).collect();
        sessions.sort_by_key(|s| (s.last_used_ms, s.created_ms));
        sessions
    }
}
