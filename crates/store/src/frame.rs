//! Builds frames: gathers records, compresses, puts the head in front.

use crate::format::{CHECKPOINT_CHUNK, HEAD_LEN, Head, Kind};
use crate::record;
use hypersentry_model::Timestamp;
use std::fmt;
use std::io;

/// The records since the last sealed frame.
#[derive(Debug, Default)]
pub(crate) struct OpenFrame {
    raw: Vec<u8>,
    first_seq: u64,
    count: u32,
    previous_core: i64,
    opened: Option<Timestamp>,
}

impl OpenFrame {
    /// The core time of its first record, or nothing if it has none.
    pub(crate) const fn opened(&self) -> Option<Timestamp> {
        self.opened
    }

    /// Its bytes, uncompressed.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    pub(crate) fn push(&mut self, seq: u64, core: Timestamp, receive: Timestamp, payload: &[u8]) {
        if self.opened.is_none() {
            self.first_seq = seq;
            self.opened = Some(core);
        }
        record::encode(&mut self.raw, self.previous_core, core, receive, payload);
        self.previous_core = core.ns();
        self.count += 1;
    }

    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.count = 0;
        self.previous_core = 0;
        self.opened = None;
    }
}

/// Compresses bodies and builds frames in memory, reusing its buffers.
pub(crate) struct FrameBuilder {
    compressor: zstd::bulk::Compressor<'static>,
    body: Vec<u8>,
    frame: Vec<u8>,
}

impl fmt::Debug for FrameBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameBuilder").finish_non_exhaustive()
    }
}

impl FrameBuilder {
    pub(crate) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(level)?,
            body: Vec::new(),
            frame: Vec::new(),
        })
    }

    /// The bytes of the frame that seals `open`.
    pub(crate) fn records(&mut self, open: &OpenFrame) -> io::Result<&[u8]> {
        self.frame.clear();
        self.compressed(Kind::Records, &open.raw, open.first_seq, open.count)?;
        Ok(&self.frame)
    }

    /// The bytes of the frames that hold a segment's checkpoint: one even if it is empty.
    pub(crate) fn checkpoint(&mut self, checkpoint: &[u8], first_seq: u64) -> io::Result<Vec<u8>> {
        self.frame.clear();
        let mut to_come = checkpoint.len().div_ceil(CHECKPOINT_CHUNK).max(1) as u32;
        let mut rest = checkpoint;
        while to_come > 0 {
            to_come -= 1;
            let (chunk, after) = rest.split_at(rest.len().min(CHECKPOINT_CHUNK));
            rest = after;
            self.compressed(Kind::Checkpoint, chunk, first_seq, to_come)?;
        }
        Ok(std::mem::take(&mut self.frame))
    }

    fn compressed(&mut self, kind: Kind, raw: &[u8], first_seq: u64, count: u32) -> io::Result<()> {
        self.body.clear();
        self.body
            .reserve(zstd::zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(raw, &mut self.body)?;
        append(
            &mut self.frame,
            kind,
            &self.body,
            raw.len(),
            first_seq,
            count,
        );
        Ok(())
    }
}

/// Appends a frame with this body. Lengths are within the limits, which are far below 4 GiB.
pub(crate) fn append(
    into: &mut Vec<u8>,
    kind: Kind,
    body: &[u8],
    raw_len: usize,
    first_seq: u64,
    count: u32,
) {
    let head = Head {
        kind,
        stored_len: body.len() as u32,
        raw_len: raw_len as u32,
        first_seq,
        count,
        body_crc: crc32c::crc32c(body),
    };
    into.reserve(HEAD_LEN + body.len());
    into.extend_from_slice(&head.encode());
    into.extend_from_slice(body);
}
