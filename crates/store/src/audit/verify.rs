//! Reads a log from its beginning and checks everything.

use std::borrow::Borrow;
use std::path::Path;

use hypersentry_execution::audit::{Checkpoint, FaultKind, Follower, PublicKey, Record};

use super::error::{AuditError, Damage};
use super::files;
use super::frame::{Frame, PRELUDE, prelude};
use super::sign::verify_signature;
use super::torn::torn;

/// A segment in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// The number of its first record, from its name.
    pub first: u64,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

/// What was made of the question whether the end of the log is missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rollback {
    /// No checkpoint from elsewhere was given.
    NotChecked,
    /// The log continues the given checkpoint.
    Excluded {
        /// The number of records of that checkpoint: the log holds these, unchanged.
        up_to: u64,
    },
}

/// A log in which everything is in its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// How many checkpoints stand in it.
    pub checkpoints: u64,
    /// Its size and root, which the last checkpoint signs.
    pub head: Checkpoint,
    /// Whether the end could be missing.
    pub rollback: Rollback,
}

/// What [`walk`] comes by.
pub(super) enum Passed<'a> {
    Record {
        bytes: &'a [u8],
        record: Record,
    },
    Checkpoint {
        note: &'a [u8],
        /// Where it ends.
        end: usize,
    },
}

/// The code of a frame that is not whole or whose checksum is wrong.
pub(super) const FRAME: &str = "audit_frame_broken";
/// The code of an end that a crash leaves of a batch.
pub(super) const TORN: &str = "audit_torn_batch";

fn damage(image: &Image, index: u64, offset: usize, code: &'static str, detail: &str) -> Damage {
    Damage {
        index,
        segment: image.first,
        offset: offset as u64,
        code,
        detail: detail.to_owned(),
    }
}

/// Goes through one segment.
pub(super) fn walk(
    image: &Image,
    follower: &mut Follower,
    passed: &mut dyn FnMut(Passed<'_>),
) -> Result<(), Damage> {
    let next = follower.size();
    if follower.signed() != next {
        let detail = "the segment before ends without a checkpoint";
        return Err(damage(
            image,
            follower.signed(),
            0,
            "audit_unsigned_end",
            detail,
        ));
    }
    if image.first != next || !image.bytes.starts_with(&prelude(next)) {
        let detail = format!("a segment that begins with record {next} is missing or malformed");
        return Err(damage(image, next, 0, "audit_segment_malformed", &detail));
    }
    frames(image, PRELUDE, follower, passed)
}

/// Goes through the frames of a segment from the one that begins at `at`.
pub(super) fn frames(
    image: &Image,
    mut at: usize,
    follower: &mut Follower,
    passed: &mut dyn FnMut(Passed<'_>),
) -> Result<(), Damage> {
    while at < image.bytes.len() {
        let Some((frame, end)) = Frame::read(&image.bytes, at) else {
            let detail = "its frame, or that of the checkpoint behind it, is not whole and sound";
            // Behind records without a checkpoint it is that checkpoint or another record: the first byte that is not proven is here.
            return Err(damage(image, follower.size(), at, FRAME, detail));
        };
        match frame {
            Frame::Record(bytes) => {
                let record = follower.record(bytes);
                let record = record.map_err(|fault| Damage::of(&fault, image.first, at))?;
                passed(Passed::Record { bytes, record });
            }
            Frame::Checkpoint(note) => {
                let checked = follower.checkpoint(note, &verify_signature);
                checked.map_err(|fault| Damage::of(&fault, image.first, at))?;
                passed(Passed::Checkpoint { note, end });
            }
        }
        at = end;
    }
    Ok(())
}

/// Goes through a log. Segments are asked for one by one, so that two are held at a time.
pub(super) fn walk_all<I: Borrow<Image>>(
    segments: impl Iterator<Item = Result<I, AuditError>>,
    mut follower: Follower,
    passed: &mut dyn FnMut(Passed<'_>),
) -> Result<Follower, AuditError> {
    let mut segments = segments.peekable();
    while let Some(image) = segments.next() {
        let image = image?;
        let image = image.borrow();
        let mut signed_end = PRELUDE;
        let walked = walk(image, &mut follower, &mut |it| {
            if let Passed::Checkpoint { end, .. } = &it {
                signed_end = *end;
            }
            passed(it);
        });
        if segments.peek().is_some() {
            walked?;
            continue;
        }
        // Also where the segment before ends without a checkpoint: this one was begun when that was synced, and no crash leaves that.
        let left = |damage: &Damage| damage.code == FRAME && is_torn(image, signed_end, &follower);
        walked.map_err(|damage| {
            if left(&damage) {
                torn_batch(damage)
            } else {
                damage
            }
        })?;
        follower.end().map_err(|fault| {
            let damage = Damage::of(&fault, image.first, image.bytes.len());
            if damage.code == FaultKind::Unsigned.code() {
                torn_batch(damage)
            } else {
                damage
            }
        })?;
    }
    Ok(follower)
}

/// Whether a crash leaves what stands behind the last checkpoint.
fn is_torn(image: &Image, signed_end: usize, follower: &Follower) -> bool {
    torn(&image.bytes, signed_end, follower.signed(), follower.key()).is_some()
}

fn torn_batch(damage: Damage) -> Damage {
    let detail = "the last batch is not whole, as a crash leaves one that was not acknowledged";
    Damage {
        code: TORN,
        detail: detail.to_owned(),
        ..damage
    }
}

fn check<I: Borrow<Image>>(
    segments: impl Iterator<Item = Result<I, AuditError>>,
    key: &PublicKey,
    kept: Option<&[u8]>,
    each: &mut dyn FnMut(Record),
) -> Result<Verified, AuditError> {
    let (follower, rollback) = match kept {
        None => (Follower::new(key.clone()), Rollback::NotChecked),
        Some(note) => {
            let kept = Checkpoint::open(note, key, &verify_signature)?;
            let up_to = kept.size;
            let follower = Follower::with_kept(key.clone(), kept);
            (follower, Rollback::Excluded { up_to })
        }
    };
    let mut checkpoints = 0;
    let follower = walk_all(segments, follower, &mut |passed| match passed {
        Passed::Record { record, .. } => each(record),
        Passed::Checkpoint { .. } => checkpoints += 1,
    })?;
    Ok(Verified {
        checkpoints,
        head: follower.head(),
        rollback,
    })
}

/// Verifies the log in `dir` with the key of its signer, and that it continues `kept`, a checkpoint of it from another place, if there is one.
///
/// # Errors
/// [`AuditError::Damaged`] names the first record that is not proven.
pub fn verify(dir: &Path, key: &PublicKey, kept: Option<&[u8]>) -> Result<Verified, AuditError> {
    verify_each(dir, key, kept, &mut |_| {})
}

/// The same, and `each` is told every record in its order. What it was told is proven only when this has ended well.
///
/// # Errors
/// As [`verify`].
pub fn verify_each(
    dir: &Path,
    key: &PublicKey,
    kept: Option<&[u8]>,
    each: &mut dyn FnMut(Record),
) -> Result<Verified, AuditError> {
    let segments = files::segments(dir)?;
    if segments.is_empty() {
        return Err(AuditError::Missing {
            path: dir.to_owned(),
        });
    }
    check(files::images(dir, segments), key, kept, each)
}

/// The same for a log in memory.
///
/// # Errors
/// As [`verify`].
pub fn verify_images(
    images: &[Image],
    key: &PublicKey,
    kept: Option<&[u8]>,
) -> Result<Verified, AuditError> {
    check(images.iter().map(Ok), key, kept, &mut |_| {})
}
