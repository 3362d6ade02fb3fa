//! Brings the end of an earlier run's journal into order before the next run writes behind it.

use crate::disk::Disk;
use crate::error::JournalError;
use crate::files::{self, SegmentFile};
use crate::frame::{FrameBuilder, OpenFrame};
use crate::options::Options;
use crate::reader::Torn;
use crate::record;
use crate::segment::{FrameRead, SegmentReader};
use crate::tail::{TailRead, TailReader};
use std::path::Path;

/// What the end of the journal was like when it was opened for writing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recovery {
    /// Records found in the tail of a run that was not closed, now sealed.
    pub recovered: u64,
    /// What a crash cut short: these bytes were removed.
    pub torn: Vec<Torn>,
}

/// Seals the last segment's tail and cuts off what is torn. Gives the sequence number that comes next.
///
/// Each step leaves a journal that reads the same, so a crash in between does no harm.
pub(crate) fn recover(
    disk: &dyn Disk,
    last: &SegmentFile,
    builder: &mut FrameBuilder,
    options: &Options,
) -> Result<(u64, Recovery), JournalError> {
    let mut recovery = Recovery::default();
    let (mut segment, _) = SegmentReader::open(&last.path)?;
    loop {
        match segment.next_frame()? {
            FrameRead::Records(_) => {}
            FrameRead::End => break,
            FrameRead::Torn if segment.later_frame_exists()? => {
                return Err(segment.corrupt("a frame is not whole"));
            }
            FrameRead::Torn => {
                recovery.torn.push(Torn {
                    segment: last.path.clone(),
                    offset: segment.offset(),
                    lost_bytes: segment.unread()?,
                });
                break;
            }
        }
    }
    let mut next_seq = segment.next_seq();
    let frames = read_tail(&last.path, builder, options, &mut next_seq, &mut recovery)?;
    if !frames.is_empty() || !recovery.torn.is_empty() {
        let wrote = |doing: &'static str| {
            move |error: std::io::Error| JournalError::writing(doing, &last.path, &error)
        };
        let mut file = disk.extend(&last.path).map_err(wrote("open"))?;
        file.cut(segment.offset()).map_err(wrote("truncate"))?;
        file.write(&frames).map_err(wrote("write"))?;
        file.sync().map_err(wrote("sync"))?;
        tracing::warn!(
            recovered = recovery.recovered,
            torn = ?recovery.torn,
            "the journal was not closed; its end was put in order"
        );
    }
    Ok((next_seq, recovery))
}

/// Frames for the records that only the tail has. They were one open frame, so they are few.
fn read_tail(
    segment: &Path,
    builder: &mut FrameBuilder,
    options: &Options,
    next_seq: &mut u64,
    recovery: &mut Recovery,
) -> Result<Vec<u8>, JournalError> {
    let mut frames = Vec::new();
    let path = files::tail_path(segment);
    let Some(mut tail) = TailReader::open(path.clone())? else {
        return Ok(frames);
    };
    let compressing = |error: std::io::Error| JournalError::writing("compress", segment, &error);
    let mut open = OpenFrame::default();
    loop {
        let offset = tail.offset();
        match tail.next()? {
            TailRead::Record(record) if record.seq < *next_seq => {}
            TailRead::Record(record) if record.seq == *next_seq => {
                let full = open.len() + record::max_len(&record.payload) > options.frame_bytes;
                if full && open.opened().is_some() {
                    frames.extend_from_slice(builder.records(&open).map_err(compressing)?);
                    open.clear();
                }
                let (core, receive) = (record.core_time, record.receive_time);
                open.push(record.seq, core, receive, &record.payload);
                *next_seq += 1;
                recovery.recovered += 1;
            }
            TailRead::Record(record) => {
                let detail = format!("record {} where {next_seq} belongs", record.seq);
                return Err(JournalError::corrupt(&path, offset, detail));
            }
            TailRead::Torn { offset, lost_bytes } => {
                recovery.torn.push(Torn {
                    segment: path,
                    offset,
                    lost_bytes,
                });
                break;
            }
            TailRead::End => break,
        }
    }
    if open.opened().is_some() {
        frames.extend_from_slice(builder.records(&open).map_err(compressing)?);
    }
    Ok(frames)
}
