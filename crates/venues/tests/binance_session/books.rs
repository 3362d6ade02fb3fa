//! From demand to books, and away from them.

use crate::desk::{Desk, acts, book, listings, symbol, trade};
use hypersentry_model::Freshness;
use hypersentry_model::status::{Connection, Sync};
use hypersentry_venues::session::{Input, Lane, Output, RequestKey, RequestKind};

#[test]
fn from_demand_to_a_book() {
    let mut desk = Desk::new(&["BTCUSDT", "ETHUSDT"]);
    assert_eq!(
        acts(&desk.take()),
        [
            "open",
            "fetch /api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D"
        ]
    );
    assert_eq!(desk.connection(), Connection::Connecting);
    let mut desk = Desk::new(&["BTCUSDT", "ETHUSDT"]);
    desk.step(Input::Opened(Lane::MAIN));
    desk.wait(5_000);
    assert!(
        desk.command().is_none(),
        "no stream before the market is known"
    );
    desk.answer(&listings(&["BTCUSDT", "ETHUSDT"]));
    let command = desk.command().unwrap();
    assert_eq!(command["method"], "SUBSCRIBE");
    assert_eq!(
        command["params"],
        serde_json::json!([
            "btcusdt@depth@100ms",
            "btcusdt@aggTrade",
            "btcusdt@bookTicker",
            "ethusdt@depth@100ms",
            "ethusdt@aggTrade",
            "ethusdt@bookTicker"
        ])
    );
    assert!(acts(&desk.out).contains(&"grid BTCUSDT 2 5".to_owned()));
    assert_eq!(desk.connection(), Connection::Connecting);
    desk.ack();
    assert_eq!(desk.connection(), Connection::Live);
    desk.take();
    desk.wait(900);
    assert_eq!(desk.request(), None, "no snapshot before the first update");
    desk.depth("BTCUSDT", 8, 12);
    desk.depth("ETHUSDT", 100, 100);
    let (key, _) = desk.request().unwrap();
    assert_eq!(
        acts(&desk.take()),
        ["fetch /api/v3/depth?symbol=BTCUSDT&limit=1000"]
    );
    desk.depth("BTCUSDT", 13, 14);
    desk.depth("BTCUSDT", 15, 15);
    let body = book(13);
    desk.step(Input::Answer {
        key: &key,
        status: 200,
        retry_after_s: None,
        body: body.as_bytes(),
        sent: None,
    });
    assert_eq!(
        acts(&desk.take()),
        ["snapshot 13", "delta 14", "delta 15"],
        "one at a time, spaced"
    );
    desk.wait(250);
    assert_eq!(
        acts(&desk.take()),
        ["fetch /api/v3/depth?symbol=ETHUSDT&limit=1000"]
    );
    desk.depth("BTCUSDT", 16, 20);
    desk.ticker("BTCUSDT", 20);
    desk.frame(&trade("BTCUSDT", 5));
    assert_eq!(acts(&desk.take()), ["delta 20", "Bbo", "Trades"]);
    let status = desk.session.status(desk.now);
    let shown: Vec<_> = status
        .streams
        .iter()
        .map(|s| {
            (
                s.channel.as_str(),
                s.symbol.to_string(),
                s.sync,
                s.mark.state,
            )
        })
        .collect();
    let (fresh, missing) = (Freshness::Fresh, Freshness::Missing);
    assert_eq!(
        shown,
        [
            ("aggTrade", "BTCUSDT".to_owned(), None, fresh),
            ("bookTicker", "BTCUSDT".to_owned(), None, fresh),
            (
                "depth@100ms",
                "BTCUSDT".to_owned(),
                Some(Sync::Synced),
                fresh
            ),
            ("aggTrade", "ETHUSDT".to_owned(), None, missing),
            ("bookTicker", "ETHUSDT".to_owned(), None, missing),
            (
                "depth@100ms",
                "ETHUSDT".to_owned(),
                Some(Sync::Syncing),
                missing
            ),
        ]
    );
}

#[test]
fn a_gap_withdraws_the_book_until_the_next_snapshot() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.depth("BTCUSDT", 22, 23);
    assert_eq!(
        acts(&desk.take()),
        ["lost Gap", "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000"]
    );
    let status = desk.session.status(desk.now);
    assert_eq!(status.gaps, 1);
    assert_eq!(status.streams[2].mark.state, Freshness::Missing);
    desk.depth("BTCUSDT", 24, 25);
    assert!(acts(&desk.take()).is_empty());
}

#[test]
fn an_old_snapshot_is_asked_for_again_after_a_second() {
    let mut desk = Desk::live(&["BTCUSDT"]);
    desk.wait(1_000);
    desk.depth("BTCUSDT", 8, 12);
    desk.answer(&book(5));
    desk.take();
    desk.wait(999);
    assert_eq!(desk.request(), None);
    desk.wait(1);
    desk.answer(&book(10));
    assert_eq!(
        acts(&desk.take()),
        [
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 10",
            "delta 12"
        ]
    );
}

#[test]
fn demand_changes() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.demand(&["ETHUSDT"]);
    desk.wait(350);
    assert_eq!(
        acts(&desk.out),
        [
            "lost Dropped",
            "fetch /api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%5D",
            "UNSUBSCRIBE"
        ]
    );
    desk.ack();
    desk.depth("BTCUSDT", 21, 22);
    assert_eq!(desk.session.status(desk.now).skipped["unasked"], 1);
    desk.answer(&listings(&["ETHUSDT"]));
    desk.wait(400);
    assert_eq!(desk.command().unwrap()["params"][0], "ethusdt@depth@100ms");
    desk.take();
    desk.demand(&[]);
    assert_eq!(acts(&desk.out), ["close"]);
    assert_eq!(desk.connection(), Connection::Down);
    desk.close();
    desk.take();
    desk.wait(60_000);
    assert!(desk.out.is_empty());
    desk.demand(&["ETHUSDT"]);
    assert!(desk.out.contains(&Output::Open(Lane::MAIN)));
}

#[test]
fn a_resync_is_a_new_book() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.wait(1_000);
    desk.take();
    desk.step(Input::Resync(symbol("BTCUSDT")));
    assert_eq!(acts(&desk.out), ["lost Gap"]);
    desk.depth("BTCUSDT", 21, 22);
    desk.answer(&book(22));
    assert_eq!(
        acts(&desk.out)[1..],
        [
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 22"
        ]
    );
    assert_eq!(desk.session.status(desk.now).gaps, 0);
}

#[test]
fn a_bare_recording_needs_no_connection() {
    let mut desk = Desk::with(&[], true);
    desk.depth("BTCUSDT", 8, 12);
    desk.ticker("ETHUSDT", 8);
    let key = RequestKey {
        kind: RequestKind::Book,
        symbol: symbol("BTCUSDT"),
        attempt: 0,
    };
    let snapshot = |desk: &mut Desk, last: u64| {
        let body = book(last);
        desk.step(Input::Answer {
            key: &key,
            status: 200,
            retry_after_s: None,
            body: body.as_bytes(),
            sent: None,
        });
    };
    snapshot(&mut desk, 9);
    desk.depth("BTCUSDT", 13, 13);
    assert_eq!(
        acts(&desk.take()),
        ["Bbo", "snapshot 9", "delta 12", "delta 13"]
    );
    assert_eq!(desk.connection(), Connection::Live);
    snapshot(&mut desk, 13);
    desk.wait(60_000);
    assert!(acts(&desk.take()).is_empty(), "a hole in time is no loss");
    desk.close();
    assert_eq!(acts(&desk.take()), ["lost Disconnected"]);
    for i in 0..300 {
        desk.frame(&trade(&format!("S{i}"), 1));
    }
    assert_eq!(acts(&desk.take()).len(), 254);
    assert_eq!(
        desk.session.status(desk.now).skipped["too_many_symbols"],
        46
    );
}
