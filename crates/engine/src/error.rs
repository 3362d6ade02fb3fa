//! Why the engine cannot start or go on. Each error has a stable code and says what to do.

use hypersentry_store::JournalError;
use std::path::PathBuf;

/// An engine error.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The configuration cannot be read.
    #[error("the configuration {} cannot be read: {detail}", path.display())]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The configuration is malformed or has an unknown key.
    #[error("the configuration {} is wrong: {detail}", path.display())]
    ConfigMalformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        detail: String,
    },
    /// A configured value cannot be.
    #[error("the configuration is wrong: {0}")]
    ConfigInvalid(String),
    /// A model that is not used.
    #[error("the model {} is not used: {detail}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// The reason's stable code.
        code: &'static str,
        /// The reason.
        detail: String,
    },
    /// Nothing at that path.
    #[error("there is no recording or journal at {}", .0.display())]
    RecordingMissing(PathBuf),
    /// The file cannot be read.
    #[error("{} cannot be read: {detail}", path.display())]
    RecordingUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The compressed text ends early.
    #[error("{} is cut off after line {line}: copy it again", path.display())]
    RecordingTruncated {
        /// The file.
        path: PathBuf,
        /// The last whole line.
        line: u64,
    },
    /// A line that is not `<receive_ns> <json>`.
    #[error("{} line {line} is not `<receive_ns> <json>`", path.display())]
    RecordingMalformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// The file's prefix names no venue that we read.
    #[error("{} names no known venue: its name must begin with a venue's and `_`, such as `binance-spot_`", .0.display())]
    RecordingVenue(PathBuf),
    /// The journal holds something else than this version writes.
    #[error("the journal's record {seq} cannot be replayed: {detail}")]
    JournalForeign {
        /// The record.
        seq: u64,
        /// Why.
        detail: String,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The operating system's random source failed.
    #[error("the operating system gives no random numbers: {0}")]
    Random(String),
    /// A client for REST requests cannot be made.
    #[error("cannot set up HTTPS: {0}")]
    Tls(String),
    /// A thread could not be started.
    #[error("cannot start the engine's thread: {0}")]
    Thread(String),
}

impl EngineError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ConfigUnreadable { .. } => "config_unreadable",
            Self::ConfigMalformed { .. } => "config_malformed",
            Self::ConfigInvalid(_) => "config_invalid",
            Self::Model { code, .. } => code,
            Self::RecordingMissing(_) => "recording_missing",
            Self::RecordingUnreadable { .. } => "recording_unreadable",
            Self::RecordingTruncated { .. } => "recording_truncated",
            Self::RecordingMalformed { .. } => "recording_malformed",
            Self::RecordingVenue(_) => "unknown_venue",
            Self::JournalForeign { .. } => "journal_foreign",
            Self::Journal(error) => error.code(),
            Self::Random(_) => "random_unavailable",
            Self::Tls(_) => "tls_unavailable",
            Self::Thread(_) => "thread_unavailable",
        }
    }
}
