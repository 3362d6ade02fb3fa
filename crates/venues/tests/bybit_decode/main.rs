//! What each Bybit message becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{MarketEvent, Symbol, Venue};
use hypersentry_venues::bybit::decode::{answer, message};
use hypersentry_venues::bybit::wire::Message;
use hypersentry_venues::decode::{Outcome, decode};

mod agreement;
#[path = "../edits/mod.rs"]
mod edits;

const DELTA: &str = r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1733011200693,"data":{"s":"BTCUSDT","b":[["1.9531","6198"]],"a":[["1.9535","0"]],"u":20254870,"seq":130020239261},"cts":1733011200691}"#;
const TRADES: &str = r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950-d8dd","BT":false,"RPI":false,"seq":7}]}"#;

fn read(text: &str) -> Result<(Outcome, Vec<MarketEvent>), &'static str> {
    let mut out = Vec::new();
    match decode(Venue::Bybit, text.as_bytes(), None, &mut out) {
        Ok(outcome) => Ok((outcome, out)),
        Err(error) => {
            assert!(out.is_empty(), "an error pushes nothing");
            Err(error.code)
        }
    }
}

/// Symbol, time and content of the events.
fn shown(text: &str) -> Vec<String> {
    let (outcome, events) = read(text).expect(text);
    assert_eq!(outcome, Outcome::Events, "{text}");
    let show = |e: &MarketEvent| {
        let ms = e.venue_time.map_or("-".to_owned(), |t| t.ms().to_string());
        let name = e.payload.event_type().name();
        let data = serde_json::to_string(&e.payload).unwrap();
        format!("{} {ms} {name} {data}", e.symbol)
    };
    events.iter().map(show).collect()
}

fn result(result: &str) -> String {
    format!(
        r#"{{"retCode":0,"retMsg":"OK","result":{result},"retExtInfo":{{}},"time":1709891679050}}"#
    )
}

#[test]
fn the_side_of_a_liquidation_is_that_of_the_position() {
    // As the venue documents it: a Buy update means that a long position has been liquidated.
    for (side, liquidated) in [("Buy", "long"), ("Sell", "short")] {
        let text = format!(
            r#"{{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[{{"T":1739502302929,"s":"ROSEUSDT","S":"{side}","v":"20000","p":"0.04499"}}]}}"#
        );
        let expected = format!(
            r#"ROSEUSDT 1739502302929 liquidation {{"liquidated":"{liquidated}","px":"0.04499","px_kind":"bankruptcy","sz":"20000","notional_usd":"899.8","coverage":"all"}}"#
        );
        assert_eq!(shown(&text), [expected]);
    }
    let none = r#"{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"ROSEUSDT","S":"long","v":"1","p":"1"}]}"#;
    assert_eq!(read(none), Err("malformed_message"));
}

#[test]
fn the_side_of_a_trade_is_the_takers() {
    for (side, aggressor) in [("Buy", "buy"), ("Sell", "sell")] {
        let text = TRADES.replace("\"Buy\"", &format!("\"{side}\""));
        let expected = format!(
            r#"BTCUSDT 1672304486865 trade {{"id":"20f43950-d8dd","px":"16578.5","sz":"0.001","side":"{aggressor}"}}"#
        );
        let old = text.replace("publicTrade.", "trade.linear.");
        let spaced = text.replace(':', ": ");
        for text in [&text, &old, &spaced] {
            assert_eq!(shown(text), std::slice::from_ref(&expected));
        }
        let body = result(&format!(
            r#"{{"category":"linear","list":[{{"execId":"20f43950-d8dd","symbol":"BTCUSDT","price":"16578.50","size":"0.001","side":"{side}","time":"1672304486865","isBlockTrade":false}}]}}"#
        ));
        assert_eq!(shown(&body), [expected]);
    }
}

#[test]
fn block_trades_are_no_market_trades() {
    let block = TRADES.replace(r#""BT":false"#, r#""BT":true"#);
    assert!(shown(&block).is_empty());
    assert!(shown(&block.replace(':', ": ")).is_empty());
}

#[test]
fn books() {
    let expected = r#"BTCUSDT 1733011200691 book_delta {"bids":[["1.9531","6198"]],"asks":[["1.9535","0"]],"first_seq":20254870,"last_seq":20254870}"#;
    let turned = DELTA.replace(
        r#""type":"delta","ts":1733011200693"#,
        r#""ts":1733011200693,"type":"delta""#,
    );
    for text in [DELTA, &turned, &DELTA.replace(':', " : ")] {
        assert_eq!(shown(text), [expected]);
    }
    let untimed = DELTA.replace(r#","cts":1733011200691"#, "");
    assert_eq!(
        shown(&untimed),
        [expected.replace("1733011200691", "1733011200693")],
        "without the engine's time the message's serves"
    );
    let whole = r#"BTCUSDT 1733011200691 book_snapshot {"bids":[["1.9531","6198"]],"asks":[["1.9535","0"]],"depth":50,"last_seq":20254870}"#;
    let snapshot = DELTA.replace("\"delta\"", "\"snapshot\"");
    assert_eq!(shown(&snapshot), [whole]);
    let restarted = DELTA.replace("20254870", "1");
    assert_eq!(
        shown(&restarted),
        [whole.replace("20254870", "1")],
        "update 1 is a snapshot, whatever it is called"
    );
    let body = result(
        r#"{"s":"BTCUSDT","b":[["27450.50","1.5"]],"a":[["27451","1.2"]],"ts":1709891679000,"u":1234567,"seq":9876543,"cts":1709891678999}"#,
    );
    assert_eq!(
        shown(&body),
        [
            r#"BTCUSDT 1709891678999 book_snapshot {"bids":[["27450.5","1.5"]],"asks":[["27451","1.2"]],"depth":1,"last_seq":1234567}"#
        ]
    );
}

const TICKER: &str = r#"{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","tickDirection":"PlusTick","price24hPcnt":"0.017103","lastPrice":"17216.00","prevPrice24h":"16926.50","markPrice":"17217.33","indexPrice":"17227.36","openInterest":"68744.761","openInterestValue":"1183601235.91","turnover24h":"1570383121.943499","volume24h":"91705.276","nextFundingTime":"1673280000000","fundingRate":"-0.000212","fundingIntervalHour":"8","bid1Price":"17215.50","bid1Size":"84.489"},"cs":24987956059,"ts":1673272861686}"#;

#[test]
fn open_interest_is_one_side() {
    let context = r#"{"mark_px":"17217.33","index_px":"17227.36","open_interest_base":"34372.3805","funding_rate":"-0.000212","funding_interval_h":8,"prev_day_px":"16926.5","day_notional_usd":"1570383121.943499"}"#;
    let expected = [
        format!("BTCUSDT 1673272861686 asset_context {context}"),
        r#"BTCUSDT 1673272861686 open_interest {"base":"34372.3805","usd":"591800617.955"}"#.to_owned(),
        r#"BTCUSDT 1673272861686 funding {"rate":"-0.000212","interval_h":8,"next_ms":1673280000000}"#
            .to_owned(),
    ];
    assert_eq!(shown(TICKER), expected, "half of both sides");
    let single = TICKER.replace(
        r#""turnover24h""#,
        r#""singleOpenInterest":"30000","singleOpenInterestValue":"500000000","turnover24h""#,
    );
    let single = shown(&single);
    assert_eq!(
        single[1],
        r#"BTCUSDT 1673272861686 open_interest {"base":"30000","usd":"500000000"}"#
    );
    assert!(single[0].contains(r#""open_interest_base":"30000""#));
}

#[test]
fn absent_and_empty_figures_stay_unsaid() {
    let delta = r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"17218","fundingRate":"","nextFundingTime":"","openInterest":""},"cs":1,"ts":1673272861786}"#;
    assert_eq!(
        shown(delta),
        [r#"BTCUSDT 1673272861786 asset_context {"mark_px":"17218"}"#]
    );
    let Ok(Message::Ticker(ticker)) = message(delta.as_bytes(), &mut Vec::new()) else {
        panic!("a ticker");
    };
    assert!(!ticker.snapshot);
    let Ok(Message::Ticker(whole)) = message(TICKER.as_bytes(), &mut Vec::new()) else {
        panic!("a ticker");
    };
    let mut merged = whole.ticker;
    merged.merge(&ticker.ticker);
    assert_eq!(merged.mark_px, ticker.ticker.mark_px);
    assert_eq!(merged.funding_rate, whole.ticker.funding_rate);
    assert_eq!(merged.open_interest_base, whole.ticker.open_interest_base);
    let last = r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","lastPrice":"17218"},"cs":1,"ts":1}"#;
    assert!(shown(last).is_empty());
}

#[test]
fn candles() {
    let kline = r#"{"topic":"kline.60.BTCUSDT","data":[{"start":1672322400000,"end":1672325999999,"interval":"60","open":"16649.5","close":"16677","high":"16678","low":"16608","volume":"2.081","turnover":"34666.4005","confirm":false,"timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"}"#;
    assert_eq!(
        shown(kline),
        [
            r#"BTCUSDT 1672324988882 candle {"interval":"1h","open_ms":1672322400000,"close_ms":1672325999999,"o":"16649.5","h":"16678","l":"16608","c":"16677","volume_base":"2.081","closed":false}"#
        ]
    );
    let body = result(
        r#"{"category":"linear","symbol":"BTCUSDT","list":[["1672325700000","3","5","2","4","7","8"],["1672325400000","1","4","1","3","6","7"]]}"#,
    );
    assert_eq!(
        shown(&body),
        [
            r#"BTCUSDT - candle {"interval":"5m","open_ms":1672325400000,"close_ms":1672325699999,"o":"1","h":"4","l":"1","c":"3","volume_base":"6","closed":true}"#,
            r#"BTCUSDT - candle {"interval":"5m","open_ms":1672325700000,"close_ms":1672325999999,"o":"3","h":"5","l":"2","c":"4","volume_base":"7","closed":false}"#
        ]
    );
}

#[test]
fn control_messages() {
    for (text, name) in [
        (
            r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"7","op":"subscribe"}"#,
            "ack",
        ),
        (
            r#"{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"8","op":"ping"}"#,
            "pong",
        ),
        (
            r#"{"req_id":"8","op":"pong","args":["1675418560633"],"conn_id":"c"}"#,
            "pong",
        ),
        (
            r#"{"success":false,"ret_msg":"error:handler not found,topic:publicTrade.FOOUSDT","conn_id":"c","op":"subscribe"}"#,
            "error",
        ),
        (
            r#"{"success":true,"ret_msg":"","conn_id":"c","request":{"op":"subscribe","args":["trade.BCHUSDT"]}}"#,
            "ack",
        ),
        (
            r#"{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":1}"#,
            "error",
        ),
        (
            &result(r#"{"timeSecond":"1688639403","timeNano":"1688639403423213947"}"#),
            "server_time",
        ),
    ] {
        assert_eq!(read(text), Ok((Outcome::Control(name), vec![])), "{text}");
    }
}

#[test]
fn known_and_unused() {
    for (text, name) in [
        (
            r#"{"topic":"wallet","id":"1","creationTime":1,"data":[]}"#,
            "wallet",
        ),
        (
            r#"{"topic":"liquidation.BTCUSDT","type":"snapshot","ts":1,"data":{}}"#,
            "liquidation",
        ),
        (
            r#"{"topic":"orderbook.rpi.BTCUSDT","type":"delta","ts":1,"data":{}}"#,
            "orderbook.rpi",
        ),
        (r#"{"topic":"trade.BCHUSDT","data":[]}"#, "v2:trade"),
        (
            r#"{"op":"order.create","retCode":0,"retMsg":"OK","data":{}}"#,
            "order.create",
        ),
        (
            &result(r#"{"list":[{"symbol":"BTCUSDT","orderId":"1","status":"x"}]}"#),
            "orders",
        ),
    ] {
        let skipped = Outcome::Skipped(name.to_owned());
        assert_eq!(read(text), Ok((skipped, vec![])), "{text}");
    }
}

#[test]
fn refusals() {
    for (text, code) in [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("[]", "unknown_message"),
        ("7", "unknown_message"),
        ("{}", "unknown_message"),
        (r#"{"topic":"surprise.X","data":{}}"#, "unknown_message"),
        (r#"{"op":"surprise"}"#, "unknown_message"),
        (r#"{"topic":7}"#, "malformed_message"),
        (&result(r#"{"surprise":1}"#), "unknown_message"),
        (&result(r#"{"list":[{"surprise":1}]}"#), "unknown_message"),
        (
            &DELTA.replace("orderbook.50", "orderbook.x"),
            "malformed_message",
        ),
        (
            &DELTA.replace(r#""s":"BTCUSDT""#, r#""s":"ETHUSDT""#),
            "malformed_message",
        ),
        (&DELTA.replace("delta", "delete"), "malformed_message"),
        (&DELTA.replace("\"6198\"", "6198"), "malformed_message"),
        (&DELTA.replace("6198", "6e4"), "decimal_exponent"),
        (&DELTA.replace("20254870", "-1"), "malformed_message"),
        (&DELTA[..DELTA.len() - 1], "malformed_json"),
        (&TRADES.replace("\"Buy\"", "\"buy\""), "malformed_message"),
        (&TRADES.replace("16578.50", ""), "decimal_empty"),
        (&TICKER.replace("-0.000212", "x"), "decimal_malformed"),
        (
            &TICKER.replace(r#","ts":1673272861686"#, ""),
            "malformed_message",
        ),
        (&"[".repeat(100_000), "malformed_json"),
    ] {
        let shown: String = text.chars().take(200).collect();
        assert_eq!(read(text).expect_err(&shown), code, "{shown}");
    }
    let mut out = Vec::new();
    let error = decode(Venue::Bybit, b"{\"topic\":\"\xff\"}", None, &mut out);
    assert_eq!(error.unwrap_err().code, "not_utf8");
}

#[test]
fn instruments_tell_the_grid_and_the_funding_interval() {
    let body = result(
        r#"{"category":"linear","nextPageCursor":"more","list":[
        {"symbol":"1000PEPEUSDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"1000PEPE","quoteCoin":"USDT","priceFilter":{"tickSize":"0.0000001"},"lotSizeFilter":{"qtyStep":"100"},"fundingInterval":240},
        {"symbol":"BTC-27MAR26","contractType":"LinearFutures","status":"Trading","baseCoin":"BTC","quoteCoin":"USDC","priceFilter":{"tickSize":"0.5"},"lotSizeFilter":{"qtyStep":"0.001"},"fundingInterval":0}]}"#,
    );
    let answer = answer(body.as_bytes()).unwrap();
    let page = answer.instruments().unwrap();
    assert_eq!(page.next, "more");
    let [pepe, dated] = page.instruments.as_slice() else {
        panic!("two");
    };
    assert_eq!((pepe.px_decimals, pepe.sz_decimals), (7, 0));
    assert_eq!(pepe.funding_interval_min, Some(240));
    assert!(pepe.linear_perpetual && pepe.trading);
    assert!(!dated.linear_perpetual);
    assert_eq!(answer.time_ms(), Some(1_709_891_679_050));
    assert_eq!(pepe.symbol, Symbol::new("1000PEPEUSDT").unwrap());
}
