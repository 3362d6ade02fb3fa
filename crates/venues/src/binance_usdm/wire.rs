//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. [`Message`] is what a WebSocket frame says.

use crate::json::{LevelWire, Text};
use hypersentry_model::MarketEvent;
use hypersentry_model::Symbol;
use serde::Deserialize;

/// The stream that an event came by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// `<symbol>@depth`: changes.
    Depth,
    /// `<symbol>@bookTicker`.
    BookTicker,
    /// `<symbol>@aggTrade`: the fills of one taker order at one price.
    AggTrade,
    /// `<symbol>@markPrice`: mark, index, funding.
    MarkPrice,
    /// `<symbol>@forceOrder`: the largest liquidation of each second.
    ForceOrder,
    /// `<symbol>@trade`: one fill each.
    Trade,
    /// `<symbol>@kline_<interval>`.
    Kline,
}

/// What a WebSocket frame says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are single events, and none is kept: a box would only cost"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// A market event.
    Event(Channel, MarketEvent),
    /// Several of one channel, possibly none.
    Events(Channel, Vec<MarketEvent>),
    /// A command was accepted.
    Ack {
        /// The command's id, where it is a number as ours are.
        id: Option<u64>,
    },
    /// The answer to `LIST_SUBSCRIPTIONS`.
    Subscriptions {
        /// The command's id.
        id: Option<u64>,
        /// The streams of this connection.
        streams: Vec<String>,
    },
    /// A command was refused.
    Rejected {
        /// The command's id.
        id: Option<u64>,
        /// The venue's error code.
        code: i64,
        /// The venue's words.
        reason: String,
    },
    /// A message that we know and do not use, by name.
    Skipped(String),
}

/// One perpetual of the exchange information.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contract {
    /// The venue's spelling.
    pub symbol: Symbol,
    /// `baseAsset`, with the multiplier in its name: `1000PEPE`.
    pub base: Symbol,
    /// `quoteAsset`.
    pub quote: Symbol,
    /// Its status is `TRADING`.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

/// `<symbol>@depth`.
#[derive(Debug, Deserialize)]
pub(super) struct DepthWire<'a> {
    #[serde(rename = "E")]
    pub(super) event_ms: i64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(rename = "U")]
    pub(super) first_seq: u64,
    #[serde(rename = "u")]
    pub(super) last_seq: u64,
    #[serde(rename = "pu")]
    pub(super) prev_seq: u64,
    #[serde(borrow, rename = "b")]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow, rename = "a")]
    pub(super) asks: Vec<LevelWire<'a>>,
}

/// The body of `GET /fapi/v1/depth`.
#[derive(Debug, Deserialize)]
pub(super) struct SnapshotWire<'a> {
    #[serde(rename = "lastUpdateId")]
    pub(super) last_seq: u64,
    #[serde(rename = "E")]
    pub(super) event_ms: Option<i64>,
    #[serde(borrow)]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    pub(super) asks: Vec<LevelWire<'a>>,
}

/// `<symbol>@aggTrade`, and without a symbol an item of `GET /fapi/v1/aggTrades`.
#[derive(Debug, Deserialize)]
pub(super) struct AggTradeWire<'a> {
    #[serde(rename = "a")]
    pub(super) id: u64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Option<Text<'a>>,
    #[serde(borrow, rename = "p")]
    pub(super) px: Text<'a>,
    #[serde(borrow, rename = "q")]
    pub(super) sz: Text<'a>,
    #[serde(rename = "T")]
    pub(super) trade_ms: i64,
    #[serde(rename = "m")]
    pub(super) buyer_is_maker: bool,
}

/// `<symbol>@trade`.
#[derive(Debug, Deserialize)]
pub(super) struct TradeWire<'a> {
    #[serde(rename = "t")]
    pub(super) id: u64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "p")]
    pub(super) px: Text<'a>,
    #[serde(borrow, rename = "q")]
    pub(super) sz: Text<'a>,
    #[serde(rename = "T")]
    pub(super) trade_ms: i64,
    #[serde(borrow, rename = "X")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(rename = "m")]
    pub(super) buyer_is_maker: bool,
}

/// `<symbol>@bookTicker`.
#[derive(Debug, Deserialize)]
pub(super) struct BookTickerWire<'a> {
    #[serde(rename = "u")]
    pub(super) book_seq: u64,
    #[serde(rename = "E")]
    pub(super) event_ms: i64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "b")]
    pub(super) bid_px: Text<'a>,
    #[serde(borrow, rename = "B")]
    pub(super) bid_sz: Text<'a>,
    #[serde(borrow, rename = "a")]
    pub(super) ask_px: Text<'a>,
    #[serde(borrow, rename = "A")]
    pub(super) ask_sz: Text<'a>,
}

/// `<symbol>@markPrice`. Contracts with a delivery date have an empty rate and no next funding.
#[derive(Debug, Deserialize)]
pub(super) struct MarkPriceWire<'a> {
    #[serde(rename = "E")]
    pub(super) event_ms: i64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "p")]
    pub(super) mark: Text<'a>,
    #[serde(borrow, rename = "i")]
    pub(super) index: Option<Text<'a>>,
    #[serde(borrow, rename = "r")]
    pub(super) rate: Option<Text<'a>>,
    #[serde(rename = "T")]
    pub(super) next_ms: Option<i64>,
}

/// `<symbol>@forceOrder`.
#[derive(Debug, Deserialize)]
pub(super) struct ForceOrderWire<'a> {
    #[serde(borrow, rename = "o")]
    pub(super) order: ForcedWire<'a>,
}

/// The forced order inside of it.
#[derive(Debug, Deserialize)]
pub(super) struct ForcedWire<'a> {
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "S")]
    pub(super) side: Text<'a>,
    #[serde(borrow, rename = "ap")]
    pub(super) average_px: Text<'a>,
    #[serde(borrow, rename = "z")]
    pub(super) filled: Text<'a>,
    #[serde(rename = "T")]
    pub(super) trade_ms: i64,
}

/// `<symbol>@kline_<interval>`.
#[derive(Debug, Deserialize)]
pub(super) struct KlineWire<'a> {
    #[serde(rename = "E")]
    pub(super) event_ms: i64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "k")]
    pub(super) candle: CandleWire<'a>,
}

/// The candle inside of it.
#[derive(Debug, Deserialize)]
pub(super) struct CandleWire<'a> {
    #[serde(rename = "t")]
    pub(super) open_ms: i64,
    #[serde(rename = "T")]
    pub(super) close_ms: i64,
    #[serde(borrow, rename = "i")]
    pub(super) interval: Text<'a>,
    #[serde(borrow)]
    pub(super) o: Text<'a>,
    #[serde(borrow)]
    pub(super) h: Text<'a>,
    #[serde(borrow)]
    pub(super) l: Text<'a>,
    #[serde(borrow)]
    pub(super) c: Text<'a>,
    #[serde(borrow, rename = "v")]
    pub(super) volume: Text<'a>,
    #[serde(rename = "n")]
    pub(super) trades: u64,
    #[serde(rename = "x")]
    pub(super) closed: bool,
}

/// The venue's own error: alone as a REST body, under `error` as the answer to a command.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorWire<'a> {
    pub(super) code: i64,
    #[serde(borrow)]
    pub(super) msg: Text<'a>,
}
