//! What a crash leaves of the one batch that was not synced, told from what it does not leave.
//!
//! A batch is one write, behind what was synced, into space that holds zeros or is not there yet. Until it is synced nothing orders its pages: of each
//! sector either the bytes that were written are there, or the zeros of before. So a frame that is not sound is explained by a sector of zeros in
//! it, or by the end of what is there; and sound frames may follow. A frame that is whole and has other bytes than were written is no crash.
//!
//! A batch that was acknowledged, and of which somebody has set a whole sector to zero, looks the same. He might as well have cut it off.

use hypersentry_execution::audit::{Checkpoint, PublicKey, checkpoint::LONGEST_NOTE};

use super::frame::{self, Frame};
use super::queue::{LARGEST_BATCH, MOST_IN_BATCH};
use super::sign::verify_signature;
use super::writer::SPARE;

/// What a disk writes whole or not at all. Pages consist of it.
const SECTOR: usize = 512;

/// The rest of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Torn {
    /// How many records its checkpoint signs, where that is there and something before it is not.
    pub(super) checkpoint: Option<u64>,
}

/// Looks at what stands from `from` on, behind a checkpoint of `signed` records, in the bytes of the last segment without the zeros at their end;
/// nothing if no crash leaves that.
pub(super) fn torn(bytes: &[u8], from: usize, signed: u64, key: &PublicKey) -> Option<Torn> {
    if bytes.len().saturating_sub(from) > LARGEST_BATCH + SPARE {
        return None;
    }
    let mut at = from;
    while at < bytes.len() {
        if let Some((frame, end)) = Frame::read(bytes, at) {
            if let Frame::Checkpoint(note) = frame {
                let size = size_of(note, key)?;
                // What stands behind a checkpoint was written after its batch was synced.
                let last = end == bytes.len();
                let one = size > signed && size - signed <= MOST_IN_BATCH as u64;
                let checkpoint = Some(size);
                return (last && one).then_some(Torn { checkpoint });
            }
            at = end;
            continue;
        }
        let next = (at + 1..bytes.len()).find(|next| Frame::read(bytes, *next).is_some());
        let explained = hole(bytes, from, at, next.unwrap_or(bytes.len()))
            || next.is_none() && frame::begins(bytes, at);
        if !explained {
            return None;
        }
        at = next.unwrap_or(bytes.len());
    }
    Some(Torn { checkpoint: None })
}

fn size_of(note: &[u8], key: &PublicKey) -> Option<u64> {
    if note.len() > LONGEST_NOTE {
        return None;
    }
    let checkpoint = Checkpoint::open(note, key, &verify_signature);
    checkpoint.ok().map(|checkpoint| checkpoint.size)
}

/// Whether a sector that reaches into `at..to` holds zeros alone, as far as it lies behind `from`.
fn hole(bytes: &[u8], from: usize, at: usize, to: usize) -> bool {
    (at / SECTOR..to.div_ceil(SECTOR)).any(|sector| {
        let (start, end) = (sector * SECTOR, (sector + 1) * SECTOR);
        let sector = bytes.get(start.max(from)..end.min(bytes.len()));
        sector.is_some_and(|sector| sector.iter().all(|byte| *byte == 0))
    })
}
