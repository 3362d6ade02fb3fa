//! The one thread that writes: takes what waits, signs it, writes both, syncs once, and tells.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use hypersentry_execution::audit::Checkpoint;

use super::error::AuditError;
use super::files;
use super::frame::{Frame, prelude};
use super::log::{Receipt, State};
use super::open::place;
use super::queue::{Batch, Queue};
use super::sign::Signer;
use super::verify::Image;
use crate::disk::{Disk, DiskFile};

/// Bytes of a segment that are set aside at once. A sync of bytes in space that the file has already writes no length, which is half of what it
/// costs on a journaling file system.
pub(super) const SPARE: usize = 256 << 10;

/// The log's segments as the thread has them.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) disk: Box<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) file: Box<dyn DiskFile>,
    /// The first record of the segment.
    pub(super) first: u64,
    /// Bytes of the segment that are written.
    pub(super) length: u64,
    /// Bytes of its file.
    pub(super) reserved: u64,
    pub(super) segment_bytes: u64,
    pub(super) signer: Signer,
    /// Held while the log is open.
    pub(super) _lock: File,
}

impl Writer {
    /// Writes until nobody can ask for more.
    pub(super) fn run(mut self, queue: &Queue, state: &State) {
        let _leaving = Leaving { queue, state };
        while let Some((mut batch, head)) = queue.next() {
            let outcome = match state.stopped() {
                Some(stopped) => Err(stopped),
                None => self
                    .commit(&mut batch, &head)
                    .map(|note| state.set_checkpoint(note))
                    .map_err(|error| state.stop(error)),
            };
            for (index, done) in (batch.first..).zip(batch.dones) {
                done(outcome.clone().map(|()| Receipt { index }));
            }
        }
        // Space that stays behind the log would do no harm.
        if state.stopped().is_none()
            && let Err(error) = self.trim()
        {
            tracing::warn!(code = error.code(), %error, "the audit log's file keeps its spare space");
        }
    }

    /// Makes a batch durable; gives the checkpoint behind it. After an error the writer is not used again.
    fn commit(&mut self, batch: &mut Batch, head: &Checkpoint) -> Result<String, AuditError> {
        if self.length >= self.segment_bytes {
            self.rotate(batch.first)?;
        }
        let note = self.signer.note(head)?;
        Frame::Checkpoint(note.as_bytes()).encode(&mut batch.bytes);
        let written = self.file.write(&batch.bytes);
        written.map_err(|error| self.failed("write", &error))?;
        self.length += batch.bytes.len() as u64;
        if self.length > self.reserved {
            let left = self.segment_bytes.saturating_sub(self.length);
            let spare = SPARE.min(left as usize);
            let reserved = self.file.reserve(spare);
            reserved.map_err(|error| self.failed("set space aside in", &error))?;
            self.reserved = self.length + spare as u64;
        }
        let synced = self.file.sync();
        synced.map_err(|error| self.failed("sync", &error))?;
        Ok(note)
    }

    fn rotate(&mut self, first: u64) -> Result<(), AuditError> {
        // Only the last segment may have space behind it.
        self.trim()?;
        let bytes = prelude(first);
        let image = Image { first, bytes };
        self.file = place(&*self.disk, &self.dir, &image)?;
        self.first = first;
        self.length = image.bytes.len() as u64;
        self.reserved = self.length;
        Ok(())
    }

    /// Gives back the space that is not written.
    fn trim(&mut self) -> Result<(), AuditError> {
        if self.reserved > self.length {
            let cut = self.file.cut(self.length);
            cut.map_err(|error| self.failed("cut", &error))?;
            let synced = self.file.sync();
            synced.map_err(|error| self.failed("sync", &error))?;
            self.reserved = self.length;
        }
        Ok(())
    }

    fn failed(&self, doing: &'static str, error: &io::Error) -> AuditError {
        AuditError::io(doing, &files::segment(&self.dir, self.first), error)
    }
}

/// Whoever waits must not wait for a thread that is gone.
struct Leaving<'a> {
    queue: &'a Queue,
    state: &'a State,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.state.stop(AuditError::Busy);
        }
        self.queue.abandon();
    }
}
