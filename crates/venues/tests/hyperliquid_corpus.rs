//! Decodes every recorded Hyperliquid message that can be found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod corpus;

use hypersentry_model::Venue;
use hypersentry_venues::decode::decode;

#[test]
fn corpus_decode_hyperliquid() {
    let Some(corpus) = corpus::walk("hyperliquid") else {
        return;
    };
    let mut report = corpus::Report::default();
    let mut events = Vec::new();
    for sample in &corpus.samples {
        events.clear();
        let result = decode(Venue::Hyperliquid, &sample.payload, None, &mut events);
        report.note(sample, &result, events.len());
    }
    report.print(&corpus);
}
