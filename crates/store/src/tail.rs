//! The tail: the records of the open frame, as they come, beside the segment.
//!
//! A tail is a plain sequence of records. All integers are little-endian.
//!
//! | bytes | record of a tail                              |
//! |-------|-----------------------------------------------|
//! | 4     | length of the payload                         |
//! | 4     | CRC32C of the 4 bytes before and all that follow |
//! | 8     | sequence number                               |
//! | 8     | core time, nanoseconds since 1970             |
//! | 8     | receive time, nanoseconds since 1970          |
//! | n     | payload                                       |

use crate::disk::{Disk, DiskFile};
use crate::error::JournalError;
use crate::format::{MAX_PAYLOAD, u32_at, u64_at};
use crate::record::Record;
use hypersentry_model::Timestamp;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

const HEAD_LEN: usize = 32;

/// Appends a record as a tail has it.
pub(crate) fn encode(
    into: &mut Vec<u8>,
    seq: u64,
    core: Timestamp,
    receive: Timestamp,
    payload: &[u8],
) {
    let start = into.len();
    let len = (payload.len() as u32).to_le_bytes();
    into.extend_from_slice(&len);
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(&seq.to_le_bytes());
    into.extend_from_slice(&core.ns().to_le_bytes());
    into.extend_from_slice(&receive.ns().to_le_bytes());
    into.extend_from_slice(payload);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&len), &into[start + 8..]);
    into[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// The tail as its writer has it.
#[derive(Debug)]
pub(crate) struct TailWriter {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    len: u64,
}

impl TailWriter {
    pub(crate) fn create(disk: &dyn Disk, path: PathBuf) -> Result<Self, JournalError> {
        let file = disk
            .create(&path)
            .map_err(|error| JournalError::writing("create", &path, &error))?;
        Ok(Self { file, path, len: 0 })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Appends encoded records in one write.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if let Err(error) = self.file.write(bytes) {
            // Nothing of a refused batch should be read back. If this fails too, some of it may be.
            let _ = self.file.cut(self.len);
            return Err(JournalError::writing("write", &self.path, &error));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Forgets the records, which a sealed frame holds now.
    pub(crate) fn restart(&mut self) -> Result<(), JournalError> {
        if self.len == 0 {
            return Ok(());
        }
        self.len = 0;
        self.file
            .cut(0)
            .map_err(|error| JournalError::writing("truncate", &self.path, &error))
    }
}

/// What comes next in a tail.
#[derive(Debug)]
pub(crate) enum TailRead {
    Record(Record),
    End,
    /// From `offset` on, `lost_bytes` bytes to the end are not records.
    Torn {
        offset: u64,
        lost_bytes: u64,
    },
}

/// A tail being read, one record at a time.
#[derive(Debug)]
pub(crate) struct TailReader {
    file: BufReader<File>,
    path: PathBuf,
    offset: u64,
    previous: Option<u64>,
}

impl TailReader {
    /// The tail at `path`, or nothing if there is none.
    pub(crate) fn open(path: PathBuf) -> Result<Option<Self>, JournalError> {
        match File::open(&path) {
            Ok(file) => Ok(Some(Self {
                file: BufReader::new(file),
                path,
                offset: 0,
                previous: None,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::reading(&path, &error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record. After an end or a tear there is nothing more to be had.
    pub(crate) fn next(&mut self) -> Result<TailRead, JournalError> {
        let failed = |error: io::Error| JournalError::reading(&self.path, &error);
        let mut head = [0; HEAD_LEN];
        let got = read_full(&mut self.file, &mut head).map_err(failed)?;
        if got == 0 {
            return Ok(TailRead::End);
        }
        let len = u32_at(&head, 0) as usize;
        let seq = u64_at(&head, 8);
        // A restarted tail can have older records behind its own, if a power cut came before its new length was stored.
        let in_order = self
            .previous
            .is_none_or(|previous| previous.checked_add(1) == Some(seq));
        if got == HEAD_LEN && len <= MAX_PAYLOAD && in_order && seq < u64::MAX {
            let mut payload = vec![0; len];
            let whole = read_full(&mut self.file, &mut payload).map_err(failed)? == len;
            let crc = crc32c::crc32c_append(crc32c::crc32c(&head[..4]), &head[8..]);
            if whole && crc32c::crc32c_append(crc, &payload) == u32_at(&head, 4) {
                self.offset += (HEAD_LEN + len) as u64;
                self.previous = Some(seq);
                return Ok(TailRead::Record(Record {
                    seq,
                    core_time: Timestamp::from_ns(u64_at(&head, 16).cast_signed()),
                    receive_time: Timestamp::from_ns(u64_at(&head, 24).cast_signed()),
                    payload,
                }));
            }
        }
        let end = self.file.get_ref().metadata().map_err(failed)?.len();
        Ok(TailRead::Torn {
            offset: self.offset,
            lost_bytes: end.saturating_sub(self.offset),
        })
    }
}

/// Reads until `into` is full or the file ends; gives how much was read.
pub(crate) fn read_full(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = into.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
