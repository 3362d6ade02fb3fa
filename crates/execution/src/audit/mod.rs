//! The audit log of orders: what a record is, how it is chained, and how its integrity is proven. Bytes alone; files are the store's.
//!
//! | module | holds |
//! |---|---|
//! | [`record`] | one record and its canonical bytes |
//! | [`parts`] | details that take several records |
//! | [`tree`] | the Merkle tree of RFC 6962 over the records |
//! | [`checkpoint`] | signed statements of the tree's size and root (C2SP tlog-checkpoint) |
//! | [`follow`] | a log read or written in order: every rule is checked here |
//!
//! Three things hold a log together. Each record carries the SHA-256 of the one before it, so that none can be changed, moved, put in or taken
//! out without a break. The tree's root is signed after every batch, so that nobody without the key can make the chain anew. And a signed
//! checkpoint that is kept elsewhere shows when the end was taken away. `docs/audit.md` has the bytes.
//!
//! Keys and signatures do not enter this room: it says which bytes are to be signed, and is given a function that verifies.

mod base64;
pub mod checkpoint;
pub mod follow;
pub mod parts;
pub mod record;
pub mod tree;

pub use checkpoint::{Checkpoint, NoteError, PublicKey, Verify};
pub use follow::{Fault, FaultKind, Follower};
pub use parts::Joiner;
pub use record::{Entry, Id, Ids, Record, RecordError, What};
pub use tree::Hash;

/// SHA-256 over parts, one behind the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    use sha2::{Digest as _, Sha256};
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}
