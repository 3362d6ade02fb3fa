//! Decisions about logins and sessions, one after the other, each kept before it is told.

use crate::challenge::{Challenges, Issued, LoginPolicy};
use crate::change::{AuditEntry, Change};
use crate::keystore::MasterKey;
use crate::repository::Repository;
use crate::session::{Client, EndReason, Session, SessionPolicy, Token, TokenHash, hash};
use crate::signature::WalletVerifier;
use crate::state::{MAX_SESSIONS, MAX_USER_SESSIONS, MAX_USERS, State, User};
use crate::{Address, Grants, Refusal, Role, hex};
use hypersentry_model::Clock;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Chance from outside.
pub trait Entropy: Send + Sync {
    /// Fills the bytes.
    ///
    /// # Errors
    /// The system has none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailure>;
}

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntropyFailure;

/// What a server or desktop configures.
#[derive(Debug)]
pub struct Settings {
    /// What login messages must say.
    pub login: LoginPolicy,
    /// How long sessions last.
    pub sessions: SessionPolicy,
    /// Wallets that are made admins where they are not known yet.
    pub admins: Vec<Address>,
    /// Whether wallets that nobody added are refused. Otherwise they become viewers without grants.
    pub invited_only: bool,
    /// Seals agent keys; without it there are no agents.
    pub master: Option<MasterKey>,
}

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

/// A user with the session by which the user is known.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// By which session.
    pub session: Session,
    /// Whether the token is so old that it should be exchanged.
    pub rotation_due: bool,
}

impl Authenticated {
    pub(crate) fn did(&self, action: &str, subject: &str, detail: String, at_ms: i64) -> Change {
        did(&self.user.id, action, subject, detail, at_ms)
    }
}

fn did(actor: &str, action: &str, subject: &str, detail: String, at_ms: i64) -> Change {
    Change::Audit(AuditEntry {
        at_ms,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail,
    })
}

/// A new session. The token is nowhere else.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// For the client.
    pub token: Token,
    /// Who it is.
    pub authenticated: Authenticated,
}

/// Users, sessions, grants and agents, with the rules over them.
pub struct Identity {
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    repository: Arc<dyn Repository>,
    verifier: Box<dyn WalletVerifier>,
    challenges: Mutex<Challenges>,
    state: RwLock<State>,
    /// Held from a decision until it is kept and applied: decisions are one after the other.
    writing: tokio::sync::Mutex<()>,
    /// Counts what may end a session or a grant.
    moved: watch::Sender<u64>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads what was kept, and makes the configured admins where they are not known.
    ///
    /// # Errors
    /// `store_failed`, `entropy_failed`.
    pub async fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        repository: Arc<dyn Repository>,
        verifier: Box<dyn WalletVerifier>,
    ) -> Result<Self, Refusal> {
        let mut state = State::default();
        for change in repository.load().await? {
            state.apply(change);
        }
        let identity = Self {
            settings,
            clock,
            entropy,
            repository,
            verifier,
            challenges: Mutex::default(),
            state: RwLock::new(state),
            writing: tokio::sync::Mutex::default(),
            moved: watch::Sender::new(0),
        };
        for address in identity.settings.admins.clone() {
            let id = identity.id("user")?;
            let made = identity.keep(|state, now_ms| {
                if state.by_address.contains_key(&address) {
                    return Ok((Vec::new(), ()));
                }
                let user = user(id, address, "admin", Role::Admin, now_ms);
                let audit = did(
                    "configuration",
                    "user_made",
                    &user.id,
                    "admin".into(),
                    now_ms,
                );
                Ok((vec![Change::User(user), audit], ()))
            });
            made.await?;
        }
        Ok(identity)
    }

    /// What login messages must say.
    pub const fn policy(&self) -> &LoginPolicy {
        &self.settings.login
    }

    /// Whether wallets that nobody added are refused.
    pub const fn is_invited_only(&self) -> bool {
        self.settings.invited_only
    }

    /// The present, UTC ms.
    pub fn now_ms(&self) -> i64 {
        self.clock.now().ms()
    }

    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        // Changes are applied whole or not at all: a poisoned lock guards no half-made state.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn master(&self) -> Result<&MasterKey, Refusal> {
        let master = self.settings.master.as_ref();
        master.ok_or(Refusal::KeystoreUnavailable)
    }

    pub(crate) fn chance<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        let filled = self.entropy.fill(&mut bytes);
        filled.map_err(|EntropyFailure| Refusal::EntropyFailed)?;
        Ok(bytes)
    }

    /// As [`Self::chance`], wiped after use.
    pub(crate) fn secret(&self) -> Result<Zeroizing<[u8; 32]>, Refusal> {
        self.chance().map(Zeroizing::new)
    }

    /// A fresh id.
    pub(crate) fn id(&self, kind: &str) -> Result<String, Refusal> {
        Ok(format!("{kind}_{}", hex::encode(&self.chance::<8>()?)))
    }

    /// A secret that binds a login to the browser that begins it.
    ///
    /// # Errors
    /// `entropy_failed`.
    pub fn browser_secret(&self) -> Result<String, Refusal> {
        Ok(hex::encode(&self.chance::<32>()?))
    }

    /// Changes with every event that may end a session or a grant.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Decides, keeps and applies, in this order and without another decision between.
    async fn keep<T>(
        &self,
        decide: impl FnOnce(&State, i64) -> Result<(Vec<Change>, T), Refusal>,
    ) -> Result<T, Refusal> {
        let _writing = self.writing.lock().await;
        let (changes, told) = decide(&self.state(), self.now_ms())?;
        if changes.is_empty() {
            return Ok(told);
        }
        self.repository.save(changes.clone()).await?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            state.apply(change);
        }
        drop(state);
        self.moved
            .send_modify(|count| *count = count.wrapping_add(1));
        Ok(told)
    }

    /// As [`Self::keep`], for a user whose session is live still when the decision is made.
    pub(crate) async fn commit<T>(
        &self,
        by: &Authenticated,
        decide: impl FnOnce(&State, i64) -> Result<(Vec<Change>, T), Refusal>,
    ) -> Result<T, Refusal> {
        self.keep(|state, now_ms| {
            state.session(&by.session.id, now_ms)?;
            decide(state, now_ms)
        })
        .await
    }

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

    fn challenges(&self) -> std::sync::MutexGuard<'_, Challenges> {
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

    /// The accounts with which a user may do anything.
    pub fn accounts(&self, by: &Authenticated) -> Vec<(Address, Grants)> {
        self.state().accounts(&by.user)
    }

    /// Ends what has expired, and keeps what was used. Due every minute or so; nothing relies on it for its own expiry.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn sweep(&self) -> Result<(), Refusal> {
        self.challenges().forget_expired(self.now_ms());
        self.keep(|state, now_ms| {
            let over = state.sessions.values().filter(|s| s.is_over(now_ms));
            let mut changes: Vec<Change> = over.map(|s| ended(&s.id, EndReason::Expired)).collect();
            let used = state.touched.iter().filter_map(|id| state.sessions.get(id));
            let used = used.filter(|s| !s.is_over(now_ms)).cloned();
            changes.extend(used.map(Change::Session));
            let agents = state.agents.values();
            let expired = agents.filter(|a| a.key.is_some() && now_ms >= a.expires_ms);
            changes.extend(expired.cloned().map(|mut agent| {
                agent.key = None;
                Change::Agent(agent)
            }));
            Ok((changes, ()))
        })
        .await?;
        let state = self.state.write();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.touched.clear();
        Ok(())
    }
}

pub(crate) fn ended(id: &str, reason: EndReason) -> Change {
    Change::SessionEnded {
        id: id.to_owned(),
        reason,
    }
}

pub(crate) fn user(id: String, address: Address, name: &str, role: Role, created_ms: i64) -> User {
    User {
        id,
        address,
        name: name.to_owned(),
        role,
        created_ms,
        disabled: false,
    }
}
