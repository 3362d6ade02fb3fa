//! Normalised market events: what `decode` prints and what the market core consumes. The same whatever the venue.

use crate::{EventType, Price, Rate, Size, Symbol, Timestamp, Usd};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The aggressor's side of a trade.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The taker bought.
    Buy,
    /// The taker sold.
    Sell,
}

/// What a venue calls a trade. Unique only together with the market, and on some venues with the time.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TradeId {
    /// A number, on most venues.
    Number(u64),
    /// Anything else.
    Text(Box<str>),
}

impl fmt::Display for TradeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl JsonSchema for TradeId {
    fn schema_name() -> Cow<'static, str> {
        "TradeId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "What the venue calls a trade.",
        })
    }
}

impl Serialize for TradeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TradeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Only the canonical spelling is a number, so that reading back gives the same id.
        let number = text.parse::<u64>().ok().filter(|n| n.to_string() == text);
        Ok(number.map_or_else(|| Self::Text(text.into()), Self::Number))
    }
}

/// One price level of a book: `["97437", "1.93"]` in JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    /// Price.
    pub px: Price,
    /// Total size at that price, in base units. In a delta, zero removes the level.
    pub sz: Size,
}

impl JsonSchema for Level {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pair = <(Price, Size)>::json_schema(generator);
        let mut schema = pair;
        let text =
            "A price, and the size in base units at it; in a delta, size 0 removes the level.";
        schema.insert("description".into(), text.into());
        schema
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.px)?;
        pair.serialize_element(&self.sz)?;
        pair.end()
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Price, Size)>::deserialize(deserializer).map(|(px, sz)| Self { px, sz })
    }
}

/// A trade.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trade {
    /// The venue's id.
    pub id: TradeId,
    /// Price.
    pub px: Price,
    /// Size in base units.
    pub sz: Size,
    /// Aggressor's side.
    pub side: Side,
}

/// A whole order book.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct BookSnapshot {
    /// Best first.
    pub bids: Vec<Level>,
    /// Best first.
    pub asks: Vec<Level>,
    /// Levels a side that the feed gives at most.
    pub depth: u32,
    /// The venue's sequence number that the snapshot includes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_seq: Option<u64>,
}

/// A change to an order book.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct BookDelta {
    /// Levels with their new size; zero removes.
    pub bids: Vec<Level>,
    /// Levels with their new size; zero removes.
    pub asks: Vec<Level>,
    /// First sequence number that the change covers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_seq: Option<u64>,
    /// Last sequence number that the change covers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_seq: Option<u64>,
    /// Last sequence number of the change before this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_seq: Option<u64>,
}

/// Best bid and offer; an empty side is `null`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Bbo {
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
    /// The venue's sequence number of the book at that moment. It serves the session's cross-check and is no part of the event.
    #[serde(skip)]
    pub book_seq: Option<u64>,
}

/// Mid prices of many markets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mids {
    /// Mid price by the venue's symbol.
    pub px_by_symbol: BTreeMap<Symbol, Price>,
}

/// The slow figures of a market. Absent ones were not told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AssetContext {
    /// Mark price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mark_px: Option<Price>,
    /// Index (oracle) price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index_px: Option<Price>,
    /// Mid price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mid_px: Option<Price>,
    /// Open interest, one side, in base units.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open_interest_base: Option<Size>,
    /// Funding rate per `funding_interval_h`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub funding_rate: Option<Rate>,
    /// Hours between fundings.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub funding_interval_h: Option<u32>,
    /// Price 24 h ago.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_day_px: Option<Price>,
    /// Volume of the last 24 h.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day_notional_usd: Option<Usd>,
}

/// A candle.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Candle {
    /// `1m`, `1h`, ... in the venue's spelling.
    pub interval: String,
    /// First millisecond.
    pub open_ms: i64,
    /// Last millisecond.
    pub close_ms: i64,
    /// Open.
    pub o: Price,
    /// High.
    pub h: Price,
    /// Low.
    pub l: Price,
    /// Close.
    pub c: Price,
    /// Volume in base units.
    pub volume_base: Size,
    /// Number of trades.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trades: Option<u64>,
    /// Whether the venue says that it will not change any more.
    pub closed: bool,
}

/// Open interest, one side.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OpenInterest {
    /// In base units.
    pub base: Size,
    /// In USD, where the venue says so itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usd: Option<Usd>,
}

/// A funding rate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Funding {
    /// The rate per `interval_h`; positive: longs pay shorts.
    pub rate: Rate,
    /// Hours between fundings.
    pub interval_h: u32,
    /// When it is paid next, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_ms: Option<i64>,
}

/// Whose position was closed by force.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Liquidated {
    /// A long: the forced order sold.
    Long,
    /// A short: the forced order bought.
    Short,
}

/// What the price of a liquidation means.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiquidationPrice {
    /// One fill's price.
    Fill,
    /// The average of the fills.
    Average,
    /// The price at which the position's margin is used up: no market print.
    Bankruptcy,
    /// The mark price.
    Mark,
}

/// How much of the liquidations a venue's feed tells.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiquidationCoverage {
    /// All of them.
    All,
    /// A sample, so that sums over it are lower bounds.
    Sampled,
}

/// A forced closing of a position.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Liquidation {
    /// Whose.
    pub liquidated: Liquidated,
    /// Price.
    pub px: Price,
    /// What the price means.
    pub px_kind: LiquidationPrice,
    /// Size in base units.
    pub sz: Size,
    /// Price times size.
    pub notional_usd: Usd,
    /// How much of the liquidations the feed tells.
    pub coverage: LiquidationCoverage,
}

/// What an event says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payload {
    /// A trade.
    Trade(Trade),
    /// A whole order book.
    BookSnapshot(BookSnapshot),
    /// A change to an order book.
    BookDelta(BookDelta),
    /// Best bid and offer.
    Bbo(Bbo),
    /// Mid prices.
    Mids(Mids),
    /// Mark, index, open interest, funding, day figures.
    AssetContext(AssetContext),
    /// A candle.
    Candle(Candle),
    /// Open interest.
    OpenInterest(OpenInterest),
    /// A funding rate.
    Funding(Funding),
    /// A forced closing of a position.
    Liquidation(Liquidation),
}

impl Payload {
    /// The event type of this payload.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Trade(_) => EventType::Trade,
            Self::BookSnapshot(_) => EventType::BookSnapshot,
            Self::BookDelta(_) => EventType::BookDelta,
            Self::Bbo(_) => EventType::Bbo,
            Self::Mids(_) => EventType::Mids,
            Self::AssetContext(_) => EventType::AssetContext,
            Self::Candle(_) => EventType::Candle,
            Self::OpenInterest(_) => EventType::OpenInterest,
            Self::Funding(_) => EventType::Funding,
            Self::Liquidation(_) => EventType::Liquidation,
        }
    }
}

/// Only the content: the envelope names the type.
impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Trade(x) => x.serialize(serializer),
            Self::BookSnapshot(x) => x.serialize(serializer),
            Self::BookDelta(x) => x.serialize(serializer),
            Self::Bbo(x) => x.serialize(serializer),
            Self::Mids(x) => x.serialize(serializer),
            Self::AssetContext(x) => x.serialize(serializer),
            Self::Candle(x) => x.serialize(serializer),
            Self::OpenInterest(x) => x.serialize(serializer),
            Self::Funding(x) => x.serialize(serializer),
            Self::Liquidation(x) => x.serialize(serializer),
        }
    }
}

/// Which figure of a market a message feeds. Each has its own stamps in the market core.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Feed {
    /// The order book, or where there is a faster one for the first levels, the deeper book.
    Book,
    /// A faster book of the first levels only.
    BookTop,
    /// Best bid and offer.
    Bbo,
    /// Trades.
    Trades,
    /// Mark, index, open interest, funding, day figures.
    Context,
    /// Mid prices of many markets.
    Mids,
    /// Candles.
    Candles,
    /// Open interest, where it has a feed of its own.
    OpenInterest,
    /// Funding, where it has a feed of its own.
    Funding,
    /// Liquidations.
    Liquidations,
}

impl Feed {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Book,
        Self::BookTop,
        Self::Bbo,
        Self::Trades,
        Self::Context,
        Self::Mids,
        Self::Candles,
        Self::OpenInterest,
        Self::Funding,
        Self::Liquidations,
    ];

    /// Its name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::BookTop => "book_top",
            Self::Bbo => "bbo",
            Self::Trades => "trades",
            Self::Context => "context",
            Self::Mids => "mids",
            Self::Candles => "candles",
            Self::OpenInterest => "open_interest",
            Self::Funding => "funding",
            Self::Liquidations => "liquidations",
        }
    }
}

/// Why a book may no longer be read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Loss {
    /// Updates are missing: what we hold may be wrong and is withdrawn.
    Gap,
    /// The connection ended: what we hold was right when it was stamped.
    Disconnected,
    /// No longer wanted or no longer listed.
    Dropped,
}

/// One normalised event out of a frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketEvent {
    /// The venue's own spelling.
    pub symbol: Symbol,
    /// The venue's event time; `None` where the message has none.
    pub venue_time: Option<Timestamp>,
    /// What it says.
    pub payload: Payload,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_on_the_wire() {
        let level = Level {
            px: Price::parse("97437.0").unwrap(),
            sz: Size::parse("1.930").unwrap(),
        };
        assert_eq!(
            serde_json::to_string(&level).unwrap(),
            r#"["97437","1.93"]"#
        );
        assert_eq!(
            serde_json::from_str::<Level>(r#"["97437","1.93"]"#).unwrap(),
            level
        );
        let bbo = Bbo {
            bid: Some(level),
            ask: None,
            book_seq: Some(7),
        };
        assert_eq!(
            serde_json::to_string(&bbo).unwrap(),
            r#"{"bid":["97437","1.93"],"ask":null}"#
        );
    }

    #[test]
    fn trade_ids_read_back_as_written() {
        for text in ["8821", "0", "007", "18446744073709551616", "a-b"] {
            let json = format!("\"{text}\"");
            let id: TradeId = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&id).unwrap(), json);
        }
    }
}
