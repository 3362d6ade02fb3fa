//! How many subscriptions a message to a venue adds or ends. The rim, which asks the ledger, knows no venue's messages.

use serde_json::Value;

/// The change that `text` makes to the number of subscriptions; 0 for pings and the like.
pub fn subscriptions(text: &str) -> i32 {
    // Pings are short, and not all of them are JSON.
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return 0;
    };
    let verb = ["method", "op", "type"]
        .into_iter()
        .find_map(|name| value.get(name)?.as_str())
        .unwrap_or_default();
    let sign = match verb {
        "subscribe" | "SUBSCRIBE" => 1,
        "unsubscribe" | "UNSUBSCRIBE" => -1,
        _ => return 0,
    };
    let listed = |name: &str| Some(value.get(name)?.as_array()?.len());
    let count = listed("params")
        .or_else(|| listed("args"))
        .or_else(|| Some(listed("product_ids")? * listed("channels")?))
        .unwrap_or(1);
    sign * i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_counted_in_every_venues_words() {
        for (text, change) in [
            (
                r#"{"method":"subscribe","subscription":{"type":"bbo","coin":"BTC"}}"#,
                1,
            ),
            (
                r#"{"method":"unsubscribe","subscription":{"type":"bbo","coin":"BTC"}}"#,
                -1,
            ),
            (
                r#"{"method":"SUBSCRIBE","params":["btcusdt@depth","btcusdt@aggTrade"],"id":1}"#,
                2,
            ),
            (r#"{"method":"UNSUBSCRIBE","params":["a"],"id":1}"#, -1),
            (r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#, 0),
            (
                r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channels":["matches","heartbeat"]}"#,
                4,
            ),
            (r#"{"op":"subscribe","args":["publicTrade.BTCUSDT"]}"#, 1),
            (
                r#"{"op":"unsubscribe","args":[{"channel":"trades","instId":"X"}]}"#,
                -1,
            ),
            (r#"{"op":"ping"}"#, 0),
            (r#"{"method":"ping"}"#, 0),
            ("ping", 0),
            ("", 0),
        ] {
            assert_eq!(subscriptions(text), change, "{text}");
        }
    }
}
