//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. [`Message`] is what a WebSocket frame says, [`Listing`] what the exchange information says of one market.

use crate::decode::DecodeError;
use hypersentry_model::event::{BookDelta, Candle};
use hypersentry_model::{Level, MarketEvent, Price, Size, Symbol};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The stream that an event came by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// `<symbol>@depth`, `<symbol>@depth@100ms`: changes.
    Depth,
    /// `<symbol>@depth5`, `10`, `20`: the first levels, whole.
    PartialDepth,
    /// `<symbol>@trade`: one fill each.
    Trade,
    /// `<symbol>@aggTrade`: the fills of one taker order at one price.
    AggTrade,
    /// `<symbol>@bookTicker`.
    BookTicker,
    /// `<symbol>@kline_<interval>`.
    Kline,
}

/// What a WebSocket frame says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events, and none is kept: a box would only cost"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// A market event.
    Event(Channel, MarketEvent),
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
    /// The server is about to close all connections.
    ServerShutdown,
    /// A message that we know and do not use, by name.
    Skipped(String),
}

/// One market of the exchange information.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listing {
    /// The venue's spelling.
    pub symbol: Symbol,
    /// `baseAsset`: what is traded.
    pub base: Option<Symbol>,
    /// `quoteAsset`: what it is priced in.
    pub quote: Option<Symbol>,
    /// Its status is `TRADING`.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

/// A JSON string, borrowed unless it has escapes.
#[derive(Debug)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn symbol(&self) -> Result<Symbol, DecodeError> {
        Symbol::new(&self.0).map_err(|e| DecodeError::new("malformed_message", e.to_string()))
    }

    pub(super) fn price(&self) -> Result<Price, DecodeError> {
        Ok(Price::parse(&self.0)?)
    }

    pub(super) fn size(&self) -> Result<Size, DecodeError> {
        Ok(Size::parse(&self.0)?)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Visitor).map(Text)
    }
}

/// `["px","sz"]`. Until 2018 an empty array followed; whatever follows is passed over.
#[derive(Debug)]
pub(super) struct LevelWire<'a> {
    px: Text<'a>,
    sz: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for LevelWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = LevelWire<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price and a size")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let short = |n| de::Error::invalid_length(n, &"a price and a size");
                let px = seq.next_element()?.ok_or_else(|| short(0))?;
                let sz = seq.next_element()?.ok_or_else(|| short(1))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(LevelWire { px, sz })
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

/// Appends the levels as numbers.
pub(super) fn read_levels(
    levels: &[LevelWire<'_>],
    out: &mut Vec<Level>,
) -> Result<(), DecodeError> {
    out.reserve(levels.len());
    for level in levels {
        out.push(Level {
            px: level.px.price()?,
            sz: level.sz.size()?,
        });
    }
    Ok(())
}

/// An object whose values are still text, to tell what it is. Keys keep their order.
#[derive(Debug)]
pub(super) struct Object<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(name, _)| name.as_str() == key);
        found.map(|(_, value)| value.get())
    }

    pub(super) fn has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.get(key).is_some())
    }

    /// The first keys, to name an object that we do not know.
    pub(super) fn keys(&self) -> String {
        let keys: Vec<String> = self
            .0
            .iter()
            .take(6)
            .map(|(key, _)| key.as_str().chars().take(24).collect())
            .collect();
        keys.join(", ")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
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
    #[serde(borrow, rename = "b")]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow, rename = "a")]
    pub(super) asks: Vec<LevelWire<'a>>,
}

/// A depth update's first sequence number may not lie past its last.
pub(super) fn in_order(delta: &BookDelta) -> bool {
    delta.first_seq <= delta.last_seq
}

/// The body of `GET /api/v3/depth`, and `<symbol>@depth<levels>`.
#[derive(Debug, Deserialize)]
pub(super) struct SnapshotWire<'a> {
    #[serde(rename = "lastUpdateId")]
    pub(super) last_seq: u64,
    #[serde(borrow)]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    pub(super) asks: Vec<LevelWire<'a>>,
}

/// `<symbol>@trade`. Fields of our own choosing differ from [`AggTradeWire`] in the id alone, but older trades had an `a` too.
#[derive(Debug, Deserialize)]
pub(super) struct TradeWire<'a> {
    #[serde(rename = "t")]
    pub(super) id: u64,
    #[serde(borrow, flatten)]
    pub(super) fill: FillWire<'a>,
}

/// `<symbol>@aggTrade`.
#[derive(Debug, Deserialize)]
pub(super) struct AggTradeWire<'a> {
    #[serde(rename = "a")]
    pub(super) id: u64,
    #[serde(borrow, flatten)]
    pub(super) fill: FillWire<'a>,
}

/// What trades of both kinds say.
#[derive(Debug, Deserialize)]
pub(super) struct FillWire<'a> {
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

/// `<symbol>@bookTicker`: neither a name nor a time.
#[derive(Debug, Deserialize)]
pub(super) struct BookTickerWire<'a> {
    #[serde(rename = "u")]
    pub(super) book_seq: u64,
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
    t: i64,
    #[serde(rename = "T")]
    close_ms: i64,
    #[serde(borrow, rename = "i")]
    interval: Text<'a>,
    #[serde(borrow)]
    o: Text<'a>,
    #[serde(borrow)]
    h: Text<'a>,
    #[serde(borrow)]
    l: Text<'a>,
    #[serde(borrow)]
    c: Text<'a>,
    #[serde(borrow)]
    v: Text<'a>,
    n: u64,
    x: bool,
}

impl CandleWire<'_> {
    pub(super) fn read(&self) -> Result<Candle, DecodeError> {
        Ok(Candle {
            interval: self.interval.as_str().to_owned(),
            open_ms: self.t,
            close_ms: self.close_ms,
            o: self.o.price()?,
            h: self.h.price()?,
            l: self.l.price()?,
            c: self.c.price()?,
            volume_base: self.v.size()?,
            trades: Some(self.n),
            closed: self.x,
        })
    }
}

/// The venue's own error: alone as a REST body, under `error` as the answer to a command.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorWire<'a> {
    pub(super) code: i64,
    #[serde(borrow)]
    pub(super) msg: Text<'a>,
}
