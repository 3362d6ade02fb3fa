//! How an account margins a market in which it may hold nothing yet.

use super::super::exchange::Address;
use super::{Ask, Unreadable, ask, parse};
use hypersentry_model::Symbol;
use serde::Deserialize;
use serde_json::json;

/// Leverage, and whose margin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarginMode {
    /// Whether the margin of a position is its own, and not shared with others.
    pub isolated: bool,
    /// Times.
    pub leverage: u32,
}

#[derive(Deserialize)]
struct Wire {
    coin: String,
    leverage: Leverage,
}

#[derive(Deserialize)]
pub(super) struct Leverage {
    #[serde(rename = "type")]
    kind: String,
    value: u32,
}

impl Leverage {
    /// A kind that is not documented is refused: what it means for a liquidation is not known.
    pub(super) fn read(self) -> Result<MarginMode, Unreadable> {
        let isolated = match self.kind.as_str() {
            "isolated" => true,
            "cross" => false,
            other => return Err(Unreadable(format!("margin of kind `{other}`"))),
        };
        if self.value == 0 {
            return Err(Unreadable("a leverage of zero".to_owned()));
        }
        let leverage = self.value;
        Ok(MarginMode { isolated, leverage })
    }
}

/// Asks for it. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve user's active asset data.
pub fn margin_mode_request(user: Address, symbol: Symbol) -> Ask {
    let coin = symbol.as_str();
    ask(
        &json!({"type": "activeAssetData", "user": user, "coin": coin}),
        20,
    )
}

/// Reads the answer.
///
/// # Errors
/// [`Unreadable`], also where it is about another market.
pub fn margin_mode(body: &[u8], symbol: Symbol) -> Result<MarginMode, Unreadable> {
    let wire: Wire = parse(body)?;
    if wire.coin != symbol.as_str() {
        return Err(Unreadable(format!(
            "{} in the place of {symbol}",
            wire.coin
        )));
    }
    wire.leverage.read()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_read_and_others_are_refused() {
        let body = |coin: &str, kind: &str, times: u32| {
            format!(
                r#"{{"user":"0x1","coin":"{coin}","leverage":{{"type":"{kind}","value":{times}}},"maxTradeSzs":["1","1"],"availableToTrade":["9","9"],"markPx":"7"}}"#
            )
        };
        let eth = Symbol::new("ETH").unwrap();
        let read = |coin, kind, times| margin_mode(body(coin, kind, times).as_bytes(), eth);
        let mode = |isolated, leverage| Ok(MarginMode { isolated, leverage });
        assert_eq!(read("ETH", "isolated", 5), mode(true, 5));
        assert_eq!(read("ETH", "cross", 20), mode(false, 20));
        assert!(read("BTC", "cross", 20).is_err() && read("ETH", "portfolio", 20).is_err());
        assert!(read("ETH", "cross", 0).is_err());
    }
}
