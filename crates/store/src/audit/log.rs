//! The log as its users have it.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use hypersentry_execution::audit::Entry;

use super::error::AuditError;
use super::open::{AuditOptions, Opened, Recall, open};
use super::queue::Queue;
use super::sign::Signer;
use crate::disk::{Disk, NativeDisk};

/// Told once what became of a record, on the log's own thread: it must not wait.
pub type Done = Box<dyn FnOnce(Result<Receipt, AuditError>) + Send>;

/// A record is on disk, and signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Its number in the log.
    pub index: u64,
}

/// What the log's thread tells everybody.
#[derive(Debug, Default)]
pub(super) struct State {
    stopped: OnceLock<AuditError>,
    checkpoint: Mutex<Option<String>>,
}

impl State {
    pub(super) fn stopped(&self) -> Option<AuditError> {
        self.stopped.get().cloned()
    }

    /// Stops for good; gives what everybody is told from now on.
    pub(super) fn stop(&self, cause: AuditError) -> AuditError {
        tracing::error!(code = cause.code(), %cause, "the audit log has stopped");
        let cause = Box::new(cause);
        self.stopped
            .get_or_init(|| AuditError::Stopped { cause })
            .clone()
    }

    pub(super) fn set_checkpoint(&self, note: String) {
        let held = self.checkpoint.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(note);
    }
}

/// An audit log that is being written. Dropping it writes what waits.
pub struct AuditLog {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
    state: Arc<State>,
}

impl AuditLog {
    /// Opens the log in `dir`, or begins one there.
    ///
    /// # Errors
    /// Another process writes it, the disk fails, or it is not as it was written: then it is left as it is.
    pub fn open(
        dir: &Path,
        signer: Signer,
        options: AuditOptions,
    ) -> Result<(Self, Opened), AuditError> {
        Self::open_on(Box::new(NativeDisk), dir, signer, options)
    }

    /// The same, and `recall` is told each record that the log holds.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn resume(
        dir: &Path,
        signer: Signer,
        options: AuditOptions,
        recall: Recall<'_>,
    ) -> Result<(Self, Opened), AuditError> {
        Self::resume_on(Box::new(NativeDisk), dir, signer, options, recall)
    }

    /// The same on a given disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn resume_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        signer: Signer,
        options: AuditOptions,
        recall: Recall<'_>,
    ) -> Result<(Self, Opened), AuditError> {
        Self::begin(disk, dir, signer, options, recall)
    }

    /// The same on a given disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        signer: Signer,
        options: AuditOptions,
    ) -> Result<(Self, Opened), AuditError> {
        Self::begin(disk, dir, signer, options, &mut |_| {})
    }

    fn begin(
        disk: Box<dyn Disk>,
        dir: &Path,
        signer: Signer,
        options: AuditOptions,
        recall: Recall<'_>,
    ) -> Result<(Self, Opened), AuditError> {
        let (writer, follower, opened) = open(disk, dir, signer, options, recall)?;
        let queue = Arc::new(Queue::new(follower, options.queue));
        let state = Arc::new(State::default());
        let (waiting, told) = (Arc::clone(&queue), Arc::clone(&state));
        let thread = thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&waiting, &told))
            .map_err(|error| AuditError::io("start a thread for", dir, &error))?;
        let log = Self {
            queue,
            thread: Some(thread),
            state,
        };
        Ok((log, opened))
    }

    /// Hands over a record and returns at once; `done` is told when it is durable, or that it is not.
    ///
    /// # Errors
    /// The record was not taken, and `done` is not told: it breaks a rule, the queue is full, or the log has stopped.
    pub fn submit(&self, entry: Entry, done: Done) -> Result<(), AuditError> {
        if let Some(stopped) = self.state.stopped() {
            return Err(stopped);
        }
        self.queue.push(vec![entry], done)
    }

    /// Hands over records that stand directly behind each other; `done` is told when the last of them is durable, and all with it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit): none was taken.
    pub fn submit_all(&self, entries: Vec<Entry>, done: Done) -> Result<(), AuditError> {
        if let Some(stopped) = self.state.stopped() {
            return Err(stopped);
        }
        self.queue.push(entries, done)
    }

    /// Hands over a record and waits until it is durable.
    ///
    /// # Errors
    /// It is not, or nobody knows: after [`AuditError::Stopped`] the next opening shows whether it is there.
    pub fn append(&self, entry: Entry) -> Result<Receipt, AuditError> {
        let (tell, told) = sync_channel(1);
        self.submit(
            entry,
            Box::new(move |outcome| {
                let _ = tell.send(outcome);
            }),
        )?;
        told.recv().unwrap_or_else(|_| Err(self.gone()))
    }

    /// Why the log has stopped, if it has.
    pub fn stopped(&self) -> Option<AuditError> {
        self.state.stopped()
    }

    /// The newest checkpoint since the log was opened, to be kept elsewhere.
    pub fn checkpoint(&self) -> Option<String> {
        let held = self.state.checkpoint.lock();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The thread is gone, which it never is while the log is held.
    fn gone(&self) -> AuditError {
        self.state.stop(AuditError::Busy)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog")
            .field("stopped", &self.state.stopped())
            .finish_non_exhaustive()
    }
}
