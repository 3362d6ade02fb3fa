//! One segment as it is read, and the bytes a new one begins with.

use crate::error::JournalError;
use crate::format::{
    self, CHECKPOINT_CHUNK, FORMAT, HEAD_LEN, Head, Header, Kind, MAX_CHECKPOINT, MAX_RAW,
    PRELUDE_LEN, Prelude,
};
use crate::frame::{self, FrameBuilder};
use crate::record::{self, Record};
use crate::tail::read_full;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Frames with a sound head but a broken body that are passed over in the search for a later frame.
const MAX_BROKEN: u32 = 64;

/// How a segment begins.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentStart {
    /// What it says of itself.
    pub header: Header,
    /// The state before its first record. Empty at the start of a run, when there is none.
    pub checkpoint: Vec<u8>,
    /// The sequence number its first record has or will have.
    pub first_seq: u64,
}

/// The bytes of a segment without records.
pub(crate) fn opening(
    header: &Header,
    checkpoint: &[u8],
    first_seq: u64,
    builder: &mut FrameBuilder,
) -> Result<Vec<u8>, JournalError> {
    if checkpoint.len() > MAX_CHECKPOINT {
        return Err(JournalError::Record {
            seq: first_seq,
            detail: format!("its checkpoint is over {MAX_CHECKPOINT} bytes"),
        });
    }
    let refused = |detail: String| JournalError::Options {
        name: "header",
        detail,
    };
    let json = serde_json::to_vec(header).map_err(|error| refused(error.to_string()))?;
    if json.len() > MAX_RAW {
        return Err(refused(format!("is over {MAX_RAW} bytes")));
    }
    // A replay reads its configuration from here: it must be the one that ran, to the last bit of a float.
    match serde_json::from_slice::<Header>(&json) {
        Ok(back) if back == *header => {}
        _ => return Err(refused("does not read back equal from JSON".to_owned())),
    }
    let mut bytes = format::prelude().to_vec();
    frame::append(&mut bytes, Kind::Header, &json, json.len(), first_seq, 0);
    let checkpoint =
        builder
            .checkpoint(checkpoint, first_seq)
            .map_err(|error| JournalError::Io {
                doing: "compress",
                path: PathBuf::new(),
                detail: error.to_string(),
            })?;
    bytes.extend_from_slice(&checkpoint);
    Ok(bytes)
}

/// A frame whose checksums hold.
#[derive(Debug)]
struct RawFrame {
    head: Head,
    body: Vec<u8>,
}

impl RawFrame {
    fn end(&self, start: u64) -> u64 {
        start + (HEAD_LEN + self.body.len()) as u64
    }
}

/// What comes next in a segment.
#[derive(Debug)]
pub(crate) enum FrameRead {
    /// The records of a frame; never none.
    Records(Vec<Record>),
    /// Nothing.
    End,
    /// Something that is not a whole frame.
    Torn,
}

/// A segment being read, one frame at a time. Frames that were not there at one attempt may be at the next.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: File,
    path: PathBuf,
    first_seq: u64,
    offset: u64,
    next_seq: u64,
}

impl SegmentReader {
    /// Opens a segment and reads how it begins.
    pub(crate) fn open(path: &Path) -> Result<(Self, SegmentStart), JournalError> {
        let mut file = File::open(path).map_err(|error| JournalError::reading(path, &error))?;
        let (header, first_seq, mut offset) = header_of(&mut file, path)?;
        let mut checkpoint = Vec::new();
        let mut expected = None;
        loop {
            let damaged = |detail: &str| JournalError::corrupt(path, offset, detail);
            let frame = frame_at(&mut file, path, offset)?
                .filter(|frame| frame.head.kind == Kind::Checkpoint)
                .ok_or_else(|| damaged("the checkpoint is not whole"))?;
            let to_come = frame.head.count;
            let fits = frame.head.raw_len as usize <= CHECKPOINT_CHUNK
                && (to_come as usize) < MAX_CHECKPOINT / CHECKPOINT_CHUNK
                && expected.is_none_or(|expected| expected == to_come)
                && frame.head.first_seq == first_seq;
            if !fits {
                return Err(damaged("a part of the checkpoint does not fit"));
            }
            let part = expand(&frame).ok_or_else(|| damaged("the checkpoint does not expand"))?;
            checkpoint.extend_from_slice(&part);
            offset = frame.end(offset);
            if to_come == 0 {
                break;
            }
            expected = Some(to_come - 1);
        }
        let start = SegmentStart {
            header,
            checkpoint,
            first_seq,
        };
        let reader = Self {
            file,
            path: path.to_owned(),
            first_seq,
            offset,
            next_seq: first_seq,
        };
        Ok((reader, start))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn first_seq(&self) -> u64 {
        self.first_seq
    }

    /// The sequence number the next frame begins with.
    pub(crate) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Where the next frame begins.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn corrupt(&self, detail: impl Into<String>) -> JournalError {
        JournalError::corrupt(&self.path, self.offset, detail)
    }

    /// The records of the next frame.
    pub(crate) fn next_frame(&mut self) -> Result<FrameRead, JournalError> {
        let Some(frame) = frame_at(&mut self.file, &self.path, self.offset)? else {
            return Ok(match self.unread()? {
                0 => FrameRead::End,
                _ => FrameRead::Torn,
            });
        };
        let head = frame.head;
        if head.kind != Kind::Records || head.count == 0 {
            return Err(self.corrupt("not a frame of records"));
        }
        if head.first_seq != self.next_seq {
            let detail = format!("record {} where {} belongs", head.first_seq, self.next_seq);
            return Err(self.corrupt(detail));
        }
        let records = expand(&frame)
            .and_then(|body| record::decode(&body, head.first_seq, head.count))
            .ok_or_else(|| self.corrupt("the frame does not expand to its records"))?;
        self.offset = frame.end(self.offset);
        self.next_seq = head.first_seq + u64::from(head.count);
        Ok(FrameRead::Records(records))
    }

    /// Bytes from where the next frame begins to the end of the file.
    pub(crate) fn unread(&self) -> Result<u64, JournalError> {
        let meta = self
            .file
            .metadata()
            .map_err(|error| JournalError::reading(&self.path, &error))?;
        Ok(meta.len().saturating_sub(self.offset))
    }

    /// Whether a frame that belongs later stands behind the one that cannot be read.
    pub(crate) fn later_frame_exists(&mut self) -> Result<bool, JournalError> {
        const WINDOW: usize = 64 << 10;
        let mark = Kind::Records.mark();
        let mut window = vec![0; WINDOW];
        let mut base = self.offset + 1;
        let mut broken = 0;
        loop {
            let got = self.read_at(base, &mut window)?;
            let Some(seen) = window.get(..got).filter(|seen| seen.len() >= mark.len()) else {
                return Ok(false);
            };
            for at in (0..)
                .zip(seen.windows(mark.len()))
                .filter(|(_, four)| *four == mark)
            {
                let at = base + at.0;
                let mut head = [0; HEAD_LEN];
                if self.read_at(at, &mut head)? < HEAD_LEN {
                    continue;
                }
                if Head::decode(&head).is_none_or(|head| head.first_seq <= self.next_seq) {
                    continue;
                }
                broken += 1;
                if broken > MAX_BROKEN || frame_at(&mut self.file, &self.path, at)?.is_some() {
                    return Ok(true);
                }
            }
            // The next window begins with the last bytes of this one, where a mark may have begun.
            base += (got - (mark.len() - 1)) as u64;
        }
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, JournalError> {
        read_at(&mut self.file, offset, into)
            .map_err(|error| JournalError::reading(&self.path, &error))
    }
}

/// The header of the segment at `path`.
pub(crate) fn read_header(path: &Path) -> Result<Header, JournalError> {
    let mut file = File::open(path).map_err(|error| JournalError::reading(path, &error))?;
    header_of(&mut file, path).map(|(header, _, _)| header)
}

/// The header, the first sequence number, and where the header ends.
fn header_of(file: &mut File, path: &Path) -> Result<(Header, u64, u64), JournalError> {
    let mut prelude = [0; PRELUDE_LEN];
    let got =
        read_at(file, 0, &mut prelude).map_err(|error| JournalError::reading(path, &error))?;
    match format::read_prelude(&prelude) {
        Prelude::Format(FORMAT) if got == PRELUDE_LEN => {}
        Prelude::Format(found) if got == PRELUDE_LEN && found > FORMAT => {
            return Err(JournalError::Version {
                path: path.to_owned(),
                found,
                supported: FORMAT,
            });
        }
        _ => return Err(JournalError::corrupt(path, 0, "not a journal segment")),
    }
    let start = PRELUDE_LEN as u64;
    let damaged = |detail: &str| JournalError::corrupt(path, start, detail);
    let frame = frame_at(file, path, start)?
        .filter(|frame| frame.head.kind == Kind::Header)
        .ok_or_else(|| damaged("the header is not whole"))?;
    let header: Header =
        serde_json::from_slice(&frame.body).map_err(|error| damaged(&error.to_string()))?;
    if header.format != FORMAT {
        return Err(damaged("the header has another format"));
    }
    Ok((header, frame.head.first_seq, frame.end(start)))
}

/// The frame at `offset`, or nothing if no whole and sound frame is there.
fn frame_at(file: &mut File, path: &Path, offset: u64) -> Result<Option<RawFrame>, JournalError> {
    let failed = |error: io::Error| JournalError::reading(path, &error);
    let mut head = [0; HEAD_LEN];
    if read_at(file, offset, &mut head).map_err(failed)? < HEAD_LEN {
        return Ok(None);
    }
    let Some(head) = Head::decode(&head) else {
        return Ok(None);
    };
    let end = file.metadata().map_err(failed)?.len();
    let body_at = offset + HEAD_LEN as u64;
    if end.saturating_sub(body_at) < u64::from(head.stored_len) {
        return Ok(None);
    }
    let mut body = vec![0; head.stored_len as usize];
    let whole = read_at(file, body_at, &mut body).map_err(failed)? == body.len();
    let sound = whole && crc32c::crc32c(&body) == head.body_crc;
    Ok(sound.then_some(RawFrame { head, body }))
}

/// The uncompressed body, or nothing if it is not what the head says.
fn expand(frame: &RawFrame) -> Option<Vec<u8>> {
    let raw_len = frame.head.raw_len as usize;
    // One byte more than announced, so that an empty body has a buffer.
    let raw = zstd::bulk::decompress(&frame.body, raw_len + 1).ok()?;
    (raw.len() == raw_len).then_some(raw)
}

fn read_at(file: &mut File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    read_full(file, into)
}
