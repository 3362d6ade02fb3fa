//! Reads a journal, in order, while it may still be written.

use crate::error::JournalError;
use crate::files::{self, SegmentFile};
use crate::format::Header;
use crate::record::Record;
use crate::segment::{FrameRead, SegmentReader, SegmentStart, read_header};
use crate::tail::{TailRead, TailReader};
use hypersentry_model::Timestamp;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Where in a journal to begin. Reading begins with a whole segment: records before the point come too, since the state at
/// the point follows from the segment's checkpoint and them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StartAt {
    /// The oldest segment there is.
    Oldest,
    /// The segment that holds or will hold this record; the oldest if it is gone, the newest if it is yet to come.
    Seq(u64),
    /// The newest segment begun before this core time, so that no record of that time or later is left out; else the oldest.
    Time(Timestamp),
}

/// One thing read from a journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A segment begins. Another `run_id` than the segment's before means that the state begins anew.
    Segment(SegmentStart),
    /// The next record.
    Record(Record),
    /// The end of the journal was cut off in the midst of a write. Nothing but another of these comes after it.
    Torn(Torn),
}

/// Bytes at the end of a journal that are not whole: a write that a crash cut short, or one that is under way.
///
/// A segment torn while it was being extended loses no record if its tail has them; they are read before this is reported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Torn {
    /// The segment, or the tail beside it.
    pub segment: PathBuf,
    /// Where the whole part of the file ends.
    pub offset: u64,
    /// How many bytes follow.
    pub lost_bytes: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Frames,
    Tail,
    Done,
}

/// An iterator over a journal. Holds one frame in memory at a time, and takes no lock.
///
/// It ends when it has caught up with the writer. After an error it ends too.
#[derive(Debug)]
pub struct JournalReader {
    dir: Option<PathBuf>,
    header: Header,
    start: Option<SegmentStart>,
    segment: SegmentReader,
    tail: Option<TailReader>,
    records: std::vec::IntoIter<Record>,
    next_seq: u64,
    torn: VecDeque<Torn>,
    phase: Phase,
}

impl JournalReader {
    /// Opens a journal's directory at its oldest segment, or a single segment file with its tail.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is nothing at `path`, [`JournalError::Empty`] if there is no segment in it,
    /// [`JournalError::Version`] if the segment is of a newer format, [`JournalError::Corrupt`] if it does not begin as a
    /// segment does, [`JournalError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::open_at(path, StartAt::Oldest)
    }

    /// As [`open`](Self::open), beginning at the segment that `start` chooses.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_at(path: impl AsRef<Path>, start: StartAt) -> Result<Self, JournalError> {
        let path = path.as_ref();
        if !path.is_dir() {
            return Self::begin(None, SegmentReader::open(path)?);
        }
        loop {
            let chosen = choose(path, start).and_then(|segment| open_named(&segment));
            match chosen {
                // Retention was faster. Segments are removed oldest first, so this ends.
                Err(JournalError::Missing { path: gone }) if gone != path => {}
                chosen => return Self::begin(Some(path.to_owned()), chosen?),
            }
        }
    }

    fn begin(
        dir: Option<PathBuf>,
        (segment, start): (SegmentReader, SegmentStart),
    ) -> Result<Self, JournalError> {
        Ok(Self {
            dir,
            header: start.header.clone(),
            next_seq: start.first_seq,
            start: Some(start),
            segment,
            tail: None,
            records: Vec::new().into_iter(),
            torn: VecDeque::new(),
            phase: Phase::Frames,
        })
    }

    /// The header of the segment at which reading began.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The sequence number of the next record, whether or not it is there.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn advance(&mut self) -> Result<Option<Item>, JournalError> {
        if let Some(start) = self.start.take() {
            return Ok(Some(Item::Segment(start)));
        }
        loop {
            // A frame may begin with records that the tail has already given.
            let next_seq = self.next_seq;
            if let Some(record) = self.records.find(|record| record.seq >= next_seq) {
                return Ok(Some(self.deliver(record)));
            }
            match self.phase {
                Phase::Frames => {
                    if let Some(start) = self.read_frames()? {
                        return Ok(Some(Item::Segment(start)));
                    }
                }
                Phase::Tail => {
                    if let Some(record) = self.read_tail()? {
                        return Ok(Some(self.deliver(record)));
                    }
                }
                Phase::Done => return Ok(self.torn.pop_front().map(Item::Torn)),
            }
        }
    }

    fn deliver(&mut self, record: Record) -> Item {
        self.next_seq = record.seq.saturating_add(1);
        Item::Record(record)
    }

    /// Takes the next frame, or else goes on to the next segment, whose start it gives, or else to the tail.
    fn read_frames(&mut self) -> Result<Option<SegmentStart>, JournalError> {
        let first_look = self.segment.next_frame()?;
        if let FrameRead::Records(records) = first_look {
            self.records = records.into_iter();
            return Ok(None);
        }
        // The writer may have gone on since the first look. What makes this frame the last no more, a later frame or
        // segment, is written after it is whole: if it is still broken at a second look, it is damaged.
        if let Some(following) = self.following()? {
            match self.segment.next_frame()? {
                FrameRead::Records(records) => self.records = records.into_iter(),
                FrameRead::Torn => return Err(self.segment.corrupt("a frame is not whole")),
                FrameRead::End => return self.enter(&following).map(Some),
            }
            return Ok(None);
        }
        if matches!(first_look, FrameRead::Torn) && self.segment.later_frame_exists()? {
            match self.segment.next_frame()? {
                FrameRead::Records(records) => self.records = records.into_iter(),
                _ => return Err(self.segment.corrupt("a frame is not whole")),
            }
            return Ok(None);
        }
        self.tail = TailReader::open(files::tail_path(self.segment.path()))?;
        self.phase = Phase::Tail;
        Ok(None)
    }

    /// Takes the next record of the tail, or else goes back for frames that were sealed since, or else ends.
    fn read_tail(&mut self) -> Result<Option<Record>, JournalError> {
        let (offset, read) = match &mut self.tail {
            Some(tail) => (tail.offset(), tail.next()?),
            None => (0, TailRead::End),
        };
        let read = match read {
            TailRead::Record(record) if record.seq < self.next_seq => return Ok(None),
            TailRead::Record(record) if record.seq == self.next_seq => return Ok(Some(record)),
            other => other,
        };
        let segment = self.segment.next_frame()?;
        if let FrameRead::Records(records) = segment {
            self.records = records.into_iter();
            self.phase = Phase::Frames;
            return Ok(None);
        }
        if self.following()?.is_some() {
            self.phase = Phase::Frames;
            return Ok(None);
        }
        let tail_path = self.tail.as_ref().map(TailReader::path);
        if let (TailRead::Record(record), Some(path)) = (&read, tail_path) {
            let detail = format!("record {} where {} belongs", record.seq, self.next_seq);
            return Err(JournalError::corrupt(path, offset, detail));
        }
        if matches!(segment, FrameRead::Torn) {
            self.torn.push_back(Torn {
                segment: self.segment.path().to_owned(),
                offset: self.segment.offset(),
                lost_bytes: self.segment.unread()?,
            });
        }
        if let (TailRead::Torn { offset, lost_bytes }, Some(path)) = (&read, tail_path) {
            self.torn.push_back(Torn {
                segment: path.to_owned(),
                offset: *offset,
                lost_bytes: *lost_bytes,
            });
        }
        self.phase = Phase::Done;
        Ok(None)
    }

    /// The segment after this one, if there is one.
    fn following(&self) -> Result<Option<SegmentFile>, JournalError> {
        let Some(dir) = &self.dir else {
            return Ok(None);
        };
        let segments = files::segments(dir)?;
        let this = self.segment.first_seq();
        Ok(segments
            .into_iter()
            .find(|segment| segment.first_seq > this))
    }

    /// Goes on to the next segment.
    fn enter(&mut self, following: &SegmentFile) -> Result<SegmentStart, JournalError> {
        let expected = self.segment.next_seq();
        if following.first_seq != expected || self.next_seq != expected {
            let path = self.segment.path();
            if !path.exists() {
                return Err(JournalError::Missing {
                    path: path.to_owned(),
                });
            }
            let next = following.first_seq;
            let detail =
                format!("ends before record {expected}, the next segment begins at {next}");
            return Err(self.segment.corrupt(detail));
        }
        let (segment, start) = open_named(following)?;
        self.segment = segment;
        self.tail = None;
        self.phase = Phase::Frames;
        Ok(start)
    }
}

impl Iterator for JournalReader {
    type Item = Result<Item, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose();
        if matches!(item, Some(Err(_))) {
            self.phase = Phase::Done;
            self.torn.clear();
            self.records = Vec::new().into_iter();
        }
        item
    }
}

/// The segment at which to begin.
fn choose(dir: &Path, start: StartAt) -> Result<SegmentFile, JournalError> {
    let mut segments = files::segments(dir)?;
    let index = match start {
        StartAt::Oldest => 0,
        StartAt::Seq(seq) => segments
            .partition_point(|segment| segment.first_seq <= seq)
            .saturating_sub(1),
        StartAt::Time(time) => {
            let mut index = segments.len().saturating_sub(1);
            while index > 0 {
                let begun = segments
                    .get(index)
                    .map(|segment| read_header(&segment.path));
                if begun
                    .transpose()?
                    .is_some_and(|header| header.created < time)
                {
                    break;
                }
                index -= 1;
            }
            index
        }
    };
    if index < segments.len() {
        return Ok(segments.swap_remove(index));
    }
    Err(JournalError::Empty {
        path: dir.to_owned(),
    })
}

/// Opens a segment whose name says where it begins.
fn open_named(segment: &SegmentFile) -> Result<(SegmentReader, SegmentStart), JournalError> {
    let opened = SegmentReader::open(&segment.path)?;
    if opened.1.first_seq == segment.first_seq {
        return Ok(opened);
    }
    let detail = format!("begins at record {}, unlike its name", opened.1.first_seq);
    Err(JournalError::corrupt(&segment.path, 0, detail))
}
