//! Writes a journal.

use crate::begin::{SegmentWriter, begin_segment, lock};
use crate::disk::{Disk, NativeDisk};
use crate::error::JournalError;
use crate::files;
use crate::format::{FORMAT, Header, MAX_PAYLOAD};
use crate::frame::{FrameBuilder, OpenFrame};
use crate::options::Options;
use crate::record::{self, Record};
use crate::recovery::{self, Recovery};
use crate::retention;
use crate::segment;
use crate::tail::{self, TailWriter};
use hypersentry_model::Timestamp;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of tail at which the open frame is sealed, full or not: tiny records take more in the tail than in the frame.
const MAX_TAIL: u64 = 4 << 20;

/// The writer of a journal. One at a time holds a directory.
///
/// The first failed write or sync is final: it is kept, and every later call returns it. What had been acknowledged until
/// then can be read. To write again, drop this one, which gives up the lock, and open the journal anew.
#[derive(Debug)]
pub struct Journal {
    disk: Box<dyn Disk>,
    dir: PathBuf,
    header: Header,
    options: Options,
    builder: FrameBuilder,
    segment: SegmentWriter,
    tail: TailWriter,
    frame: OpenFrame,
    pending: Vec<u8>,
    next_seq: u64,
    last_core: Option<Timestamp>,
    recovery: Recovery,
    failure: Option<JournalError>,
    // Held until the journal is dropped.
    _lock: File,
}

impl Journal {
    /// Opens `dir` for writing and begins a segment there, with an empty checkpoint. The directory is created if needed. In
    /// a journal that exists, numbering goes on where it stopped; an end left by a crash is put in order first.
    ///
    /// On failure no new segment remains; the directory and an empty `journal.lock` may.
    ///
    /// # Errors
    /// [`JournalError::Options`], [`JournalError::Locked`], [`JournalError::ReadOnly`], [`JournalError::Full`],
    /// [`JournalError::Io`]; and, if the newest segment there is such, [`JournalError::Corrupt`] or
    /// [`JournalError::Version`].
    pub fn create(
        dir: impl AsRef<Path>,
        header: Header,
        options: Options,
    ) -> Result<Self, JournalError> {
        Self::create_on(Box::new(NativeDisk), dir, header, options)
    }

    /// As [`create`](Self::create), on another disk than the operating system's. Reading does not go through `disk`.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_on(
        disk: Box<dyn Disk>,
        dir: impl AsRef<Path>,
        header: Header,
        options: Options,
    ) -> Result<Self, JournalError> {
        options.validate()?;
        let dir = dir.as_ref().to_owned();
        let header = Header {
            format: FORMAT,
            ..header
        };
        let lock = lock(&*disk, &dir)?;
        let mut builder = FrameBuilder::new(options.compression_level)
            .map_err(|error| JournalError::writing("compress", &dir, &error))?;
        let (next_seq, recovery) = match files::segments(&dir)?.last() {
            Some(last) => recovery::recover(&*disk, last, &mut builder, &options)?,
            None => (1, Recovery::default()),
        };
        let opening = segment::opening(&header, &[], next_seq, &mut builder)?;
        let (segment, tail) = begin_segment(&*disk, &dir, next_seq, &opening)?;
        let journal = Self {
            disk,
            dir,
            header,
            options,
            builder,
            segment,
            tail,
            frame: OpenFrame::default(),
            pending: Vec::new(),
            next_seq,
            last_core: None,
            recovery,
            failure: None,
            _lock: lock,
        };
        journal.tidy();
        Ok(journal)
    }

    /// The sequence number the next record must have: 1 in a new journal.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// What was found at the end of the journal when it was opened.
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The failure that ended this writer, if one did.
    pub const fn failure(&self) -> Option<&JournalError> {
        self.failure.as_ref()
    }

    /// When the open frame must be sealed, by core time; nothing if no record waits.
    pub fn seal_at(&self) -> Option<Timestamp> {
        let age = i64::try_from(self.options.frame_age.as_nanos()).unwrap_or(i64::MAX);
        let opened = self.frame.opened()?;
        Some(Timestamp::from_ns(opened.ns().saturating_add(age)))
    }

    /// Appends records. When this returns, a crash of the process does not lose them; see the crate's documentation for what
    /// a power cut does. Seals the frame on the way when it is full or, by the records' core times, old.
    ///
    /// The records that go to the tail do so in one write. Cost: that of the write; with a seal, of compressing up to 1 MiB
    /// and an fsync too.
    ///
    /// # Errors
    /// [`JournalError::Record`] if a record does not have the next sequence number, goes back in core time, or is larger than
    /// [`MAX_PAYLOAD`]: then none of them is written. Otherwise a failure of the disk, which is final: some of the batch may
    /// be read back then.
    pub fn append_batch<P: AsRef<[u8]>>(
        &mut self,
        records: &[Record<P>],
    ) -> Result<(), JournalError> {
        self.attempt(|journal| {
            journal.check(records)?;
            journal.pending.clear();
            for record in records {
                journal.append(record)?;
            }
            if journal.pending.is_empty() {
                return Ok(());
            }
            journal.tail.write(&journal.pending)
        })
    }

    /// Seals the open frame if it is due at `now`, by core time. Tells whether it was.
    ///
    /// # Errors
    /// A failure of the disk, which is final.
    pub fn seal_due(&mut self, now: Timestamp) -> Result<bool, JournalError> {
        self.attempt(|journal| {
            let due = journal.seal_at().is_some_and(|due| due <= now);
            if due {
                journal.seal_frame()?;
            }
            Ok(due)
        })
    }

    /// Seals the open frame now: everything appended so far survives a power cut.
    ///
    /// # Errors
    /// A failure of the disk, which is final.
    pub fn seal(&mut self) -> Result<(), JournalError> {
        self.attempt(Self::seal_frame)
    }

    /// Whether the segment has its size, so that it should be [rotated](Self::rotate) at the next opportunity.
    pub fn needs_rotation(&self) -> bool {
        self.segment.record_bytes + self.frame.len() as u64 >= self.options.segment_bytes
    }

    /// Closes the segment and begins the next with `checkpoint`: the state after all that was appended. Then removes old
    /// segments as the options say. Does nothing if the segment has no record.
    ///
    /// # Errors
    /// [`JournalError::Record`] if the checkpoint is larger than [`MAX_CHECKPOINT`](crate::MAX_CHECKPOINT). Otherwise a
    /// failure of the disk, which is final.
    pub fn rotate(&mut self, checkpoint: &[u8]) -> Result<(), JournalError> {
        self.attempt(|journal| {
            if journal.next_seq == journal.segment.first_seq {
                return Ok(());
            }
            let header = Header {
                created: journal.last_core.unwrap_or(journal.header.created),
                ..journal.header.clone()
            };
            let next = journal.next_seq;
            let opening = segment::opening(&header, checkpoint, next, &mut journal.builder)?;
            journal.seal_frame()?;
            (journal.segment, journal.tail) =
                begin_segment(&*journal.disk, &journal.dir, next, &opening)?;
            journal.header = header;
            journal.tidy();
            Ok(())
        })
    }

    /// Seals the open frame and gives up the lock. A journal that is dropped instead reads the same, but for a power cut.
    ///
    /// # Errors
    /// A failure of the disk.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.attempt(|journal| {
            journal.seal_frame()?;
            let path = journal.tail.path();
            journal
                .disk
                .remove(path)
                .map_err(|error| JournalError::writing("remove", path, &error))
        })
    }

    /// Does `work` unless the writer has failed, and keeps its failure.
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = work(self);
        if let Err(error) = &result
            && error.ends_writer()
        {
            tracing::error!(code = error.code(), %error, "the journal has failed");
            self.failure = Some(error.clone());
        }
        result
    }

    fn check<P: AsRef<[u8]>>(&self, records: &[Record<P>]) -> Result<(), JournalError> {
        let mut last_core = self.last_core;
        if self.next_seq.checked_add(records.len() as u64).is_none() {
            return Err(JournalError::Record {
                seq: self.next_seq,
                detail: "there is no number left for it".to_owned(),
            });
        }
        for (expected, record) in (self.next_seq..).zip(records) {
            let refused = |detail: String| JournalError::Record {
                seq: record.seq,
                detail,
            };
            if record.seq != expected {
                return Err(refused(format!("{expected} comes next")));
            }
            if last_core.is_some_and(|last| record.core_time < last) {
                return Err(refused(
                    "its core time is before its predecessor's".to_owned(),
                ));
            }
            if record.payload.as_ref().len() > MAX_PAYLOAD {
                return Err(refused(format!("its payload is over {MAX_PAYLOAD} bytes")));
            }
            last_core = Some(record.core_time);
        }
        Ok(())
    }

    /// Adds a record to the open frame and to what is to be written to the tail.
    fn append<P: AsRef<[u8]>>(&mut self, record: &Record<P>) -> Result<(), JournalError> {
        let payload = record.payload.as_ref();
        let full = self.frame.len() + record::max_len(payload) > self.options.frame_bytes
            || self.tail.len() + self.pending.len() as u64 >= MAX_TAIL;
        let old = self.seal_at().is_some_and(|due| due <= record.core_time);
        if full || old {
            self.seal_frame()?;
        }
        let (core, receive) = (record.core_time, record.receive_time);
        self.frame.push(record.seq, core, receive, payload);
        tail::encode(&mut self.pending, record.seq, core, receive, payload);
        self.next_seq = record.seq + 1;
        self.last_core = Some(core);
        Ok(())
    }

    /// Seals the open frame. What was to be written to the tail is in the frame, and durable, so it need not be.
    fn seal_frame(&mut self) -> Result<(), JournalError> {
        if self.frame.opened().is_none() {
            return Ok(());
        }
        let path = &self.segment.path;
        let failed = |doing: &'static str| {
            move |error: io::Error| JournalError::writing(doing, path, &error)
        };
        let bytes = self
            .builder
            .records(&self.frame)
            .map_err(failed("compress"))?;
        self.segment.file.write(bytes).map_err(failed("write"))?;
        self.segment.file.sync().map_err(failed("sync"))?;
        self.segment.record_bytes += bytes.len() as u64;
        self.frame.clear();
        self.pending.clear();
        self.tail.restart()
    }

    /// Removes what earlier segments left behind, and the segments that are over the bounds. Failures endanger only space,
    /// so they are logged.
    fn tidy(&self) {
        let current = &self.segment.path;
        let full_size = self.segment.opening_bytes + self.options.segment_bytes;
        let now = self.header.created;
        let leftovers = files::leftovers(&self.dir, current).map(|paths| {
            for path in paths {
                if let Err(error) = self.disk.remove(&path) {
                    tracing::warn!(path = %path.display(), %error, "cannot remove a leftover of the journal");
                }
            }
        });
        let retained = retention::apply(
            &*self.disk,
            &self.dir,
            current,
            full_size,
            &self.options,
            now,
        );
        if let Err(error) = leftovers.and(retained) {
            tracing::warn!(%error, "the journal's directory cannot be listed");
        }
    }
}
