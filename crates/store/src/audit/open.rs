//! Opens a log to write: keeps what is signed, and sets aside what a crash left behind it.

use std::io;
use std::path::{Path, PathBuf};

use hypersentry_execution::audit::{Follower, record::Record};

use super::error::AuditError;
use super::files;
use super::frame::{PRELUDE, prelude};
use super::sign::Signer;
use super::torn::{Torn, torn};
use super::verify::{FRAME, Image, Passed, TORN, walk};
use super::writer::Writer;
use crate::disk::{Disk, DiskFile};

/// How a log is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditOptions {
    /// A segment that has this many bytes is followed by another: 4 kB to 32 MiB, else the nearer of the two.
    pub segment_bytes: u64,
    /// Records that may wait to be written, at least 1. Each takes at most 5 kB.
    pub queue: usize,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            queue: 4096,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// How many records the log has.
    pub size: u64,
    /// What was set aside, if the end was torn.
    pub cut: Option<Cut>,
}

/// An end that is not whole: what a crash leaves of a batch that was not acknowledged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cut {
    /// How many bytes.
    pub bytes: u64,
    /// Whole records among them, up to the first place that is not as it was written.
    pub records: u64,
    /// How many records the checkpoint behind them signs, if it is there and they are not all. Such an end cannot be told from a batch that was
    /// acknowledged and lost whole sectors later: who kept that checkpoint elsewhere knows.
    pub checkpoint: Option<u64>,
    /// Where they are kept.
    pub kept_in: PathBuf,
}

/// Takes each record that the log holds, in order, when it is opened.
pub type Recall<'a> = &'a mut dyn FnMut(Record);

pub(super) fn open(
    disk: Box<dyn Disk>,
    dir: &Path,
    signer: Signer,
    options: AuditOptions,
    recall: Recall<'_>,
) -> Result<(Writer, Follower, Opened), AuditError> {
    let made = disk.make_dir(dir);
    made.map_err(|error| AuditError::io("create", dir, &error))?;
    let lock = disk.lock(&dir.join(files::LOCK));
    let lock = lock.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => AuditError::Locked {
            path: dir.to_owned(),
        },
        _ => AuditError::io("lock", dir, &error),
    })?;
    let mut follower = Follower::new(signer.key().clone());
    let segments = files::segments(dir)?;
    let (mut image, mut cut) = (None, None);
    for first in &segments {
        let last = Some(first) == segments.last();
        let mut segment = files::read(dir, *first, last)?;
        if !last {
            walk(&segment, &mut follower, &mut |passed| tell(passed, recall))?;
        } else {
            let start = follower.clone();
            cut = end(&*disk, dir, &mut segment, &mut follower)?;
            // Only now is it known what of it is signed.
            let mut again = start;
            walk(&segment, &mut again, &mut |passed| tell(passed, recall))?;
            image = Some(segment);
        }
    }
    let image = image.unwrap_or_else(|| Image {
        first: 0,
        bytes: prelude(0),
    });
    let file = place(&*disk, dir, &image)?;
    let opened = Opened {
        size: follower.size(),
        cut,
    };
    let writer = Writer {
        disk,
        dir: dir.to_owned(),
        file,
        first: image.first,
        length: image.bytes.len() as u64,
        reserved: image.bytes.len() as u64,
        segment_bytes: options.segment_bytes.clamp(4096, 32 << 20),
        signer,
        _lock: lock,
    };
    Ok((writer, follower, opened))
}

fn tell(passed: Passed<'_>, recall: Recall<'_>) {
    if let Passed::Record { record, .. } = passed {
        recall(record);
    }
}

/// Goes through the last segment and reduces it to what is signed.
fn end(
    disk: &dyn Disk,
    dir: &Path,
    image: &mut Image,
    follower: &mut Follower,
) -> Result<Option<Cut>, AuditError> {
    let start = follower.clone();
    let mut signed_end = PRELUDE;
    let outcome = walk(image, follower, &mut |passed| {
        if let Passed::Checkpoint { end, .. } = passed {
            signed_end = end;
        }
    });
    let (torn_at, left) = match outcome {
        Ok(()) if signed_end == image.bytes.len() => return Ok(None),
        Ok(()) => (image.bytes.len(), Torn { checkpoint: None }),
        // A crash leaves frames that are not whole. A sound frame that is wrong is somebody's work, or the key is another one.
        Err(damage) if damage.code != FRAME => return Err(damage.into()),
        Err(damage) => {
            let left = torn(&image.bytes, signed_end, follower.signed(), start.key());
            let left = left.ok_or_else(|| damage.clone())?;
            (damage.offset as usize, left)
        }
    };
    let (signed, records) = (follower.signed(), follower.size() - follower.signed());
    let kept_in = files::torn(dir, signed);
    let rest = image.bytes.split_off(signed_end);
    let (segment, bytes, kept) = (image.first, rest.len(), kept_in.display());
    match left.checkpoint {
        None => tracing::warn!(
            code = TORN, segment, torn_at, signed, records, bytes, %kept,
            "the end of the audit log was never acknowledged and is set aside"
        ),
        Some(told) => tracing::error!(
            code = TORN, segment, torn_at, signed, told, bytes, %kept,
            "sectors of the last batch of the audit log are missing: after a power cut it was not acknowledged; else compare it with a checkpoint that \
             was kept elsewhere. It is set aside"
        ),
    }
    write_synced(disk, &kept_in, &rest)?;
    *follower = start;
    walk(image, follower, &mut |_| {})?;
    Ok(Some(Cut {
        bytes: rest.len() as u64,
        records,
        checkpoint: left.checkpoint,
        kept_in,
    }))
}

fn write_synced(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
) -> Result<Box<dyn DiskFile>, AuditError> {
    let failed = |doing| move |error: io::Error| AuditError::io(doing, path, &error);
    let mut file = disk.create(path).map_err(failed("create"))?;
    file.write(bytes).map_err(failed("write"))?;
    file.sync().map_err(failed("sync"))?;
    Ok(file)
}

/// Writes a segment under another name and gives it its own when it is durable, in the place of what has it now.
pub(super) fn place(
    disk: &dyn Disk,
    dir: &Path,
    image: &Image,
) -> Result<Box<dyn DiskFile>, AuditError> {
    let draft = files::draft(dir, image.first);
    let path = files::segment(dir, image.first);
    let file = write_synced(disk, &draft, &image.bytes)?;
    let renamed = disk.rename(&draft, &path);
    renamed.map_err(|error| AuditError::io("rename", &draft, &error))?;
    let synced = disk.sync_dir(dir);
    synced.map_err(|error| AuditError::io("sync", dir, &error))?;
    Ok(file)
}
