//! Recorded Binance spot messages: decoded without refusal, and spliced without a gap.
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
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::binance_spot::decode::{general_message, message};
use hypersentry_venues::decode::decode;

/// The market that a payload without one belongs to: from its request, else from its file's name.
fn symbol_hint(sample: &Sample) -> Option<Symbol> {
    let asked = sample
        .request
        .as_deref()
        .and_then(|url| url.split_once("symbol="))
        .map(|(_, rest)| rest.split(['&', '"']).next().unwrap_or(""));
    let name = sample.file.rsplit('/').next().unwrap_or("");
    let stem = name.split('.').next().unwrap_or("");
    let named = stem.split('_').find(|part| {
        part.len() >= 6
            && ["usdt", "btc", "eth"]
                .iter()
                .any(|q| part.to_ascii_lowercase().ends_with(q))
    });
    Symbol::new(&asked.or(named)?.to_ascii_uppercase()).ok()
}

#[test]
fn corpus_decode_binance_spot() {
    let Some(corpus) = walk("binance-spot") else {
        return;
    };
    let mut report = Report::default();
    let mut fast = 0;
    for sample in &corpus.samples {
        let hint = symbol_hint(sample)
            // Documented examples whose file tells no market.
            .or_else(|| sample.file.contains("_response").then_some(Symbol::ANY));
        let mut events = Vec::new();
        let result = decode(Venue::BinanceSpot, &sample.payload, hint, &mut events);
        report.note(sample, &result, events.len());
        if let Err(error) = &result {
            println!("{}:{}: {error}", sample.file, sample.line);
        }
        let read = message(&sample.payload);
        assert_eq!(
            read,
            general_message(&sample.payload),
            "{}:{}",
            sample.file,
            sample.line
        );
        fast += u64::from(read.is_ok());
    }
    report.print(&corpus);
    println!("{fast} frames read alike by both readers");
    let totals = report.totals();
    assert_eq!(totals.read, totals.accounted());
    assert!(totals.refused.is_empty(), "{:?}", totals.refused);
}
