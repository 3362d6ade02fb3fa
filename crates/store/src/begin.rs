//! Begins to write: takes the lock, creates segments.

use crate::disk::{Disk, DiskFile};
use crate::error::JournalError;
use crate::files;
use crate::tail::TailWriter;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The segment as its writer has it.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) path: PathBuf,
    pub(crate) first_seq: u64,
    /// Bytes before the first frame of records.
    pub(crate) opening_bytes: u64,
    pub(crate) record_bytes: u64,
}

/// Creates the directory if it is not there, and takes the lock in it.
pub(crate) fn lock(disk: &dyn Disk, dir: &Path) -> Result<File, JournalError> {
    disk.make_dir(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => JournalError::ReadOnly {
            path: dir.to_owned(),
            detail: error.to_string(),
        },
        _ => JournalError::writing("create", dir, &error),
    })?;
    disk.lock(&dir.join(files::LOCK))
        .map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => JournalError::Locked {
                path: dir.to_owned(),
            },
            _ => JournalError::writing("lock", dir, &error),
        })
}

/// Creates a segment that begins with `opening`, and its tail. The segment has its name only once it is whole and durable.
pub(crate) fn begin_segment(
    disk: &dyn Disk,
    dir: &Path,
    first_seq: u64,
    opening: &[u8],
) -> Result<(SegmentWriter, TailWriter), JournalError> {
    let path = files::segment_path(dir, first_seq);
    let draft = files::draft_path(&path);
    let tail = TailWriter::create(disk, files::tail_path(&path))?;
    let create = || -> Result<Box<dyn DiskFile>, JournalError> {
        let failed = |doing: &'static str| {
            let draft = &draft;
            move |error: io::Error| JournalError::writing(doing, draft, &error)
        };
        let mut file = disk.create(&draft).map_err(failed("create"))?;
        file.write(opening).map_err(failed("write"))?;
        file.sync().map_err(failed("sync"))?;
        disk.rename(&draft, &path).map_err(failed("rename"))?;
        if let Err(error) = disk.sync_dir(dir) {
            let _ = disk.remove(&path);
            return Err(JournalError::writing("sync", dir, &error));
        }
        Ok(file)
    };
    match create() {
        Ok(file) => {
            let segment = SegmentWriter {
                file,
                path,
                first_seq,
                opening_bytes: opening.len() as u64,
                record_bytes: 0,
            };
            Ok((segment, tail))
        }
        Err(error) => {
            let _ = disk.remove(&draft);
            let _ = disk.remove(tail.path());
            Err(error)
        }
    }
}
