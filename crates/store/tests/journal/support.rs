//! What the tests share.

use hypersentry_model::Timestamp;
use hypersentry_store::{
    Header, Item, Journal, JournalError, JournalReader, Options, Record, Torn,
};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) fn header() -> Header {
    let config = json!({"venues": ["hyperliquid"], "budget": 0.1, "deep": {"on": true}});
    Header::new(3, "0.1.0+test", "run-1", Timestamp::from_ms(1_000), config)
}

pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 1 << 20,
        total_bytes: 1 << 30,
        ..Options::default()
    }
}

pub(crate) fn create(dir: &Path) -> Journal {
    Journal::create(dir, header(), options()).unwrap()
}

/// A record whose content follows from its number; 5 ms apart.
pub(crate) fn record(seq: u64) -> Record {
    record_of(seq, 20 + (seq % 13) as usize)
}

pub(crate) fn record_of(seq: u64, len: usize) -> Record {
    let mut state = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let payload = (0..len).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    Record {
        seq,
        core_time: Timestamp::from_ms(1_000 + 5 * seq as i64),
        receive_time: Timestamp::from_ms(999 + 5 * seq as i64),
        payload: payload.collect(),
    }
}

pub(crate) fn records(seqs: impl IntoIterator<Item = u64>) -> Vec<Record> {
    seqs.into_iter().map(record).collect()
}

/// All that a reader gave.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) starts: Vec<(u64, Vec<u8>)>,
    pub(crate) records: Vec<Record>,
    pub(crate) torn: Vec<Torn>,
    pub(crate) error: Option<JournalError>,
}

impl Read {
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.error.as_ref().map(JournalError::code)
    }

    /// Asserts that nothing was amiss, and gives the records.
    pub(crate) fn clean(self) -> Vec<Record> {
        assert_eq!(
            (&self.error, self.torn.len()),
            (&None, 0),
            "{:?}",
            self.torn
        );
        self.records
    }
}

pub(crate) fn read(path: &Path) -> Read {
    let mut read = Read::default();
    match JournalReader::open(path) {
        Ok(reader) => drain(reader, &mut read),
        Err(error) => read.error = Some(error),
    }
    read
}

pub(crate) fn drain(reader: JournalReader, read: &mut Read) {
    for item in reader {
        assert_eq!(read.error, None, "nothing comes after an error");
        match item {
            Ok(Item::Segment(start)) => read.starts.push((start.first_seq, start.checkpoint)),
            Ok(Item::Record(record)) => read.records.push(record),
            Ok(Item::Torn(torn)) => read.torn.push(torn),
            Err(error) => read.error = Some(error),
        }
    }
}

pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|has| has == extension))
        .collect();
    found.sort();
    found
}
