//! What proves a quiet stream, and what refuses it.

use crate::desk::{Desk, acts, names, symbol, trade};
use hypersentry_model::{Freshness, Timestamp};
use hypersentry_venues::session::{Feed, Loss, Output};

fn list_answer(desk: &mut Desk) {
    let command = desk.command().unwrap();
    assert_eq!(command["method"], "LIST_SUBSCRIPTIONS");
    let id = &command["id"];
    desk.frame(&format!(
        r#"{{"result":["btcusdt@aggTrade","btcusdt@depth@100ms","btcusdt@bookTicker"],"id":{id}}}"#
    ));
}

#[test]
fn quiet_streams_are_proved_every_second() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.lists = false;
    let from = desk.now;
    let mut proofs: Vec<(String, Timestamp)> = Vec::new();
    while desk.now.ns_since(from) < 20_000_000_000 {
        desk.take();
        desk.wait(10);
        if desk.command().is_some() {
            desk.wait(80);
            list_answer(&mut desk);
        }
        let said = names(&desk.out)
            .into_iter()
            .filter(|n| n.starts_with("proof"));
        proofs.extend(said.map(|name| (name, desk.now)));
    }
    for feed in ["proof Book", "proof Bbo", "proof Trades"] {
        let at: Vec<Timestamp> = proofs
            .iter()
            .filter(|(name, _)| name == feed)
            .map(|(_, at)| *at)
            .collect();
        assert!(at.len() >= 12, "{feed}: {}", at.len());
        let steps: Vec<i64> = at
            .windows(2)
            .map(|w| w[1].ns_since(w[0]) / 1_000_000)
            .collect();
        assert!(
            steps.iter().all(|ms| (200..=1_800).contains(ms)),
            "{steps:?}"
        );
    }
    let status = desk.session.status(desk.now);
    assert_eq!(status.rtt_ns, Some(80_000_000));
    assert_eq!(status.streams[2].mark.state, Freshness::Fresh);
}

#[test]
fn best_prices_ahead_of_the_book_refuse_it_proof_and_then_renew_it() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.ticker("BTCUSDT", 20);
    desk.ticker("BTCUSDT", 21);
    let from = desk.now;
    let mut book_proofs = Vec::new();
    while !desk
        .out
        .iter()
        .any(|o| matches!(o, Output::BookLost { .. }))
    {
        desk.take();
        desk.wait(10);
        if names(&desk.out).contains(&"proof Book".to_owned()) {
            book_proofs.push(desk.now.ns_since(from) / 1_000_000);
        }
    }
    let took = desk.now.ns_since(from) / 1_000_000;
    assert!((5_000..5_600).contains(&took), "{took}");
    assert!(!book_proofs.is_empty() && book_proofs.iter().all(|ms| *ms <= 2_000));
    desk.wait(800);
    let said = acts(&desk.take());
    assert_eq!(said[0], "lost Gap");
    assert_eq!(said[1..3], ["UNSUBSCRIBE", "SUBSCRIBE"]);
}

#[test]
fn best_prices_that_depth_reaches_are_no_doubt() {
    let mut desk = Desk::synced("BTCUSDT");
    for i in 0..100 {
        desk.ticker("BTCUSDT", 21 + i);
        desk.wait(100);
        desk.depth("BTCUSDT", 21 + i, 21 + i);
    }
    assert_eq!(desk.session.status(desk.now).gaps, 0);
    assert!(
        !desk
            .out
            .iter()
            .any(|o| matches!(o, Output::BookLost { .. }))
    );
    assert!(!acts(&desk.out).contains(&"UNSUBSCRIBE".to_owned()));
    desk.ticker("BTCUSDT", 100);
    let refused = desk.session.status(desk.now).refused;
    assert_eq!(refused.get("bbo_out_of_order"), Some(&1));
}

#[test]
fn a_proof_names_its_market_and_feed() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.frame(&trade("BTCUSDT", 5));
    desk.wait(300);
    desk.take();
    desk.frame(&trade("BTCUSDT", 5));
    desk.frame(&trade("BTCUSDT", 4));
    assert_eq!(
        desk.take(),
        [Output::Proof {
            symbol: symbol("BTCUSDT"),
            feed: Feed::Trades
        }]
    );
    assert_eq!(desk.session.status(desk.now).duplicates, 2);
    desk.depth("BTCUSDT", 50, 50);
    assert!(desk.out.contains(&Output::BookLost {
        symbol: symbol("BTCUSDT"),
        loss: Loss::Gap
    }));
}
