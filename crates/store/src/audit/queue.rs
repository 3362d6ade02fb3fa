//! What waits for the disk: records in their order, chained already, and who is to be told of each.
//!
//! A record is chained by whoever hands it over, while the disk is busy with those before it: the thread that writes has nothing left to do
//! between two syncs but to sign and to tell.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use hypersentry_execution::audit::{Checkpoint, Entry, Follower, checkpoint, record};

use super::error::AuditError;
use super::frame::Frame;
use super::log::Done;

/// Records of one batch.
pub(super) const MOST_IN_BATCH: usize = 512;
/// Bytes of one batch with its checkpoint: 2.4 MB.
pub(super) const LARGEST_BATCH: usize =
    MOST_IN_BATCH * (record::LONGEST_RECORD + 9) + checkpoint::LONGEST_NOTE + 9;

/// Records that share a sync.
#[derive(Default)]
pub(super) struct Batch {
    /// The number of the first.
    pub(super) first: u64,
    /// Their frames, without the checkpoint behind them.
    pub(super) bytes: Vec<u8>,
    /// Who is to be told of each.
    pub(super) dones: Vec<Done>,
}

/// Between those who hand over records and the thread that writes them.
#[derive(Debug)]
pub(super) struct Queue {
    most: usize,
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Debug)]
struct Waiting {
    follower: Follower,
    /// Batches that nothing is added to, each with what its checkpoint says.
    full: VecDeque<(Batch, Checkpoint)>,
    growing: Batch,
    records: usize,
    /// Whether the thread sleeps until a record comes.
    asleep: bool,
    closed: bool,
}

impl Queue {
    /// Goes on behind `follower`; at most `most` records wait.
    pub(super) fn new(follower: Follower, most: usize) -> Self {
        let waiting = Waiting {
            follower,
            full: VecDeque::new(),
            growing: Batch::default(),
            records: 0,
            asleep: false,
            closed: false,
        };
        Self {
            most: most.max(1),
            waiting: Mutex::new(waiting),
            came: Condvar::new(),
        }
    }

    /// Takes records, which stand directly behind each other, all or none; `done` is told of the last, and of nothing if they are not taken.
    ///
    /// # Errors
    /// A record breaks a rule, too many wait, or nobody writes any more.
    pub(super) fn push(&self, mut entries: Vec<Entry>, done: Done) -> Result<(), AuditError> {
        for entry in &entries {
            entry.check()?;
        }
        let mut waiting = self.lock();
        if waiting.closed || waiting.records + entries.len() > self.most {
            return Err(AuditError::Busy);
        }
        let Some(last) = entries.pop() else {
            return Ok(());
        };
        for entry in entries {
            // What was checked breaks no rule.
            waiting.push(entry, Box::new(|_| ()))?;
        }
        waiting.push(last, done)?;
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            self.came.notify_one();
        }
        Ok(())
    }

    /// The next batch and what the checkpoint behind it says. Waits for one; nothing when none will come any more.
    pub(super) fn next(&self) -> Option<(Batch, Checkpoint)> {
        let mut waiting = self.lock();
        loop {
            let next = waiting.next();
            if next.is_some() || waiting.closed {
                return next;
            }
            waiting.asleep = true;
            let woken = self.came.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more; what waits is still given.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.came.notify_one();
    }

    /// Takes no more and lets go of what waits, untold.
    pub(super) fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let full = std::mem::take(&mut waiting.full);
        let growing = std::mem::take(&mut waiting.growing);
        // Whoever hears of it by that may come back here.
        drop(waiting);
        drop((full, growing));
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, entry: Entry, done: Done) -> Result<(), AuditError> {
        let index = self.follower.size();
        let full = self.growing.dones.len() >= MOST_IN_BATCH;
        let head = full.then(|| self.follower.head());
        let record = self.follower.append(entry)?;
        if let Some(head) = head {
            let full = std::mem::take(&mut self.growing);
            self.full.push_back((full, head));
        }
        if self.growing.dones.is_empty() {
            self.growing.first = index;
        }
        Frame::Record(&record).encode(&mut self.growing.bytes);
        self.growing.dones.push(done);
        self.records += 1;
        Ok(())
    }

    fn next(&mut self) -> Option<(Batch, Checkpoint)> {
        let next = self.full.pop_front().or_else(|| {
            let some = !self.growing.dones.is_empty();
            some.then(|| (std::mem::take(&mut self.growing), self.follower.head()))
        })?;
        self.records -= next.0.dones.len();
        Some(next)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.dones.len(), self.first)
    }
}
