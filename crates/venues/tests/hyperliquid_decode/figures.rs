//! Messages with events.

use super::*;
use hypersentry_venues::hyperliquid::decode::message;
use hypersentry_venues::hyperliquid::wire::Message;

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
