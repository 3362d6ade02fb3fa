//! The names in a journal's directory.

use crate::error::JournalError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The lock that a writer holds. The file stays behind, empty, when the writer is gone.
pub(crate) const LOCK: &str = "journal.lock";

/// A segment in a journal's directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SegmentFile {
    pub(crate) first_seq: u64,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
}

pub(crate) fn segment_path(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("{first_seq:020}.hsj"))
}

/// The tail beside a segment.
pub(crate) fn tail_path(segment: &Path) -> PathBuf {
    segment.with_extension("tail")
}

/// The name under which a segment is prepared.
pub(crate) fn draft_path(segment: &Path) -> PathBuf {
    segment.with_extension("hsj-draft")
}

fn first_seq_of(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let digits = stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| stem.parse().ok()).flatten()
}

/// The segments in `dir`, oldest first.
pub(crate) fn segments(dir: &Path) -> Result<Vec<SegmentFile>, JournalError> {
    let mut found = Vec::new();
    for path in entries(dir)? {
        if path.extension().is_none_or(|extension| extension != "hsj") {
            continue;
        }
        let Some(first_seq) = first_seq_of(&path) else {
            continue;
        };
        match fs::metadata(&path) {
            Ok(meta) => found.push(SegmentFile {
                first_seq,
                path,
                len: meta.len(),
            }),
            // Removed by retention since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(JournalError::reading(&path, &error)),
        }
    }
    found.sort_by_key(|segment| segment.first_seq);
    Ok(found)
}

/// Tails and drafts in `dir` that do not belong to the segment `current`.
pub(crate) fn leftovers(dir: &Path, current: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let mut found = entries(dir)?;
    found.retain(|path| {
        let ours = path
            .extension()
            .is_some_and(|extension| extension == "tail" || extension == "hsj-draft");
        ours && first_seq_of(path).is_some() && *path != tail_path(current)
    });
    Ok(found)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let failed = |error: io::Error| JournalError::reading(dir, &error);
    fs::read_dir(dir)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect()
}
