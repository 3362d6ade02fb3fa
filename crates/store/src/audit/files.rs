//! The names in an audit log's directory.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::{AuditError, Damage};
use super::frame::PRELUDE;
use super::verify::Image;

/// The lock that a writer holds. The file stays behind, empty.
pub(super) const LOCK: &str = "audit.lock";
/// Bytes of the largest segment that is read. A writer begins another far earlier.
pub(super) const LARGEST_SEGMENT: u64 = 64 << 20;

pub(super) fn segment(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.hsa"))
}

/// The name under which a segment is prepared.
pub(super) fn draft(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.hsa-draft"))
}

/// Where an end that was set aside is kept: under the number of the first record that is not in the log.
pub(super) fn torn(dir: &Path, record: u64) -> PathBuf {
    dir.join(format!("{record:020}.torn"))
}

/// The segments' first records, in order.
pub(super) fn segments(dir: &Path) -> Result<Vec<u64>, AuditError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => AuditError::Missing {
            path: dir.to_owned(),
        },
        _ => AuditError::io("read", dir, &error),
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".hsa"));
        let digits = stem.filter(|s| s.len() == 20 && s.bytes().all(|b| b.is_ascii_digit()));
        found.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

/// The segments one by one, in order.
pub(super) fn images(
    dir: &Path,
    segments: Vec<u64>,
) -> impl Iterator<Item = Result<Image, AuditError>> {
    let last = segments.last().copied();
    let read = move |first| read(dir, first, Some(first) == last);
    segments.into_iter().map(read)
}

/// A segment whole; the last without the space behind what was written.
pub(super) fn read(dir: &Path, first: u64, last: bool) -> Result<Image, AuditError> {
    let mut bytes = read_from(dir, first, 0, u64::MAX)?;
    if last {
        leave_off(&mut bytes, PRELUDE);
    }
    Ok(Image { first, bytes })
}

/// Leaves off the space behind what was written, but for so many bytes at the beginning.
pub(super) fn leave_off(bytes: &mut Vec<u8>, at_least: usize) {
    // What was acknowledged ends with a checkpoint, and that with a line.
    let written = bytes.iter().rposition(|byte| *byte != 0);
    bytes.truncate(written.map_or(0, |at| at + 1).max(at_least));
}

/// What a segment has from `offset` on, at most so many bytes.
pub(super) fn read_from(
    dir: &Path,
    first: u64,
    offset: usize,
    most: u64,
) -> Result<Vec<u8>, AuditError> {
    let path = segment(dir, first);
    let failed = |error: io::Error| AuditError::io("read", &path, &error);
    if fs::metadata(&path).map_err(failed)?.len() > LARGEST_SEGMENT {
        return Err(AuditError::from(Damage {
            index: first,
            segment: first,
            offset: LARGEST_SEGMENT,
            code: "audit_segment_malformed",
            detail: "the segment is larger than any that was written".to_owned(),
        }));
    }
    let mut file = fs::File::open(&path).map_err(failed)?;
    let mut bytes = Vec::new();
    let from = file.seek(SeekFrom::Start(offset as u64));
    let read = from.and_then(|_| file.take(most).read_to_end(&mut bytes));
    read.map_err(failed)?;
    Ok(bytes)
}
