//! CPU time from a frame's bytes to a canonical event and to the state of the market, against parsing the JSON alone and against the plain
//! design, for the recorded books of every venue.
//!
//! | way | what it does |
//! |---|---|
//! | `ours` | decodes and checks every byte, applies to the market core: form, sequence, order, crossing, bounds, stamps, what clients are to be told |
//! | `ours, book` | decodes, and applies to `OrderBook` alone |
//! | `ours, decode` | the first half of both |
//! | `a: parse` | `serde_json` into a typed struct whose levels are `&str` borrowed from the frame; no number is read, no book kept |
//! | `b: best first` | that parse, prices and sizes to the same fixed-point numbers, one sorted `Vec` a side: binary search, insert, remove; no checks |
//! | `b2: best last` | the same with the best price at the end, so that changes near it move little |
//!
//! # Frames
//! Recorded ones, each once a pass. Binance's are the changes of the recordings, begun from the REST snapshot that lies in each; updates that
//! the snapshot includes are decoded and not applied. Those of the other venues begin with a whole book. The frames of Hyperliquid, Coinbase,
//! Bybit and OKX are few, so that caches and branch predictors know them by heart, in every way alike.
//!
//! # Method
//! First each way runs through all frames, and after every frame all books and counts are equal to those of a `BTreeMap`. Then
//! rounds of several passes: within a round the ways take turns pass by pass, and who begins rotates. The clock is the thread's
//! CPU time and runs while frames are worked on; the snapshot is put in place before. Every way keeps its room from pass to pass: books are
//! emptied and not given up. A machine's speed drifts by more than what
//! is measured here, so each round gives one ratio for each pair, and only these are compared: their median, range and the
//! bound of the worst quarter. Microseconds are medians over the rounds and tell the order of magnitude.
//!
//! The frames are looked for under `$HYPERSENTRY_CORPUS` or in `shared` beside the checkout. Without `--bench` (`cargo test`)
//! the books are compared and nothing is timed. `--only WAY --passes N` runs one way under a profiler, `--venue V` one venue.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

mod measure;
mod ours;
mod plain;
mod recordings;
mod way;

use hypersentry_model::Venue;
use recordings::Recording;
use way::Way;

const WAYS: usize = 6;
const NAMES: [&str; WAYS] = [
    "ours",
    "ours, book",
    "ours, decode",
    "a: parse",
    "b: best first",
    "b2: best last",
];

fn ways() -> [Box<dyn Way>; WAYS] {
    [
        Box::new(ours::State::default()),
        Box::new(ours::Book::default()),
        Box::new(ours::Decode::default()),
        Box::new(plain::Parse),
        Box::new(plain::Plain::<false>::default()),
        Box::new(plain::Plain::<true>::default()),
    ]
}

/// The whole book of the market core is compared so often: making it is slow.
const STATE_EVERY: usize = 97;

/// Runs all ways side by side and gives the number of levels in the frames.
fn verify(recordings: &[Recording]) -> usize {
    let mut total = 0;
    for recording in recordings {
        let mut reference = plain::Reference::default();
        reference.begin(recording);
        let mut ways = ways();
        for way in &mut ways {
            way.begin(recording);
        }
        for (i, frame) in recording.frames.iter().enumerate() {
            let apply = i >= recording.included;
            let levels = reference.frame(recording.venue, frame, apply);
            let book = reference.book();
            for (at, (name, way)) in NAMES.iter().zip(&mut ways).enumerate() {
                let told = way.frame(recording.venue, frame, apply);
                let place = format!("{name}, {}, frame {i}", recording.file);
                assert_eq!(told, levels, "levels of {place}");
                if at == 0 && i % STATE_EVERY != 0 && i + 1 != recording.frames.len() {
                    continue;
                }
                let held = way.book();
                // Not `assert_eq`: two whole books say nothing to a reader.
                assert!(held.is_none() || held == book, "the book of {place}");
            }
            total += levels;
        }
    }
    total
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
    let Some(root) = recordings::root() else {
        println!("corpus absent: nothing to measure");
        return;
    };
    for venue in Venue::ALL {
        if value("--venue").is_some_and(|only| only != venue.name()) {
            continue;
        }
        let recordings = recordings::of(&root, venue);
        if recordings.is_empty() {
            println!("no recordings of {venue} in the corpus: nothing to measure");
            continue;
        }
        if let Some(only) = value("--only") {
            let i = NAMES.iter().position(|name| name == only).expect("a way");
            let passes = value("--passes").map_or(1, |n| n.parse().expect("a number"));
            let mut ways = ways();
            for _ in 0..passes {
                measure::pass(ways[i].as_mut(), &recordings);
            }
            continue;
        }
        let levels = verify(&recordings);
        println!(
            "\n{venue}: {} frames, {} bytes, {levels} levels; all books equal after each frame",
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
            let (passes, rounds) = measure::measure(&recordings, levels);
            measure::report(&recordings, passes, &rounds);
        }
    }
}
