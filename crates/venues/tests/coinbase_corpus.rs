//! Recorded Coinbase messages: decoded without refusal, and the aggressor's side checked against best prices.
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
use hypersentry_model::{Payload, Price, Side, Symbol, Timestamp, Venue};
use hypersentry_venues::coinbase::decode::{general_message, message};
use hypersentry_venues::decode::decode;
use hypersentry_venues::session::{Input, Lane, Output, Session, SessionConfig};
use std::collections::BTreeMap;

/// The folder `coinbase` holds the other API of the venue, which we know and do not use.
const NAMES: [&str; 2] = ["coinbase", "coinbase-exchange"];

#[test]
fn corpus_decode_coinbase() {
    let Some(corpus) = walk_all(&NAMES) else {
        return;
    };
    let mut report = Report::default();
    let mut alike = 0;
    for sample in &corpus.samples {
        let mut events = Vec::new();
        // Bodies name no market; what stands in for it is of no importance here.
        let hint = sample.request.as_ref().map(|_| Symbol::ANY);
        let result = decode(Venue::Coinbase, &sample.payload, hint, &mut events);
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
        alike += u64::from(read.is_ok());
    }
    report.print(&corpus);
    println!("{alike} frames read alike by both readers");
    let totals = report.totals();
    assert_eq!(totals.read, totals.accounted());
    assert!(totals.refused.is_empty(), "{:?}", totals.refused);
}

/// A trade at a best price has the aggressor that takes from there. Best prices come from the `ticker` that the venue sent for the same
/// trade; trades at neither of them moved the best price, so that they show nothing.
#[test]
fn corpus_coinbase_aggressors_take_from_the_other_side() {
    let Some(corpus) = walk_all(&NAMES) else {
        return;
    };
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or("").to_owned();
    let mut bests: BTreeMap<(String, u64), (Price, Price)> = BTreeMap::new();
    for sample in &corpus.samples {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(&sample.payload) else {
            continue;
        };
        if value["type"] == "ticker" {
            let bid = Price::parse(&text(&value, "best_bid"));
            let ask = Price::parse(&text(&value, "best_ask"));
            if let (Ok(bid), Ok(ask), Some(id)) = (bid, ask, value["trade_id"].as_u64()) {
                bests.insert((text(&value, "product_id"), id), (bid, ask));
            }
        }
    }
    let (mut agreed, mut disagreed, mut elsewhere) = (0, 0, 0);
    for sample in &corpus.samples {
        let mut events = Vec::new();
        if decode(Venue::Coinbase, &sample.payload, None, &mut events).is_err() {
            continue;
        }
        for event in events {
            let Payload::Trade(trade) = event.payload else {
                continue;
            };
            let key = (
                event.symbol.to_string(),
                trade.id.to_string().parse().unwrap(),
            );
            let Some((bid, ask)) = bests.get(&key).copied() else {
                continue;
            };
            match trade.side {
                _ if trade.px != bid && trade.px != ask => elsewhere += 1,
                Side::Buy if trade.px == ask => agreed += 1,
                Side::Sell if trade.px == bid => agreed += 1,
                _ => disagreed += 1,
            }
        }
    }
    println!(
        "{agreed} trades at the best price of the side that they took from, {disagreed} at the other, {elsewhere} elsewhere"
    );
    assert_eq!(disagreed, 0);
    assert!(bests.is_empty() || agreed > 0);
}

/// Recorded trades are numbered without holes: the session finds none missing, and none twice.
#[test]
fn corpus_coinbase_trades_have_no_holes() {
    let Some(corpus) = walk_all(&NAMES) else {
        return;
    };
    let config = SessionConfig {
        jitter_seed: 0,
        accept_any_symbol: true,
    };
    let mut session = Session::new(Venue::Coinbase, config);
    let mut out = Vec::new();
    let trades = corpus
        .samples
        .iter()
        .filter(|sample| sample.payload.starts_with(br#"{"type":"match""#));
    for sample in trades {
        let frame = Input::Frame(Lane::MAIN, &sample.payload);
        session.step(Timestamp::default(), frame, &mut out);
    }
    let given = out
        .iter()
        .filter(|output| matches!(output, Output::Event { .. }))
        .count();
    let broken = out
        .iter()
        .filter(|output| matches!(output, Output::Broken { .. }))
        .count();
    let status = session.status(Timestamp::default());
    println!(
        "{given} trades, {broken} holes, {} twice",
        status.duplicates
    );
    assert_eq!((broken, status.duplicates), (0, 0));
    assert_eq!(given as u64, status.frames);
}
