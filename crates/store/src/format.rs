//! The bytes of a segment: the prelude, and the head in front of each frame. All integers are little-endian.
//!
//! | bytes | prelude                                       |
//! |-------|-----------------------------------------------|
//! | 8     | `HSJRNL`, carriage return, line feed          |
//! | 4     | format version                                |
//! | 4     | CRC32C of the 12 bytes before                 |
//!
//! | bytes | head of a frame                               |
//! |-------|-----------------------------------------------|
//! | 4     | `HSJH` header, `HSJC` checkpoint, `HSJR` records |
//! | 4     | length of the body as stored                  |
//! | 4     | length of the body uncompressed               |
//! | 8     | sequence number of the first record           |
//! | 4     | number of records; of checkpoint frames still to come; 0 for a header |
//! | 4     | CRC32C of the body as stored                  |
//! | 4     | CRC32C of the 28 bytes before                 |
//!
//! The header's body is JSON as it is; the others are zstd frames. A checkpoint larger than [`CHECKPOINT_CHUNK`] spans
//! several frames, so that no frame is larger than [`MAX_RAW`].

use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The format written, and the newest that is read.
pub const FORMAT: u32 = 1;

/// The most bytes a frame's body has uncompressed.
pub const MAX_RAW: usize = 4 << 20;

/// The most bytes of payload a record may have.
pub const MAX_PAYLOAD: usize = MAX_RAW - 64;

/// The most bytes a checkpoint may have.
pub const MAX_CHECKPOINT: usize = 128 << 20;

/// The most bytes of a checkpoint in one frame.
pub(crate) const CHECKPOINT_CHUNK: usize = 1 << 20;

/// The most bytes a frame's body has as stored: data that does not compress grows a little.
pub(crate) const MAX_STORED: usize = MAX_RAW + (MAX_RAW >> 6);

/// The length of the prelude.
pub(crate) const PRELUDE_LEN: usize = 16;

/// The length of a frame's head.
pub(crate) const HEAD_LEN: usize = 32;

const MAGIC: [u8; 8] = *b"HSJRNL\r\n";

/// What a segment says of itself. Stored as JSON.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Header {
    /// The format of the segment: [`FORMAT`] in all that is written.
    pub format: u32,
    /// The version of the logic whose inputs these are. Replays are equal bit by bit within one.
    pub logic_version: u32,
    /// The build that wrote it.
    pub build: String,
    /// The run that wrote it; every start has its own.
    pub run_id: String,
    /// Core time at the beginning of the segment: of the start for the first of a run, else of the last record before it.
    pub created: Timestamp,
    /// The full configuration, without secrets.
    pub config: serde_json::Value,
}

impl Header {
    /// The header of a run that starts at `created`.
    pub fn new(
        logic_version: u32,
        build: impl Into<String>,
        run_id: impl Into<String>,
        created: Timestamp,
        config: serde_json::Value,
    ) -> Self {
        Self {
            format: FORMAT,
            logic_version,
            build: build.into(),
            run_id: run_id.into(),
            created,
            config,
        }
    }
}

/// What a prelude was found to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Prelude {
    /// The format of the segment that follows.
    Format(u32),
    /// Not the beginning of a segment.
    Foreign,
}

pub(crate) fn prelude() -> [u8; PRELUDE_LEN] {
    prelude_of(FORMAT)
}

fn prelude_of(format: u32) -> [u8; PRELUDE_LEN] {
    let mut bytes = [0; PRELUDE_LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&format.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..12]);
    bytes[12..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

pub(crate) fn read_prelude(bytes: &[u8; PRELUDE_LEN]) -> Prelude {
    let format = u32_at(bytes, 8);
    if prelude_of(format) == *bytes {
        Prelude::Format(format)
    } else {
        Prelude::Foreign
    }
}

/// What a frame's body holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Header,
    Checkpoint,
    Records,
}

impl Kind {
    pub(crate) const fn mark(self) -> [u8; 4] {
        match self {
            Self::Header => *b"HSJH",
            Self::Checkpoint => *b"HSJC",
            Self::Records => *b"HSJR",
        }
    }
}

/// What stands in front of a frame's body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) stored_len: u32,
    pub(crate) raw_len: u32,
    pub(crate) first_seq: u64,
    pub(crate) count: u32,
    pub(crate) body_crc: u32,
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; HEAD_LEN] {
        let mut bytes = [0; HEAD_LEN];
        bytes[..4].copy_from_slice(&self.kind.mark());
        bytes[4..8].copy_from_slice(&self.stored_len.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.raw_len.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.count.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The head in `bytes`, or nothing if they are not one or its lengths are beyond the limits.
    pub(crate) fn decode(bytes: &[u8; HEAD_LEN]) -> Option<Self> {
        let kind = [Kind::Header, Kind::Checkpoint, Kind::Records]
            .into_iter()
            .find(|kind| bytes.starts_with(&kind.mark()))?;
        let head = Self {
            kind,
            stored_len: u32_at(bytes, 4),
            raw_len: u32_at(bytes, 8),
            first_seq: u64_at(bytes, 12),
            count: u32_at(bytes, 20),
            body_crc: u32_at(bytes, 24),
        };
        let sound = crc32c::crc32c(&bytes[..28]) == u32_at(bytes, 28)
            && head.stored_len as usize <= MAX_STORED
            && head.raw_len as usize <= MAX_RAW
            && head.first_seq.checked_add(u64::from(head.count)).is_some();
        sound.then_some(head)
    }
}

/// The integer at `at`. Zero beyond the end, which callers with arrays of fixed length never reach.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

/// As [`u32_at`], with eight bytes.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_prelude_and_head_counts() {
        let prelude = prelude();
        assert_eq!(read_prelude(&prelude), Prelude::Format(FORMAT));
        for bit in 0..PRELUDE_LEN * 8 {
            let mut bytes = prelude;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_prelude(&bytes), Prelude::Foreign);
        }
        let head = Head {
            kind: Kind::Records,
            stored_len: 900,
            raw_len: 1000,
            first_seq: 7,
            count: 3,
            body_crc: 0xdead_beef,
        };
        let encoded = head.encode();
        assert_eq!(Head::decode(&encoded), Some(head));
        for bit in 0..HEAD_LEN * 8 {
            let mut bytes = encoded;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::decode(&bytes), None);
        }
    }

    #[test]
    fn lengths_beyond_the_limits_are_refused() {
        let head = Head {
            kind: Kind::Records,
            stored_len: 0,
            raw_len: 0,
            first_seq: 1,
            count: 1,
            body_crc: 0,
        };
        let limits = [
            Head {
                stored_len: MAX_STORED as u32 + 1,
                ..head
            },
            Head {
                raw_len: MAX_RAW as u32 + 1,
                ..head
            },
            Head {
                first_seq: u64::MAX,
                ..head
            },
        ];
        for head in limits {
            assert_eq!(Head::decode(&head.encode()), None);
        }
    }
}
