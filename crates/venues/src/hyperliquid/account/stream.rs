//! The account's streams. `orderUpdates` names no user and begins without a snapshot, so that a connection serves one account, and everything is
//! asked for after each opening. Hyperliquid docs, API > Websocket > Subscriptions.

use super::super::exchange::Address;
use super::fills::{Fill, WireFill};
use super::orders::{Known, WireKnown};
use super::twaps::{WireSlice, read_slices};
use super::{Unreadable, parse};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a frame tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// Orders changed.
    Orders(Vec<Known>),
    /// Trades; the first of a subscription repeats the last ones.
    Fills {
        /// Whether it repeats.
        snapshot: bool,
        /// Oldest last, as the venue has them.
        fills: Vec<Fill>,
    },
    /// Trades of the venue's TWAPs, with the numbers of those; they are not among the others.
    Slices(Vec<(u64, Fill)>),
    /// A subscription stands.
    Subscribed,
    /// The other side lives.
    Pong,
    /// Nothing that is used here.
    Other,
}

/// How many subscriptions a connection has.
pub const SUBSCRIPTIONS: usize = 3;

/// The frames that subscribe.
pub fn subscriptions(user: Address) -> [String; SUBSCRIPTIONS] {
    ["orderUpdates", "userFills", "userTwapSliceFills"].map(|kind| {
        json!({"method": "subscribe", "subscription": {"type": kind, "user": user}}).to_string()
    })
}

#[derive(Deserialize)]
struct Frame {
    channel: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFills {
    #[serde(default)]
    is_snapshot: bool,
    fills: Vec<WireFill>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSlices {
    twap_slice_fills: Vec<WireSlice>,
}

fn typed<T: serde::de::DeserializeOwned>(data: Value) -> Result<T, Unreadable> {
    serde_json::from_value(data).map_err(|error| Unreadable(error.to_string()))
}

/// Reads a frame.
///
/// # Errors
/// [`Unreadable`]: the account is to be asked for anew.
pub fn read(frame: &[u8]) -> Result<Told, Unreadable> {
    let frame: Frame = parse(frame)?;
    Ok(match frame.channel.as_str() {
        "orderUpdates" => {
            let wire: Vec<WireKnown> = typed(frame.data)?;
            let known: Result<_, _> = wire.into_iter().map(WireKnown::read).collect();
            Told::Orders(known?)
        }
        "userFills" => {
            let wire: WireFills = typed(frame.data)?;
            let fills = wire.fills.into_iter().filter(|fill| !fill.is_elsewhere());
            let fills: Result<_, _> = fills.map(WireFill::read).collect();
            Told::Fills {
                snapshot: wire.is_snapshot,
                fills: fills?,
            }
        }
        "userTwapSliceFills" => {
            let wire: WireSlices = typed(frame.data)?;
            Told::Slices(read_slices(wire.twap_slice_fills)?)
        }
        "subscriptionResponse" => Told::Subscribed,
        "pong" => Told::Pong,
        "error" => return Err(Unreadable(frame.data.to_string())),
        _ => Told::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Size;

    #[test]
    fn frames_read() {
        let orders = br#"{"channel":"orderUpdates","data":[{"order":{"coin":"BTC","side":"B","limitPx":"97000.0","sz":"0.2","oid":7,
            "timestamp":5,"origSz":"1.0"},"status":"open","statusTimestamp":9}]}"#;
        let Told::Orders(known) = read(orders).unwrap() else {
            panic!("no orders");
        };
        assert_eq!(known[0].filled(), Size::parse("0.8").unwrap());
        let fills =
            br#"{"channel":"userFills","data":{"isSnapshot":true,"user":"0x0","fills":[]}}"#;
        assert_eq!(
            read(fills),
            Ok(Told::Fills {
                snapshot: true,
                fills: Vec::new()
            })
        );
        assert_eq!(read(br#"{"channel":"pong"}"#), Ok(Told::Pong));
        assert!(read(br#"{"channel":"error","data":"no"}"#).is_err());
        assert!(read(b"{").is_err());
    }

    #[test]
    fn a_subscription_names_its_user_in_lower_case() {
        let user: Address = "0xABCDEF0000000000000000000000000000000001"
            .parse()
            .unwrap();
        let [orders, fills, _] = subscriptions(user);
        assert!(orders.contains("0xabcdef") && orders.contains("orderUpdates"));
        assert!(fills.contains("userFills"));
    }
}
