//! The one thread that writes: gathers what waits, writes it with a checkpoint, syncs once, and acknowledges.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use hypersentry_execution::audit::{Entry, Follower, checkpoint, record};

use super::error::AuditError;
use super::files;
use super::frame::{Frame, prelude};
use super::log::{Done, Receipt, State};
use super::open::place;
use super::sign::Signer;
use super::verify::Image;
use crate::disk::{Disk, DiskFile};

/// Records of one batch.
const MOST_IN_BATCH: usize = 512;
/// Bytes of one batch with its checkpoint: 2.4 MB.
pub(super) const LARGEST_BATCH: usize =
    MOST_IN_BATCH * (record::LONGEST_RECORD + 9) + checkpoint::LONGEST_NOTE + 9;
/// How long a batch waits for as many records as the one before it had. Who was just acknowledged often writes again at once; a sync without
/// them would make them wait for two.
const GATHERING: Duration = Duration::from_micros(300);

/// A record that waits.
pub(super) struct Job {
    pub(super) entry: Entry,
    pub(super) done: Done,
}

/// The log as its thread has it.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) disk: Box<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) file: Box<dyn DiskFile>,
    /// The first record of the segment.
    pub(super) first: u64,
    /// Bytes of the segment.
    pub(super) length: u64,
    pub(super) segment_bytes: u64,
    pub(super) follower: Follower,
    pub(super) signer: Signer,
    /// Held while the log is open.
    pub(super) _lock: File,
}

impl Writer {
    /// Writes until nobody can ask for more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>, state: &State) {
        let mut before = 1;
        while let Ok(first) = jobs.recv() {
            let (entries, dones): (Vec<_>, Vec<_>) = gather(first, jobs, before)
                .into_iter()
                .map(|job| (job.entry, job.done))
                .unzip();
            before = dones.len();
            let outcome = match state.stopped() {
                Some(stopped) => Err(stopped),
                None => self
                    .commit(entries, state)
                    .map_err(|error| state.stop(error)),
            };
            match outcome {
                Ok(receipts) => {
                    for (receipt, done) in receipts.into_iter().zip(dones) {
                        done(receipt);
                    }
                }
                Err(stopped) => {
                    for done in dones {
                        done(Err(stopped.clone()));
                    }
                }
            }
        }
    }

    /// Makes a batch durable; an entry that breaks a rule is refused by itself. After an error the writer is not used again.
    fn commit(
        &mut self,
        entries: Vec<Entry>,
        state: &State,
    ) -> Result<Vec<Result<Receipt, AuditError>>, AuditError> {
        if self.length >= self.segment_bytes {
            self.rotate()?;
        }
        let mut bytes = Vec::new();
        let mut receipts = Vec::with_capacity(entries.len());
        for entry in entries {
            let index = self.follower.size();
            let appended = self.follower.append(entry);
            receipts.push(match appended {
                Ok(record) => {
                    Frame::Record(&record).encode(&mut bytes);
                    Ok(Receipt { index })
                }
                Err(error) => Err(error.into()),
            });
        }
        if bytes.is_empty() {
            return Ok(receipts);
        }
        let note = self.signer.note(&self.follower.head())?;
        Frame::Checkpoint(note.as_bytes()).encode(&mut bytes);
        let failed = |doing| {
            let path = files::segment(&self.dir, self.first);
            move |error: std::io::Error| AuditError::io(doing, &path, &error)
        };
        self.file.write(&bytes).map_err(failed("write"))?;
        self.file.sync().map_err(failed("sync"))?;
        self.length += bytes.len() as u64;
        self.follower.mark_signed();
        state.set_checkpoint(note);
        Ok(receipts)
    }

    fn rotate(&mut self) -> Result<(), AuditError> {
        let first = self.follower.size();
        let bytes = prelude(first);
        let image = Image { first, bytes };
        self.file = place(&*self.disk, &self.dir, &image)?;
        self.first = first;
        self.length = image.bytes.len() as u64;
        Ok(())
    }
}

/// What waits behind `first`, and what comes soon if the batch before was larger.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a batch is gathered changes only which records share a sync"
)]
fn gather(first: Job, jobs: &Receiver<Job>, before: usize) -> Vec<Job> {
    let until = Instant::now() + GATHERING;
    let mut batch = vec![first];
    while batch.len() < MOST_IN_BATCH {
        let next = jobs.try_recv().ok().or_else(|| {
            let left = until.checked_duration_since(Instant::now())?;
            (batch.len() < before)
                .then(|| jobs.recv_timeout(left).ok())
                .flatten()
        });
        match next {
            Some(job) => batch.push(job),
            None => break,
        }
    }
    batch
}
