//! What can go wrong with an audit log.

use std::io;
use std::path::{Path, PathBuf};

use hypersentry_execution::audit::{Fault, NoteError, RecordError};

/// The first place in a log that is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The first record that is not proven.
    pub index: u64,
    /// The number of the first record of the segment in which it was seen.
    pub segment: u64,
    /// The byte of that segment at which it was seen.
    pub offset: u64,
    /// The stable code of what is wrong.
    pub code: &'static str,
    /// The same in words.
    pub detail: String,
}

impl Damage {
    pub(super) fn of(fault: &Fault, segment: u64, offset: usize) -> Self {
        Self {
            index: fault.index,
            segment,
            offset: offset as u64,
            code: fault.kind.code(),
            detail: fault.kind.to_string(),
        }
    }
}

/// A failure of the audit log. Every kind has a stable [`code`](Self::code).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A write or sync failed, and the log takes nothing more until it is opened anew. Trading has to stop.
    #[error("the audit log has stopped: {cause}")]
    Stopped {
        /// What failed.
        cause: Box<Self>,
    },
    /// More records wait than the queue holds; nothing was written.
    #[error("the audit log has more to write than its queue holds")]
    Busy,
    /// The record breaks a rule; nothing was written.
    #[error("audit record refused: {0}")]
    Record(#[from] RecordError),
    /// The key, or a checkpoint that was given, is not what it should be.
    #[error("{0}")]
    Note(#[from] NoteError),
    /// Another process writes the log.
    #[error("the audit log at {} is being written by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The disk or the quota is used up.
    #[error("no space left for the audit log at {}", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// Any other failure of the operating system.
    #[error("cannot {doing} {}: {detail}", path.display())]
    Io {
        /// What was being done: a verb, such as `read`.
        doing: &'static str,
        /// The file or directory it was done to.
        path: PathBuf,
        /// What the operating system said.
        detail: String,
    },
    /// There is no log.
    #[error("no audit log at {}", path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The log is not as it was written.
    #[error(
        "the audit log is damaged at record {} (byte {} of segment {}): {} [{}]",
        damage.index, damage.offset, damage.segment, damage.detail, damage.code
    )]
    Damaged {
        /// Where, and what.
        damage: Damage,
    },
}

impl From<Damage> for AuditError {
    fn from(damage: Damage) -> Self {
        Self::Damaged { damage }
    }
}

impl AuditError {
    /// The stable code of this kind of failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Stopped { .. } => "audit_stopped",
            Self::Busy => "audit_busy",
            Self::Record(_) => "audit_record",
            Self::Note(_) => "audit_key",
            Self::Locked { .. } => "audit_locked",
            Self::Full { .. } => "audit_full",
            Self::Io { .. } => "audit_io",
            Self::Missing { .. } => "audit_missing",
            Self::Damaged { .. } => "audit_damaged",
        }
    }

    /// A failed call to the operating system.
    pub(super) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.to_owned();
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full { path },
            _ => Self::Io {
                doing,
                path,
                detail: error.to_string(),
            },
        }
    }
}
