//! What each Coinbase message becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{MarketEvent, Symbol, Venue};
use hypersentry_venues::coinbase::decode::{candles, message, products, server_time, trades};
use hypersentry_venues::coinbase::wire::Message;
use hypersentry_venues::decode::{Outcome, decode};

mod agreement;
#[path = "../edits/mod.rs"]
mod edits;

const MATCH: &str = r#"{"type":"match","trade_id":280232,"maker_order_id":"2a0da34e","taker_order_id":"3c82abaa","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#;
const CHANGES: &str = r#"{"type":"l2update","product_id":"SKL-USD","changes":[["buy","0.7885","0.0"],["sell","0.7913","7441.5"]],"time":"2021-04-17T16:43:37.077621Z"}"#;

fn read(text: &str, symbol: Option<&str>) -> Result<(Outcome, Vec<MarketEvent>), &'static str> {
    let mut out = Vec::new();
    let symbol = symbol.map(|s| Symbol::new(s).unwrap());
    match decode(Venue::Coinbase, text.as_bytes(), symbol, &mut out) {
        Ok(outcome) => Ok((outcome, out)),
        Err(error) => {
            assert!(out.is_empty(), "an error pushes nothing");
            Err(error.code)
        }
    }
}

/// Symbol, time and content of the events.
fn shown(text: &str, symbol: Option<&str>) -> Vec<String> {
    let (outcome, events) = read(text, symbol).expect(text);
    assert_eq!(outcome, Outcome::Events, "{text}");
    let show = |e: &MarketEvent| {
        let ms = e.venue_time.map_or("-".to_owned(), |t| t.ms().to_string());
        let name = e.payload.event_type().name();
        let data = serde_json::to_string(&e.payload).unwrap();
        format!("{} {ms} {name} {data}", e.symbol)
    };
    events.iter().map(show).collect()
}

#[test]
fn the_aggressor_is_the_other_side_of_the_maker() {
    // The maker's order sold, so the taker bought: an up-tick.
    for (maker, aggressor) in [("sell", "buy"), ("buy", "sell")] {
        let expected = format!(
            r#"SKL-BTC 1618677817089 trade {{"id":"280232","px":"0.00001305","sz":"985","side":"{aggressor}"}}"#
        );
        let text = MATCH.replace(r#""side":"sell""#, &format!(r#""side":"{maker}""#));
        let last = text.replace(r#""match""#, r#""last_match""#);
        let spaced = text.replace(':', " : ").replace("16 : 43 : 37", "16:43:37");
        for text in [&text, &last, &spaced] {
            assert_eq!(shown(text, None), std::slice::from_ref(&expected), "{text}");
        }
        let body = format!(
            r#"[{{"time":"2021-04-17T16:43:37.089723Z","trade_id":280232,"price":"0.00001305","size":"985.0","side":"{maker}"}}]"#
        );
        assert_eq!(shown(&body, Some("SKL-BTC")), [expected]);
        assert_eq!(read(&body, None), Err("symbol_required"));
    }
    let Ok(Message::Match { last, .. }) = message(MATCH.as_bytes()) else {
        panic!("a match");
    };
    assert!(!last);
}

#[test]
fn changes_are_absolute_sizes() {
    let expected = r#"SKL-USD 1618677817077 book_delta {"bids":[["0.7885","0"]],"asks":[["0.7913","7441.5"]]}"#;
    let reordered = r#"{"changes":[["buy","0.7885","0"],["sell","0.7913","7441.5"]],"product_id":"SKL-USD","type":"l2update","time":"2021-04-17T16:43:37.077621Z","new":1}"#;
    for text in [CHANGES, reordered] {
        assert_eq!(shown(text, None), [expected]);
    }
}

#[test]
fn snapshots_have_the_best_first() {
    let text = r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["102","1"],["101","2"]],"bids":[["99","3"],["100","4"]]}"#;
    let expected = r#"BTC-USD - book_snapshot {"bids":[["100","4"],["99","3"]],"asks":[["101","2"],["102","1"]],"depth":2}"#;
    assert_eq!(shown(text, None), [expected]);
    let timed = text.replace(r#""type""#, r#""time":"1970-01-01T00:00:01Z","type""#);
    assert_eq!(shown(&timed, None), [expected.replace(" - ", " 1000 ")]);
}

#[test]
fn best_prices_need_their_sizes() {
    let ticker = r#"{"type":"ticker","sequence":5,"product_id":"BTC-USD","price":"100","best_bid":"99","best_bid_size":"0.5","best_ask":"100","best_ask_size":"2","side":"buy","time":"1970-01-01T00:00:01Z","trade_id":7,"last_size":"1"}"#;
    assert_eq!(
        shown(ticker, None),
        [r#"BTC-USD 1000 bbo {"bid":["99","0.5"],"ask":["100","2"]}"#]
    );
    let old = ticker
        .replace("best_bid_size", "x")
        .replace("best_ask_size", "y");
    let skipped = Outcome::Skipped("ticker without sizes".to_owned());
    assert_eq!(read(&old, None), Ok((skipped, vec![])));
}

#[test]
fn heartbeats_tell_the_last_trade() {
    let text = r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#;
    let Ok(Message::Heartbeat(beat)) = message(text.as_bytes()) else {
        panic!("a heartbeat");
    };
    assert_eq!(beat.symbol.as_str(), "BTC-USD");
    assert_eq!((beat.sequence, beat.last_trade_id), (90, 20));
    assert_eq!(beat.time.ms(), 1_415_348_368_464);
}

#[test]
fn control_messages() {
    for (text, name) in [
        (
            r#"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["BTC-USD"]}]}"#,
            "subscriptions",
        ),
        (
            r#"{"type":"subscriptions","channels":[{"name":"status"}]}"#,
            "subscriptions",
        ),
        (
            r#"{"type":"error","message":"Failed to subscribe","reason":"FOO is not a valid product"}"#,
            "error",
        ),
        (r#"{"message":"NotFound"}"#, "error"),
        (
            r#"{"iso":"2015-01-07T23:47:25.201Z","epoch":1420674445.201}"#,
            "server_time",
        ),
        (
            r#"[{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01","base_increment":"0.00000001","status":"online"}]"#,
            "products",
        ),
    ] {
        assert_eq!(
            read(text, None),
            Ok((Outcome::Control(name), vec![])),
            "{text}"
        );
    }
}

#[test]
fn known_and_unused() {
    for (text, name) in [
        (r#"{"type":"received","product_id":"BTC-USD"}"#, "received"),
        (r#"{"type":"status","products":[]}"#, "status"),
        (
            r#"{"channel":"market_trades","sequence_num":5,"events":[]}"#,
            "advanced-trade:market_trades",
        ),
        (
            r#"{"channel":"heartbeats","events":[{"heartbeat_counter":"42"}]}"#,
            "advanced-trade:heartbeats",
        ),
        (r#"{"pricebook":{}}"#, "advanced-trade:product_book"),
        (r#"{"candles":[]}"#, "advanced-trade:candles"),
    ] {
        let skipped = Outcome::Skipped(name.to_owned());
        assert_eq!(read(text, None), Ok((skipped, vec![])), "{text}");
    }
}

#[test]
fn candles_come_newest_first_and_leave_oldest_first() {
    let body = "[[1712192400,66055.14,66331.99,66312.4,66181.6,355.82896243],[1712188800,65857.35,66387.77,65984.18,66314.59,3.5e-7]]";
    let first = r#"{"interval":"1h","open_ms":1712188800000,"close_ms":1712192399999,"o":"65984.18","h":"66387.77","l":"65857.35","c":"66314.59","volume_base":"0.00000035","closed":true}"#;
    let second = r#"{"interval":"1h","open_ms":1712192400000,"close_ms":1712195999999,"o":"66312.4","h":"66331.99","l":"66055.14","c":"66181.6","volume_base":"355.82896243","closed":false}"#;
    assert_eq!(
        shown(body, Some("BTC-USD")),
        [
            format!("BTC-USD - candle {first}"),
            format!("BTC-USD - candle {second}")
        ]
    );
    assert_eq!(read(body, None), Err("symbol_required"));
    let minutes = candles(body.as_bytes(), "1m", 60).unwrap();
    assert_eq!(minutes[0].close_ms - minutes[0].open_ms, 59_999);
    let alone = "[[1712192400,1,2,1,2,3]]";
    let skipped = Outcome::Skipped("candles of unknown length".to_owned());
    assert_eq!(read(alone, Some("BTC-USD")), Ok((skipped, vec![])));
    assert_eq!(read("[[1,2]]", Some("BTC-USD")), Err("malformed_message"));
}

#[test]
fn books_from_rest_carry_their_sequence() {
    let body = r#"{"bids":[["99","3",2]],"asks":[["101","2",1]],"sequence":13051505638,"auction_mode":false,"auction":null,"time":"1970-01-01T00:00:01.5Z"}"#;
    assert_eq!(
        shown(body, Some("BTC-USD")),
        [
            r#"BTC-USD 1500 book_snapshot {"bids":[["99","3"]],"asks":[["101","2"]],"depth":1,"last_seq":13051505638}"#
        ]
    );
    assert_eq!(read(body, None), Err("symbol_required"));
}

#[test]
fn refusals() {
    for (text, code) in [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("hello", "malformed_json"),
        ("7", "unknown_message"),
        ("{}", "unknown_message"),
        ("[{}]", "unknown_message"),
        ("[1]", "malformed_message"),
        (r#"{"type":"surprise"}"#, "unknown_message"),
        (r#"{"channel":"surprise"}"#, "unknown_message"),
        (r#"{"type":7}"#, "malformed_message"),
        (r#"{"type":"match"}"#, "malformed_message"),
        (&MATCH.replace(r#""sell""#, r#""ask""#), "malformed_message"),
        (&MATCH.replace("2021-04", "2021-14"), "malformed_message"),
        (&MATCH.replace(r#""985""#, "985"), "malformed_message"),
        (&MATCH.replace("985", "1e3"), "decimal_exponent"),
        (&MATCH.replace("SKL-BTC", ""), "malformed_message"),
        (&CHANGES.replace("buy", "bid"), "malformed_message"),
        (&CHANGES.replace("0.7885", ""), "decimal_empty"),
        (&CHANGES.replace("0.7885", "NaN"), "decimal_not_a_number"),
        (&CHANGES[..CHANGES.len() - 1], "malformed_json"),
        (&"[".repeat(100_000), "malformed_json"),
    ] {
        let shown: String = text.chars().take(200).collect();
        assert_eq!(read(text, None).expect_err(&shown), code, "{shown}");
    }
    let mut out = Vec::new();
    let error = decode(Venue::Coinbase, b"{\"type\":\"\xff\"}", None, &mut out);
    assert_eq!(error.unwrap_err().code, "not_utf8");
}

#[test]
fn products_tell_the_grid() {
    let body = br#"[
      {"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01","base_increment":"0.00000001","status":"online","trading_disabled":false},
      {"id":"OLD-USD","base_currency":"OLD","quote_currency":"USD","quote_increment":"0.0001","base_increment":"1","status":"delisted","trading_disabled":true},
      {"id":"A B","base_currency":"A","quote_currency":"B","quote_increment":"1","base_increment":"1","status":"online"}]"#;
    let found: Vec<_> = products(body)
        .unwrap()
        .iter()
        .map(|p| {
            (
                p.symbol.to_string(),
                p.base.to_string(),
                p.trading,
                p.px_decimals,
                p.sz_decimals,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("BTC-USD".to_owned(), "BTC".to_owned(), true, 2, 8),
            ("OLD-USD".to_owned(), "OLD".to_owned(), false, 4, 0)
        ]
    );
    assert!(products(b"{}").is_err());
    assert!(trades(b"{}", Symbol::ANY).is_err());
    let time = server_time(br#"{"iso":"2015-01-07T23:47:25.201Z","epoch":1420674445.201}"#);
    assert_eq!(time.unwrap().ms(), 1_420_674_445_201);
}
