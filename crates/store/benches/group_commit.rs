//! What a durable audit record costs when 64 writers share a sync, beside bare `write` and `fdatasync` of the same bytes in the same batches, and
//! beside one record at a time.
//!
//! The writers are tasks, each of which waits for its record before the next, as the relay's accounts do. The ways take turns on the same disk, and who
//! begins rotates. Bare has no chain, tree, signature, queue or thread: it writes the bytes that our log wrote in the round before, cut where our
//! batches were. Once it appends, as a plain log does; once it writes into space that its file has already, as ours does. Each round gives one
//! ratio of each kind; the median counts, and that its lower quartile keeps to what is wanted: 0.8 beside bare appends, 25 beside one at a time.
//!
//! `cargo bench -p hypersentry-store --bench group_commit` writes to the system's directory for temporary files; `-- DIR` to another disk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use hypersentry_execution::audit::{Entry, Id, Ids, What};
use hypersentry_execution::order::{State, Step};
use hypersentry_model::Timestamp;
use hypersentry_store::audit::{AuditLog, AuditOptions, Signer};
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

const WRITERS: usize = 64;
/// Records of each writer in a round.
const EACH: usize = 200;
/// Records of a round one at a time.
const SINGLE: usize = 300;
const ROUNDS: usize = 21;

fn entry(n: usize) -> Entry {
    let id = |text: String| Id::new(&text).unwrap();
    Entry {
        at: Timestamp::from_ns(1_700_000_000_000_000_000 + n as i64),
        what: What::Step {
            from: State::RiskPassed,
            step: Step::LogIntent,
            to: State::IntentLogged,
        },
        ids: Ids {
            request: id(format!("request-{n:016}")),
            session: id("session-0123456789".to_owned()),
            user: id("user-0123456789".to_owned()),
            order: id(format!("0x{n:032x}")),
            trace: id(format!("{n:032x}")),
        },
        details: vec![b'x'; 200],
    }
}

fn open(dir: &Path) -> AuditLog {
    let signer = Signer::from_seed("bench.test/desk", &[1; 32]).unwrap();
    AuditLog::open(dir, signer, AuditOptions::default())
        .unwrap()
        .0
}

/// Our log with so many writers, each of which waits for its record before the next.
fn ours(runtime: &Runtime, dir: &Path, writers: usize, each: usize) -> Duration {
    let log = Arc::new(open(dir));
    // Bare is given its bytes, too.
    let entries: Vec<Vec<Entry>> = (0..writers)
        .map(|writer| (0..each).map(|n| entry(writer * each + n)).collect())
        .collect();
    let start = Instant::now();
    let writing = entries.into_iter().map(|entries| {
        let log = Arc::clone(&log);
        runtime.spawn(async move {
            for entry in entries {
                let (tell, told) = oneshot::channel();
                let done = move |outcome| {
                    let _ = tell.send(outcome);
                };
                log.submit(entry, Box::new(done)).unwrap();
                told.await.unwrap().unwrap();
            }
        })
    });
    let writing: Vec<_> = writing.collect();
    runtime.block_on(async {
        for writer in writing {
            writer.await.unwrap();
        }
    });
    start.elapsed()
}

/// The bytes of each batch in the only segment of a log: up to each checkpoint.
fn batches(dir: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(dir.join("00000000000000000000.hsa")).unwrap();
    let (mut found, mut batch, mut rest) = (Vec::new(), Vec::new(), &bytes[16..]);
    while let Some(length) = rest.first_chunk::<4>() {
        let (frame, behind) = rest.split_at(8 + u32::from_le_bytes(*length) as usize);
        batch.extend_from_slice(frame);
        if frame[8] == 2 {
            found.push(std::mem::take(&mut batch));
        }
        rest = behind;
    }
    found
}

/// Appends to a file, as a plain log does; or writes into space that the file has already, as ours does.
fn bare(path: &Path, batches: &[Vec<u8>], set_aside: bool) -> Duration {
    let mut file = File::create(path).unwrap();
    let bytes: usize = batches.iter().map(Vec::len).sum();
    let spare = if set_aside { bytes } else { 0 };
    file.write_all(&vec![0; 16 + spare]).unwrap();
    file.seek(SeekFrom::Start(16)).unwrap();
    file.sync_all().unwrap();
    let start = Instant::now();
    for batch in batches {
        file.write_all(batch).unwrap();
        file.sync_data().unwrap();
    }
    start.elapsed()
}

/// Least, lower quartile, median, upper quartile, most.
fn spread(mut values: Vec<f64>) -> [f64; 5] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [0, last / 4, last / 2, last - last / 4, last].map(|at| values[at])
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let place = arguments.iter().find(|a| !a.starts_with("--"));
    let place = place.map_or_else(std::env::temp_dir, Into::into);
    let measured = arguments.iter().any(|a| a == "--bench");
    // Without `--bench` (`cargo test`) it is enough that it runs.
    let (rounds, each) = if measured { (ROUNDS, EACH) } else { (1, 2) };
    let (mut beside_bare, mut beside_single, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut rates, mut singles, mut beside_aside) = (Vec::new(), Vec::new(), Vec::new());
    let mut written = Vec::new();
    let runtime = Runtime::new().unwrap();
    for round in 0..=rounds {
        let dir = tempfile::tempdir_in(&place).unwrap();
        let at = |name: &str| dir.path().join(name);
        let records = (WRITERS * each) as f64;
        let mut spent = [Duration::ZERO; 4];
        for turn in 0..4 {
            let way = (round + turn) % 4;
            spent[way] = match way {
                0 => ours(&runtime, &at("shared"), WRITERS, each),
                1 => bare(&at("bare"), &written, false),
                2 => bare(&at("aside"), &written, true),
                _ => ours(&runtime, &at("single"), 1, SINGLE),
            };
        }
        written = batches(&at("shared"));
        // The first is to warm up, and bare has nothing to write yet.
        if round > 0 {
            let [shared, plain, aside, single] = spent.map(|time| time.as_secs_f64());
            let one = SINGLE as f64 / single;
            beside_bare.push(plain / shared);
            beside_aside.push(aside / shared);
            beside_single.push(records / shared / one);
            sizes.push(records / written.len() as f64);
            rates.push(records / shared);
            singles.push(one);
        }
    }
    if measured {
        let show = |name: &str, values: Vec<f64>| {
            let [least, lower, middle, upper, most] = spread(values);
            println!(
                "{name}: {middle:.2} (quartiles {lower:.2} and {upper:.2}, from {least:.2} to {most:.2})"
            );
        };
        println!(
            "{WRITERS} writers, {} records a round, {ROUNDS} rounds; medians",
            WRITERS * EACH
        );
        show("records in a batch", sizes);
        show("records a second, shared syncs", rates);
        show("records a second, one at a time", singles);
        show("shared beside bare write and fdatasync", beside_bare);
        show("the same, into space set aside", beside_aside);
        show("shared beside one at a time", beside_single);
    }
}
