//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. Shapes: "V5 API", WebSocket Stream, public.

use super::ticker::Ticker;
use crate::decode::DecodeError;
use crate::json::{LevelWire, Text, malformed, short};
use hypersentry_model::event::{
    Liquidated, Liquidation, LiquidationCoverage, LiquidationPrice, Trade,
};
use hypersentry_model::{MarketEvent, Payload, Price, Side, Size, Symbol, Timestamp, TradeId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a WebSocket frame says. Its events, where it has any, are given beside it.
#[expect(
    clippy::large_enum_variant,
    reason = "none is kept: a box would only cost"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// `publicTrade.{symbol}`.
    Trades(Symbol),
    /// `orderbook.{depth}.{symbol}`: one snapshot or one delta. Each depth counts its own updates.
    Book(Symbol, u32),
    /// `allLiquidation.{symbol}`.
    Liquidations(Symbol),
    /// `kline.{interval}.{symbol}`.
    Candles(Symbol),
    /// `tickers.{symbol}`: gives no events by itself, because a delta means something only together with what it changes.
    Ticker(TickerMessage),
    /// The answer to a subscription.
    Ack {
        /// The request's name, where it had one.
        id: Option<String>,
    },
    /// The answer to a ping, with the ping's name where it had one.
    Pong(Option<String>),
    /// A request was refused.
    Rejected {
        /// The request's name, where it had one.
        id: Option<String>,
        /// The venue's words.
        reason: String,
    },
    /// A message that we know and do not use, by name.
    Skipped(String),
}

/// A message of `tickers.{symbol}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TickerMessage {
    /// The market.
    pub symbol: Symbol,
    /// The venue's time.
    pub time: Timestamp,
    /// It says everything; otherwise only what changed.
    pub snapshot: bool,
    /// What it says.
    pub ticker: Ticker,
}

/// A message of a topic, or the answer to a request.
#[derive(Debug, Deserialize)]
pub(super) struct EnvelopeWire<'a> {
    #[serde(borrow)]
    pub(super) topic: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    pub(super) ts: Option<i64>,
    /// When the matching engine produced a book.
    pub(super) cts: Option<i64>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) op: Option<Text<'a>>,
    pub(super) success: Option<bool>,
    #[serde(borrow)]
    pub(super) ret_msg: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) req_id: Option<Text<'a>>,
    #[serde(rename = "retCode")]
    pub(super) ret_code: Option<i64>,
    #[serde(borrow, rename = "retMsg")]
    pub(super) ret_msg_rest: Option<Text<'a>>,
}

/// An item of `publicTrade`.
#[derive(Debug, Deserialize)]
pub(super) struct TradeWire<'a> {
    #[serde(rename = "T")]
    pub(super) time_ms: i64,
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    /// The taker's side.
    #[serde(borrow, rename = "S")]
    pub(super) side: Text<'a>,
    #[serde(borrow, rename = "v")]
    pub(super) sz: Text<'a>,
    #[serde(borrow, rename = "p")]
    pub(super) px: Text<'a>,
    #[serde(borrow, rename = "i")]
    pub(super) id: Text<'a>,
    /// Agreed off the book.
    #[serde(rename = "BT", default)]
    pub(super) block: bool,
}

/// The data of `orderbook`, and the body of `GET /v5/market/orderbook`.
#[derive(Debug, Deserialize)]
pub(super) struct BookWire<'a> {
    #[serde(borrow, rename = "s")]
    pub(super) symbol: Text<'a>,
    #[serde(borrow, rename = "b")]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow, rename = "a")]
    pub(super) asks: Vec<LevelWire<'a>>,
    #[serde(rename = "u")]
    pub(super) update: u64,
    /// REST only: the frame has it outside.
    pub(super) ts: Option<i64>,
    /// REST only.
    pub(super) cts: Option<i64>,
}

/// An item of `allLiquidation`.
#[derive(Debug, Deserialize)]
pub(super) struct LiquidationWire<'a> {
    #[serde(rename = "T")]
    time_ms: i64,
    #[serde(borrow, rename = "s")]
    symbol: Text<'a>,
    #[serde(borrow, rename = "S")]
    side: Text<'a>,
    #[serde(borrow, rename = "v")]
    sz: Text<'a>,
    #[serde(borrow, rename = "p")]
    px: Text<'a>,
}

/// An item of `kline`.
#[derive(Debug, Deserialize)]
pub(super) struct CandleWire<'a> {
    pub(super) start: i64,
    pub(super) end: i64,
    #[serde(borrow)]
    pub(super) interval: Text<'a>,
    #[serde(borrow)]
    pub(super) open: Text<'a>,
    #[serde(borrow)]
    pub(super) high: Text<'a>,
    #[serde(borrow)]
    pub(super) low: Text<'a>,
    #[serde(borrow)]
    pub(super) close: Text<'a>,
    #[serde(borrow)]
    pub(super) volume: Text<'a>,
    pub(super) confirm: bool,
    pub(super) timestamp: Option<i64>,
}

/// "Side of taker" (Market: recent public trades; the stream's `S` is the same figure).
pub(super) fn taker(side: &str) -> Option<Side> {
    match side {
        "Buy" => Some(Side::Buy),
        "Sell" => Some(Side::Sell),
        _ => None,
    }
}

/// The event of one trade, unless it is a block trade: one that two parties agreed off the book has neither an aggressor nor a
/// market price.
pub(super) fn trade(
    symbol: Symbol,
    time_ms: i64,
    id: &str,
    side: Side,
    px: Price,
    sz: Size,
) -> MarketEvent {
    MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(time_ms)),
        payload: Payload::Trade(Trade {
            id: TradeId::Text(id.into()),
            px,
            sz,
            side,
        }),
    }
}

/// A side, or why not.
pub(super) fn read_taker(side: &Text<'_>) -> Result<Side, DecodeError> {
    let side = side.as_str();
    taker(side).ok_or_else(|| malformed(format!("{} is no side", short(side))))
}

impl LiquidationWire<'_> {
    /// `S` is the side of the POSITION: "when you receive a Buy update, this means that a long position has been liquidated", and `p`
    /// its bankruptcy price (WebSocket Stream: All Liquidation). On other venues the same letter is the forced order's side.
    pub(super) fn read(&self) -> Result<MarketEvent, DecodeError> {
        let liquidated = match self.side.as_str() {
            "Buy" => Liquidated::Long,
            "Sell" => Liquidated::Short,
            other => return Err(malformed(format!("{} is no side", short(other)))),
        };
        let (px, sz) = (self.px.price()?, self.sz.size()?);
        Ok(MarketEvent {
            symbol: self.symbol.symbol()?,
            venue_time: Some(Timestamp::from_ms(self.time_ms)),
            payload: Payload::Liquidation(Liquidation {
                liquidated,
                px,
                px_kind: LiquidationPrice::Bankruptcy,
                sz,
                notional_usd: px.notional(sz)?,
                coverage: LiquidationCoverage::All,
            }),
        })
    }
}

/// The venue's spelling of a candle's length, in ours.
pub(super) fn interval(venue: &str) -> Result<&'static str, DecodeError> {
    Ok(match venue {
        "1" => "1m",
        "3" => "3m",
        "5" => "5m",
        "15" => "15m",
        "30" => "30m",
        "60" => "1h",
        "120" => "2h",
        "240" => "4h",
        "360" => "6h",
        "720" => "12h",
        "D" => "1d",
        "W" => "1w",
        "M" => "1M",
        other => return Err(malformed(format!("{} is no interval", short(other)))),
    })
}
