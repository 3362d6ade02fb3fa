//! Walks recorded venue messages for the corpus tests.
//!
//! The corpus lies outside the checkout: under `$HYPERSENTRY_CORPUS`, or in `shared` beside the checkout. A file belongs to
//! a venue when one of its folders bears the venue's name, or when its own name begins with it (`hyperliquid_btc.gz`).
//!
//! | file | payloads |
//! |---|---|
//! | `.json` | one; under `response` where `_request` or `_url` say what had been asked |
//! | `.jsonl` | one a line |
//! | `.gz` | one a line, packed |
//!
//! A line may begin with its receive time: `<nanoseconds> <json>`. Everything else is skipped, with the reason.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]

use hypersentry_model::Timestamp;
use hypersentry_venues::decode::{DecodeError, Outcome};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One recorded payload.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The file, relative to the corpus.
    pub file: String,
    /// The line, from 1; 1 where a file is one payload.
    pub line: usize,
    /// The payload as it was received.
    pub payload: Vec<u8>,
    /// When it was received, where the recording says so.
    pub receive: Option<Timestamp>,
    /// For wrapped REST answers: `_url` or `_request` as JSON text.
    pub request: Option<String>,
}

/// What a walk found: every line is either a sample or skipped.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The payloads, in order of file and line.
    pub samples: Vec<Sample>,
    /// Files and lines that hold no payload: `(file, line or None for all of it, reason)`.
    pub skipped: Vec<(String, Option<usize>, &'static str)>,
    /// Number of files that were looked at.
    pub files: usize,
}

/// The corpus, if there is one.
pub fn root() -> Option<PathBuf> {
    let root = match std::env::var_os("HYPERSENTRY_CORPUS") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    root.is_dir().then_some(root)
}

/// Everything of `venue`, or `None` where there is no corpus, which is said and, if a corpus is required, fails.
pub fn walk(venue: &str) -> Option<Corpus> {
    walk_all(&[venue])
}

/// As [`walk`], for a venue whose files go by several names.
pub fn walk_all(names: &[&str]) -> Option<Corpus> {
    let found = root().map(|root| {
        let mut files = Vec::new();
        for name in names {
            list(&root, &root, name, &mut files);
        }
        files.sort();
        files.dedup();
        let mut corpus = Corpus::default();
        for (name, path) in &files {
            corpus.files += 1;
            read_file(name, path, &mut corpus);
        }
        corpus
    });
    let found = found.filter(|corpus| corpus.files > 0);
    if found.is_none() {
        println!("corpus absent: 1 test skipped");
        let required = std::env::var_os("HYPERSENTRY_REQUIRE_CORPUS").is_some_and(|v| v == "1");
        assert!(
            !required,
            "HYPERSENTRY_REQUIRE_CORPUS=1 but no file of {names:?} was found"
        );
    }
    found
}

/// Whether a file at this path below the corpus is the venue's.
fn belongs(root: &Path, relative: &Path, venue: &str) -> bool {
    let in_folder = |path: &Path| path.components().any(|c| c.as_os_str() == venue);
    let folder = relative.parent().unwrap_or(Path::new(""));
    let named = relative
        .file_name()
        .and_then(|n| n.to_str())
        .is_some_and(|name| {
            name.strip_prefix(venue)
                .is_some_and(|rest| rest.starts_with(['_', '.']))
        });
    let root_is_venue = root.file_name().is_some_and(|name| name == venue);
    root_is_venue || in_folder(folder) || named
}

fn list(root: &Path, folder: &Path, venue: &str, out: &mut Vec<(String, PathBuf)>) {
    let entries = std::fs::read_dir(folder).expect("the corpus can be listed");
    for entry in entries {
        let path = entry.expect("the corpus can be listed").path();
        if path.is_dir() {
            list(root, &path, venue, out);
            continue;
        }
        let relative = path.strip_prefix(root).expect("below the root");
        if belongs(root, relative, venue) {
            out.push((relative.to_string_lossy().into_owned(), path));
        }
    }
}

fn read_file(name: &str, path: &Path, corpus: &mut Corpus) {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let mut bytes = std::fs::read(path).expect("a corpus file can be read");
    if extension == "gz" {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("a packed corpus file can be unpacked");
    }
    match extension {
        "json" => {
            let (payload, request) = unwrap_response(&bytes);
            corpus.samples.push(Sample {
                file: name.to_owned(),
                line: 1,
                payload,
                receive: None,
                request,
            });
        }
        "jsonl" | "gz" => {
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
                let line = line.trim_ascii();
                if line.is_empty() {
                    corpus
                        .skipped
                        .push((name.to_owned(), Some(i + 1), "blank line"));
                    continue;
                }
                let (receive, payload) = split_receive(line);
                corpus.samples.push(Sample {
                    file: name.to_owned(),
                    line: i + 1,
                    payload: payload.to_vec(),
                    receive,
                    request: None,
                });
            }
        }
        "txt" if name.contains("client_frames") => {
            corpus.skipped.push((name.to_owned(), None, "client frame"));
        }
        "md" => corpus.skipped.push((name.to_owned(), None, "prose")),
        _ => corpus
            .skipped
            .push((name.to_owned(), None, "no payload format of ours")),
    }
}

/// Takes the payload out of a wrapper that says what had been asked.
fn unwrap_response(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
    use serde_json::value::RawValue;
    let wrapper: Option<BTreeMap<String, Box<RawValue>>> = serde_json::from_slice(bytes).ok();
    let wrapped = wrapper.and_then(|mut fields| {
        let request = fields
            .remove("_url")
            .or_else(|| fields.remove("_request"))?;
        let response = fields.remove("response")?;
        Some((
            response.get().as_bytes().to_vec(),
            Some(request.get().to_owned()),
        ))
    });
    wrapped.unwrap_or_else(|| (bytes.trim_ascii().to_vec(), None))
}

/// Splits `<nanoseconds> <json>`.
pub fn split_receive(line: &[u8]) -> (Option<Timestamp>, &[u8]) {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    match line.get(digits) {
        Some(b' ') if digits > 0 => {
            let text = std::str::from_utf8(&line[..digits]).expect("digits are text");
            let receive = text.parse().ok().map(Timestamp::from_ns);
            (receive, line[digits..].trim_ascii_start())
        }
        _ => (None, line),
    }
}

/// What became of the lines of one file.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Payloads.
    pub read: u64,
    /// Events that they gave.
    pub events: u64,
    /// Payloads that gave the events.
    pub with_events: u64,
    /// Acknowledgements and the like, by name.
    pub control: BTreeMap<String, u64>,
    /// Known and not used, by name.
    pub skipped: BTreeMap<String, u64>,
    /// Refused, by code.
    pub refused: BTreeMap<String, u64>,
}

impl Counts {
    /// Payloads of which something became.
    pub fn accounted(&self) -> u64 {
        let sum = |m: &BTreeMap<String, u64>| m.values().sum::<u64>();
        self.with_events + sum(&self.control) + sum(&self.skipped) + sum(&self.refused)
    }
}

/// What became of all lines.
#[derive(Debug, Default)]
pub struct Report {
    /// By file.
    pub files: BTreeMap<String, Counts>,
}

impl Report {
    /// Notes what decoding made of a sample, and how many events it pushed.
    pub fn note(&mut self, sample: &Sample, result: &Result<Outcome, DecodeError>, events: usize) {
        let counts = self.files.entry(sample.file.clone()).or_default();
        counts.read += 1;
        counts.events += events as u64;
        let (map, name) = match result {
            Ok(Outcome::Events) => {
                counts.with_events += 1;
                return;
            }
            Ok(Outcome::Control(name)) => (&mut counts.control, (*name).to_owned()),
            Ok(Outcome::Skipped(name)) => (&mut counts.skipped, name.clone()),
            Err(error) => (&mut counts.refused, error.code.to_owned()),
        };
        *map.entry(name).or_default() += 1;
    }

    /// The sums over all files.
    pub fn totals(&self) -> Counts {
        let mut all = Counts::default();
        for counts in self.files.values() {
            all.read += counts.read;
            all.events += counts.events;
            all.with_events += counts.with_events;
            for (to, from) in [
                (&mut all.control, &counts.control),
                (&mut all.skipped, &counts.skipped),
                (&mut all.refused, &counts.refused),
            ] {
                for (name, n) in from {
                    *to.entry(name.clone()).or_default() += n;
                }
            }
        }
        all
    }

    /// Prints a line a file, the skipped files and the sums.
    pub fn print(&self, corpus: &Corpus) {
        for (file, counts) in &self.files {
            println!("{file}: {}", line(counts));
        }
        for (file, at, reason) in &corpus.skipped {
            match at {
                Some(number) => println!("{file}:{number}: skipped ({reason})"),
                None => println!("{file}: skipped ({reason})"),
            }
        }
        println!("{} files: {}", corpus.files, line(&self.totals()));
    }
}

fn line(counts: &Counts) -> String {
    let list = |m: &BTreeMap<String, u64>| {
        let parts: Vec<String> = m.iter().map(|(name, n)| format!("{name} {n}")).collect();
        match parts.is_empty() {
            true => "0".to_owned(),
            false => parts.join(", "),
        }
    };
    format!(
        "read {}, events {}, control {}, skipped {}, refused {}",
        counts.read,
        counts.events,
        list(&counts.control),
        list(&counts.skipped),
        list(&counts.refused)
    )
}
