//! What Hyperliquid's messages mean, channel by channel and body by body.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{MarketEvent, Venue};
use hypersentry_venues::decode::{DecodeError, Outcome, decode};
use hypersentry_venues::hyperliquid::decode::{fuzz_entry, message};
use hypersentry_venues::hyperliquid::wire::{Channel, Message, Method};
use proptest::prelude::*;

fn read(frame: &str) -> (Result<Outcome, DecodeError>, Vec<MarketEvent>) {
    fuzz_entry(frame.as_bytes());
    let mut events = Vec::new();
    let result = decode(Venue::Hyperliquid, frame.as_bytes(), None, &mut events);
    assert!(
        result.is_ok() || events.is_empty(),
        "an error pushed events"
    );
    (result, events)
}

/// Events as `symbol time type content`.
fn events(frame: &str) -> Vec<String> {
    let (result, events) = read(frame);
    assert_eq!(result, Ok(Outcome::Events), "{frame}");
    events
        .iter()
        .map(|event| {
            let time = event
                .venue_time
                .map_or("-".to_owned(), |t| t.ms().to_string());
            let kind = event.payload.event_type().name();
            let content = serde_json::to_string(&event.payload).unwrap();
            format!("{} {time} {kind} {content}", event.symbol)
        })
        .collect()
}

fn control(frame: &str) -> &'static str {
    match read(frame) {
        (Ok(Outcome::Control(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn skipped(frame: &str) -> String {
    match read(frame) {
        (Ok(Outcome::Skipped(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn code(frame: &str) -> &'static str {
    match read(frame) {
        (Err(error), _) => error.code,
        other => panic!("{frame}: {other:?}"),
    }
}

const BOOK: &str = r#"{"channel":"l2Book","data":{"coin":"BTC","time":1750000000000,"levels":[[{"px":"97437.0","sz":"1.930","n":3},{"px":"97436.0","sz":"1","n":1}],[{"px":"97438.0","sz":"0.5","n":2}]]}}"#;
const BBO: &str = r#"{"channel":"bbo","data":{"coin":"BTC","time":1750000000000,"bbo":[{"px":"97437.0","sz":"1","n":1},null]}}"#;
const TRADES: &str = r#"{"channel":"trades","data":[{"coin":"BTC","side":"B","px":"97437.0","sz":"0.31","time":1750000000000,"hash":"0x00","tid":8821,"users":["0x1","0x2"]},{"coin":"BTC","side":"A","px":"97436.0","sz":"1","time":1750000000001,"hash":"0x00","tid":18446744073709551615,"users":["0x1","0x2"]}]}"#;
const CONTEXT: &str = r#"{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"-0.0000125","openInterest":"605822.2557999999","prevDayPx":"97000.0","dayNtlVlm":"1516669192.1953897476","premium":"0.1","oraclePx":"97440.0","markPx":"97437.0","midPx":"97437.5","impactPxs":["1","2"],"dayBaseVlm":"1"}}}"#;
const MIDS: &str = r#"{"channel":"allMids","data":{"mids":{"kPEPE":"0.0101","BTC":"97437.5","@107":"22.05","xyz:TSLA":"300.5"}}}"#;
const CANDLE: &str = r#"{"channel":"candle","data":{"t":1750000000000,"T":1750000059999,"s":"BTC","i":"1m","o":"1","c":"2","h":"3","l":"0.5","v":"12.5","n":47}}"#;

#[test]
fn books() {
    let expected = r#"BTC 1750000000000 book_snapshot {"bids":[["97437","1.93"],["97436","1"]],"asks":[["97438","0.5"]],"depth":20}"#;
    assert_eq!(events(BOOK), [expected]);
    let fast = BOOK.replace("]]}}", r#"]],"fast":true}}"#);
    assert_eq!(events(&fast), [expected.replace(":20", ":5")]);
    // Neither the order of keys nor blanks matter, nor `n`, nor keys that nobody has seen yet.
    let other = r#" {"data" : {"levels":[[{"sz":"1.93","px":"97437.0"},{"x":[1],"n":null,"px":"97436","sz":"1"}],[{"px":"97438","sz":"0.50"}]],"fast":null,"spread":"1","time":1750000000000,"coin":"\u0042TC"},"channel":"l2Book","v":2} "#;
    assert_eq!(events(other), [expected]);
    let empty = r#"{"channel":"l2Book","data":{"coin":"X","time":1,"levels":[[],[]]}}"#;
    assert_eq!(
        events(empty),
        [r#"X 1 book_snapshot {"bids":[],"asks":[],"depth":20}"#]
    );
    // Whether a size may be negative is not a question of form.
    assert_eq!(events(&BOOK.replace("1.930", "-1")).len(), 1);
}

#[test]
fn best_prices() {
    assert_eq!(
        events(BBO),
        [r#"BTC 1750000000000 bbo {"bid":["97437","1"],"ask":null}"#]
    );
}

#[test]
fn trades() {
    let expected = [
        r#"BTC 1750000000000 trade {"id":"8821","px":"97437","sz":"0.31","side":"buy"}"#,
        r#"BTC 1750000000001 trade {"id":"18446744073709551615","px":"97436","sz":"1","side":"sell"}"#,
    ];
    assert_eq!(events(TRADES), expected);
    let rest = TRADES.replace(r#"{"channel":"trades","data":"#, "");
    assert_eq!(events(rest.strip_suffix('}').unwrap()), expected);
    assert!(events(r#"{"channel":"trades","data":[]}"#).is_empty());
}

#[test]
fn contexts() {
    let expected = r#"BTC - asset_context {"mark_px":"97437","index_px":"97440","mid_px":"97437.5","open_interest_base":"605822.2557999999","funding_rate":"-0.0000125","funding_interval_h":1,"prev_day_px":"97000","day_notional_usd":"1516669192.1953897476"}"#;
    assert_eq!(events(CONTEXT), [expected]);
    let nulls = CONTEXT
        .replace(r#""premium":"0.1""#, r#""premium":null"#)
        .replace(r#""midPx":"97437.5""#, r#""midPx":null"#)
        .replace(r#"["1","2"]"#, "null");
    assert_eq!(
        events(&nulls),
        [expected.replace(r#""mid_px":"97437.5","#, "")]
    );
    for channel in ["activeSpotAssetCtx", "activeAssetSpotCtx"] {
        let spot = format!(
            r#"{{"channel":"{channel}","data":{{"coin":"@107","ctx":{{"prevDayPx":"20","dayNtlVlm":"5","markPx":"22","midPx":"22.05","circulatingSupply":"1","coin":"@107"}}}}}}"#
        );
        let expected = r#"@107 - asset_context {"mark_px":"22","mid_px":"22.05","prev_day_px":"20","day_notional_usd":"5"}"#;
        assert_eq!(events(&spot), [expected]);
    }
}

#[test]
fn mids() {
    let expected = r#"* - mids {"px_by_symbol":{"@107":"22.05","BTC":"97437.5","kPEPE":"0.0101","xyz:TSLA":"300.5"}}"#;
    assert_eq!(events(MIDS), [expected]);
    let rest = r#"{"kPEPE":"0.0101","BTC":"97437.5","@107":"22.05","xyz:TSLA":"300.5"}"#;
    assert_eq!(events(rest), [expected]);
}

#[test]
fn candles() {
    let expected = r#"BTC - candle {"interval":"1m","open_ms":1750000000000,"close_ms":1750000059999,"o":"1","h":"3","l":"0.5","c":"2","volume_base":"12.5","trades":47,"closed":false}"#;
    assert_eq!(events(CANDLE), [expected]);
    let bare = CANDLE.replace(r#"{"channel":"candle","data":"#, "");
    let array = format!("[{0},{0}]", bare.strip_suffix('}').unwrap());
    assert_eq!(events(&array), [expected, expected]);
    let wrapped = format!(r#"{{"channel":"candle","data":{array}}}"#);
    assert_eq!(events(&wrapped), [expected, expected]);
}

#[test]
fn a_book_over_rest() {
    let body = BOOK.replace(r#"{"channel":"l2Book","data":"#, "");
    assert_eq!(events(body.strip_suffix('}').unwrap()), events(BOOK));
}

#[test]
fn lists_of_markets() {
    let meta = r#"{"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":40},{"name":"MATIC","szDecimals":1,"maxLeverage":20,"isDelisted":true}],"marginTables":[],"collateralToken":0}"#;
    assert_eq!(control(meta), "meta");
    let mut none = Vec::new();
    let Ok(Message::Markets(listings)) = message(meta.as_bytes(), &mut none) else {
        panic!("no markets");
    };
    let read: Vec<_> = listings
        .iter()
        .map(|l| (l.coin.to_string(), l.sz_decimals, l.delisted))
        .collect();
    assert_eq!(
        read,
        [("BTC".to_owned(), 5, false), ("MATIC".to_owned(), 1, true)]
    );
    let context = r#"{"funding":"0","openInterest":"1","prevDayPx":"1","dayNtlVlm":"2","oraclePx":"3","markPx":"4"}"#;
    let both = format!("[{meta},[{context},{context}]]");
    let lines = events(&both);
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].starts_with(r#"MATIC - asset_context {"mark_px":"4","index_px":"3""#),
        "{lines:?}"
    );
    // Contexts belong by position: another number of them belongs to nobody.
    assert_eq!(code(&format!("[{meta},[{context}]]")), "malformed_message");
    assert_eq!(code(&meta.replace(":5", ":13")), "malformed_message");
    assert_eq!(code(&meta.replace(":5", ":-1")), "malformed_message");
    assert_eq!(
        code(r#"{"universe":[{"name":"BTC"}]}"#),
        "malformed_message"
    );
}

#[test]
fn controls() {
    for (frame, name) in [
        (r#"{"channel":"pong"}"#, "pong"),
        ("Websocket connection established.", "greeting"),
        (
            r#"{"channel":"error","data":"Already subscribed: {}"}"#,
            "error",
        ),
        (
            r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"bbo","coin":"BTC"}}}"#,
            "ack",
        ),
        (
            r#"{"channel":"subscriptionResponse","data":{"method":"unsubscribe","subscription":{"type":"userFills","user":"0x1","aggregateByTime":false}}}"#,
            "ack",
        ),
    ] {
        assert_eq!(control(frame), name, "{frame}");
    }
}

#[test]
fn acknowledgements_name_the_subscription() {
    for (subscription, expected) in [
        (
            r#"{"type":"l2Book","coin":"BTC","nSigFigs":null,"mantissa":null,"fast":false}"#,
            Some(Channel::Book),
        ),
        (
            r#"{"type":"l2Book","coin":"BTC","nSigFigs":null,"mantissa":null,"fast":true}"#,
            Some(Channel::BookFast),
        ),
        (
            r#"{"type":"l2Book","coin":"BTC","nSigFigs":5,"mantissa":null,"fast":false}"#,
            None,
        ),
        (r#"{"type":"bbo","coin":"BTC"}"#, Some(Channel::Bbo)),
        (r#"{"type":"trades","coin":"BTC"}"#, Some(Channel::Trades)),
        (
            r#"{"type":"activeAssetCtx","coin":"BTC"}"#,
            Some(Channel::Context),
        ),
        (r#"{"type":"allMids"}"#, Some(Channel::AllMids)),
        (r#"{"type":"allMids","dex":""}"#, Some(Channel::AllMids)),
        (r#"{"type":"allMids","dex":"xyz"}"#, None),
        (r#"{"type":"candle","coin":"BTC","interval":"1m"}"#, None),
        (r#"{"type":"bbo"}"#, None),
        (r#"{"type":"bbo","coin":"B C"}"#, None),
    ] {
        let frame = format!(
            r#"{{"channel":"subscriptionResponse","data":{{"method":"subscribe","subscription":{subscription}}}}}"#
        );
        let Ok(Message::Ack(Method::Subscribe, named)) = message(frame.as_bytes(), &mut Vec::new())
        else {
            panic!("{frame}");
        };
        assert_eq!(named.map(|s| s.channel), expected, "{frame}");
    }
}

#[test]
fn channels_that_are_not_used() {
    for channel in [
        "user",
        "userFills",
        "orderUpdates",
        "notification",
        "post",
        "webData2",
        "webData3",
        "clearinghouseState",
        "openOrders",
        "twapStates",
        "spotState",
        "allDexsAssetCtxs",
        "allDexsClearinghouseState",
        "fastAssetCtxs",
        "activeAssetData",
        "userFundings",
        "userNonFundingLedgerUpdates",
        "userTwapSliceFills",
        "userTwapHistory",
        "outcomeMetaUpdates",
    ] {
        assert_eq!(
            skipped(&format!(r#"{{"channel":"{channel}","data":{{}}}}"#)),
            channel
        );
        assert_eq!(skipped(&format!(r#"{{"channel":"{channel}"}}"#)), channel);
    }
}

#[test]
fn bodies_that_are_not_used() {
    for (body, name) in [
        ("[]", "empty"),
        (
            r#"{"assetPositions":[],"marginSummary":{},"time":1}"#,
            "clearinghouseState",
        ),
        (r#"{"balances":[]}"#, "spotClearinghouseState"),
        (r#"{"tokens":[],"universe":[]}"#, "spotMeta"),
        (
            r#"[{"tokens":[],"universe":[]},[]]"#,
            "spotMetaAndAssetCtxs",
        ),
        (
            r#"{"cumVlm":"1.5","nRequestsUsed":1,"nRequestsCap":2}"#,
            "userRateLimit",
        ),
        (r#"{"role":"vault"}"#, "userRole"),
        (r#"{"status":"unknownOid"}"#, "orderStatus"),
        (r#"{"status":"order","order":{}}"#, "orderStatus"),
        (r#"{"status":"err","response":"x"}"#, "exchange"),
        (r#"{"specialStatuses":null,"time":1}"#, "exchangeStatus"),
        (
            r#"[{"coin":"BTC","px":"1","sz":"1","side":"B","time":1,"startPosition":"0","dir":"Buy","closedPnl":"0","hash":"0x","oid":1,"crossed":true,"fee":"0","tid":1}]"#,
            "userFills",
        ),
        (
            r#"[{"coin":"BTC","limitPx":"1","oid":1,"side":"B","sz":"1","timestamp":1}]"#,
            "openOrders",
        ),
        (
            r#"[{"coin":"BTC","limitPx":"1","oid":1,"orderType":"Limit"}]"#,
            "frontendOpenOrders",
        ),
        (
            r#"[{"order":{},"status":"open","statusTimestamp":1}]"#,
            "historicalOrders",
        ),
        (
            r#"[{"coin":"BTC","fundingRate":"0","premium":"0","time":1}]"#,
            "fundingHistory",
        ),
        (
            r#"[{"delta":{"type":"funding"},"hash":"0x","time":1}]"#,
            "userFunding",
        ),
        (
            r#"[{"delta":{"type":"deposit"},"hash":"0x","time":1}]"#,
            "userNonFundingLedgerUpdates",
        ),
        (
            r#"[{"delta":{"cDeposit":{}},"hash":"0x","time":1}]"#,
            "delegatorHistory",
        ),
        (r#"["BTC","ETH"]"#, "perpsAtOpenInterestCap"),
        (r#"[null,{"name":"xyz"}]"#, "perpDexs"),
        (r#"[["day",{"vlm":"0"}]]"#, "portfolio"),
        (r#"[["BTC",[["HlPerp",{}]]]]"#, "predictedFundings"),
        (r#"[{"universe":[]},{"universe":[]}]"#, "allPerpMetas"),
    ] {
        assert_eq!(skipped(body), name, "{body}");
    }
}

#[test]
fn unknown_messages_are_named() {
    for (frame, named) in [
        (r#"{"channel":"weather","data":{}}"#, "weather"),
        (r#"{"foo":1,"bar":2}"#, "foo, bar"),
        (r#"{}"#, "no keys"),
        ("7", "bare value"),
        (r#""hello""#, "bare value"),
        ("[1,2]", "bare values"),
        (r#"[{"foo":1}]"#, "foo"),
    ] {
        let Err(error) = read(frame).0 else {
            panic!("{frame}");
        };
        assert_eq!(error.code, "unknown_message", "{frame}");
        assert!(error.detail.contains(named), "{}", error.detail);
    }
    let Err(error) = read(&format!(r#"{{"channel":"{}"}}"#, "ü".repeat(100_000))).0 else {
        panic!("known");
    };
    assert!(error.detail.len() < 300, "the frame is not repeated");
}

#[test]
fn refused_frames() {
    let with = |frame: &str, from: &str, to: &str| {
        let changed = frame.replacen(from, to, 1);
        assert_ne!(changed, frame, "{from}");
        changed
    };
    for (frame, expected) in [
        (String::new(), "malformed_json"),
        ("{".to_owned(), "malformed_json"),
        (BOOK[..100].to_owned(), "malformed_json"),
        (format!("{BOOK}x"), "malformed_json"),
        (with(BOOK, r#""sz":"1""#, r#""sz":"1",,"#), "malformed_json"),
        ("Websocket connection".to_owned(), "malformed_json"),
        (with(BOOK, "97437.0", "1e5"), "decimal_exponent"),
        (with(BOOK, "97437.0", ""), "decimal_empty"),
        (with(BOOK, "97437.0", "NaN"), "decimal_not_a_number"),
        (with(BOOK, "97437.0", "Infinity"), "decimal_not_a_number"),
        (with(BOOK, "97437.0", "1.2.3"), "decimal_malformed"),
        (with(BOOK, "97437.0", "1000000000000000000"), "decimal_overflow"),
        (with(BOOK, "97437.0", "0.0000000000001"), "decimal_too_precise"),
        (with(BOOK, r#""97437.0""#, "97437.0"), "malformed_message"),
        (with(BOOK, r#""97437.0""#, "null"), "malformed_message"),
        (with(BOOK, r#""px":"97437.0","#, ""), "malformed_message"),
        (with(BOOK, r#""px":"97437.0","#, r#""px":"1","px":"2","#), "malformed_message"),
        (with(BOOK, r#""time":1750000000000,"#, ""), "malformed_message"),
        (with(BOOK, "1750000000000", "\"1750000000000\""), "malformed_message"),
        (with(BOOK, "1750000000000", "-1"), "malformed_message"),
        (with(BOOK, "1750000000000", "18446744073709551615"), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":null"#), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":"""#), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":"B\nC""#), "malformed_message"),
        (with(BOOK, r#",[{"px":"97438.0","sz":"0.5","n":2}]"#, ""), "malformed_message"),
        (with(BOOK, "]]}}", "],[]]}}"), "malformed_message"),
        (with(BOOK, r#""l2Book""#, "5"), "malformed_message"),
        (r#"{"channel":"l2Book"}"#.to_owned(), "malformed_message"),
        (r#"{"channel":"bbo","data":null}"#.to_owned(), "malformed_message"),
        (with(BBO, ",null]", "]"), "malformed_message"),
        (with(BBO, ",null]", ",null,null]"), "malformed_message"),
        (with(TRADES, r#""side":"A""#, r#""side":"S""#), "malformed_message"),
        (with(TRADES, r#""tid":8821,"#, ""), "malformed_message"),
        (with(TRADES, r#""sz":"1""#, r#""sz":"x""#), "decimal_malformed"),
        (with(CONTEXT, r#""funding":"-0.0000125","#, ""), "malformed_message"),
        (with(CONTEXT, "605822.2557999999", "6e5"), "decimal_exponent"),
        (with(MIDS, r#""BTC":"97437.5""#, r#""BTC":97437.5"#), "malformed_message"),
        (with(MIDS, "@107", "kPEPE"), "malformed_message"),
        (with(MIDS, "@107", "a blank"), "malformed_message"),
        (with(CANDLE, r#""i":"1m""#, r#""i":"7m""#), "malformed_message"),
        (with(CANDLE, r#""o":"1""#, r#""o":1"#), "malformed_message"),
        (r#"{"BTC":"1","ETH":"1e5"}"#.to_owned(), "decimal_exponent"),
        (r#"{"channel":"subscriptionResponse","data":{"method":"x","subscription":{"type":"bbo"}}}"#.to_owned(), "malformed_message"),
        (format!("{{\"channel\":\"l2Book\",\"data\":{}}}", "[".repeat(100_000)), "malformed_json"),
        ("[".repeat(100_000), "malformed_json"),
    ] {
        assert_eq!(code(&frame), expected, "{}", &frame[..frame.len().min(300)]);
    }
    let mut events = Vec::new();
    let refused = decode(Venue::Hyperliquid, b"\xff\xfe", None, &mut events);
    assert_eq!(refused.map_err(|error| error.code), Err("not_utf8"));
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = format!(
        r#"{{"channel":"post","data":{}{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    assert_eq!(skipped(&deep), "post");
    let deep = format!("[{}{}]", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(code(&deep), "unknown_message");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn changed_frames_never_panic(
        which in 0usize..6,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..5),
    ) {
        let mut frame = [BOOK, BBO, TRADES, CONTEXT, MIDS, CANDLE][which].as_bytes().to_vec();
        for (at, byte, kind) in changes {
            let at = at.index(frame.len());
            match kind {
                0 => frame[at] = byte,
                1 => frame.insert(at, byte),
                _ => drop(frame.remove(at)),
            }
        }
        fuzz_entry(&frame);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes);
    }

    #[test]
    fn any_text_never_panics(text in "[\\[\\]{}\",:a-z0-9. ]{0,80}") {
        fuzz_entry(text.as_bytes());
    }
}
