//! Decodes every recorded OKX message that can be found, as it is and with bytes changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod corpus;

use hypersentry_model::{Payload, Symbol, Venue};
use hypersentry_venues::decode::{DecodeError, Decoder, Outcome};
use hypersentry_venues::okx::contracts::{Contract, Contracts, Value};
use hypersentry_venues::okx::decode::fuzz_entry;
use std::collections::BTreeMap;

/// A decoder that has seen the lists of markets of the corpus.
fn taught(corpus: &corpus::Corpus) -> Decoder {
    let mut decoder = Decoder::new(Venue::Okx);
    for sample in &corpus.samples {
        if sample.file.contains("instruments") {
            let taught = decoder.decode(&sample.payload, None, &mut Vec::new());
            assert_eq!(
                taught,
                Ok(Outcome::Control("instruments")),
                "{}",
                sample.file
            );
        }
    }
    decoder
}

/// The market of answers that name none. The files do not say it either; sizes with eight decimals are those of a spot market.
fn market_of(file: &str) -> Option<Symbol> {
    let unnamed = ["http_get_candlesticks", "http_get_order_book"];
    let unnamed = unnamed.iter().any(|name| file.contains(name));
    unnamed.then(|| Symbol::new("BTC-USDT").unwrap())
}

/// Why a recorded payload may be refused.
fn explained(payload: &[u8], error: &DecodeError) -> Option<&'static str> {
    let text = String::from_utf8_lossy(payload);
    let envelope = text.contains("\"arg\"") || text.contains("\"code\"");
    if error.code == "unknown_message" && !envelope {
        return Some("fixture without envelope, not used");
    }
    None
}

#[test]
fn corpus_decode_okx() {
    let Some(corpus) = corpus::walk("okx") else {
        return;
    };
    let mut decoder = taught(&corpus);
    let mut report = corpus::Report::default();
    let mut events = Vec::new();
    let mut unexplained = Vec::new();
    for sample in &corpus.samples {
        events.clear();
        let result = decoder.decode(&sample.payload, market_of(&sample.file), &mut events);
        report.note(sample, &result, events.len());
        let Err(error) = result else {
            continue;
        };
        let place = format!("{}:{}", sample.file, sample.line);
        match explained(&sample.payload, &error) {
            Some(reason) => println!("{place}: refused ({reason}): {error}"),
            None => unexplained.push(format!("{place}: {error}")),
        }
        assert!(events.is_empty(), "{place}: an error pushed events");
    }
    report.print(&corpus);
    let totals = report.totals();
    assert_eq!(totals.read, corpus.samples.len() as u64);
    assert_eq!(
        totals.accounted(),
        totals.read,
        "every payload is accounted for"
    );
    assert!(
        unexplained.is_empty(),
        "refused without reason: {unexplained:#?}"
    );
    assert!(totals.events > 0, "nothing was decoded");
}

/// The recorded books carry checksums, which say nothing of sizes in base units but show that no message is missing: applied in
/// order, no book is ever crossed.
#[test]
fn corpus_books_okx_are_never_crossed() {
    let Some(corpus) = corpus::walk("okx") else {
        return;
    };
    let mut decoder = taught(&corpus);
    let mut books: BTreeMap<Symbol, [BTreeMap<i128, i128>; 2]> = BTreeMap::new();
    let mut updates = 0;
    for sample in &corpus.samples {
        if !sample.file.ends_with("ws2022_books.jsonl") {
            continue;
        }
        let mut events = Vec::new();
        decoder
            .decode(&sample.payload, None, &mut events)
            .expect("a recorded book frame is read");
        for event in events {
            let book = books.entry(event.symbol).or_default();
            let sides = match &event.payload {
                Payload::BookSnapshot(snapshot) => {
                    *book = Default::default();
                    [&snapshot.bids, &snapshot.asks]
                }
                Payload::BookDelta(delta) => [&delta.bids, &delta.asks],
                other => panic!("no book: {other:?}"),
            };
            for (side, levels) in book.iter_mut().zip(sides) {
                for level in levels {
                    match level.sz.units() {
                        0 => side.remove(&level.px.units()),
                        sz => side.insert(level.px.units(), sz),
                    };
                }
            }
            let bid = book[0].last_key_value().expect("a bid").0;
            let ask = book[1].first_key_value().expect("an offer").0;
            assert!(bid < ask, "{}:{}", sample.file, sample.line);
            updates += 1;
        }
    }
    println!("{updates} book messages of {} markets", books.len());
    assert_eq!(books.len(), 3);
}

#[test]
fn corpus_fuzz_okx() {
    let Some(corpus) = corpus::walk("okx") else {
        return;
    };
    let mut contracts = Contracts::default();
    let value = Value::new("10".parse().unwrap(), "1".parse().unwrap()).unwrap();
    for (symbol, contract) in [
        ("UNI-USD-SWAP", Contract::Inverse(value)),
        ("BTC-USD-220527", Contract::Linear(value)),
    ] {
        contracts.learn(Symbol::new(symbol).unwrap(), contract);
    }
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        // xorshift64: the same changes in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below.max(1)
    };
    let mut changed = 0;
    for sample in &corpus.samples {
        fuzz_entry(&sample.payload, &contracts);
        // Large payloads get fewer changes: each is read whole.
        let rounds = (200_000 / sample.payload.len().max(1)).clamp(2, 60);
        for _ in 0..rounds {
            let mut bytes = sample.payload.clone();
            for _ in 0..=next(2) {
                let at = next(bytes.len());
                match next(4) {
                    _ if bytes.is_empty() => {}
                    0 => bytes[at] = next(256) as u8,
                    1 => bytes.insert(at, br#"0."{}[],:-e\"#[next(12)]),
                    2 => drop(bytes.remove(at)),
                    _ => bytes[at] ^= 1 << next(8),
                }
            }
            fuzz_entry(&bytes, &contracts);
            changed += 1;
        }
    }
    println!("{} payloads, {changed} changed ones", corpus.samples.len());
}
