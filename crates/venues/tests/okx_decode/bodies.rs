//! REST answers.

use super::{code, control, events, events_of, read, skipped};
use hypersentry_venues::decode::Outcome;

fn answer(data: &str) -> String {
    format!(r#"{{"code":"0","msg":"","data":[{data}]}}"#)
}

#[test]
fn a_book_needs_its_market_named() {
    let book = answer(
        r#"{"asks":[["41006.8","60.038921","0","1"]],"bids":[["41006.7","48.8","0","1"],["41006.6","1","0","1"]],"ts":"1704067200000","seqId":5}"#,
    );
    assert_eq!(code(&book), "symbol_required");
    assert_eq!(
        events_of(&book, Some("BTC-USDT-SWAP")),
        [
            r#"BTC-USDT-SWAP 1704067200000 book_snapshot {"bids":[["41006.7","0.488"],["41006.6","0.01"]],"asks":[["41006.8","0.60038921"]],"depth":2,"last_seq":5}"#
        ]
    );
    let unknown = read(&book, Some("SOL-USDT-SWAP")).0.unwrap_err();
    assert_eq!(unknown.code, "contract_unknown");
}

#[test]
fn trades_name_theirs() {
    let trades = answer(
        r#"{"instId":"BTC-USDT-SWAP","side":"sell","sz":"3","px":"102537.9","tradeId":"734864333","ts":"1747087163557"},{"instId":"BTC-USDT-SWAP","side":"buy","sz":"1","px":"102537.9","tradeId":"734864332","ts":"1747087161666"}"#,
    );
    let read = events(&trades);
    assert_eq!(
        read[0],
        r#"BTC-USDT-SWAP 1747087163557 trade {"id":"734864333","px":"102537.9","sz":"0.03","side":"sell"}"#
    );
    assert_eq!(read.len(), 2);
}

#[test]
fn candles_come_oldest_first_with_their_length() {
    let candles = answer(
        r#"["1597026420000","3","4","2","3.5","500","5","17","0"],["1597026360000","1","2","0.5","1.5","100","1","1.2","1"]"#,
    );
    assert_eq!(code(&candles), "symbol_required");
    assert_eq!(
        events_of(&candles, Some("BTC-USDT-SWAP")),
        [
            r#"BTC-USDT-SWAP - candle {"interval":"1m","open_ms":1597026360000,"close_ms":1597026419999,"o":"1","h":"2","l":"0.5","c":"1.5","volume_base":"1","closed":true}"#,
            r#"BTC-USDT-SWAP - candle {"interval":"1m","open_ms":1597026420000,"close_ms":1597026479999,"o":"3","h":"4","l":"2","c":"3.5","volume_base":"5","closed":false}"#,
        ]
    );
    // On a spot market the first volume is the one in base units.
    let spot = events_of(&candles, Some("BTC-USDT"));
    assert!(spot[0].contains(r#""volume_base":"100""#), "{}", spot[0]);
    let one = answer(r#"["1597026420000","3","4","2","3.5","500","5","17","0"]"#);
    let error = read(&one, Some("BTC-USDT")).0.unwrap_err();
    assert_eq!(error.code, "interval_unknown");
    let odd = candles.replace("1597026420000", "1597026420001");
    let error = read(&odd, Some("BTC-USDT")).0.unwrap_err();
    assert_eq!(error.code, "malformed_message");
}

#[test]
fn figures_are_those_of_the_channels() {
    for (data, kind) in [
        (
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","oi":"5","oiCcy":"0.05","ts":"1"}"#,
            "open_interest",
        ),
        (
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","fundingRate":"0.1","fundingTime":"0","nextFundingTime":"28800000","ts":"1"}"#,
            "funding",
        ),
        (
            r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"5","ts":"1"}"#,
            "asset_context",
        ),
        (
            r#"{"instId":"BTC-USDT","idxPx":"5","open24h":"4","ts":"1"}"#,
            "asset_context",
        ),
        (
            r#"{"instId":"BTC-USDT","last":"5","open24h":"4","volCcy24h":"1","ts":"1"}"#,
            "asset_context",
        ),
    ] {
        let read = events(&answer(data));
        assert_eq!(read[0].split(' ').nth(2), Some(kind), "{read:?}");
    }
}

#[test]
fn lists_of_markets_teach() {
    let list = |entry: &str| answer(entry);
    assert_eq!(control(super::INSTRUMENTS), "instruments");
    // A market before its opening has no steps yet.
    let early = list(
        r#"{"instType":"SWAP","instId":"NEW-USDT-SWAP","uly":"NEW-USDT","ctType":"linear","ctVal":"1","ctMult":"1","tickSz":"","lotSz":"","state":"preopen"}"#,
    );
    assert_eq!(control(&early), "instruments");
    let wrong = list(
        r#"{"instType":"SWAP","instId":"NEW-USDT-SWAP","uly":"NEW-USDT","ctType":"linear","ctVal":"1","ctMult":"1","tickSz":"one","lotSz":"1","state":"live"}"#,
    );
    assert_eq!(code(&wrong), "decimal_malformed");
}

#[test]
fn what_is_not_used_has_a_name() {
    assert_eq!(skipped(r#"{"code":"0","msg":"","data":[]}"#), "empty");
    for (data, name) in [
        (
            r#"{"ordId":"1","instId":"X","px":"1","sz":"1","side":"buy","tradeId":"1"}"#,
            "orders",
        ),
        (r#"{"posId":"1","instId":"X","markPx":"1"}"#, "positions"),
        (
            r#"{"instType":"SWAP","instId":"X","fundingRate":"1","realizedRate":"1","fundingTime":"1"}"#,
            "funding_rate_history",
        ),
    ] {
        assert_eq!(skipped(&answer(data)), name);
    }
    for frame in [
        r#"{"data":[{"ts":"1"}]}"#.to_owned(),
        r#"{"code":"0"}"#.to_owned(),
        r#"{"code":"0","data":{}}"#.to_owned(),
        answer("1"),
        answer(r#"{"some":"thing"}"#),
    ] {
        assert_eq!(code(&frame), "unknown_message", "{frame}");
    }
    assert!(matches!(
        read(&answer(r#"{"ts":"5"}"#), None).0,
        Ok(Outcome::Control("time"))
    ));
}
