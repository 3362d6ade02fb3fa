//! Removes the oldest segments of a journal that has grown too large or too old.

use crate::disk::Disk;
use crate::error::JournalError;
use crate::files::{self, SegmentFile};
use crate::options::Options;
use crate::segment::read_header;
use hypersentry_model::Timestamp;
use std::path::Path;

/// Removes whole segments, oldest first, until those left, the segment at `current` counted with `current_bytes`, are within
/// the bounds at the time `now`. `current` itself is never removed.
///
/// A segment that cannot be removed is left with a warning, and with it all that are newer, so that no hole comes about: what
/// it endangers is space, and running out of that is noticed where it happens.
pub(crate) fn apply(
    disk: &dyn Disk,
    dir: &Path,
    current: &Path,
    current_bytes: u64,
    options: &Options,
    now: Timestamp,
) -> Result<(), JournalError> {
    let mut segments = files::segments(dir)?;
    segments.retain(|segment| segment.path != current);
    let mut total = segments.iter().fold(current_bytes, |total, segment| {
        total.saturating_add(segment.len)
    });
    for (index, segment) in segments.iter().enumerate() {
        let successor = segments.get(index + 1).map_or(current, |next| &next.path);
        if total <= options.total_bytes && !expired(successor, options, now) {
            break;
        }
        if !remove(disk, segment) {
            break;
        }
        total = total.saturating_sub(segment.len);
    }
    Ok(())
}

/// Whether `successor` began longer ago than the segment before it is kept.
fn expired(successor: &Path, options: &Options, now: Timestamp) -> bool {
    let Some(max_age) = options.max_age else {
        return false;
    };
    match read_header(successor) {
        Ok(header) => {
            let age = now.ns_since(header.created);
            u128::try_from(age).is_ok_and(|age| age > max_age.as_nanos())
        }
        Err(error) => {
            tracing::warn!(%error, "the age of a journal segment is unknown; it is kept");
            false
        }
    }
}

fn remove(disk: &dyn Disk, segment: &SegmentFile) -> bool {
    match disk.remove(&segment.path) {
        Ok(()) => {
            tracing::info!(segment = %segment.path.display(), bytes = segment.len, "journal segment removed");
            true
        }
        Err(error) => {
            tracing::warn!(segment = %segment.path.display(), %error, "cannot remove a journal segment");
            false
        }
    }
}
