//! CPU time from a frame's bytes to the order book, against parsing the JSON alone and against the plain design.
//!
//! | way | what it does |
//! |---|---|
//! | `ours` | decodes and checks every byte, applies to `OrderBook` with its guards: form, sequence, order, crossing, bounds |
//! | `ours, decode` | the first half of it |
//! | `a: parse` | `serde_json` into a typed struct whose levels are `&str` borrowed from the frame; no number is read, no book kept |
//! | `b: best first` | that parse, prices and sizes to the same fixed-point numbers, one sorted `Vec` a side: binary search, insert, remove; no checks |
//! | `b2: best last` | the same with the best price at the end, so that changes near it move little |
//!
//! # Frames
//! Recorded ones, each once a pass: the depth updates of the Binance spot recordings, begun from the REST snapshot that lies in
//! each of them, and the order books of the Hyperliquid recordings. Updates that the snapshot includes are decoded and not
//! applied. The Hyperliquid frames are few, so that caches and branch predictors know them by heart, in every way alike.
//!
//! # Method
//! First each way runs through all frames, and after every frame all books and counts are equal to those of a `BTreeMap`. Then
//! rounds of several passes: within a round the ways take turns pass by pass, and who begins rotates. The clock is the thread's
//! CPU time and runs while frames are worked on; the snapshot is put in place before. A machine's speed drifts by more than what
//! is measured here, so each round gives one ratio for each pair, and only these are compared: their median, range and the
//! bound of the worst quarter. Microseconds are medians over the rounds and tell the order of magnitude.
//!
//! The frames are looked for under `$HYPERSENTRY_CORPUS` or in `shared` beside the checkout. Without `--bench` (`cargo test`)
//! the books are compared and nothing is timed. `--only WAY --passes N` runs one way under a profiler.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use cpu_time::ThreadTime;
use hypersentry_market::book::OrderBook;
use hypersentry_model::{Level, MarketEvent, Payload, Price, Size, Venue};
use hypersentry_venues::decode::{Outcome, decode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Rounds, each of which gives one ratio.
const ROUNDS: usize = 21;
/// CPU time of the fastest way in a round, at least: 2 s over the run.
const ROUND_CPU: Duration = Duration::from_millis(100);
/// What `b` must cost at least, in the worst quarter of the rounds, for `ours` to be worth its code.
const GOAL: f64 = 2.0;

/// The frames of one book, in order.
struct Recording {
    file: String,
    venue: Venue,
    frames: Vec<Vec<u8>>,
    /// The REST body with which a book of changes begins.
    snapshot: Option<Vec<u8>>,
    /// Number of first frames that the snapshot includes.
    included: usize,
}

fn root() -> Option<PathBuf> {
    let root = match std::env::var_os("HYPERSENTRY_CORPUS") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    root.is_dir().then_some(root)
}

/// The payloads of a file with one a line, perhaps packed, perhaps each after its receive time.
fn payloads(path: &Path) -> Vec<Vec<u8>> {
    let mut bytes = std::fs::read(path).expect("a recording can be read");
    if path.extension().is_some_and(|e| e == "gz") {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("a recording can be unpacked");
    }
    bytes
        .split(|b| *b == b'\n')
        .filter_map(|line| Some(&line[line.iter().position(|b| *b == b'{')?..]))
        .map(<[u8]>::to_vec)
        .collect()
}

/// The files in a folder of the corpus whose names begin so.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(prefix))
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(named)
        .collect();
    files.sort();
    files
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn binance(root: &Path) -> Vec<Recording> {
    #[derive(Deserialize)]
    struct Snapshot {
        #[serde(rename = "lastUpdateId")]
        last: u64,
    }
    let read = |path: &PathBuf| {
        let lines = payloads(path);
        let is_snapshot = |line: &&Vec<u8>| line.starts_with(b"{\"lastUpdateId\"");
        let snapshot = lines.iter().find(is_snapshot).cloned().expect("a snapshot");
        let frames: Vec<Vec<u8>> = lines
            .into_iter()
            .filter(|line| contains(line, b"\"depthUpdate\""))
            .collect();
        let held = serde_json::from_slice::<Snapshot>(&snapshot).unwrap().last;
        let ids = |frame: &Vec<u8>| {
            let depth = depth(frame);
            (depth.first, depth.last)
        };
        let included = frames.iter().take_while(|f| ids(f).1 <= held).count();
        assert!(ids(&frames[included]).0 <= held + 1, "a gap at the splice");
        Recording {
            file: path.file_name().unwrap().to_string_lossy().into_owned(),
            venue: Venue::BinanceSpot,
            frames,
            snapshot: Some(snapshot),
            included,
        }
    };
    let paths = files(&root.join("recordings"), "binance-spot_");
    paths.iter().map(read).collect()
}

fn hyperliquid(root: &Path) -> Vec<Recording> {
    let mut paths = files(&root.join("recordings"), "hyperliquid_");
    let samples = root.join("venue-samples/hyperliquid/hftbacktest");
    paths.extend(files(&samples, "ws_l2Book"));
    let mut recordings: Vec<Recording> = Vec::new();
    for path in paths {
        let mut frames = payloads(&path);
        frames.retain(|frame| frame.starts_with(b"{\"channel\":\"l2Book\""));
        // The samples were cut from the recording: a frame counts once.
        frames.retain(|frame| !recordings.iter().any(|r| r.frames.contains(frame)));
        if !frames.is_empty() {
            recordings.push(Recording {
                file: path.file_name().unwrap().to_string_lossy().into_owned(),
                venue: Venue::Hyperliquid,
                frames,
                snapshot: None,
                included: 0,
            });
        }
    }
    recordings
}

// What a typed parse asks for: no more than `ours` reads.

#[derive(Deserialize)]
struct Combined<'a> {
    #[serde(borrow)]
    data: Depth<'a>,
}

#[derive(Deserialize)]
struct Depth<'a> {
    #[serde(rename = "E")]
    time: i64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "U")]
    first: u64,
    #[serde(rename = "u")]
    last: u64,
    #[serde(borrow, rename = "b")]
    bids: Vec<(&'a str, &'a str)>,
    #[serde(borrow, rename = "a")]
    asks: Vec<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    data: Whole<'a>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    coin: &'a str,
    time: i64,
    #[serde(borrow)]
    levels: (Vec<Listed<'a>>, Vec<Listed<'a>>),
}

#[derive(Deserialize)]
struct Listed<'a> {
    px: &'a str,
    sz: &'a str,
}

fn depth(frame: &[u8]) -> Depth<'_> {
    serde_json::from_slice::<Combined<'_>>(frame).unwrap().data
}

fn whole(frame: &[u8]) -> Whole<'_> {
    serde_json::from_slice::<Channel<'_>>(frame).unwrap().data
}

fn level(px: &str, sz: &str) -> Level {
    Level {
        px: Price::parse(px).unwrap(),
        sz: Size::parse(sz).unwrap(),
    }
}

/// One way from frames to a book.
trait Way {
    fn begin(&mut self, recording: &Recording);
    /// Takes a frame and gives the number of its levels.
    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize;
    /// The book, best first, if this way keeps one.
    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)>;
}

/// The event of a frame; `out` is empty before and after.
fn event(venue: Venue, frame: &[u8], out: &mut Vec<MarketEvent>) -> Payload {
    assert_eq!(decode(venue, frame, None, out), Ok(Outcome::Events));
    out.pop().expect("an event").payload
}

#[derive(Default)]
struct Ours {
    book: OrderBook,
    out: Vec<MarketEvent>,
}

impl Way for Ours {
    fn begin(&mut self, recording: &Recording) {
        *self = Self::default();
        if let Some(body) = &recording.snapshot {
            let body = hypersentry_venues::binance_spot::decode::snapshot(body).unwrap();
            self.book.apply_snapshot(&body).unwrap();
        }
    }

    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize {
        match event(venue, frame, &mut self.out) {
            Payload::BookDelta(change) => {
                if apply {
                    self.book.apply_delta(&change).unwrap();
                }
                change.bids.len() + change.asks.len()
            }
            Payload::BookSnapshot(book) => {
                self.book.apply_snapshot(&book).unwrap();
                book.bids.len() + book.asks.len()
            }
            other => panic!("not a book: {other:?}"),
        }
    }

    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        let view = self.book.read()?;
        Some((view.bids.iter().collect(), view.asks.iter().collect()))
    }
}

#[derive(Default)]
struct Decode {
    out: Vec<MarketEvent>,
}

impl Way for Decode {
    fn begin(&mut self, _: &Recording) {}

    fn frame(&mut self, venue: Venue, frame: &[u8], _: bool) -> usize {
        match black_box(&event(venue, frame, &mut self.out)) {
            Payload::BookDelta(change) => change.bids.len() + change.asks.len(),
            Payload::BookSnapshot(book) => book.bids.len() + book.asks.len(),
            other => panic!("not a book: {other:?}"),
        }
    }

    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        None
    }
}

struct Parse;

impl Way for Parse {
    fn begin(&mut self, _: &Recording) {}

    fn frame(&mut self, venue: Venue, frame: &[u8], _: bool) -> usize {
        match venue {
            Venue::BinanceUsdm | Venue::Coinbase | Venue::Bybit | Venue::Okx => 0,
            Venue::BinanceSpot => {
                let depth = depth(frame);
                black_box((depth.time, depth.symbol));
                black_box(&depth.bids).len() + black_box(&depth.asks).len()
            }
            Venue::Hyperliquid => {
                let whole = whole(frame);
                black_box((whole.time, whole.coin));
                black_box(&whole.levels.0).len() + black_box(&whole.levels.1).len()
            }
        }
    }

    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        None
    }
}

/// A sorted vector a side.
#[derive(Default)]
struct Plain<const BEST_LAST: bool> {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

fn set<const ASCENDING: bool>(side: &mut Vec<Level>, level: Level) {
    let found = side.binary_search_by(|held| {
        if ASCENDING {
            held.px.cmp(&level.px)
        } else {
            level.px.cmp(&held.px)
        }
    });
    match found {
        Ok(i) if level.sz.is_zero() => drop(side.remove(i)),
        Ok(i) => side[i].sz = level.sz,
        Err(_) if level.sz.is_zero() => {}
        Err(i) => side.insert(i, level),
    }
}

fn replace<'a, const BEST_LAST: bool>(
    side: &mut Vec<Level>,
    levels: impl DoubleEndedIterator<Item = (&'a str, &'a str)>,
) {
    side.clear();
    let levels = levels.map(|(px, sz)| level(px, sz));
    if BEST_LAST {
        side.extend(levels.rev());
    } else {
        side.extend(levels);
    }
}

impl<const BEST_LAST: bool> Way for Plain<BEST_LAST> {
    fn begin(&mut self, recording: &Recording) {
        #[derive(Deserialize)]
        struct Snapshot<'a> {
            #[serde(borrow)]
            bids: Vec<(&'a str, &'a str)>,
            #[serde(borrow)]
            asks: Vec<(&'a str, &'a str)>,
        }
        if let Some(body) = &recording.snapshot {
            let body: Snapshot<'_> = serde_json::from_slice(body).unwrap();
            replace::<BEST_LAST>(&mut self.bids, body.bids.into_iter());
            replace::<BEST_LAST>(&mut self.asks, body.asks.into_iter());
        }
    }

    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize {
        match venue {
            Venue::BinanceUsdm | Venue::Coinbase | Venue::Bybit | Venue::Okx => 0,
            Venue::BinanceSpot => {
                let depth = depth(frame);
                if apply {
                    for (px, sz) in &depth.bids {
                        let level = level(px, sz);
                        if BEST_LAST {
                            set::<true>(&mut self.bids, level);
                        } else {
                            set::<false>(&mut self.bids, level);
                        }
                    }
                    for (px, sz) in &depth.asks {
                        let level = level(px, sz);
                        if BEST_LAST {
                            set::<false>(&mut self.asks, level);
                        } else {
                            set::<true>(&mut self.asks, level);
                        }
                    }
                }
                depth.bids.len() + depth.asks.len()
            }
            Venue::Hyperliquid => {
                let (bids, asks) = whole(frame).levels;
                replace::<BEST_LAST>(&mut self.bids, bids.iter().map(|l| (l.px, l.sz)));
                replace::<BEST_LAST>(&mut self.asks, asks.iter().map(|l| (l.px, l.sz)));
                bids.len() + asks.len()
            }
        }
    }

    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        let (mut bids, mut asks) = (self.bids.clone(), self.asks.clone());
        if BEST_LAST {
            bids.reverse();
            asks.reverse();
        }
        Some((bids, asks))
    }
}

/// The book that all must agree with.
#[derive(Default)]
struct Reference {
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
}

impl Reference {
    fn apply<'a>(
        side: &mut BTreeMap<Price, Size>,
        levels: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        for (px, sz) in levels {
            let level = level(px, sz);
            if level.sz.is_zero() {
                side.remove(&level.px);
            } else {
                side.insert(level.px, level.sz);
            }
        }
    }
}

impl Way for Reference {
    fn begin(&mut self, recording: &Recording) {
        let mut snapshot = Plain::<false>::default();
        snapshot.begin(recording);
        self.bids = snapshot.bids.iter().map(|l| (l.px, l.sz)).collect();
        self.asks = snapshot.asks.iter().map(|l| (l.px, l.sz)).collect();
    }

    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize {
        match venue {
            Venue::BinanceUsdm | Venue::Coinbase | Venue::Bybit | Venue::Okx => 0,
            Venue::BinanceSpot => {
                let depth = depth(frame);
                if apply {
                    Self::apply(&mut self.bids, depth.bids.iter().copied());
                    Self::apply(&mut self.asks, depth.asks.iter().copied());
                }
                depth.bids.len() + depth.asks.len()
            }
            Venue::Hyperliquid => {
                let (bids, asks) = whole(frame).levels;
                self.bids.clear();
                self.asks.clear();
                Self::apply(&mut self.bids, bids.iter().map(|l| (l.px, l.sz)));
                Self::apply(&mut self.asks, asks.iter().map(|l| (l.px, l.sz)));
                bids.len() + asks.len()
            }
        }
    }

    fn book(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        let level = |(px, sz): (&Price, &Size)| Level { px: *px, sz: *sz };
        Some((
            self.bids.iter().rev().map(level).collect(),
            self.asks.iter().map(level).collect(),
        ))
    }
}

const NAMES: [&str; 5] = [
    "ours",
    "ours, decode",
    "a: parse",
    "b: best first",
    "b2: best last",
];

fn ways() -> [Box<dyn Way>; 5] {
    [
        Box::new(Ours::default()),
        Box::new(Decode::default()),
        Box::new(Parse),
        Box::new(Plain::<false>::default()),
        Box::new(Plain::<true>::default()),
    ]
}

/// Runs all ways side by side and gives the number of levels in the frames.
fn verify(recordings: &[Recording]) -> usize {
    let mut total = 0;
    for recording in recordings {
        let mut reference = Reference::default();
        reference.begin(recording);
        let mut ways = ways();
        for way in &mut ways {
            way.begin(recording);
        }
        for (i, frame) in recording.frames.iter().enumerate() {
            let apply = i >= recording.included;
            let levels = reference.frame(recording.venue, frame, apply);
            let book = reference.book();
            for (name, way) in NAMES.iter().zip(&mut ways) {
                let told = way.frame(recording.venue, frame, apply);
                let place = format!("{name}, {}, frame {i}", recording.file);
                assert_eq!(told, levels, "levels of {place}");
                let held = way.book();
                // Not `assert_eq`: two whole books say nothing to a reader.
                assert!(held.is_none() || held == book, "the book of {place}");
            }
            total += levels;
        }
    }
    total
}

/// One pass over all frames: its CPU time, and the number of levels in the frames.
fn pass(way: &mut dyn Way, recordings: &[Recording]) -> (Duration, usize) {
    let mut cpu = Duration::ZERO;
    let mut told = 0;
    for recording in recordings {
        way.begin(recording);
        let start = ThreadTime::now();
        for (i, frame) in recording.frames.iter().enumerate() {
            told += way.frame(recording.venue, frame, i >= recording.included);
        }
        cpu += start.elapsed();
    }
    (cpu, told)
}

/// The CPU times of each way in each round. All find the same number of levels as [`verify`] did: each did all of its work.
fn measure(recordings: &[Recording], levels: usize) -> (usize, Vec<[Duration; 5]>) {
    let mut ways = ways();
    let mut timed = |i: usize| {
        let (cpu, told) = pass(ways[i].as_mut(), recordings);
        assert_eq!(told, levels, "{}", NAMES[i]);
        cpu
    };
    // The first passes warm up.
    let trials = (0..10 * NAMES.len()).map(|i| timed(i % NAMES.len()));
    let fastest = trials.min().unwrap_or(ROUND_CPU);
    let passes = ROUND_CPU.as_nanos().div_ceil(fastest.as_nanos().max(1)) as usize;
    let mut rounds = vec![[Duration::ZERO; 5]; ROUNDS];
    for (round, cpu) in rounds.iter_mut().enumerate() {
        for turn in 0..passes * NAMES.len() {
            // Passes and ways together shift the beginning by one way from pass to pass.
            let i = (round + turn + turn / NAMES.len()) % NAMES.len();
            cpu[i] += timed(i);
        }
    }
    (passes, rounds)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn report(recordings: &[Recording], passes: usize, rounds: &[[Duration; 5]]) {
    let frames: usize = recordings.iter().map(|r| r.frames.len()).sum();
    let column = |i: usize| rounds.iter().map(move |cpu| cpu[i].as_secs_f64());
    let least = NAMES.iter().enumerate().map(|(i, _)| column(i).sum());
    println!(
        "{} rounds of {passes} passes; CPU time of each way: {:.1} s or more",
        rounds.len(),
        least.fold(f64::INFINITY, f64::min),
    );
    println!("  way              us/frame");
    for (i, name) in NAMES.iter().enumerate() {
        let us = sorted(column(i).map(|s| s * 1e6).collect());
        let us = us[us.len() / 2] / (frames * passes) as f64;
        println!("  {name:<15} {us:>9.3}");
    }
    println!("  ratio                        median [min..max]      worst quarter below");
    for (over, under) in [(3, 0), (2, 0), (4, 0), (2, 1)] {
        let ratios = sorted(
            column(over)
                .zip(column(under))
                .map(|(x, y)| x / y)
                .collect(),
        );
        let quarter = ratios[ratios.len() / 4];
        let name = format!("{} / {}", NAMES[over], NAMES[under]);
        println!(
            "  {name:<28} {:>6.2} [{:.2}..{:.2}] {quarter:>16.2}{}",
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1],
            match (over, quarter >= GOAL) {
                (3, true) => format!("  (goal {GOAL}: reached)"),
                (3, false) => format!("  (goal {GOAL}: MISSED)"),
                _ => String::new(),
            },
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|a| a == name);
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)
    };
    if has("--list") {
        return;
    }
    let Some(root) = root() else {
        println!("corpus absent: nothing to measure");
        return;
    };
    for recordings in [binance(&root), hyperliquid(&root)] {
        let Some(first) = recordings.first() else {
            println!("no recordings of a venue in the corpus: nothing to measure");
            continue;
        };
        if let Some(only) = value("--only") {
            let i = NAMES.iter().position(|name| name == only).expect("a way");
            let passes = value("--passes").map_or(1, |n| n.parse().expect("a number"));
            let mut ways = ways();
            for _ in 0..passes {
                pass(ways[i].as_mut(), &recordings);
            }
            continue;
        }
        let levels = verify(&recordings);
        println!(
            "\n{}: {} frames, {} bytes, {levels} levels; all books equal after each frame",
            first.venue,
            recordings.iter().map(|r| r.frames.len()).sum::<usize>(),
            recordings
                .iter()
                .flat_map(|r| &r.frames)
                .map(Vec::len)
                .sum::<usize>(),
        );
        for recording in &recordings {
            let Recording { file, frames, .. } = recording;
            println!("  {file}: {} frames", frames.len());
        }
        if has("--bench") {
            let (passes, rounds) = measure(&recordings, levels);
            report(&recordings, passes, &rounds);
        }
    }
}
