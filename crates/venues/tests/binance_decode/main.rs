//! What each Binance spot message becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{MarketEvent, Payload, Symbol, Venue};
use hypersentry_venues::binance_spot::decode::{listings, message, snapshot, venue_error};
use hypersentry_venues::binance_spot::wire::{Channel, Message};
use hypersentry_venues::decode::{Outcome, decode};

mod agreement;

const DEPTH: &str = r#"{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,"b":[["61737.63000000","0.00000000"]],"a":[["61837.64000000","1.54698000"],["61839.85000000","0.00000000"]]}"#;
const TRADE: &str = r#"{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}"#;
const TICKER: &str = r#"{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}"#;

fn wrap(stream: &str, data: &str) -> String {
    format!(r#"{{"stream":"{stream}","data":{data}}}"#)
}

fn read(text: &str, symbol: Option<&str>) -> Result<(Outcome, Vec<MarketEvent>), &'static str> {
    let mut out = Vec::new();
    let symbol = symbol.map(|s| Symbol::new(s).unwrap());
    match decode(Venue::BinanceSpot, text.as_bytes(), symbol, &mut out) {
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
    assert_eq!(outcome, Outcome::Events);
    let show = |e: &MarketEvent| {
        let ms = e.venue_time.map_or("-".to_owned(), |t| t.ms().to_string());
        let name = e.payload.event_type().name();
        let data = serde_json::to_string(&e.payload).unwrap();
        format!("{} {ms} {name} {data}", e.symbol)
    };
    events.iter().map(show).collect()
}

#[test]
fn depth_update() {
    let expected = r#"BTCUSDT 1723161255208 book_delta {"bids":[["61737.63","0"]],"asks":[["61837.64","1.54698"],["61839.85","0"]],"first_seq":50093239189,"last_seq":50093239202}"#;
    let spaced = DEPTH.replace(':', " : ").replace(',', " ,\n");
    let reordered = r#"{"a":[["61837.64000000","1.54698000"],["61839.85000000","0.00000000"]],"b":[["61737.63000000","0.00000000"]],"u":50093239202,"U":50093239189,"s":"BTCUSDT","E":1723161255208,"e":"depthUpdate","new":{"x":[1]}}"#;
    let escaped = DEPTH.replace("BTCUSDT", "BTC\\u0055SDT");
    for text in [DEPTH, &spaced, reordered, &escaped] {
        assert_eq!(shown(text, None), [expected], "{text}");
        assert_eq!(shown(&wrap("btcusdt@depth@100ms", text), None), [expected]);
    }
    let third = DEPTH.replace(r#""0.00000000"]],"a""#, r#""0.00000000",[]]],"a""#);
    assert_eq!(
        shown(&third, None),
        [expected],
        "a third element is passed over"
    );
}

#[test]
fn trades_name_the_aggressor() {
    let sell = r#"BTCUSDT 1723161255342 trade {"id":"3735683259","px":"61837.63","sz":"0.02","side":"sell"}"#;
    let old = TRADE.replace(r#""T":"#, r#""b":88,"a":50,"T":"#);
    for text in [TRADE, &wrap("btcusdt@trade", TRADE), &old] {
        assert_eq!(shown(text, None), [sell]);
    }
    let buy = TRADE.replace(r#""m":true"#, r#""m":false"#);
    assert_eq!(shown(&buy, None), [sell.replace("sell", "buy")]);
    let agg = r#"{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862790,"T":1633998523960,"m":false,"M":true}"#;
    assert_eq!(
        shown(agg, None),
        [r#"NKNUSDT 1633998523960 trade {"id":"15683430","px":"0.3528","sz":"58","side":"buy"}"#]
    );
}

#[test]
fn best_prices_have_a_sequence_number_and_no_time() {
    let expected = r#"BTCUSDT - bbo {"bid":["61837.63","3.78826"],"ask":["61837.64","1.54698"]}"#;
    for text in [TICKER, &wrap("btcusdt@bookTicker", TICKER)] {
        assert_eq!(shown(text, None), [expected]);
        let Message::Event(Channel::BookTicker, event) = message(text.as_bytes()).unwrap() else {
            panic!("{text}");
        };
        let Payload::Bbo(bbo) = event.payload else {
            panic!("{text}");
        };
        assert_eq!(bbo.book_seq, Some(50_093_239_212));
    }
    let empty = r#"{"u":7,"s":"BTCUSDT","b":"0.00000000","B":"0.00000000","a":"1.0","A":"2"}"#;
    assert_eq!(
        shown(empty, None),
        [r#"BTCUSDT - bbo {"bid":null,"ask":["1","2"]}"#]
    );
}

#[test]
fn snapshots_need_a_symbol_from_somewhere() {
    let body = r#"{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"]],"asks":[["4.00000200","12.00000000"]]}"#;
    let content =
        r#"{"bids":[["4","431"]],"asks":[["4.000002","12"]],"depth":1,"last_seq":1027024}"#;
    assert_eq!(
        shown(body, Some("LTCBTC")),
        [format!("LTCBTC - book_snapshot {content}")]
    );
    assert_eq!(read(body, None), Err("symbol_required"));
    let partial = content.replace(r#""depth":1"#, r#""depth":20"#);
    assert_eq!(
        shown(&wrap("ltcbtc@depth20@100ms", body), None),
        [format!("LTCBTC - book_snapshot {partial}")]
    );
    let book = snapshot(body.as_bytes()).unwrap();
    assert_eq!(snapshot(body.replace(':', ": ").as_bytes()), Ok(book));
}

#[test]
fn candles() {
    let kline = r#"{"e":"kline","E":1633998523963,"s":"NKNUSDT","k":{"t":1633998480000,"T":1633998539999,"s":"NKNUSDT","i":"1m","f":19862761,"L":19862790,"o":"0.35270000","c":"0.35280000","h":"0.35290000","l":"0.35220000","v":"25877.00000000","n":30,"x":false,"q":"9116.04600000","V":"58.00000000","Q":"20.46240000","B":"0"}}"#;
    let expected = r#"{"interval":"1m","open_ms":1633998480000,"close_ms":1633998539999,"o":"0.3527","h":"0.3529","l":"0.3522","c":"0.3528","volume_base":"25877","trades":30,"closed":false}"#;
    assert_eq!(
        shown(kline, None),
        [format!("NKNUSDT 1633998523963 candle {expected}")]
    );
    let row = r#"[1633998480000,"0.35270000","0.35290000","0.35220000","0.35280000","25877.00000000",1633998539999,"9116.04600000",30,"58.00000000","20.46240000","0"]"#;
    let closed = expected.replace("false", "true");
    assert_eq!(
        shown(&format!("[{row},{row}]"), Some("NKNUSDT")),
        [
            format!("NKNUSDT - candle {closed}"),
            format!("NKNUSDT - candle {expected}")
        ]
    );
    assert_eq!(read(&format!("[{row}]"), None), Err("symbol_required"));
    assert_eq!(read("[[1,2]]", Some("NKNUSDT")), Err("malformed_message"));
}

#[test]
fn rest_trades_and_best_prices() {
    let trades = r#"[{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1499865549590,"isBuyerMaker":true,"isBestMatch":true}]"#;
    assert_eq!(
        shown(trades, Some("BNBBTC")),
        [r#"BNBBTC 1499865549590 trade {"id":"28457","px":"4.000001","sz":"12","side":"sell"}"#]
    );
    let agg = r#"[{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":true,"M":true}]"#;
    assert_eq!(shown(agg, Some("BNBBTC")).len(), 1);
    assert_eq!(read(agg, None), Err("symbol_required"));
    let ticker = r#"{"symbol":"LTCBTC","bidPrice":"4.00000000","bidQty":"431.00000000","askPrice":"4.00000200","askQty":"9.00000000"}"#;
    let expected = r#"LTCBTC - bbo {"bid":["4","431"],"ask":["4.000002","9"]}"#;
    assert_eq!(shown(ticker, None), [expected]);
    assert_eq!(
        shown(&format!("[{ticker},{ticker}]"), None),
        [expected, expected]
    );
    assert!(shown("[]", None).is_empty());
}

#[test]
fn control_messages() {
    for (text, name) in [
        (r#"{"result":null,"id":1}"#, "ack"),
        (r#"{"id":1,"result":null}"#, "ack"),
        (r#"{"result":["btcusdt@trade"],"id":3}"#, "subscriptions"),
        (
            r#"{"error":{"code":2,"msg":"Invalid request"},"id":4}"#,
            "error",
        ),
        (r#"{"code":-1121,"msg":"Invalid symbol."}"#, "error"),
        (
            r#"{"e":"serverShutdown","E":1770123456789}"#,
            "server_shutdown",
        ),
        (
            r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
            "server_shutdown",
        ),
        (r#"{"serverTime":1499827319559}"#, "server_time"),
        (
            r#"{"timezone":"UTC","serverTime":1,"rateLimits":[],"exchangeFilters":[],"symbols":[]}"#,
            "exchange_info",
        ),
    ] {
        assert_eq!(
            read(text, None),
            Ok((Outcome::Control(name), vec![])),
            "{text}"
        );
    }
    assert_eq!(
        message(br#"{"result":["btcusdt@trade"],"id":3}"#),
        Ok(Message::Subscriptions {
            id: Some(3),
            streams: vec!["btcusdt@trade".into()]
        })
    );
    assert_eq!(
        message(br#"{"error":{"code":2,"msg":"Invalid request"},"id":"x"}"#),
        Ok(Message::Rejected {
            id: None,
            code: 2,
            reason: "Invalid request".into()
        })
    );
    assert_eq!(
        venue_error(br#"{"code":-1121,"msg":"Invalid symbol."}"#),
        Some((-1121, "Invalid symbol.".into()))
    );
}

#[test]
fn known_and_unused() {
    for (text, name) in [
        (
            r#"{"e":"executionReport","E":1,"s":"ETHUSDT"}"#,
            "executionReport",
        ),
        (r#"{"e":"24hrTicker","E":1}"#, "24hrTicker"),
        (
            r#"{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1}}"#,
            "balanceUpdate",
        ),
        (
            r#"{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}"#,
            "24hrMiniTicker",
        ),
        (r#"[{"symbol":"LTCBTC","orderId":1}]"#, "order"),
        (r#"{"symbol":"LTCBTC","price":"4.0"}"#, "price"),
    ] {
        assert_eq!(
            read(text, None),
            Ok((Outcome::Skipped(name.into()), vec![])),
            "{text}"
        );
    }
}

#[test]
fn refusals() {
    for (text, code) in [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("[", "malformed_json"),
        ("hello", "malformed_json"),
        (r#"{"e":"trade"} x"#, "malformed_json"),
        ("7", "unknown_message"),
        ("null", "unknown_message"),
        ("{}", "unknown_message"),
        (r#"{"e":"forceOrder"}"#, "unknown_message"),
        (r#"{"e":7}"#, "malformed_message"),
        (r#"{"e":"trade"}"#, "malformed_message"),
        (r#"{"stream":"x","data":{"y":1}}"#, "unknown_message"),
        (r#"{"stream":"x","data":null}"#, "malformed_message"),
        (r#"[1]"#, "malformed_message"),
        (&DEPTH[..DEPTH.len() - 1], "malformed_json"),
        (
            &DEPTH.replace("50093239189", "60093239189"),
            "malformed_message",
        ),
        (&DEPTH.replace("50093239189", "-1"), "malformed_message"),
        (&DEPTH.replace("\"BTCUSDT\"", "\"\""), "malformed_message"),
        (
            &DEPTH.replace("\"61837.64000000\"", "61837.64"),
            "malformed_message",
        ),
        (&DEPTH.replace("61837.64000000", "6e4"), "decimal_exponent"),
        (&DEPTH.replace("61837.64000000", ""), "decimal_empty"),
        (
            &DEPTH.replace("61837.64000000", "NaN"),
            "decimal_not_a_number",
        ),
        (&DEPTH.replace("61837.64000000", "1,5"), "decimal_malformed"),
        (
            &DEPTH.replace("61837.64000000", &"9".repeat(30)),
            "decimal_overflow",
        ),
        (
            &DEPTH.replace("61837.64000000", "0.0000000000001"),
            "decimal_too_precise",
        ),
        (&format!("{}{}", DEPTH, DEPTH), "malformed_json"),
        (&"[".repeat(100_000), "malformed_json"),
        (
            &TRADE.replace("\"T\":1723161255342", "\"T\":99999999999999999999"),
            "malformed_message",
        ),
    ] {
        let shown: String = text.chars().take(200).collect();
        assert_eq!(read(text, None).expect_err(&shown), code, "{shown}");
    }
    let mut out = Vec::new();
    let error = decode(Venue::BinanceSpot, b"{\"e\":\"\xff\"}", None, &mut out);
    assert_eq!(error.unwrap_err().code, "not_utf8");
    let error = decode(Venue::BinanceSpot, br#"{"e":"forceOrder"}"#, None, &mut out);
    assert!(error.unwrap_err().detail.contains("forceOrder"));
}

#[test]
fn listings_tell_the_grid() {
    let body = br#"{"timezone":"UTC","serverTime":1,"rateLimits":[],"exchangeFilters":[],"symbols":[
      {"symbol":"BTCUSDT","status":"TRADING","filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01000000","tickSize":"0.01000000"},{"filterType":"LOT_SIZE","stepSize":"0.00001000"},{"filterType":"ICEBERG_PARTS","limit":10}]},
      {"symbol":"DOGEJPY","status":"BREAK","filters":[{"filterType":"PRICE_FILTER","tickSize":"1.00000000"},{"filterType":"LOT_SIZE","stepSize":"10.00000000"}]},
      {"symbol":"A B","status":"TRADING","filters":[]}]}"#;
    let found: Vec<_> = listings(body)
        .unwrap()
        .iter()
        .map(|l| {
            (
                l.symbol.to_string(),
                l.trading,
                l.px_decimals,
                l.sz_decimals,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("BTCUSDT".to_owned(), true, 2, 5),
            ("DOGEJPY".to_owned(), false, 0, 0)
        ]
    );
}
