//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. Numbers are decimal strings on the wire, times too; sequence numbers are bare. Shapes: `docs-v5`, Order Book Trading >
//! Market Data and Public Data.

use super::contracts::Contract;
use crate::decode::DecodeError;
use hypersentry_model::event::Feed;
use hypersentry_model::{Price, Rate, Size, Symbol, Timestamp, Usd};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// What a message says, apart from its events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// It gave the events that were pushed, all of this feed.
    Events(Feed),
    /// It gave the trades that were pushed; for each the number of fills that it adds up. Its id is that of the last of them.
    Trades(Vec<u64>),
    /// A subscription began (`true`) or ended.
    Ack(bool, Topic),
    /// The venue's own error.
    Error {
        /// Its code.
        code: String,
        /// In the venue's words.
        words: String,
        /// The subscription that it is about, where it says so.
        topic: Option<Topic>,
    },
    /// The venue is about to end the connection, or has other news.
    Notice(String),
    /// The answer to a ping. It is no JSON.
    Pong,
    /// A list of markets. A stream of changes has some of them, an answer all of the kind that was asked for.
    Instruments(Vec<Listing>),
    /// The venue's clock.
    Time(Timestamp),
    /// Metadata that gives nothing, by name.
    Control(&'static str),
    /// A message that we know and do not use, by name.
    Skipped(String),
}

/// What a subscription names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Topic {
    /// The venue's name of the channel.
    pub channel: String,
    /// The market, unless the channel is of a kind of markets.
    pub symbol: Option<Symbol>,
}

/// One entry of a list of markets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listing {
    /// The venue's spelling: `BTC-USDT-SWAP`.
    pub symbol: Symbol,
    /// What it is.
    pub kind: Kind,
    /// The index that it follows: `BTC-USDT`. Spot markets are named so themselves.
    pub index: Symbol,
    /// What is traded.
    pub base: Symbol,
    /// What it is priced in.
    pub quote: Symbol,
    /// How its sizes are counted; `None` where the list does not say so in a way that we understand.
    pub contract: Option<Contract>,
    /// Its state is `live`.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot in base units; of inverse contracts in contracts.
    pub sz_decimals: u32,
}

/// The kinds of market.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Spot.
    Spot,
    /// A perpetual swap.
    Swap,
    /// Margin, futures, options.
    Other,
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

    pub(super) fn rate(&self) -> Result<Rate, DecodeError> {
        Ok(Rate::parse(&self.0)?)
    }

    pub(super) fn usd(&self) -> Result<Usd, DecodeError> {
        Ok(Usd::parse(&self.0)?)
    }

    /// A whole number.
    pub(super) fn number(&self) -> Result<u64, DecodeError> {
        let digits = self.0.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| self.0.parse().ok()).flatten();
        number.ok_or_else(|| DecodeError::new("malformed_message", "not a whole number"))
    }

    /// A time in milliseconds since 1970.
    pub(super) fn time(&self) -> Result<Timestamp, DecodeError> {
        venue_time(self.number()?)
            .ok_or_else(|| DecodeError::new("malformed_message", "the time is out of range"))
    }
}

/// The venue's time in milliseconds, unless nanoseconds cannot hold it.
pub(super) fn venue_time(ms: u64) -> Option<Timestamp> {
    let ns = i64::try_from(ms).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp::from_ns(ns))
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

/// A WebSocket message or a REST answer.
#[derive(Debug, Deserialize)]
pub(super) struct EnvelopeWire<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arg: Option<ArgWire<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) msg: Option<Text<'a>>,
}

/// What a subscription names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArgWire<'a> {
    #[serde(borrow)]
    pub(super) channel: Text<'a>,
    #[serde(borrow)]
    pub(super) inst_id: Option<Text<'a>>,
}

impl ArgWire<'_> {
    pub(super) fn topic(&self) -> Result<Topic, DecodeError> {
        Ok(Topic {
            channel: self.channel.as_str().to_owned(),
            symbol: self.inst_id.as_ref().map(Text::symbol).transpose()?,
        })
    }
}

/// `["px","sz","0","orders"]`; whatever follows the size is passed over.
#[derive(Debug)]
pub(super) struct LevelWire<'a> {
    pub(super) px: Text<'a>,
    pub(super) sz: Text<'a>,
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

/// An entry of `books`, `books5`, `bbo-tbt` and the answer to `GET /api/v5/market/books`. Recordings of 2022 have no sequence
/// numbers. `checksum` is passed over: it is 0 on every frame today (tickvault 0.1.1, measured).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BookWire<'a> {
    #[serde(borrow)]
    pub(super) asks: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    pub(super) bids: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    pub(super) ts: Text<'a>,
    #[serde(default)]
    pub(super) seq_id: Option<i64>,
    #[serde(default)]
    pub(super) prev_seq_id: Option<i64>,
}

/// An entry of `trades`, `trades-all` and the answers about trades. `side` is the taker's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TradeWire<'a> {
    #[serde(borrow)]
    pub(super) inst_id: Text<'a>,
    #[serde(borrow)]
    pub(super) trade_id: Text<'a>,
    #[serde(borrow)]
    pub(super) px: Text<'a>,
    #[serde(borrow)]
    pub(super) sz: Text<'a>,
    #[serde(borrow)]
    pub(super) side: Text<'a>,
    #[serde(borrow)]
    pub(super) ts: Text<'a>,
    #[serde(borrow)]
    pub(super) count: Option<Text<'a>>,
}

/// The slow figures: each channel has some of these fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FigureWire<'a> {
    #[serde(borrow)]
    pub(super) inst_id: Text<'a>,
    #[serde(borrow)]
    pub(super) ts: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mark_px: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) idx_px: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) oi_ccy: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) oi_usd: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) funding_rate: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) funding_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) next_funding_time: Option<Text<'a>>,
    #[serde(borrow, rename = "open24h")]
    pub(super) open_24h: Option<Text<'a>>,
    #[serde(borrow, rename = "volCcy24h")]
    pub(super) volume_24h: Option<Text<'a>>,
}

/// An entry of `liquidation-orders`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiquidationsWire<'a> {
    #[serde(borrow)]
    pub(super) inst_id: Text<'a>,
    #[serde(borrow)]
    pub(super) details: Vec<LiquidationWire<'a>>,
}

/// One forced order. `side` is the order's; `pos_side` may be `net`, which says nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiquidationWire<'a> {
    #[serde(borrow)]
    pub(super) side: Text<'a>,
    #[serde(borrow)]
    pub(super) pos_side: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) bk_px: Text<'a>,
    #[serde(borrow)]
    pub(super) sz: Text<'a>,
    #[serde(borrow)]
    pub(super) ts: Text<'a>,
}

/// An entry of the list of markets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstrumentWire<'a> {
    #[serde(borrow)]
    pub(super) inst_type: Text<'a>,
    #[serde(borrow)]
    pub(super) inst_id: Text<'a>,
    #[serde(borrow)]
    pub(super) uly: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ct_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ct_val: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ct_mult: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tick_sz: Text<'a>,
    #[serde(borrow)]
    pub(super) lot_sz: Text<'a>,
    #[serde(borrow)]
    pub(super) state: Text<'a>,
}

/// An object whose values are still text, to tell what it is. Keys keep their order.
#[derive(Debug)]
pub(super) struct Object<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl Object<'_> {
    pub(super) fn has(&self, keys: &[&str]) -> bool {
        keys.iter()
            .all(|key| self.0.iter().any(|(name, _)| name.as_str() == *key))
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
