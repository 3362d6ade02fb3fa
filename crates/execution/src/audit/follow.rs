//! A log in order, record by record and checkpoint by checkpoint. Who writes a log and who verifies one go the same way.

use super::checkpoint::{Checkpoint, NoteError, PublicKey, Verify};
use super::record::{Entry, Record, RecordError};
use super::sha256;
use super::tree::{Frontier, Hash, leaf};

/// The first thing in a log that is not as it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("record {index}: {kind}")]
pub struct Fault {
    /// The first record that is not proven. Of a changed record whose own bytes are a record, the next one shows the change.
    pub index: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong with a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FaultKind {
    /// Not bytes of a record.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// A record with another number stands here.
    #[error("record {found} stands in its place")]
    Index {
        /// The number that it carries.
        found: u64,
    },
    /// The record before is not the one that this one was written after.
    #[error("it was not written after the record before it: one of the two was changed")]
    Link,
    /// A checkpoint behind these records cannot be relied on.
    #[error("the checkpoint behind it: {0}")]
    Note(#[from] NoteError),
    /// A checkpoint tells of another number of records.
    #[error("the checkpoint behind it tells of {size} records")]
    Size {
        /// The number that it tells of.
        size: u64,
    },
    /// A checkpoint tells of other records.
    #[error("the records up to the next checkpoint are not those that were signed")]
    Root,
    /// Records at the end without a checkpoint.
    #[error("it and all behind it are not signed")]
    Unsigned,
    /// A kept checkpoint tells of more records than there are.
    #[error("the log was rolled back: a kept checkpoint tells of {size} records")]
    RolledBack {
        /// The number that it tells of.
        size: u64,
    },
    /// A kept checkpoint tells of other records.
    #[error("the log is not the one of which the checkpoint was kept")]
    Forked,
}

impl FaultKind {
    /// The stable code of this fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Record(_) => "audit_record_malformed",
            Self::Index { .. } => "audit_record_misplaced",
            Self::Link => "audit_chain_broken",
            Self::Note(_) => "audit_checkpoint_untrusted",
            Self::Size { .. } | Self::Root => "audit_checkpoint_mismatch",
            Self::Unsigned => "audit_unsigned_end",
            Self::RolledBack { .. } => "audit_rolled_back",
            Self::Forked => "audit_forked",
        }
    }
}

/// Where one is in a log.
#[derive(Clone, Debug)]
pub struct Follower {
    key: PublicKey,
    tree: Frontier,
    link: Hash,
    signed: u64,
    kept: Option<Checkpoint>,
}

impl Follower {
    /// At the beginning of the log that `key` signs.
    pub fn new(key: PublicKey) -> Self {
        Self {
            link: sha256(&[b"hypersentry-audit\n", key.name().as_bytes(), b"\n"]),
            key,
            tree: Frontier::default(),
            signed: 0,
            kept: None,
        }
    }

    /// The same, and the log has to continue `kept`, a checkpoint of it from another place.
    pub fn with_kept(key: PublicKey, kept: Checkpoint) -> Self {
        Self {
            kept: Some(kept),
            ..Self::new(key)
        }
    }

    /// The key that signs the log.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// How many records there were.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// How many of them a checkpoint covers.
    pub fn signed(&self) -> u64 {
        self.signed
    }

    /// What a checkpoint would say now; its [`body`](Checkpoint::body) is to be signed.
    pub fn head(&self) -> Checkpoint {
        Checkpoint {
            origin: self.key.name().to_owned(),
            size: self.tree.size(),
            root: self.tree.root(),
        }
    }

    /// Writes: gives the bytes of the next record.
    ///
    /// # Errors
    /// The entry breaks a rule; nothing was changed.
    pub fn append(&mut self, entry: Entry) -> Result<Vec<u8>, RecordError> {
        let record = Record {
            index: self.size(),
            previous: self.link,
            entry,
        };
        let bytes = record.to_bytes()?;
        self.take(&bytes);
        Ok(bytes)
    }

    /// Writes: the head was signed.
    pub fn mark_signed(&mut self) {
        self.signed = self.size();
    }

    /// Reads the next record.
    ///
    /// # Errors
    /// [`Fault`] with this record's number.
    pub fn record(&mut self, bytes: &[u8]) -> Result<Record, Fault> {
        let index = self.size();
        let fault = |kind| Fault { index, kind };
        let record = Record::from_bytes(bytes).map_err(|error| fault(error.into()))?;
        if record.index != index {
            let found = record.index;
            return Err(fault(FaultKind::Index { found }));
        }
        if record.previous != self.link {
            return Err(fault(FaultKind::Link));
        }
        self.take(bytes);
        let kept = self.kept.as_ref().filter(|kept| kept.size == self.size());
        if kept.is_some_and(|kept| kept.root != self.tree.root()) {
            return Err(Fault {
                index: 0,
                kind: FaultKind::Forked,
            });
        }
        Ok(record)
    }

    /// Reads a checkpoint that stands in the log. Each has to tell of more records than the one before.
    ///
    /// # Errors
    /// [`Fault`] with the number of the first record that no checkpoint before covers.
    pub fn checkpoint(&mut self, note: &[u8], verify: Verify<'_>) -> Result<Checkpoint, Fault> {
        let index = self.signed;
        let fault = |kind| Fault { index, kind };
        let found = Checkpoint::open_exactly(note, &self.key, verify)
            .map_err(|error| fault(error.into()))?;
        if found.size != self.size() || found.size == self.signed {
            return Err(fault(FaultKind::Size { size: found.size }));
        }
        if found.root != self.tree.root() {
            return Err(fault(FaultKind::Root));
        }
        self.signed = found.size;
        Ok(found)
    }

    /// Reads the end.
    ///
    /// # Errors
    /// [`Fault`]: the end is not signed, or the kept checkpoint has more.
    pub fn end(&self) -> Result<(), Fault> {
        if self.signed != self.size() {
            return Err(Fault {
                index: self.signed,
                kind: FaultKind::Unsigned,
            });
        }
        match &self.kept {
            Some(kept) if kept.size > self.size() => Err(Fault {
                index: self.size(),
                kind: FaultKind::RolledBack { size: kept.size },
            }),
            _ => Ok(()),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.link = sha256(&[bytes]);
        self.tree.push(leaf(bytes));
    }
}
