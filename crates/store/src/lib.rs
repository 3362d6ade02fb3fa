//! The market journal of HyperSentry: every input, in total order, written before it is applied. And the audit log of orders.
//!
//! A journal is a directory of *segments*, each named after the sequence number of its first record:
//!
//! ```text
//! journal.lock                  held by the writer while it lives
//! 00000000000000000001.hsj      a segment
//! 00000000000000181204.hsj      the current segment
//! 00000000000000181204.tail     its open frame
//! ```
//!
//! A segment is: a prelude with the format's version; a header frame (format, logic version, build, run, time of creation,
//! full configuration); the checkpoint, which is the state before the segment's first record; then frames of records. A
//! frame is compressed by itself, holds at most 1 MiB uncompressed or 1 s of records (a larger record has a frame of its own),
//! and carries its length, a CRC32C, its first sequence number and its number of records. So replay and seek can start at any
//! segment. What records and checkpoints mean is for the engine to know.
//!
//! [`Journal`] writes, [`JournalReader`] reads. Time is passed in and never read.
//!
//! # What survives
//!
//! A frame is written, and made durable, when it is *sealed*: when it is full or 1 s old. Until then its records stand in the
//! *tail*, uncompressed, where every batch goes in one write before it is acknowledged. When a frame has been sealed, the tail
//! starts over.
//!
//! - **The process crashes**, is killed, or a write fails: every record whose [`Journal::append_batch`] returned is read back.
//!   Of a batch whose call did not return, or returned an error, some first records may be read back too.
//! - **The power fails** or the operating system crashes: every record up to the last sealed frame is read back, which is at
//!   most 1 s or 1 MiB behind, provided the engine calls [`Journal::seal_due`] as [`Journal::seal_at`] says. Of the records
//!   after it, as many of the first as the tail happens to hold are read back. [`Journal::seal`] makes what was appended
//!   durable at once.
//! - **In both cases** what is read back is a prefix of what was appended: no record is changed, doubled, or left out. A frame
//!   that was sealed while the tail still holds its records is read once, by sequence number.
//!
//! New segments are prepared under another name and renamed when they are durable; the directory is synced after that. A
//! failed write or sync is never tried again, since after a failed sync it is unknown what the disk holds: the writer returns
//! its first failure for ever. Opening the journal anew examines what is there.
//!
//! # What the reader makes of damage
//!
//! An end that is not whole, in the last segment or its tail, is what a crash leaves behind: the records before it are read,
//! and [`Item::Torn`] says what was not. Anything else that is not as written, such as a broken frame with a sound one behind
//! it, a broken frame in a segment that is not the last, a hole in the sequence numbers, or a broken header or checkpoint, is
//! damage: [`JournalError::Corrupt`]. That the oldest segments are gone is neither. Every bit of the files is covered by a
//! checksum; nothing is allocated on the word of a length that has not been checked against the limits.
//!
//! A journal can be read while it is written. The reader then ends where the writer was, possibly with an [`Item::Torn`] for a
//! write that was under way.
//!
//! # Runs
//!
//! Each start of the engine begins a segment with its own `run_id` and an empty checkpoint, and goes on numbering where the
//! journal stopped. Where the `run_id` changes, the state begins anew, and core time may go back.
//!
//! # The audit log
//!
//! [`audit`] is another kind of log, of orders, in a directory of its own and with stricter promises.
//!
//! What is deliberately absent from the journal: clocks, threads, encryption, and knowledge of what is recorded.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
mod begin;
mod disk;
mod error;
mod files;
mod format;
mod frame;
mod options;
mod reader;
mod record;
mod recovery;
mod retention;
mod segment;
mod tail;
mod writer;

pub use disk::{Disk, DiskFile, NativeDisk};
pub use error::JournalError;
pub use format::{FORMAT, Header, MAX_CHECKPOINT, MAX_PAYLOAD, MAX_RAW};
pub use options::Options;
pub use reader::{Item, JournalReader, StartAt, Torn};
pub use record::Record;
pub use recovery::Recovery;
pub use segment::SegmentStart;
pub use writer::Journal;
