//! Recorded Binance USD-M messages: decoded without refusal, and chained without a gap.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

mod corpus;

use corpus::{Report, Sample, walk};
use hypersentry_model::{Level, Payload, Price, Size, Symbol, Timestamp, Venue};
use hypersentry_venues::binance_usdm::decode::{general_message, message};
use hypersentry_venues::decode::decode;
use hypersentry_venues::session::{
    Input, Lane, Output, RequestKey, RequestKind, Session, SessionConfig, recorded_answer,
};
use std::collections::{BTreeMap, BTreeSet};

/// The market that a payload without one belongs to: from its request, else from its file's name.
fn symbol_hint(sample: &Sample) -> Option<Symbol> {
    let asked = sample
        .request
        .as_deref()
        .and_then(|url| url.split_once("symbol="))
        .map(|(_, rest)| rest.split(['&', '"']).next().unwrap_or(""));
    let name = sample.file.rsplit('/').next().unwrap_or("");
    let stem = name.split('.').next().unwrap_or("");
    let mut parts = stem.split('_');
    let named = parts.find(|part| part.len() >= 6 && part.to_ascii_lowercase().ends_with("usdt"));
    Symbol::new(&asked.or(named)?.to_ascii_uppercase()).ok()
}

#[test]
fn corpus_decode_binance_usdm() {
    let Some(corpus) = walk("binance-usdm") else {
        return;
    };
    let mut report = Report::default();
    let mut alike = 0;
    for sample in &corpus.samples {
        let mut events = Vec::new();
        let hint = symbol_hint(sample);
        let result = decode(Venue::BinanceUsdm, &sample.payload, hint, &mut events);
        report.note(sample, &result, events.len());
        if let Err(error) = &result {
            println!("{}:{}: {error}", sample.file, sample.line);
        }
        let read = message(&sample.payload);
        let general = general_message(&sample.payload);
        assert_eq!(read, general, "{}:{}", sample.file, sample.line);
        alike += u64::from(read.is_ok());
    }
    report.print(&corpus);
    println!("{alike} frames read alike by both readers");
    let totals = report.totals();
    assert_eq!(totals.read, totals.accounted());
    assert!(totals.refused.is_empty(), "{:?}", totals.refused);
}

/// A book from a session's outputs.
#[derive(Default)]
struct Book {
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
    seq: u64,
}

fn set(side: &mut BTreeMap<Price, Size>, levels: &[Level]) {
    for level in levels {
        if level.sz.is_zero() {
            side.remove(&level.px);
        } else {
            side.insert(level.px, level.sz);
        }
    }
}

impl Book {
    fn best(&self) -> (Option<Level>, Option<Level>) {
        let level = |(px, sz): (&Price, &Size)| Level { px: *px, sz: *sz };
        (
            self.bids.last_key_value().map(level),
            self.asks.first_key_value().map(level),
        )
    }
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Spliced {
    snapshots: u64,
    deltas: u64,
    lost: u64,
    trades: u64,
    broken: u64,
    crossed: u64,
    /// Best prices whose update id is exactly one that the book stood at, and that agree or not.
    agreed: u64,
    disagreed: u64,
}

fn splice(samples: &[&Sample], symbol: Symbol) -> (Spliced, Session) {
    let config = SessionConfig {
        jitter_seed: 0,
        accept_any_symbol: true,
    };
    let mut session = Session::new(Venue::BinanceUsdm, config);
    let mut spliced = Spliced::default();
    let mut book: Option<Book> = None;
    // Either may come first.
    let (mut tickers, mut bests) = (BTreeMap::new(), BTreeMap::new());
    let mut out = Vec::new();
    let mut now = Timestamp::default();
    for sample in samples {
        now = now.max(sample.receive.unwrap_or_default());
        let key = RequestKey {
            kind: RequestKind::Book,
            symbol,
            attempt: 0,
        };
        let input = match recorded_answer(Venue::BinanceUsdm, &sample.payload) {
            Some(kind) => {
                assert_eq!(kind, RequestKind::Book);
                Input::Answer {
                    key: &key,
                    status: 200,
                    retry_after_s: None,
                    body: &sample.payload,
                    sent: None,
                }
            }
            None => Input::Frame(Lane::MAIN, &sample.payload),
        };
        session.step(now, input, &mut out);
        for output in out.drain(..) {
            let event = match output {
                Output::Event { event, .. } => event,
                Output::BookLost { .. } => {
                    spliced.lost += 1;
                    book = None;
                    continue;
                }
                Output::Broken { .. } => {
                    spliced.broken += 1;
                    continue;
                }
                _ => continue,
            };
            match event.payload {
                Payload::BookSnapshot(snapshot) => {
                    spliced.snapshots += 1;
                    let mut fresh = Book::default();
                    set(&mut fresh.bids, &snapshot.bids);
                    set(&mut fresh.asks, &snapshot.asks);
                    fresh.seq = snapshot.last_seq.unwrap();
                    bests.insert(fresh.seq, fresh.best());
                    book = Some(fresh);
                }
                Payload::BookDelta(delta) => {
                    spliced.deltas += 1;
                    let book = book.as_mut().expect("a snapshot comes first");
                    assert!(delta.prev_seq.unwrap() <= book.seq);
                    set(&mut book.bids, &delta.bids);
                    set(&mut book.asks, &delta.asks);
                    book.seq = delta.last_seq.unwrap();
                    let best = book.best();
                    if let (Some(bid), Some(ask)) = best {
                        spliced.crossed += u64::from(bid.px >= ask.px);
                    }
                    bests.insert(book.seq, best);
                }
                Payload::Bbo(bbo) => {
                    tickers.insert(bbo.book_seq.unwrap(), (bbo.bid, bbo.ask));
                }
                Payload::Trade(_) => spliced.trades += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    for (seq, best) in &bests {
        match tickers.get(seq) {
            Some(told) if told == best => spliced.agreed += 1,
            Some(told) => {
                spliced.disagreed += 1;
                println!("at {seq}: book {best:?}, best prices {told:?}");
            }
            None => {}
        }
    }
    (spliced, session)
}

#[test]
fn corpus_splice_binance_usdm() {
    let Some(corpus) = walk("binance-usdm") else {
        return;
    };
    let files: BTreeSet<&str> = corpus
        .samples
        .iter()
        .filter(|sample| sample.file.contains("recordings/"))
        .map(|sample| sample.file.as_str())
        .collect();
    for file in files {
        let samples: Vec<&Sample> = corpus.samples.iter().filter(|s| s.file == file).collect();
        let symbol = symbol_hint(samples[0]).expect("the file names its market");
        let (spliced, session) = splice(&samples, symbol);
        let status = session.status(Timestamp::default());
        let Session::BinanceUsdm(binance) = &session else {
            panic!("of Binance");
        };
        println!(
            "{file}: {spliced:?}, gaps {}, trade gaps {}, duplicates {}, refused {:?}, skipped {:?}",
            status.gaps,
            binance.trade_gaps(),
            status.duplicates,
            status.refused,
            status.skipped,
        );
        assert_eq!(spliced.snapshots, 1);
        assert!(spliced.deltas > 1_000 && spliced.trades > 1_000);
        assert_eq!((status.gaps, spliced.lost, spliced.crossed), (0, 0, 0));
        assert!(status.refused.is_empty());
        assert!(spliced.agreed > 100);
        assert_eq!(spliced.disagreed, 0);
        assert_eq!(splice(&samples, symbol).0, spliced, "the same each time");
    }
}
