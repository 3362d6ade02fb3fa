//! Signatures of a machine's own keys that are no order's: each is in a log of its own, on disk, before it is made.
//!
//! The log has the form of the one of orders and both verifiers read it. It is opened for one record and closed again: such signatures are made some
//! times a day, every program of this machine's user makes them, and a log that could not be written is found as it is when it is opened anew.

use crate::desk::Asker;
use crate::error::TradeError;
use crate::signer::named_signer;
use hypersentry_execution::audit::{Entry, Id, Ids, What};
use hypersentry_model::Timestamp;
use hypersentry_store::audit::{AuditError, AuditLog, AuditOptions};
use hypersentry_store::{Disk, NativeDisk};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Names the log, and its key.
const NAME: &str = "hypersentry/signatures";

/// Another program of this machine holds the log for as long as one record takes.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);

/// Characters of why something was not signed.
const LONGEST_TEXT: usize = 300;

/// What is signed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "signature")]
pub enum Signing {
    /// That an agent may trade for an account.
    ApproveAgent {
        /// Which of the venue's networks.
        network: String,
        /// The account.
        account: String,
        /// The agent's address.
        agent: String,
        /// Its name.
        name: String,
        /// When the approval ends, UTC ms.
        expires_ms: i64,
        /// The chain that is signed for.
        chain_id: u64,
        /// The venue's number for it.
        nonce: i64,
    },
    /// A login at a server.
    Login {
        /// Its domain.
        domain: String,
        /// The chain that is signed for.
        chain_id: u64,
        /// The server's number for it, where it gave one that may be signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<String>,
    },
}

/// Who signs what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// What it says.
    pub signing: Signing,
    /// The key's address.
    pub signer: String,
    /// The 32 bytes that are signed.
    pub digest: [u8; 32],
}

/// What is not signed, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsigned {
    /// What it would say.
    pub signing: Signing,
    /// The key's address.
    pub signer: String,
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
}

/// What a record's details say. Never a key, and never a signature.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    signing: &'a Signing,
    signer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// Where a log's disk comes from.
type Disks = dyn Fn() -> Box<dyn Disk> + Send + Sync;

/// Records of what a machine's own keys sign.
pub struct SignatureLog {
    dir: PathBuf,
    disks: Arc<Disks>,
    /// One record at a time.
    turn: Arc<Mutex<()>>,
}

impl fmt::Debug for SignatureLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureLog")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl SignatureLog {
    /// The log in `dir`, which is made with the first record.
    pub fn new(dir: PathBuf) -> Self {
        Self::on(dir, Arc::new(|| Box::new(NativeDisk)))
    }

    fn on(dir: PathBuf, disks: Arc<Disks>) -> Self {
        Self {
            dir,
            disks,
            turn: Arc::default(),
        }
    }

    /// Writes what is about to be signed, and returns when that is on disk. `chance` is fresh: a new log's key is made of it.
    ///
    /// # Errors
    /// The audit log's codes: nothing may be signed.
    pub async fn sign(
        &self,
        at: Timestamp,
        chance: [u8; 32],
        by: Asker,
        signed: Signed,
    ) -> Result<(), TradeError> {
        let digest = signed.digest.iter().map(|byte| format!("{byte:02x}"));
        let line = Line {
            signing: &signed.signing,
            signer: &signed.signer,
            digest: Some(digest.collect()),
            code: None,
            text: None,
        };
        self.write(chance, entry(at, What::Signed, &by, &line)?)
            .await
    }

    /// Writes what was asked for and is not signed. That it cannot be written is told in the program's own log: nothing leaves.
    pub async fn refuse(&self, at: Timestamp, chance: [u8; 32], by: Asker, unsigned: Unsigned) {
        let line = Line {
            signing: &unsigned.signing,
            signer: &unsigned.signer,
            digest: None,
            code: Some(&unsigned.code),
            text: Some(shortened(&unsigned.text)),
        };
        let written = match entry(at, What::SigningRefused, &by, &line) {
            Ok(entry) => self.write(chance, entry).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::error!(code = %error.code, %error, "a refused signature was not recorded");
        }
    }

    async fn write(&self, chance: [u8; 32], entry: Entry) -> Result<(), TradeError> {
        let (dir, disks, turn) = (
            self.dir.clone(),
            Arc::clone(&self.disks),
            Arc::clone(&self.turn),
        );
        let written = tokio::task::spawn_blocking(move || {
            let _one = turn.lock().unwrap_or_else(PoisonError::into_inner);
            append(&dir, &*disks, &chance, entry)
        });
        written.await.map_err(|_| TradeError::stopping())?
    }
}

/// A server may have had its part in the words.
fn shortened(text: &str) -> &str {
    text.char_indices()
        .nth(LONGEST_TEXT)
        .map_or(text, |(end, _)| &text[..end])
}

fn entry(at: Timestamp, what: What, by: &Asker, line: &Line<'_>) -> Result<Entry, TradeError> {
    let id = |text: &str| Id::new(text).unwrap_or_default();
    let of = |text: &Option<String>| id(text.as_deref().unwrap_or_default());
    let details = serde_json::to_vec(line);
    Ok(Entry {
        at,
        what,
        ids: Ids {
            request: id(&by.request),
            session: of(&by.session),
            user: of(&by.user),
            order: Id::default(),
            trace: id(&by.request),
        },
        details: details.map_err(|e| TradeError::new("audit_record", e.to_string()))?,
    })
}

fn append(dir: &Path, disks: &Disks, chance: &[u8; 32], entry: Entry) -> Result<(), TradeError> {
    let mut tries = 0;
    let log = loop {
        let signer = named_signer(dir, chance, NAME)?;
        match AuditLog::open_on(disks(), &dir.join("audit"), signer, AuditOptions::default()) {
            Ok((log, _)) => break log,
            Err(AuditError::Locked { .. }) if tries < TRIES => {
                tries += 1;
                std::thread::sleep(BETWEEN);
            }
            Err(error) => return Err(error.into()),
        }
    };
    log.append(entry)?;
    Ok(())
}

#[cfg(test)]
mod tests;
