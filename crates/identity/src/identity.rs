//! Decisions, one after the other, each kept before it is told.

use crate::challenge::{Challenges, LoginPolicy};
use crate::change::{AuditEntry, Change};
use crate::keystore::MasterKey;
use crate::repository::Repository;
use crate::session::{EndReason, Session, SessionPolicy};
use crate::signature::WalletVerifier;
use crate::state::{State, User};
use crate::{Address, Grants, Refusal, Role, hex};
use hypersentry_model::Clock;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::watch;
use zeroize::Zeroizing;

pub use login::{LoggedIn, Login};

/// Logins, from the text that is to be signed to the session.
mod login;
/// Sessions: their use, exchange and end.
mod sessions;

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

/// Users, sessions, grants and agents, with the rules over them.
pub struct Identity {
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    repository: Arc<dyn Repository>,
    verifier: Box<dyn WalletVerifier>,
    challenges: Mutex<Challenges>,
    pub(crate) state: RwLock<State>,
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
