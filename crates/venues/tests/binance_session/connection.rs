//! The connection: lost, refused, silent, old.

use crate::desk::{Desk, acts, book, listings, replayed, symbol, trade, trades};
use hypersentry_model::Freshness;
use hypersentry_model::status::Connection;
use hypersentry_venues::session::{Feed, Input, Lane, Output, RequestKey, RequestKind, Session};

#[test]
fn a_command_without_an_answer_ends_the_connection() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened(Lane::MAIN));
    desk.answer(&listings(&["BTCUSDT"]));
    desk.take();
    for _ in 0..19 {
        desk.wait(500);
        desk.depth("BTCUSDT", 1, 1);
    }
    assert!(!desk.out.contains(&Output::Close(Lane::MAIN)));
    desk.wait(1_000);
    assert!(desk.out.contains(&Output::Close(Lane::MAIN)));
    let status = desk.session.status(desk.now);
    assert_eq!(status.connection, Connection::Reconnecting);
    assert!(status.reason.unwrap().contains("SUBSCRIBE"));
}

#[test]
fn a_refused_command_ends_the_connection() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened(Lane::MAIN));
    desk.answer(&listings(&["BTCUSDT"]));
    let id = desk.command().unwrap()["id"].clone();
    desk.frame(r#"{"error":{"code":2,"msg":"Invalid request"},"id":999}"#);
    assert!(!desk.out.contains(&Output::Close(Lane::MAIN)));
    desk.frame(&format!(
        r#"{{"error":{{"code":2,"msg":"Invalid request"}},"id":{id}}}"#
    ));
    assert!(desk.out.contains(&Output::Close(Lane::MAIN)));
}

#[test]
fn a_lost_connection_comes_back_whole() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.ticker("BTCUSDT", 50);
    desk.frame(&trade("BTCUSDT", 5));
    desk.wait(100);
    desk.take();
    desk.close();
    assert_eq!(acts(&desk.take()), ["lost Disconnected"]);
    let status = desk.session.status(desk.now);
    assert_eq!(status.connection, Connection::Reconnecting);
    assert_eq!(
        status.streams[2].mark.state,
        Freshness::Fresh,
        "right when stamped"
    );
    assert_eq!(
        (status.reconnects, status.reason.as_deref()),
        (1, Some("reset"))
    );
    desk.wait(700);
    assert_eq!(acts(&desk.take()), ["open"]);
    desk.depth("BTCUSDT", 21, 22);
    assert!(acts(&desk.take()).is_empty(), "not open yet");
    desk.step(Input::Opened(Lane::MAIN));
    assert_eq!(acts(&desk.out), ["SUBSCRIBE"]);
    desk.ack();
    assert_eq!(desk.connection(), Connection::Live);
    // What came in between is asked for at once; the book waits for its first change.
    assert_eq!(
        acts(&desk.take())[1..],
        ["fetch /api/v3/aggTrades?symbol=BTCUSDT&fromId=6&limit=1000"]
    );
    let key = RequestKey {
        kind: RequestKind::Trades,
        symbol: symbol("BTCUSDT"),
        attempt: 0,
    };
    desk.ticker("BTCUSDT", 40);
    desk.depth("BTCUSDT", 30, 31);
    desk.frame(&trade("BTCUSDT", 5));
    desk.frame(&trade("BTCUSDT", 8));
    let since = desk.now;
    desk.wait(100);
    desk.step(Input::Answer {
        key: &key,
        status: 200,
        retry_after_s: None,
        body: trades(6..=9).as_bytes(),
        sent: None,
    });
    let replayed: Vec<String> = desk.out.iter().filter_map(replayed).collect();
    assert_eq!(replayed, ["6", "7"]);
    assert!(desk.out.iter().any(|o| matches!(
        o,
        Output::Repaired { feed: Feed::Trades, to, .. } if *to == since
    )));
    desk.wait(250);
    desk.answer(&book(31));
    assert_eq!(
        acts(&desk.take()),
        [
            "Bbo",
            "Trades",
            "Trades",
            "Trades",
            "fetch /api/v3/depth?symbol=BTCUSDT&limit=1000",
            "snapshot 31"
        ]
    );
    desk.frame(&trade("BTCUSDT", 9));
    let status = desk.session.status(desk.now);
    assert_eq!((status.gaps, status.duplicates), (0, 1));
    let Session::BinanceSpot(session) = &desk.session else {
        panic!("of Binance");
    };
    assert_eq!(session.trade_gaps(), 1);
}

#[test]
fn reconnects_back_off_and_never_give_up() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.answer(&listings(&["BTCUSDT"]));
    let mut delays = Vec::new();
    for _ in 0..40 {
        desk.take();
        desk.close();
        let from = desk.now;
        while !desk.out.contains(&Output::Open(Lane::MAIN)) {
            desk.now = desk.session.next_due().unwrap();
            desk.step(Input::Due);
        }
        delays.push(desk.now.ns_since(from) / 1_000_000);
    }
    for (delay, base) in delays.iter().zip([500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
        assert!((base..=base + base / 4).contains(delay), "{delays:?}");
    }
    assert!(delays[4..].iter().all(|d| (5_000..=6_250).contains(d)));
    assert!(delays[4..].windows(2).any(|w| w[0] != w[1]), "jitter");
    // A connection that lived resets the delay.
    desk.step(Input::Opened(Lane::MAIN));
    for _ in 0..40 {
        desk.wait(1_000);
        desk.frame(&trade("BTCUSDT", 1));
        desk.ack();
    }
    desk.take();
    desk.close();
    desk.wait(625);
    assert!(desk.out.contains(&Output::Open(Lane::MAIN)));
    // One that does not open in time has failed.
    desk.take();
    desk.wait(15_000);
    assert_eq!(acts(&desk.out)[0], "close");
    desk.close();
    desk.wait(1_250);
    assert!(desk.out.contains(&Output::Open(Lane::MAIN)));
}

#[test]
fn silence_ends_the_connection() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.lists = false;
    desk.take();
    desk.wait(9_400);
    assert!(!desk.out.contains(&Output::Close(Lane::MAIN)));
    desk.wait(1_200);
    assert!(desk.out.contains(&Output::Close(Lane::MAIN)));
    assert!(acts(&desk.out).contains(&"lost Disconnected".to_owned()));
    // Whether its end is told or not.
    desk.wait(3_000);
    assert!(desk.out.contains(&Output::Open(Lane::MAIN)));
}

#[test]
fn the_venue_announces_its_end_and_age_ends_a_connection_at_once() {
    let mut desk = Desk::synced("BTCUSDT");
    desk.take();
    desk.frame(r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}"#);
    assert_eq!(acts(&desk.out), ["close", "lost Disconnected"]);
    desk.close();
    assert_eq!(acts(&desk.out)[2], "open");
    // Not in a circle.
    desk.step(Input::Opened(Lane::MAIN));
    desk.take();
    desk.frame(r#"{"e":"serverShutdown","E":1}"#);
    desk.close();
    assert!(!desk.out.contains(&Output::Open(Lane::MAIN)));

    let mut desk = Desk::new(&["BTCUSDT"]);
    desk.step(Input::Opened(Lane::MAIN));
    desk.wait((23 * 60 + 49) * 60_000);
    assert!(!desk.out.contains(&Output::Close(Lane::MAIN)));
    desk.wait(60_000);
    assert!(desk.out.contains(&Output::Close(Lane::MAIN)));
    desk.take();
    desk.close();
    assert!(desk.out.contains(&Output::Open(Lane::MAIN)));
}
