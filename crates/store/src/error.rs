//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the journal. Every kind has a stable [`code`](Self::code).
///
/// A writer that has failed keeps its error and returns clones of it, so the causes are held as text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The directory cannot be written to.
    #[error("the journal cannot be written at {}: {detail}", path.display())]
    ReadOnly {
        /// The file or directory that was refused.
        path: PathBuf,
        /// What the operating system said.
        detail: String,
    },
    /// The disk or the quota is used up.
    #[error("no space left for the journal at {}", path.display())]
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
    /// Bytes in the middle of a journal are not what was written.
    #[error("the journal is damaged at byte {offset} of {}: {detail}", path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// The first byte, from the beginning of the file, that cannot be relied on.
        offset: u64,
        /// What was found.
        detail: String,
    },
    /// The journal was written by a newer version.
    #[error("{} has journal format {found}, this version reads up to {supported}", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },
    /// Another process, or another writer of this one, writes the journal.
    #[error("the journal at {} is being written by another process", path.display())]
    Locked {
        /// The directory of the journal.
        path: PathBuf,
    },
    /// There is no such file or directory, or it was removed by retention while being read.
    #[error("no journal at {}", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// The directory holds no segment.
    #[error("the journal at {} is empty", path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// An option or a header is outside its bounds.
    #[error("journal option {name}: {detail}")]
    Options {
        /// The option's name.
        name: &'static str,
        /// What it must be.
        detail: String,
    },
    /// A record or a checkpoint was refused before anything was written.
    #[error("journal record {seq} refused: {detail}")]
    Record {
        /// Its sequence number.
        seq: u64,
        /// Which rule it breaks.
        detail: String,
    },
}

impl JournalError {
    /// The stable code of this kind of failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReadOnly { .. } => "journal_read_only",
            Self::Full { .. } => "journal_full",
            Self::Io { .. } => "journal_io",
            Self::Corrupt { .. } => "journal_corrupt",
            Self::Version { .. } => "journal_version",
            Self::Locked { .. } => "journal_locked",
            Self::Missing { .. } => "journal_missing",
            Self::Empty { .. } => "journal_empty",
            Self::Options { .. } => "journal_options",
            Self::Record { .. } => "journal_record",
        }
    }

    /// Whether a writer that meets this failure is finished. Refused records are not written, so they do it no harm.
    pub(crate) const fn ends_writer(&self) -> bool {
        !matches!(self, Self::Record { .. } | Self::Options { .. })
    }

    /// A failed change to the disk.
    pub(crate) fn writing(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::ReadOnly {
                path: path.to_owned(),
                detail: error.to_string(),
            },
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full {
                path: path.to_owned(),
            },
            _ => Self::Io {
                doing,
                path: path.to_owned(),
                detail: error.to_string(),
            },
        }
    }

    /// A failed read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::Missing {
                path: path.to_owned(),
            };
        }
        Self::Io {
            doing: "read",
            path: path.to_owned(),
            detail: error.to_string(),
        }
    }

    /// Damage at `offset` of `path`.
    pub(crate) fn corrupt(path: &Path, offset: u64, detail: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            offset,
            detail: detail.into(),
        }
    }
}
