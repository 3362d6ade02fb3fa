//! Captured venue frames: gzip, zstd or plain text, `<receive_ns> <raw JSON>` a line, the venue named by the file's prefix.

use crate::error::EngineError;
use crate::input::{Answer, Input};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hypersentry_model::{Symbol, Timestamp, Venue};
use hypersentry_venues::session::{self, Lane, RequestKey};
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The longest line that is read; the largest message of any venue is below 4 MiB.
const MAX_LINE: u64 = 16 << 20;

/// A venue that says nothing for this long was not being recorded: its connection is taken to have ended with its last line.
const PAUSE_NS: i64 = 60_000_000_000;

const EXTENSIONS: [&str; 4] = ["gz", "zst", "jsonl", "txt"];

/// One or more recordings, merged by (receive time, file name, line).
#[derive(Debug)]
pub struct Recording {
    files: Vec<Source>,
    /// Venues whose connection is taken to be open, and those that were told to begin.
    opened: BTreeSet<Venue>,
    demanded: BTreeSet<Venue>,
    queue: VecDeque<(Timestamp, Input)>,
    skipped: Vec<PathBuf>,
}

struct Source {
    path: PathBuf,
    venue: Venue,
    symbol: Option<Symbol>,
    lines: Box<dyn BufRead + Send>,
    line: u64,
    head: Option<(Timestamp, Bytes)>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("line", &self.line)
            .finish()
    }
}

fn venue_of(path: &Path) -> Option<Venue> {
    path.file_name()?.to_str()?.split('_').next()?.parse().ok()
}

/// The symbol that a file's name says, in the venues' usual capitals: `binance-spot_btcusdt_20240808.gz`.
fn symbol_of(path: &Path) -> Option<Symbol> {
    let name = path.file_name()?.to_str()?;
    Symbol::new(&name.split(['_', '.']).nth(1)?.to_uppercase()).ok()
}

impl Recording {
    /// Opens a file, or a directory of files. In a directory, files of venues that we do not read are skipped.
    ///
    /// # Errors
    /// Nothing is there, it cannot be read, or a single file's name says no venue.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let unreadable = |e: std::io::Error| EngineError::RecordingUnreadable {
            path: path.to_owned(),
            detail: e.to_string(),
        };
        if !path.exists() {
            return Err(EngineError::RecordingMissing(path.to_owned()));
        }
        let mut skipped = Vec::new();
        let mut paths = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?.path();
                let known = entry
                    .extension()
                    .and_then(|e| e.to_str())
                    .is_some_and(|e| EXTENSIONS.contains(&e));
                match venue_of(&entry) {
                    Some(_) if known => paths.push(entry),
                    _ if known => skipped.push(entry),
                    _ => {}
                }
            }
            paths.sort();
            skipped.sort();
            if paths.is_empty() {
                return Err(EngineError::RecordingMissing(path.to_owned()));
            }
        } else {
            paths.push(path.to_owned());
        }
        let files = paths
            .into_iter()
            .map(Source::open)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            files,
            opened: BTreeSet::new(),
            demanded: BTreeSet::new(),
            queue: VecDeque::new(),
            skipped,
        })
    }

    /// Files of a directory that were left out because their venue is not one that we read.
    pub fn skipped(&self) -> &[PathBuf] {
        &self.skipped
    }

    /// The next input with its receive time. A venue's first is preceded by its opening.
    ///
    /// # Errors
    /// A file is cut off or malformed.
    pub fn next_input(&mut self) -> Result<Option<(Timestamp, Input)>, EngineError> {
        if let Some(ready) = self.queue.pop_front() {
            return Ok(Some(ready));
        }
        // Files are in the order of their names, and `min_by_key` takes the first of equals.
        let Some(source) = self
            .files
            .iter_mut()
            .filter(|s| s.head.is_some())
            .min_by_key(|s| s.head.as_ref().map(|(at, _)| *at))
        else {
            return Ok(None);
        };
        let Some((at, frame)) = source.take()? else {
            return Ok(None);
        };
        let venue = source.venue;
        let input = match session::recorded_answer(venue, &frame) {
            Some(kind) => {
                let key = RequestKey {
                    kind,
                    symbol: source.symbol.unwrap_or(Symbol::ANY),
                    attempt: 0,
                };
                Input::Answer(
                    venue,
                    Answer {
                        key,
                        status: 200,
                        retry_after_s: None,
                        body: frame,
                        sent: None,
                        stale: false,
                    },
                )
            }
            None => Input::Frame(venue, Lane::MAIN, frame),
        };
        if self.opened.insert(venue) {
            if self.demanded.insert(venue) {
                self.queue
                    .push_back((at, Input::Demand(venue, BTreeSet::new())));
            }
            self.queue.push_back((at, Input::Opened(venue, Lane::MAIN)));
        }
        self.queue.push_back((at, input));
        let next = self
            .files
            .iter()
            .filter(|s| s.venue == venue)
            .filter_map(|s| s.head.as_ref().map(|(at, _)| *at))
            .min();
        let others_go_on = self.files.iter().any(|s| s.head.is_some());
        if others_go_on && next.is_none_or(|next| next.ns_since(at) > PAUSE_NS) {
            self.opened.remove(&venue);
            self.queue.push_back((
                at,
                Input::Closed(venue, Lane::MAIN, "the recording pauses".into()),
            ));
        }
        Ok(self.queue.pop_front())
    }
}

impl Source {
    fn open(path: PathBuf) -> Result<Self, EngineError> {
        let venue = venue_of(&path).ok_or_else(|| EngineError::RecordingVenue(path.clone()))?;
        let unreadable = |e: std::io::Error| EngineError::RecordingUnreadable {
            path: path.clone(),
            detail: e.to_string(),
        };
        let file = File::open(&path).map_err(unreadable)?;
        let lines: Box<dyn BufRead + Send> = match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => Box::new(BufReader::new(MultiGzDecoder::new(file))),
            Some("zst") => Box::new(BufReader::new(
                zstd::Decoder::new(file).map_err(unreadable)?,
            )),
            _ => Box::new(BufReader::new(file)),
        };
        let mut source = Self {
            symbol: symbol_of(&path),
            path,
            venue,
            lines,
            line: 0,
            head: None,
        };
        source.head = source.read()?;
        Ok(source)
    }

    fn take(&mut self) -> Result<Option<(Timestamp, Bytes)>, EngineError> {
        let head = self.head.take();
        self.head = self.read()?;
        Ok(head)
    }

    fn read(&mut self) -> Result<Option<(Timestamp, Bytes)>, EngineError> {
        loop {
            let mut text = Vec::new();
            let read = (&mut self.lines)
                .take(MAX_LINE)
                .read_until(b'\n', &mut text);
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => self.line += 1,
                Err(e)
                    if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput) =>
                {
                    return Err(EngineError::RecordingTruncated {
                        path: self.path.clone(),
                        line: self.line,
                    });
                }
                Err(e) => {
                    return Err(EngineError::RecordingUnreadable {
                        path: self.path.clone(),
                        detail: e.to_string(),
                    });
                }
            }
            let line = text.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let parsed = line.iter().position(|b| *b == b' ').and_then(|space| {
                let ns = std::str::from_utf8(&line[..space])
                    .ok()?
                    .parse::<i64>()
                    .ok()?;
                let frame = line[space + 1..].trim_ascii_start();
                (!frame.is_empty()).then(|| (Timestamp::from_ns(ns), Bytes::copy_from_slice(frame)))
            });
            return parsed
                .map(Some)
                .ok_or_else(|| EngineError::RecordingMalformed {
                    path: self.path.clone(),
                    line: self.line,
                });
        }
    }
}
