//! Events, proofs, replayed trades, grids, recordings.

use super::*;
use crate::session::Lane;
use hypersentry_model::Freshness;
use hypersentry_model::status::{Connection, Sync};

#[test]
fn every_feed_is_passed_on() {
    let mut run = Run::live(&["BTC"]);
    let mids = r#"{"channel":"allMids","data":{"mids":{"BTC":"97437.5","@107":"1.5"}}}"#;
    for (frame, expected) in [
        (book("BTC", 0), vec!["status", "event Book BTC", "proof Bbo BTC", "proof Trades BTC"]),
        (fast_book("BTC", 0), vec!["status", "event BookTop BTC"]),
        (bbo("BTC", 0), vec!["event Bbo BTC"]),
        (trades("BTC", &[(1, -1)]), vec!["event Trades BTC 1 replayed"]),
        (context("BTC", "97437"), vec!["event Context BTC"]),
        (mids.to_owned(), vec!["event Mids *"]),
        (r#"{"channel":"user","data":{}}"#.to_owned(), vec![]),
        (r#"{"channel":"candle","data":{"t":1,"T":2,"s":"BTC","i":"1m","o":"1","c":"1","h":"1","l":"1","v":"1","n":1}}"#.to_owned(), vec![]),
        ("Websocket connection established.".to_owned(), vec![]),
    ] {
        assert_eq!(run.frame(&frame), expected, "{frame}");
    }
    let status = run.status();
    assert_eq!(status.skipped.get("user"), Some(&1));
    assert_eq!(status.skipped.get("candle"), Some(&1));
    assert!(status.refused.is_empty());
    let channels: Vec<&str> = status.streams.iter().map(|s| &*s.channel).collect();
    let expected = [
        "allMids",
        "activeAssetCtx",
        "bbo",
        "l2Book",
        "l2Book:fast",
        "trades",
    ];
    assert_eq!(channels, expected);
}

#[test]
fn marks_and_sync_of_streams() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    run.frame(&fast_book("BTC", 0));
    let find = |run: &Run, channel: &str| {
        let streams = run.status().streams;
        streams
            .into_iter()
            .find(|s| s.channel == channel)
            .expect("there")
    };
    assert_eq!(find(&run, "l2Book").mark.age_limit_ms, 12_000);
    assert_eq!(find(&run, "l2Book:fast").mark.age_limit_ms, 4_000);
    assert_eq!(find(&run, "l2Book").sync, Some(Sync::Synced));
    assert_eq!(find(&run, "bbo").sync, None);
    assert_eq!(find(&run, "bbo").mark.state, Freshness::Missing);
    run.ms += 4_001;
    assert_eq!(find(&run, "l2Book:fast").mark.state, Freshness::Stale);
    assert_eq!(find(&run, "l2Book").mark.state, Freshness::Fresh);
    run.close("1006");
    assert_eq!(find(&run, "l2Book").sync, Some(Sync::Syncing));
}

#[test]
fn a_later_block_proves_the_feeds_that_may_be_quiet() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&bbo("BTC", 100));
    run.ms += 1_000;
    // The same block again proves nothing.
    let lines = run.frame(&fast_book("BTC", 100));
    assert_eq!(lines, ["status", "event BookTop BTC"]);
    let lines = run.frame(&fast_book("BTC", 600));
    assert_eq!(
        lines,
        ["event BookTop BTC", "proof Bbo BTC", "proof Trades BTC"]
    );
    // At most one proof of a feed in 200 ms.
    run.ms += 199;
    assert_eq!(run.frame(&fast_book("BTC", 700)), ["event BookTop BTC"]);
    run.ms += 1;
    let lines = run.frame(&fast_book("BTC", 800));
    assert_eq!(
        lines,
        ["event BookTop BTC", "proof Bbo BTC", "proof Trades BTC"]
    );
    // The context has no block time; books prove themselves alone.
    run.ms += 1_000;
    assert_eq!(run.frame(&context("BTC", "97437")), ["event Context BTC"]);
    run.ms += 1_000;
    let lines = run.frame(&trades("BTC", &[(9, 1_000)]));
    assert_eq!(lines, ["event Trades BTC 9", "proof Bbo BTC"]);
}

#[test]
fn a_feed_without_acknowledgement_is_not_proved() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("BTC", &[Channel::Book, Channel::Bbo]);
    let lines = run.frame(&book("BTC", 0));
    assert_eq!(lines, ["status", "event Book BTC", "proof Bbo BTC"]);
}

#[test]
fn books_do_not_go_back_in_time() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 500));
    assert!(run.frame(&book("BTC", 499)).is_empty());
    assert_eq!(run.refused("out_of_sequence"), 1);
    assert_eq!(
        run.frame(&book("BTC", 500)).len(),
        1,
        "the same block again"
    );
    assert_eq!(
        run.frame(&fast_book("BTC", 400)).len(),
        2,
        "each feed has its own time"
    );
    run.close("1006");
    run.pass(300);
    run.input(Input::Opened(Lane::MAIN));
    assert_eq!(
        run.frame(&book("BTC", 400)).len(),
        2,
        "a new connection begins anew"
    );
}

#[test]
fn trades_that_come_again_are_dropped() {
    let mut run = Run::live(&["BTC"]);
    let first = trades("BTC", &[(2, -50), (1, -100), (3, 5_000)]);
    let lines = run.frame(&first);
    let expected = [
        "event Trades BTC 1 replayed",
        "event Trades BTC 2 replayed",
        "event Trades BTC 3",
    ];
    assert_eq!(lines[..3], expected, "oldest first");
    // Only the first array is history.
    let lines = run.frame(&trades("BTC", &[(4, -10)]));
    assert_eq!(lines[..1], ["event Trades BTC 4"]);
    // One tid at two times is two trades.
    assert_eq!(
        run.frame(&trades("BTC", &[(4, -9)]))[..1],
        ["event Trades BTC 4"]
    );
    run.close("1006");
    run.ms = 6_000;
    run.input(Input::Due);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("BTC", &Channel::OF_COIN);
    let lines = run.frame(&trades(
        "BTC",
        &[
            (1, -100),
            (2, -50),
            (4, -10),
            (3, 5_000),
            (5, 5_500),
            (6, 6_100),
        ],
    ));
    let expected = ["event Trades BTC 5 replayed", "event Trades BTC 6"];
    assert_eq!(lines[..2], expected);
    assert_eq!(run.status().duplicates, 4);
}

#[test]
fn history_that_brings_nothing_new_proves_the_feed() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&trades("BTC", &[(1, 0)]));
    run.ms += 500;
    assert_eq!(run.frame(&trades("BTC", &[(1, 0)])), ["proof Trades BTC"]);
}

#[test]
fn uninvited_symbols_and_broken_frames_are_counted() {
    let mut run = Run::live(&["BTC"]);
    for frame in [
        book("ETH", 0),
        trades("ETH", &[(1, 0)]),
        context("ETH", "1"),
    ] {
        assert!(run.frame(&frame).is_empty());
    }
    run.frame("{");
    run.frame(r#"{"channel":"weather","data":{}}"#);
    run.input(Input::Frame(Lane::MAIN, b"\xff"));
    run.frame(&book("BTC", 0).replace("99", "1e2"));
    let refused: Vec<(String, u64)> = run.status().refused.into_iter().collect();
    let expected = [
        ("decimal_exponent", 1),
        ("malformed_json", 1),
        ("not_utf8", 1),
        ("unexpected_symbol", 3),
        ("unknown_message", 1),
    ];
    assert_eq!(refused, expected.map(|(code, n)| (code.to_owned(), n)));
}

#[test]
fn the_grid_follows_the_price() {
    let mut run = Run::live(&["ETH"]);
    assert_eq!(run.frame(&context("ETH", "2303.4")), ["event Context ETH"]);
    let lines = run.frame(&context("ETH", "999.99"));
    assert_eq!(lines, ["grid ETH 2 4", "event Context ETH"]);
    assert_eq!(run.frame(&context("ETH", "998")), ["event Context ETH"]);
    let lines = run.frame(&context("ETH", "12000"));
    assert_eq!(lines, ["grid ETH 0 4", "event Context ETH"]);
}

#[test]
fn a_bare_recording_flows() {
    let mut run = Run::bare();
    run.demand(&["BTC"]);
    let lines = run.frame(&book("DOGE", 0));
    assert_eq!(lines, ["status", "status", "event Book DOGE"]);
    assert_eq!(run.status().connection, Connection::Live);
    run.ms += 60_000;
    let lines = run.frame(&trades("DOGE", &[(1, -50), (2, 60_000)]));
    assert_eq!(
        lines[..2],
        ["event Trades DOGE 1 replayed", "event Trades DOGE 2"]
    );
    assert_eq!(run.frame(&book("BTC", 60_000))[1], "event Book BTC");
    assert_eq!(run.session.next_due(), None, "nobody would answer");
    run.ms += 3_600_000;
    assert!(run.input(Input::Due).is_empty());
    // What has been heard is proved by later blocks.
    let lines = run.frame(&book("DOGE", 3_660_000));
    assert_eq!(lines, ["event Book DOGE", "proof Trades DOGE"]);
    let limits: Vec<u32> = run
        .status()
        .streams
        .iter()
        .map(|s| s.mark.age_limit_ms)
        .collect();
    assert_eq!(
        limits,
        [4_000, 4_000, 5_000],
        "no fast book: the standard one is judged as such"
    );
    let lines = run.close("end of file");
    let expected = ["lost BTC Disconnected", "lost DOGE Disconnected", "status"];
    assert_eq!(lines, expected);
}

#[test]
fn a_recording_may_hold_answers() {
    let mut run = Run::bare();
    run.frame(&book("BTC", 0));
    assert_eq!(run.answer(0, 200, META), ["grid BTC 0 5"]);
    let eth = META.replace(
        r#""name":"BTC","szDecimals":5"#,
        r#""name":"BTC","szDecimals":4"#,
    );
    assert_eq!(run.frame(&eth), ["grid BTC 0 4"]);
}

#[test]
fn a_recording_of_too_many_markets_is_bounded() {
    let mut run = Run::bare();
    for i in 0..300 {
        run.frame(&book(&format!("C{i}"), 0));
    }
    assert_eq!(run.status().streams.len(), 256);
    assert_eq!(run.refused("symbol_limit"), 44);
}
