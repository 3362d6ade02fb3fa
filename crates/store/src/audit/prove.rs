//! Proofs for the records of one order, without the rest of the log.

use std::path::Path;

use hypersentry_execution::audit::{
    Checkpoint, Follower, Hash, NoteError, PublicKey, Record, RecordError, tree,
};

use super::error::AuditError;
use super::files;
use super::sign::verify_signature;
use super::verify::{Passed, walk_all};

/// Records of one order, and how each hangs in the tree that a checkpoint signs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// The log's last checkpoint, a signed note.
    pub checkpoint: String,
    /// The order's records, the oldest first. The proof does not show that there are no others.
    pub records: Vec<ProvenRecord>,
}

/// One record and its path to the root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenRecord {
    /// Its number in the log.
    pub index: u64,
    /// Its canonical bytes.
    pub record: Vec<u8>,
    /// The siblings on the way to the root, the lowest first.
    pub path: Vec<Hash>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// Its checkpoint cannot be relied on.
    #[error("{0}")]
    Note(#[from] NoteError),
    /// Bytes in it are not a record.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// A record is not where it is said to be.
    #[error("record {index} is not in the tree of the checkpoint")]
    Path {
        /// The number that was claimed.
        index: u64,
    },
}

impl Proof {
    /// Checks the proof with the key of the log's signer, and gives the records.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn check(&self, key: &PublicKey) -> Result<Vec<Record>, ProofError> {
        let note = self.checkpoint.as_bytes();
        let checkpoint = Checkpoint::open(note, key, &verify_signature)?;
        let check = |proven: &ProvenRecord| {
            let record = Record::from_bytes(&proven.record)?;
            let leaf = tree::leaf(&proven.record);
            let (index, size, root) = (proven.index, checkpoint.size, &checkpoint.root);
            let placed = tree::check_inclusion(&leaf, index, size, &proven.path, root);
            if placed && record.index == index {
                Ok(record)
            } else {
                Err(ProofError::Path { index })
            }
        };
        self.records.iter().map(check).collect()
    }

    /// The proof as JSON: bytes and hashes in hexadecimal.
    pub fn to_json(&self) -> serde_json::Value {
        let records = self.records.iter().map(|proven| {
            let path: Vec<String> = proven.path.iter().map(|hash| hex(hash)).collect();
            serde_json::json!({
                "index": proven.index, "record": hex(&proven.record), "path": path,
            })
        });
        serde_json::json!({
            "checkpoint": self.checkpoint, "records": records.collect::<Vec<_>>(),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Verifies the log in `dir` and proves the records of `order`: none, if it has none. Holds 32 bytes for each record of the log.
///
/// # Errors
/// As [`verify`](super::verify()).
pub fn prove(dir: &Path, key: &PublicKey, order: &str) -> Result<Proof, AuditError> {
    let segments = files::segments(dir)?;
    let (mut leaves, mut found, mut checkpoint) = (Vec::new(), Vec::new(), None);
    walk_all(
        files::images(dir, segments),
        Follower::new(key.clone()),
        &mut |passed| match passed {
            Passed::Record { bytes, record } => {
                leaves.push(tree::leaf(bytes));
                if record.entry.ids.order.as_str() == order {
                    found.push((record.index, bytes.to_vec()));
                }
            }
            Passed::Checkpoint { note, .. } => {
                checkpoint = Some(String::from_utf8_lossy(note).into_owned());
            }
        },
    )?;
    let checkpoint = checkpoint.ok_or_else(|| AuditError::Missing {
        path: dir.to_owned(),
    })?;
    let records = found.into_iter().map(|(index, record)| ProvenRecord {
        index,
        record,
        path: tree::inclusion(&leaves, index as usize).unwrap_or_default(),
    });
    Ok(Proof {
        checkpoint,
        records: records.collect(),
    })
}
