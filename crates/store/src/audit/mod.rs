//! The audit log of orders on disk. What a record is, and every rule of a log, is `hypersentry_execution::audit`'s; `docs/audit.md` has the bytes.
//!
//! [`AuditLog`] writes, [`verify`] and [`prove`] read. A log is a directory of segments that are only ever added to, and are never removed. Each
//! batch of records is followed by a signed checkpoint in the same write, so that everything that was acknowledged is signed.
//!
//! # What survives
//!
//! A record is acknowledged after its batch and the checkpoint behind it were written and synced (`fdatasync`), and at no other time. Writers that
//! come at once share one sync.
//!
//! The first write or sync that fails stops the log for good: nothing is acknowledged any more, nothing is tried again, and every request is told
//! `audit_stopped`. After a failed sync it is unknown what the disk holds, and a second sync would say that all is well. Opening the log anew keeps
//! what is signed, moves what a crash left behind it into a `.torn` file, and says so. The current segment is written anew before it is
//! continued, and replaced in one step, so that no page that the disk lost hides in the cache under records to come.
//!
//! Of a batch that was not acknowledged the log may nevertheless hold all, if it was the acknowledgement that was lost; it never holds a part.

#[cfg(test)]
mod bits;
mod error;
mod files;
mod frame;
mod log;
mod open;
mod prove;
mod prover;
mod queue;
mod sign;
mod torn;
mod verify;
mod writer;

pub use hypersentry_execution::audit::PublicKey;

pub use error::{AuditError, Damage};
pub use log::{AuditLog, Done, Receipt};
pub use open::{AuditOptions, Cut, Opened, Recall};
pub use prove::{Proof, ProofError, ProvenRecord, prove};
pub use prover::Prover;
pub use sign::{Signer, verify_signature};
pub use verify::{Image, Rollback, Verified, verify, verify_each, verify_images};
