//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. Shapes: "Exchange WebSocket", channels.

use super::time;
use crate::decode::DecodeError;
use crate::json::{LevelWire, Text, malformed, short};
use hypersentry_model::{MarketEvent, Side, Symbol, Timestamp};
use serde::Deserialize;

/// What a WebSocket frame says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// `match`, or the first of a subscription, `last_match`: the newest trade before it.
    Match {
        /// The trade.
        event: MarketEvent,
        /// It happened before the subscription.
        last: bool,
    },
    /// `snapshot`: the whole book, once after the subscription.
    Book(MarketEvent),
    /// `l2update`: changes of the book.
    Changes(MarketEvent),
    /// `ticker`: best prices at the newest trade.
    Ticker(MarketEvent),
    /// `heartbeat`, every second.
    Heartbeat(Heartbeat),
    /// `subscriptions`: everything that this connection is subscribed to now.
    Subscriptions(Vec<(String, Vec<Symbol>)>),
    /// `error`.
    Rejected {
        /// What failed: `Failed to subscribe`.
        message: String,
        /// Why, where the venue says so.
        reason: String,
    },
    /// A message that we know and do not use, by name.
    Skipped(String),
}

/// The state of one market's streams, every second: what was sent before it is complete up to its numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heartbeat {
    /// The market.
    pub symbol: Symbol,
    /// The venue's time.
    pub time: Timestamp,
    /// The market's sequence number over all its messages.
    pub sequence: u64,
    /// The newest trade; 0 where the venue does not tell.
    pub last_trade_id: u64,
}

/// The name of a message.
#[derive(Debug, Deserialize)]
pub(super) struct TypeWire<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) name: Option<Text<'a>>,
    /// Advanced Trade names the channel instead.
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
}

/// `match`, `last_match`.
#[derive(Debug, Deserialize)]
pub(super) struct MatchWire<'a> {
    pub(super) trade_id: u64,
    #[serde(borrow)]
    pub(super) product_id: Text<'a>,
    #[serde(borrow)]
    pub(super) price: Text<'a>,
    #[serde(borrow)]
    pub(super) size: Text<'a>,
    #[serde(borrow)]
    pub(super) side: Text<'a>,
    #[serde(borrow)]
    pub(super) time: Text<'a>,
}

/// `snapshot`.
#[derive(Debug, Deserialize)]
pub(super) struct SnapshotWire<'a> {
    #[serde(borrow)]
    pub(super) product_id: Text<'a>,
    #[serde(borrow)]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    pub(super) asks: Vec<LevelWire<'a>>,
    /// Absent until 2022.
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
}

/// `l2update`: `[side, price, size]` each, where the size is what stands there now.
#[derive(Debug, Deserialize)]
pub(super) struct ChangesWire<'a> {
    #[serde(borrow)]
    pub(super) product_id: Text<'a>,
    #[serde(borrow)]
    pub(super) changes: Vec<(Text<'a>, Text<'a>, Text<'a>)>,
    #[serde(borrow)]
    pub(super) time: Text<'a>,
}

/// `heartbeat`.
#[derive(Debug, Deserialize)]
pub(super) struct HeartbeatWire<'a> {
    #[serde(borrow)]
    pub(super) product_id: Text<'a>,
    pub(super) sequence: u64,
    pub(super) last_trade_id: u64,
    #[serde(borrow)]
    pub(super) time: Text<'a>,
}

/// `ticker`. The sizes are absent until 2022.
#[derive(Debug, Deserialize)]
pub(super) struct TickerWire<'a> {
    #[serde(borrow)]
    pub(super) product_id: Text<'a>,
    #[serde(borrow)]
    pub(super) best_bid: Text<'a>,
    #[serde(borrow)]
    pub(super) best_bid_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) best_ask: Text<'a>,
    #[serde(borrow)]
    pub(super) best_ask_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
}

/// `subscriptions`.
#[derive(Debug, Deserialize)]
pub(super) struct SubscriptionsWire<'a> {
    #[serde(borrow)]
    pub(super) channels: Vec<ChannelWire<'a>>,
}

/// One of its channels.
#[derive(Debug, Deserialize)]
pub(super) struct ChannelWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) product_ids: Vec<Text<'a>>,
}

/// `error`.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorWire<'a> {
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
}

/// A point in time.
pub(super) fn read_time(text: &Text<'_>) -> Result<Timestamp, DecodeError> {
    let text = text.as_str();
    time::utc(text).ok_or_else(|| malformed(format!("{} is no time", short(text))))
}

/// The aggressor's side, from the maker's.
///
/// "The side of a trade indicates the maker order side ... a sell side indicates an up-tick" (REST reference: Get product trades;
/// the match channel says the same). In recordings every `match` with the maker's side `sell` has the price of the best ask.
pub(super) fn aggressor(maker: &str) -> Option<Side> {
    match maker {
        "sell" => Some(Side::Buy),
        "buy" => Some(Side::Sell),
        _ => None,
    }
}

/// As [`aggressor`], or why not.
pub(super) fn read_aggressor(maker: &Text<'_>) -> Result<Side, DecodeError> {
    let maker = maker.as_str();
    aggressor(maker).ok_or_else(|| malformed(format!("{} is no side", short(maker))))
}
