//! Pace, acknowledgements, changes of demand, watchdog.

use super::*;
use crate::hyperliquid::limits;
use crate::session::Lane;
use hypersentry_model::status::{Connection, Sync};

fn many(count: usize) -> (Vec<String>, String) {
    let names: Vec<String> = (0..count).map(|i| format!("C{i:03}")).collect();
    let assets: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"name":"{name}","szDecimals":2}}"#))
        .collect();
    let context = r#"{"funding":"0","openInterest":"0","prevDayPx":"1","dayNtlVlm":"0","oraclePx":"1","markPx":"1"}"#;
    let contexts = vec![context; count].join(",");
    let list = format!(r#"[{{"universe":[{}]}},[{contexts}]]"#, assets.join(","));
    (names, list)
}

#[test]
fn frames_are_paced_and_the_address_limit_holds() {
    let (names, list) = many(300);
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = Run::new();
    run.demand(&wanted);
    assert_eq!(
        run.refused("symbol_limit"),
        300 - limits::MAX_SYMBOLS as u64
    );
    run.answer(1, 200, &list);
    let mut sends = run.input(Input::Opened(Lane::MAIN)).len();
    assert_eq!(sends, 20);
    for _ in 0..60 {
        let lines = run.pass(100);
        assert!(lines.len() <= 20, "{}", lines.len());
        sends += lines.len();
    }
    assert_eq!(sends, 1 + 5 * limits::MAX_SYMBOLS);
    assert!(sends <= limits::MAX_SUBSCRIPTIONS);
}

#[test]
fn the_minute_limit_holds_over_reconnections() {
    let (names, list) = many(199);
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = Run::new();
    run.demand(&wanted);
    run.answer(1, 200, &list);
    let mut sends = 0;
    for _ in 0..5 {
        sends += run.input(Input::Opened(Lane::MAIN)).len();
        let lines = run.pass(6_000);
        sends += lines.iter().filter(|line| line.starts_with("send")).count();
        run.close("gone");
        run.pass(5_999);
    }
    assert_eq!(sends, limits::SENDS_PER_MINUTE as usize);
}

#[test]
fn a_missing_acknowledgement_ends_the_connection() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    run.acknowledge("BTC", &Channel::OF_COIN[..3]);
    assert!(run.pass(9_999).is_empty());
    assert_eq!(run.pass(1), ["close", "status"]);
    let reason = run.status().reason.expect("a reason");
    assert_eq!(reason, "trades BTC was not acknowledged");
}

#[test]
fn already_subscribed_is_as_good_as_acknowledged() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    run.acknowledge(
        "BTC",
        &[
            Channel::Book,
            Channel::Bbo,
            Channel::Trades,
            Channel::Context,
        ],
    );
    let words = r#"Already subscribed: {\"type\":\"l2Book\",\"coin\":\"BTC\",\"nSigFigs\":null,\"mantissa\":null,\"fast\":true}"#;
    let lines = run.frame(&format!(r#"{{"channel":"error","data":"{words}"}}"#));
    assert_eq!(lines, ["status"]);
    assert_eq!(run.status().connection, Connection::Live);
    assert_eq!(run.refused("venue_error"), 0);
}

#[test]
fn a_subscription_that_the_venue_does_not_understand_is_left_out() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    run.acknowledge(
        "BTC",
        &[
            Channel::Book,
            Channel::Bbo,
            Channel::Trades,
            Channel::Context,
        ],
    );
    let words = r#"Error parsing JSON into valid websocket request: {\"method\": \"subscribe\", \"subscription\": {\"type\": \"l2Book\", \"coin\": \"BTC\", \"fast\": true}}"#;
    let lines = run.frame(&format!(r#"{{"channel":"error","data":"{words}"}}"#));
    assert_eq!(lines, ["status"]);
    assert_eq!(run.refused("venue_error"), 1);
    assert!(run.pass(12_000).is_empty(), "no reconnection for it");
}

#[test]
fn normalised_echoes_acknowledge() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    run.acknowledge("BTC", &Channel::OF_COIN[1..]);
    let echo = r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"l2Book","coin":"BTC","nSigFigs":null,"mantissa":null,"fast":false}}}"#;
    assert_eq!(run.frame(echo), ["status"]);
}

#[test]
fn demand_changes_while_open() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    run.frame(&bbo("BTC", 0));
    let mut expected = vec!["lost BTC Dropped".to_owned()];
    expected.extend(Channel::OF_COIN.map(|channel| unsubscribe("BTC", channel)));
    expected.extend(all_of("ETH"));
    let mut lines = run.demand(&["ETH"]);
    let grid = lines
        .iter()
        .position(|l| l.starts_with("grid ETH"))
        .expect("a grid");
    lines.remove(grid);
    assert_eq!(lines, expected);
    assert!(run.frame(&bbo("BTC", 10)).is_empty());
    assert_eq!(run.refused("unexpected_symbol"), 0, "still on its way");
    run.acknowledge("ETH", &Channel::OF_COIN);
    run.pass(9_000);
    run.frame(&fast_book("ETH", 9_000));
    run.pass(2_000);
    run.frame(&bbo("BTC", 20));
    assert_eq!(run.refused("unexpected_symbol"), 1);
    let symbols: BTreeSet<Symbol> = run.status().streams.iter().map(|s| s.symbol).collect();
    assert_eq!(symbols, BTreeSet::from([Symbol::ANY, symbol("ETH")]));
}

#[test]
fn what_was_dropped_before_it_was_asked_for_is_never_asked_for() {
    let mut run = Run::new();
    run.demand(&["BTC", "ETH"]);
    run.input(Input::Opened(Lane::MAIN));
    run.demand(&["BTC"]);
    let lines = run.markets(1);
    assert!(lines.iter().all(|line| !line.contains("ETH")), "{lines:?}");
}

#[test]
fn nothing_wanted_closes() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    assert_eq!(run.demand(&[]), ["lost BTC Dropped", "close", "status"]);
    assert_eq!(run.status().connection, Connection::Down);
    assert!(run.close("closed by us").is_empty());
    assert!(run.pass(1_200_000).is_empty());
    assert_eq!(run.session.next_due(), None);
    let lines = run.demand(&["BTC"]);
    assert_eq!(lines.first().map(String::as_str), Some("grid BTC 1 5"));
    assert_eq!(lines.last().map(String::as_str), Some("open"));
}

#[test]
fn a_silent_fast_book_is_subscribed_anew_and_then_the_connection_is() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&fast_book("BTC", 0));
    let keep_alive = |run: &mut Run| {
        run.frame(&book("BTC", run.ms));
        run.frame(r#"{"channel":"pong"}"#);
        run.pass(1_000)
    };
    let mut lines = Vec::new();
    for _ in 0..12 {
        lines.extend(keep_alive(&mut run));
    }
    let anew = [
        unsubscribe("BTC", Channel::BookFast),
        subscribe("BTC", Channel::BookFast),
    ];
    assert_eq!(lines, anew);
    run.acknowledge("BTC", &[Channel::BookFast]);
    lines.clear();
    for _ in 0..12 {
        lines.extend(keep_alive(&mut run));
    }
    lines.retain(|line| !line.contains("ping"));
    assert_eq!(lines, ["close", "lost BTC Disconnected", "status"]);
    let reason = run.status().reason.expect("a reason");
    assert_eq!(reason, "l2Book:fast BTC stayed silent");
}

#[test]
fn a_fast_book_that_speaks_again_is_forgiven() {
    let mut run = Run::live(&["BTC"]);
    let keep_alive = |run: &mut Run| {
        run.frame(&book("BTC", run.ms));
        run.frame(r#"{"channel":"pong"}"#);
        run.pass(1_000)
    };
    for _ in 0..13 {
        keep_alive(&mut run);
    }
    run.acknowledge("BTC", &[Channel::BookFast]);
    run.frame(&fast_book("BTC", run.ms));
    let mut lines = Vec::new();
    for _ in 0..13 {
        lines.extend(keep_alive(&mut run));
    }
    lines.retain(|line| !line.contains("ping"));
    assert_eq!(lines.len(), 2, "subscribed anew once more: {lines:?}");
}

#[test]
fn an_unusable_book_is_fetched_anew_but_not_too_often() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    let sync = |run: &Run| {
        let streams = run.status().streams;
        streams
            .iter()
            .find(|s| s.channel == "l2Book")
            .and_then(|s| s.sync)
    };
    assert_eq!(sync(&run), Some(Sync::Synced));
    let lines = run.input(Input::Resync(symbol("BTC")));
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(sync(&run), Some(Sync::Syncing));
    run.acknowledge("BTC", &[Channel::Book, Channel::BookFast]);
    assert!(run.input(Input::Resync(symbol("BTC"))).is_empty());
    run.pass(5_000);
    assert_eq!(run.input(Input::Resync(symbol("BTC"))).len(), 4);
    assert!(run.input(Input::Resync(symbol("XYZ"))).is_empty());
}
