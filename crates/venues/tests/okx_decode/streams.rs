//! The channels of the public WebSocket.

use super::{code, control, events, read, skipped};
use hypersentry_model::Venue;
use hypersentry_venues::decode::{Decoder, decode};

fn wrap(channel: &str, symbol: &str, data: &str) -> String {
    format!(r#"{{"arg":{{"channel":"{channel}","instId":"{symbol}"}},"data":[{data}]}}"#)
}

#[test]
fn books_are_in_base_units() {
    let data = r#"{"asks":[["97438.5","31","0","2"]],"bids":[["97437.5","193.5","0","4"],["97437","0","0","0"]],"ts":"1597026383085","checksum":0,"seqId":12,"prevSeqId":11}"#;
    let book = |symbol: &str, action: &str| {
        format!(
            r#"{{"arg":{{"channel":"books","instId":"{symbol}"}},"action":"{action}","data":[{data}]}}"#
        )
    };
    assert_eq!(
        events(&book("BTC-USDT-SWAP", "update")),
        [
            r#"BTC-USDT-SWAP 1597026383085 book_delta {"bids":[["97437.5","1.935"],["97437","0"]],"asks":[["97438.5","0.31"]],"last_seq":12,"prev_seq":11}"#
        ]
    );
    assert_eq!(
        events(&book("BTC-USDT", "snapshot")),
        [
            r#"BTC-USDT 1597026383085 book_snapshot {"bids":[["97437.5","193.5"],["97437","0"]],"asks":[["97438.5","31"]],"depth":400,"last_seq":12}"#
        ]
    );
    // 31 contracts of 100 USD at 97,438.5 USD.
    let inverse = events(&book("BTC-USD-SWAP", "update")).remove(0);
    assert!(
        inverse.contains(r#"["97438.5","0.031814939679"]"#),
        "{inverse}"
    );
    assert_eq!(code(&book("BTC-USDT", "replace")), "malformed_message");
    let five = wrap(
        "books5",
        "BTC-USDT",
        r#"{"asks":[],"bids":[],"ts":"1","seqId":3}"#,
    );
    assert_eq!(
        events(&five),
        [r#"BTC-USDT 1 book_snapshot {"bids":[],"asks":[],"depth":5,"last_seq":3}"#]
    );
}

#[test]
fn unknown_contracts_are_refused_until_they_are_told() {
    let frame = wrap(
        "trades",
        "SOL-USDT-SWAP",
        r#"{"instId":"SOL-USDT-SWAP","tradeId":"7","px":"150.5","sz":"3","side":"sell","ts":"1597026383085","count":"2"}"#,
    );
    let (result, _) = read(&frame, None);
    let error = result.unwrap_err();
    assert_eq!(error.code, "contract_unknown");
    assert!(
        error.detail.contains("/api/v5/public/instruments"),
        "{}",
        error.detail
    );
    let mut events = Vec::new();
    let alone = decode(Venue::Okx, frame.as_bytes(), None, &mut events);
    assert_eq!(alone.unwrap_err().code, "contract_unknown");

    let told = r#"{"code":"0","data":[{"instType":"SWAP","instId":"SOL-USDT-SWAP","uly":"SOL-USDT","ctType":"linear","ctVal":"1","ctMult":"0.5","tickSz":"0.01","lotSz":"1","state":"live"}]}"#;
    let mut decoder = Decoder::new(Venue::Okx);
    decoder
        .decode(told.as_bytes(), None, &mut Vec::new())
        .unwrap();
    decoder.decode(frame.as_bytes(), None, &mut events).unwrap();
    let content = serde_json::to_string(&events[0].payload).unwrap();
    assert_eq!(
        content,
        r#"{"id":"7","px":"150.5","sz":"1.5","side":"sell"}"#
    );
}

#[test]
fn trades_are_the_takers() {
    let trade = |side: &str, rest: &str| {
        wrap(
            "trades",
            "BTC-USDT-SWAP",
            &format!(
                r#"{{"instId":"BTC-USDT-SWAP","tradeId":"130639474","px":"42219.9","sz":"12","side":"{side}","ts":"1630048897897"{rest}}}"#
            ),
        )
    };
    for rest in [
        "",
        r#","count":"3""#,
        r#","count":"3","source":"0","seqId":1234"#,
    ] {
        for side in ["buy", "sell"] {
            assert_eq!(
                events(&trade(side, rest)),
                [format!(
                    r#"BTC-USDT-SWAP 1630048897897 trade {{"id":"130639474","px":"42219.9","sz":"0.12","side":"{side}"}}"#
                )]
            );
        }
    }
    assert_eq!(code(&trade("long", "")), "malformed_message");
    assert_eq!(code(&trade("buy", r#","count":"0""#)), "malformed_message");
    assert_eq!(code(&trade("buy", r#","count":3"#)), "malformed_message");
    let all = trade("buy", "").replace("\"trades\"", "\"trades-all\"");
    assert_eq!(events(&all).len(), 1);
}

#[test]
fn best_prices_may_lack_a_side() {
    let frame = wrap(
        "bbo-tbt",
        "ETH-USDT-SWAP",
        r#"{"asks":[["8476.98","415","0","13"]],"bids":[],"ts":"1597026383085","seqId":123456}"#,
    );
    assert_eq!(
        events(&frame),
        [r#"ETH-USDT-SWAP 1597026383085 bbo {"bid":null,"ask":["8476.98","41.5"]}"#]
    );
}

#[test]
fn slow_figures() {
    for (channel, data, expected) in [
        (
            "mark-price",
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"84660.1","ts":"1744590349506"}"#,
            r#"BTC-USDT-SWAP 1744590349506 asset_context {"mark_px":"84660.1"}"#,
        ),
        (
            "index-tickers",
            r#"{"instId":"BTC-USDT","idxPx":"103895","high24h":"104985.1","open24h":"103172.7","ts":"1746942707815"}"#,
            r#"BTC-USDT 1746942707815 asset_context {"index_px":"103895"}"#,
        ),
        (
            "open-interest",
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","oi":"2125419","oiCcy":"21254.19","oiUsd":"2070000000.5","ts":"1743041249389"}"#,
            r#"BTC-USDT-SWAP 1743041249389 open_interest {"base":"21254.19","usd":"2070000000.5"}"#,
        ),
        (
            "funding-rate",
            r#"{"instId":"BTC-USDT-SWAP","fundingRate":"-0.0000515332943385","nextFundingRate":"","fundingTime":"1744590000000","nextFundingTime":"1744604400000","ts":"1744590349506"}"#,
            r#"BTC-USDT-SWAP 1744590349506 funding {"rate":"-0.0000515332943385","interval_h":4,"next_ms":1744590000000}"#,
        ),
        (
            "tickers",
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","last":"9999.99","open24h":"9000","volCcy24h":"2222","vol24h":"222200","ts":"1597026383085"}"#,
            r#"BTC-USDT-SWAP 1597026383085 asset_context {"prev_day_px":"9000"}"#,
        ),
        (
            "tickers",
            r#"{"instType":"SPOT","instId":"BTC-USDT","last":"9999.99","open24h":"9000","volCcy24h":"2222","vol24h":"0.2","ts":"1597026383085"}"#,
            r#"BTC-USDT 1597026383085 asset_context {"prev_day_px":"9000","day_notional_usd":"2222"}"#,
        ),
        (
            "candle1H",
            r#"["1597026000000","3.7","3.9","3.5","3.8","1200","12","45","1"]"#,
            r#"BTC-USDT-SWAP - candle {"interval":"1h","open_ms":1597026000000,"close_ms":1597029599999,"o":"3.7","h":"3.9","l":"3.5","c":"3.8","volume_base":"12","closed":true}"#,
        ),
    ] {
        assert_eq!(events(&wrap(channel, "BTC-USDT-SWAP", data)), [expected]);
    }
    let funding = |next: &str| {
        wrap(
            "funding-rate",
            "BTC-USDT-SWAP",
            &format!(
                r#"{{"instId":"BTC-USDT-SWAP","fundingRate":"0.0001","fundingTime":"1744590000000","nextFundingTime":"{next}","ts":"1"}}"#
            ),
        )
    };
    for next in ["", "1744590000000", "1744580000000", "1744590000001", "x"] {
        assert_eq!(code(&funding(next)), "malformed_message", "{next}");
    }
    assert_eq!(
        code(&wrap(
            "open-interest",
            "X",
            r#"{"instId":"X-Y-SWAP","oi":"1","ts":"1"}"#
        )),
        "malformed_message"
    );
}

#[test]
fn what_is_no_event_has_a_name() {
    for (frame, name) in [
        ("pong", "pong"),
        (
            r#"{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}"#,
            "ack",
        ),
        (
            r#"{"event":"unsubscribe","arg":{"channel":"liquidation-orders","instType":"SWAP"}}"#,
            "ack",
        ),
        (
            r#"{"event":"error","code":"60012","msg":"Invalid request","connId":"a4d3ae55"}"#,
            "error",
        ),
        (
            r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.","connId":"a4d3ae55"}"#,
            "notice",
        ),
        (
            r#"{"event":"channel-conn-count","channel":"orders","connCount":"2","connId":"abcd1234"}"#,
            "channel_conn_count",
        ),
        (
            r#"{"code":"50011","msg":"Too Many Requests","data":[]}"#,
            "error",
        ),
        (
            r#"{"code":"0","msg":"","data":[{"ts":"1597026383085"}]}"#,
            "time",
        ),
    ] {
        assert_eq!(control(frame), name, "{frame}");
    }
    let bare = r#"{"asks":[],"bids":[],"ts":"1"}"#;
    for channel in [
        "opt-summary",
        "books-elp",
        "sprd-public-trades",
        "candle1Mutc",
    ] {
        assert_eq!(skipped(&wrap(channel, "BTC-USDT", bare)), channel);
    }
    for (frame, expected) in [
        (wrap("books6", "BTC-USDT", bare), "unknown_message"),
        (wrap("candle7m", "BTC-USDT", bare), "unknown_message"),
        (r#"{"event":"dance"}"#.to_owned(), "unknown_message"),
        ("[]".to_owned(), "unknown_message"),
        ("ping".to_owned(), "malformed_json"),
        ("{".to_owned(), "malformed_json"),
        (
            r#"{"arg":{"channel":"books","instId":"BTC-USDT"}}"#.to_owned(),
            "malformed_message",
        ),
        (r#"{"event":"subscribe"}"#.to_owned(), "malformed_message"),
        (wrap("books", "", bare), "malformed_message"),
        (
            wrap(
                "bbo-tbt",
                "BTC-USDT",
                r#"{"asks":[["1e5","1","0","1"]],"bids":[],"ts":"1"}"#,
            ),
            "decimal_exponent",
        ),
    ] {
        assert_eq!(code(&frame), expected, "{frame}");
    }
}
