//! Where secrets are kept: the system's keychain, and for this run alone where there is none.

use hypersentry_api::ApiError;
use hypersentry_identity::WalletKey;
use keyring_core::{CredentialStore, Entry};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Under which the keychain lists what is ours.
const SERVICE: &str = "app.hypersentry.terminal";

/// Names the key of this machine.
pub(crate) const KEY: &str = "login key of this machine";

/// Secrets that are held for a run at once: a session and a key are needed.
const MAX_HELD: usize = 16;

/// Keeps secrets by name. A call may wait for the user, whom a keychain asks for a password.
pub(crate) trait Keychain: Send + Sync + fmt::Debug {
    /// What is kept by this name; `None` if nothing is.
    ///
    /// # Errors
    /// Why it cannot be told, in words.
    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, String>;
    /// Keeps it in the place of what was there.
    ///
    /// # Errors
    /// Why it cannot, in words.
    fn write(&self, name: &str, secret: &str) -> Result<(), String>;
    /// Forgets it; what is not there is no error.
    ///
    /// # Errors
    /// Why it cannot, in words.
    fn delete(&self, name: &str) -> Result<(), String>;
}

/// macOS's keychain, Windows' credential manager, or the Secret Service of a Linux desktop.
#[derive(Debug, Default)]
pub(crate) struct SystemKeychain {
    store: Mutex<Option<Arc<CredentialStore>>>,
}

#[cfg(target_os = "macos")]
fn open_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn open_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn open_store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

impl SystemKeychain {
    /// The store is opened with the first need of it, and again after it could not be.
    fn entry(&self, name: &str) -> Result<Entry, String> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match store.as_ref() {
            Some(open) => Arc::clone(open),
            None => {
                let open = open_store().map_err(|e| e.to_string())?;
                Arc::clone(store.insert(open))
            }
        };
        Entry::new_in_store(&open, SERVICE, name).map_err(|e| e.to_string())
    }
}

impl Keychain for SystemKeychain {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
        match self.entry(name)?.get_password() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn write(&self, name: &str, secret: &str) -> Result<(), String> {
        let entry = self.entry(name)?;
        entry.set_password(secret).map_err(|e| e.to_string())
    }

    fn delete(&self, name: &str) -> Result<(), String> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Forgets everything at the end of the run.
#[derive(Default)]
pub(crate) struct MemoryKeychain {
    held: Mutex<BTreeMap<String, Zeroizing<String>>>,
}

impl MemoryKeychain {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Zeroizing<String>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryKeychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryKeychain([redacted])")
    }
}

impl Keychain for MemoryKeychain {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
        Ok(self.held().get(name).cloned())
    }

    fn write(&self, name: &str, secret: &str) -> Result<(), String> {
        let mut held = self.held();
        if held.len() >= MAX_HELD && !held.contains_key(name) {
            held.pop_first();
        }
        held.insert(name.to_owned(), Zeroizing::new(secret.to_owned()));
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), String> {
        self.held().remove(name);
        Ok(())
    }
}

/// The keychain, with memory behind it: a session that cannot be kept lasts for the run.
#[derive(Debug)]
pub(crate) struct Vault {
    keychain: Arc<dyn Keychain>,
    memory: MemoryKeychain,
    /// Why the keychain was of no use the last time; `None` while it is.
    problem: Mutex<Option<String>>,
}

fn unavailable(reason: &str) -> ApiError {
    ApiError::new(
        "keychain_unavailable",
        format!("the system's keychain cannot be used: {reason}"),
    )
    .retryable()
}

fn no_chance() -> ApiError {
    ApiError::new("entropy_failed", "the system gives no random numbers").retryable()
}

/// What nobody can guess, for a key.
///
/// # Errors
/// `entropy_failed`.
pub(crate) fn chance() -> Result<Zeroizing<[u8; 32]>, ApiError> {
    let mut chance = Zeroizing::new([0; 32]);
    getrandom::fill(chance.as_mut()).map_err(|_| no_chance())?;
    Ok(chance)
}

impl Vault {
    pub(crate) fn new(keychain: Arc<dyn Keychain>) -> Self {
        Self {
            keychain,
            memory: MemoryKeychain::default(),
            problem: Mutex::default(),
        }
    }

    /// Why secrets are not kept beyond this run, as far as that was tried.
    pub(crate) fn problem(&self) -> Option<ApiError> {
        let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        problem.as_deref().map(unavailable)
    }

    fn tried<T>(&self, result: Result<T, String>) -> Result<T, ApiError> {
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(value) => {
                *problem = None;
                Ok(value)
            }
            Err(reason) => {
                if problem.is_none() {
                    tracing::warn!(code = "keychain_unavailable", %reason, "secrets last for this run");
                }
                let error = unavailable(&reason);
                *problem = Some(reason);
                Err(error)
            }
        }
    }

    /// What is kept, in the keychain alone.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    pub(crate) fn kept(&self, name: &str) -> Result<Option<Zeroizing<String>>, ApiError> {
        self.tried(self.keychain.read(name))
    }

    /// Keeps it in the keychain alone.
    ///
    /// # Errors
    /// `keychain_unavailable`.
    pub(crate) fn keep(&self, name: &str, secret: &str) -> Result<(), ApiError> {
        self.tried(self.keychain.write(name, secret))
    }

    /// Keychains may ask their user, and so they are not asked on a thread that others need.
    ///
    /// # Errors
    /// `keychain_unavailable`: it failed for good.
    pub(crate) async fn asked<T: Send + 'static>(
        this: &Arc<Self>,
        ask: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let vault = Arc::clone(this);
        tokio::task::spawn_blocking(move || ask(&vault))
            .await
            .map_err(|_| unavailable("it failed"))
    }

    /// The key of this machine, which is made with the first need of it.
    ///
    /// # Errors
    /// `keychain_unavailable`: a key that nobody keeps would be another one with each start. `key_unreadable`, `entropy_failed`.
    pub(crate) fn machine_key(&self) -> Result<WalletKey, ApiError> {
        if let Some(digits) = self.kept(KEY)? {
            return WalletKey::parse(&digits).ok_or_else(|| {
                ApiError::new(
                    "key_unreadable",
                    "what the keychain holds as this machine's key is none",
                )
            });
        }
        let key = WalletKey::new(&*chance()?).ok_or_else(no_chance)?;
        self.keep(KEY, &key.reveal())?;
        Ok(key)
    }

    /// What is held for now, wherever.
    pub(crate) fn held(&self, name: &str) -> Option<Zeroizing<String>> {
        let held = self.memory.read(name).ok().flatten();
        held.or_else(|| self.kept(name).ok().flatten())
    }

    /// Keeps it in the keychain, or for this run where that is not to be had.
    pub(crate) fn hold(&self, name: &str, secret: &str) {
        if self.keep(name, secret).is_ok() {
            let _ = self.memory.delete(name);
        } else {
            let _ = self.memory.write(name, secret);
        }
    }

    /// Forgets it everywhere.
    pub(crate) fn forget(&self, name: &str) {
        let _ = self.memory.delete(name);
        let _ = self.tried(self.keychain.delete(name));
    }
}

/// A machine whose keychain can be missing or locked, and come back.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Switched {
    on: std::sync::atomic::AtomicBool,
    inner: MemoryKeychain,
}

#[cfg(test)]
impl Switched {
    pub(crate) fn off() -> Self {
        Self::default()
    }

    pub(crate) fn switch(&self, on: bool) {
        self.on.store(on, std::sync::atomic::Ordering::SeqCst);
    }

    fn there(&self) -> Result<&MemoryKeychain, String> {
        let on = self.on.load(std::sync::atomic::Ordering::SeqCst);
        on.then_some(&self.inner)
            .ok_or_else(|| "no such service".to_owned())
    }
}

#[cfg(test)]
impl Keychain for Switched {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
        self.there()?.read(name)
    }
    fn write(&self, name: &str, secret: &str) -> Result<(), String> {
        self.there()?.write(name, secret)
    }
    fn delete(&self, name: &str) -> Result<(), String> {
        self.there()?.delete(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_keychain_a_session_lasts_for_the_run_and_says_so() {
        let vault = Vault::new(Arc::new(Switched::off()));
        assert!(vault.problem().is_none());
        vault.hold("session", "secret");
        assert_eq!(vault.held("session").unwrap().as_str(), "secret");
        let problem = vault.problem().unwrap();
        assert_eq!(problem.code, "keychain_unavailable");
        assert!(problem.message.contains("no such service"), "{problem}");
        assert_eq!(
            vault.keep("key", "secret").unwrap_err().code,
            "keychain_unavailable"
        );
        assert!(!format!("{vault:?}").contains("secret"));
        vault.forget("session");
        assert!(vault.held("session").is_none());
    }

    #[test]
    fn with_a_keychain_nothing_is_held_beside_it() {
        let keychain = Arc::new(MemoryKeychain::default());
        let vault = Vault::new(Arc::clone(&keychain) as Arc<dyn Keychain>);
        vault.hold("session", "secret");
        assert!(vault.memory.read("session").unwrap().is_none());
        assert_eq!(
            keychain.read("session").unwrap().unwrap().as_str(),
            "secret"
        );
        // Another start finds it.
        let next = Vault::new(keychain);
        assert_eq!(next.held("session").unwrap().as_str(), "secret");
        next.forget("session");
        assert!(next.held("session").is_none() && vault.held("session").is_none());
        assert!(vault.problem().is_none());
    }

    #[test]
    fn what_is_held_for_a_run_is_bounded() {
        let memory = MemoryKeychain::default();
        for n in 0..2 * MAX_HELD {
            memory.write(&format!("{n:03}"), "secret").unwrap();
        }
        assert_eq!(memory.held().len(), MAX_HELD);
    }
}
