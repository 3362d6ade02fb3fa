//! Decodes every recorded Hyperliquid message that can be found, as it is and with bytes changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod corpus;

use hypersentry_model::{Timestamp, Venue};
use hypersentry_venues::decode::{DecodeError, decode};
use hypersentry_venues::hyperliquid::decode::fuzz_entry;
use hypersentry_venues::session::{Input, Lane, Output, Session, SessionConfig};
use std::collections::BTreeMap;

/// Why a recorded payload may be refused.
fn explained(payload: &[u8], error: &DecodeError) -> Option<&'static str> {
    let text = String::from_utf8_lossy(payload);
    if error.code == "unknown_message" && !text.contains("\"channel\"") {
        // A REST answer about users or vaults, or a frame that was stored without its envelope.
        return Some("fixture without envelope, not used");
    }
    None
}

#[test]
fn corpus_decode_hyperliquid() {
    let Some(corpus) = corpus::walk("hyperliquid") else {
        return;
    };
    let mut report = corpus::Report::default();
    let mut events = Vec::new();
    let mut unexplained = Vec::new();
    for sample in &corpus.samples {
        events.clear();
        let result = decode(Venue::Hyperliquid, &sample.payload, None, &mut events);
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

#[test]
fn corpus_fuzz_hyperliquid() {
    let Some(corpus) = corpus::walk("hyperliquid") else {
        return;
    };
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
        fuzz_entry(&sample.payload);
        // Large payloads get fewer changes: each is read whole.
        let rounds = (400_000 / sample.payload.len().max(1)).clamp(2, 100);
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
            fuzz_entry(&bytes);
            changed += 1;
        }
    }
    println!("{} payloads, {changed} changed ones", corpus.samples.len());
}

#[test]
fn corpus_session_hyperliquid() {
    let Some(corpus) = corpus::walk("hyperliquid") else {
        return;
    };
    let mut by_file: BTreeMap<&str, Vec<&corpus::Sample>> = BTreeMap::new();
    for sample in corpus.samples.iter().filter(|s| s.receive.is_some()) {
        by_file.entry(&sample.file).or_default().push(sample);
    }
    for (file, samples) in by_file {
        let config = SessionConfig {
            jitter_seed: 1,
            accept_any_symbol: true,
        };
        let mut session = Session::new(Venue::Hyperliquid, config);
        let (mut out, mut decoded) = (Vec::new(), Vec::new());
        let mut last = Timestamp::default();
        for sample in samples {
            last = last.max(sample.receive.expect("filtered"));
            session.step(last, Input::Frame(Lane::MAIN, &sample.payload), &mut out);
            let _ = decode(Venue::Hyperliquid, &sample.payload, None, &mut decoded);
        }
        let replayed = |o: &&Output| matches!(o, Output::Event { replayed: true, .. });
        let events = out.iter().filter(|o| matches!(o, Output::Event { .. }));
        let (events, history) = (events.count(), out.iter().filter(replayed).count());
        let status = session.status(last);
        println!(
            "{file}: {events} events of {}, {history} of them history, {} duplicates, refused {:?}",
            decoded.len(),
            status.duplicates,
            status.refused
        );
        let late = status.refused.get("out_of_sequence").copied().unwrap_or(0);
        assert!(events > 0, "{file}: nothing came through");
        assert_eq!(
            events as u64 + status.duplicates + late,
            decoded.len() as u64,
            "{file}: every event is passed on, known already, or late"
        );
    }
}
