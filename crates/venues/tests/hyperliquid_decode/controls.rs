//! Messages without events.

use super::*;
use hypersentry_venues::hyperliquid::decode::message;
use hypersentry_venues::hyperliquid::wire::{Channel, Message, Method};

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
