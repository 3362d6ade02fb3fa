//! Recorded Bybit messages: decoded without refusal, and a book whose updates leave no gap.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

mod corpus;

use corpus::{Report, walk_all};
use hypersentry_model::{Payload, Price, Size, Venue};
use hypersentry_venues::bybit::decode::{general_message, message};
use hypersentry_venues::decode::decode;
use std::collections::BTreeMap;

/// The second holds messages of the retired v2 API, as dirty input.
const NAMES: [&str; 2] = ["bybit", "bybit-v2-legacy"];

#[test]
fn corpus_decode_bybit() {
    let Some(corpus) = walk_all(&NAMES) else {
        return;
    };
    let mut report = Report::default();
    let mut alike = 0;
    for sample in &corpus.samples {
        let mut events = Vec::new();
        let result = decode(Venue::Bybit, &sample.payload, None, &mut events);
        report.note(sample, &result, events.len());
        if let Err(error) = &result {
            println!("{}:{}: {error}", sample.file, sample.line);
        }
        let (mut fast, mut general) = (Vec::new(), Vec::new());
        let read = message(&sample.payload, &mut fast);
        assert_eq!(
            read,
            general_message(&sample.payload, &mut general),
            "{}:{}",
            sample.file,
            sample.line
        );
        assert_eq!(fast, general, "{}:{}", sample.file, sample.line);
        alike += u64::from(read.is_ok());
    }
    report.print(&corpus);
    println!("{alike} frames read alike by both readers");
    let totals = report.totals();
    assert_eq!(totals.read, totals.accounted());
    assert!(totals.refused.is_empty(), "{:?}", totals.refused);
}

/// Books in recordings: each update follows the one before, and no book is crossed.
#[test]
fn corpus_bybit_updates_leave_no_gap() {
    let Some(corpus) = walk_all(&NAMES) else {
        return;
    };
    type Side = BTreeMap<Price, Size>;
    let mut books: BTreeMap<(String, String), (Side, Side, u64)> = BTreeMap::new();
    let (mut snapshots, mut deltas) = (0, 0);
    for sample in &corpus.samples {
        if !sample.file.ends_with(".jsonl") {
            continue;
        }
        let mut events = Vec::new();
        if decode(Venue::Bybit, &sample.payload, None, &mut events).is_err() {
            continue;
        }
        for event in events {
            let (symbol, place) = (event.symbol.to_string(), sample.file.clone());
            let book = books.entry((place, symbol)).or_default();
            let (bids, asks) = match event.payload {
                Payload::BookSnapshot(new) => {
                    snapshots += 1;
                    *book = (Side::new(), Side::new(), new.last_seq.unwrap());
                    (new.bids, new.asks)
                }
                Payload::BookDelta(delta) => {
                    deltas += 1;
                    assert_eq!(delta.first_seq, Some(book.2 + 1), "{}", sample.line);
                    book.2 += 1;
                    (delta.bids, delta.asks)
                }
                _ => continue,
            };
            for (side, levels) in [(&mut book.0, bids), (&mut book.1, asks)] {
                for level in levels {
                    if level.sz.is_zero() {
                        side.remove(&level.px);
                    } else {
                        side.insert(level.px, level.sz);
                    }
                }
            }
            let bid = book.0.last_key_value().map(|(px, _)| *px);
            let ask = book.1.first_key_value().map(|(px, _)| *px);
            assert!(bid < ask, "{}:{}", sample.file, sample.line);
        }
    }
    println!("{snapshots} snapshots and {deltas} updates without a gap");
    assert!(snapshots == 0 || deltas > 0);
}
