//! Recordings of the real venues, where they are.
//!
//! The corpus lies outside the checkout: under `$HYPERSENTRY_CORPUS`, or in `shared` beside the checkout. Its recordings are in its folder
//! `recordings`, or in itself.

use crate::support::gateway::{Ended, run};
use crate::support::replica::Replica;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::replay::{Note, Replay};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

const READ: [&str; 3] = ["hyperliquid_", "binance-spot_", "binance-usdm_"];

/// The recordings, or nothing where there is no corpus, which is said and, if a corpus is required, fails.
fn recordings() -> Option<PathBuf> {
    let root = match std::env::var_os("HYPERSENTRY_CORPUS") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    let found = [root.join("recordings"), root]
        .into_iter()
        .find(|dir| READ.iter().all(|venue| !files(dir, &[venue]).is_empty()));
    if found.is_none() {
        println!("corpus absent: 1 tests skipped");
        let required = std::env::var_os("HYPERSENTRY_REQUIRE_CORPUS").is_some_and(|v| v == "1");
        assert!(
            !required,
            "HYPERSENTRY_REQUIRE_CORPUS=1 but no recordings were found"
        );
    }
    found
}

/// Recordings in `dir` whose names begin with one of `venues`, in order.
fn files(dir: &Path, venues: &[&str]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".gz") && venues.iter().any(|venue| name.starts_with(venue))
        })
        .collect();
    found.sort();
    found
}

fn hash(path: &Path) -> Ended {
    let ended = run([OsStr::new("replay"), path.as_os_str(), OsStr::new("--hash")]);
    assert_eq!(ended.code, Some(0), "{}: {}", path.display(), ended.stderr);
    assert_eq!(ended.stdout.trim_end().len(), 64, "{}", path.display());
    ended
}

fn same_hash_twice(venue: &str, one: bool) {
    let Some(dir) = recordings() else { return };
    let all = files(&dir, &[venue]);
    for path in all.iter().take(if one { 1 } else { all.len() }) {
        let (first, second) = (hash(path), hash(path));
        assert_eq!(first.stderr, "", "{}", path.display());
        assert_eq!(first.stdout, second.stdout, "{}", path.display());
        println!("{}: {}", path.display(), first.stdout.trim_end());
    }
}

#[test]
fn corpus_replay_of_hyperliquid_gives_the_same_hash() {
    same_hash_twice("hyperliquid_", false);
}

#[test]
fn corpus_replay_of_binance_spot_gives_the_same_hash() {
    same_hash_twice("binance-spot_", true);
}

/// The first messages of recordings, the files made in the given order.
fn begin(files: &[PathBuf], to: &Path) {
    const LINES: usize = 5_000;
    std::fs::create_dir(to).unwrap();
    for file in files {
        let lines = BufReader::new(MultiGzDecoder::new(File::open(file).unwrap())).lines();
        let path = to.join(file.file_name().unwrap());
        let mut packed = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
        for line in lines.take(LINES) {
            writeln!(packed, "{}", line.unwrap()).unwrap();
        }
        packed.finish().unwrap();
    }
}

#[test]
fn corpus_replay_of_a_directory_tells_what_it_skips_and_depends_on_no_order() {
    let Some(dir) = recordings() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let is_read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        READ.iter().any(|venue| name.starts_with(venue))
    };
    let (mut read, skipped): (Vec<PathBuf>, Vec<PathBuf>) =
        files(&dir, &[""]).into_iter().partition(is_read);
    let (one, other) = (scratch.path().join("one"), scratch.path().join("other"));
    begin(&[skipped.clone(), read.clone()].concat(), &one);
    // The same in the opposite order, so that the directory lists them in another, and without what is skipped.
    read.reverse();
    begin(&read, &other);
    let (of_one, of_other) = (hash(&one), hash(&other));
    assert_eq!(of_one.stdout, of_other.stdout);
    assert_eq!(of_other.stderr, "");
    let told: Vec<&str> = of_one.stderr.lines().collect();
    assert_eq!(told.len(), skipped.len(), "{}", of_one.stderr);
    for path in &skipped {
        let path = one.join(path.file_name().unwrap());
        let line = format!("skipped {}: of a venue that is not read", path.display());
        assert!(told.contains(&line.as_str()), "{}", of_one.stderr);
    }
    // It is none of the recordings alone.
    for path in &read {
        let alone = hash(&other.join(path.file_name().unwrap()));
        assert_ne!(alone.stdout, of_one.stdout);
    }
}

/// The replica checks each event: no book is crossed, no change lacks the one before it. All venues together, by receive time.
#[test]
fn corpus_all_recordings_together_give_whole_books_and_no_gap() {
    let Some(dir) = recordings() else { return };
    let mut replay = Replay::open(&dir).unwrap();
    let notes = replay.take_notes();
    let (mut replica, mut hash) = (Replica::default(), RunHash::default());
    let (mut inputs, mut events, mut told) = (0_u64, 0_u64, Vec::new());
    let mut while_live = BTreeMap::new();
    while replay.step(&mut told).unwrap().is_some() {
        inputs += 1;
        for publication in told.drain(..) {
            events += 1;
            hash.update(&publication);
            let event = serde_json::to_value(&publication).unwrap();
            replica.take(&event);
            // Where a recording ends and another goes on, its connection counts as lost: the last word before is what it came to.
            if event["data"]["connection"] == "live" {
                let source = event["source"].as_str().unwrap().to_owned();
                while_live.insert(source, event["data"].clone());
            }
        }
    }
    println!("{inputs} inputs, {events} events, hash {}", hash.hex());
    for note in &notes {
        println!("{note:?}");
    }
    let is_read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        READ.iter().any(|venue| name.starts_with(venue))
    };
    let (read, skipped): (Vec<PathBuf>, Vec<PathBuf>) =
        files(&dir, &[""]).into_iter().partition(is_read);
    assert_eq!(
        notes,
        skipped.into_iter().map(Note::Skipped).collect::<Vec<_>>()
    );
    let mut books = 0;
    for source in ["binance-spot", "binance-usdm", "hyperliquid"] {
        let status = &while_live[source];
        println!(
            "{source}: {} frames, {} gaps, {} duplicates, refused {}, skipped {}",
            status["frames"],
            status["gaps"],
            status["duplicates"],
            status["refused"],
            status["skipped"]
        );
        assert_eq!(status["gaps"], 0, "{status}");
        assert_eq!(status["refused"], serde_json::json!({}), "{status}");
        let streams = status["streams"].as_array().unwrap();
        for stream in streams.iter().filter(|s| s["sync"].is_string()) {
            // A channel of which the recording has nothing stays missing.
            if stream["as_of"].is_null() && stream["state"] == "missing" && source == "hyperliquid"
            {
                continue;
            }
            assert_eq!(stream["sync"], "synced", "{source}: {stream}");
            books += 1;
        }
    }
    println!("{books} books whole in the end, of {} files", read.len());
    assert!(books >= read.len(), "{books} books of {} files", read.len());
}
