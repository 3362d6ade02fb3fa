//! Frames of a segment. `docs/audit.md` has the layout.

/// Begins a segment; the last byte is the version.
const MAGIC: &[u8; 8] = b"HSAUDIT\x01";
/// Bytes before the first frame.
pub(super) const PRELUDE: usize = 16;
const HEAD: usize = 8;
const RECORD: u8 = 1;
const CHECKPOINT: u8 = 2;
/// Bytes of a frame's body: its kind, and a record or a checkpoint.
const LONGEST_BODY: usize = 1 + 16_384;

/// Whether what stands at `at` may be the beginning of a frame whose end is missing: it is not one that is whole but for some of its bytes.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..) else {
        return false;
    };
    let Some((length, behind)) = rest.split_first_chunk::<4>() else {
        return true;
    };
    let wanted = u32::from_le_bytes(*length) as usize;
    let Some((crc, body)) = behind.split_first_chunk::<4>() else {
        return (1..=LONGEST_BODY).contains(&wanted);
    };
    // Whole, if its length were what there is.
    let there = (body.len() as u32).to_le_bytes();
    let whole = crc32c::crc32c_append(crc32c::crc32c(&there), body) == u32::from_le_bytes(*crc);
    wanted > body.len() && wanted <= LONGEST_BODY && !whole
}

/// The bytes with which a segment begins.
pub(super) fn prelude(first: u64) -> Vec<u8> {
    [&MAGIC[..], &first.to_be_bytes()].concat()
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame<'a> {
    Record(&'a [u8]),
    Checkpoint(&'a [u8]),
}

impl Frame<'_> {
    /// Puts the frame behind `into`.
    pub(super) fn encode(self, into: &mut Vec<u8>) {
        let (kind, bytes) = match self {
            Self::Record(bytes) => (RECORD, bytes),
            Self::Checkpoint(bytes) => (CHECKPOINT, bytes),
        };
        let start = into.len();
        let length = (bytes.len() as u32 + 1).to_le_bytes();
        into.extend_from_slice(&length);
        into.extend_from_slice(&[0; 4]);
        into.push(kind);
        into.extend_from_slice(bytes);
        let crc = crc32c::crc32c_append(crc32c::crc32c(&length), &into[start + HEAD..]);
        into[start + 4..start + HEAD].copy_from_slice(&crc.to_le_bytes());
    }

    /// Bytes of the whole frame.
    pub(super) const fn length(self) -> usize {
        let (Self::Record(bytes) | Self::Checkpoint(bytes)) = self;
        HEAD + 1 + bytes.len()
    }

    /// The frame that begins at `at`, and where it ends; nothing if there is no whole and sound one.
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<(Frame<'_>, usize)> {
        let rest = bytes.get(at..)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let wanted = u32::from_le_bytes(*length) as usize;
        if wanted > LONGEST_BODY {
            return None;
        }
        let body = rest.get(..wanted)?;
        if crc32c::crc32c_append(crc32c::crc32c(length), body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let frame = match body.split_first()? {
            (&RECORD, bytes) => Frame::Record(bytes),
            (&CHECKPOINT, bytes) => Frame::Checkpoint(bytes),
            _ => return None,
        };
        Some((frame, at + HEAD + wanted))
    }
}
