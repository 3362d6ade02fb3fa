//! The venue's messages as types.
//!
//! The `*Wire` structs are the JSON as the venue writes it, borrowed from the frame; fields that they do not name are passed
//! over. Prices, sizes and amounts are decimal strings on the wire, also where the documentation's types say `number`.
//! Shapes: Hyperliquid docs, API > Websocket > Subscriptions, and API > Info endpoint.

use hypersentry_model::Symbol;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A channel that the session subscribes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Channel {
    /// Mid prices of all markets.
    AllMids,
    /// The order book, 20 levels a side, about every 5 s.
    Book,
    /// The order book, 5 levels a side, about every 0.5 s.
    BookFast,
    /// Best bid and offer, on change.
    Bbo,
    /// Trades.
    Trades,
    /// Mark, oracle, funding, open interest, about every second.
    Context,
}

impl Channel {
    /// The channels of one market, in the order in which they are subscribed.
    pub const OF_COIN: [Self; 5] = [
        Self::Book,
        Self::BookFast,
        Self::Bbo,
        Self::Trades,
        Self::Context,
    ];

    /// The name in a status: the venue's, with its variant.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllMids => "allMids",
            Self::Book => "l2Book",
            Self::BookFast => "l2Book:fast",
            Self::Bbo => "bbo",
            Self::Trades => "trades",
            Self::Context => "activeAssetCtx",
        }
    }
}

/// What makes a subscription that of the session, whatever defaults the venue adds when it echoes it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Subscription {
    /// Of which market; [`Symbol::ANY`] for all.
    pub coin: Symbol,
    /// What of it.
    pub channel: Channel,
}

impl Subscription {
    /// The subscription as the venue wants it.
    fn json(self) -> serde_json::Value {
        let coin = self.coin.as_str();
        match self.channel {
            Channel::AllMids => serde_json::json!({"type": "allMids"}),
            Channel::Book => serde_json::json!({"type": "l2Book", "coin": coin}),
            Channel::BookFast => serde_json::json!({"type": "l2Book", "coin": coin, "fast": true}),
            Channel::Bbo => serde_json::json!({"type": "bbo", "coin": coin}),
            Channel::Trades => serde_json::json!({"type": "trades", "coin": coin}),
            Channel::Context => serde_json::json!({"type": "activeAssetCtx", "coin": coin}),
        }
    }
}

/// To begin or to end a subscription.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Begin.
    Subscribe,
    /// End.
    Unsubscribe,
}

/// The frame that asks for a ping's answer. Hyperliquid docs, API > Websocket > Timeouts and heartbeats.
pub const PING: &str = r#"{"method":"ping"}"#;

/// The frame that begins or ends a subscription.
pub fn request(method: Method, subscription: Subscription) -> String {
    serde_json::json!({"method": method, "subscription": subscription.json()}).to_string()
}

/// What a message says, apart from its events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// It gave the events that were pushed, all of this feed.
    Events(hypersentry_model::event::Feed),
    /// A subscription began or ended. `None` when it is none of the session's.
    Ack(Method, Option<Subscription>),
    /// The answer to a ping. It has no `data`.
    Pong,
    /// The venue's own error, in its words.
    Error(String),
    /// A greeting that is no JSON.
    Greeting,
    /// The list of perpetuals. Their contexts, where they came along, were pushed.
    Markets(Vec<Listing>),
    /// The list of spot pairs.
    SpotPairs(Vec<Listing>),
    /// The time of the newest block.
    Clock(hypersentry_model::Timestamp),
    /// A message that we know and do not use, by name.
    Skipped(&'static str),
}

/// One entry of the list of markets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listing {
    /// The market.
    pub coin: Symbol,
    /// What is traded: `PEPE` for `kPEPE`.
    pub base: Symbol,
    /// What it is priced in.
    pub quote: Symbol,
    /// Units of `base` that one unit of the market stands for.
    pub multiplier: u32,
    /// A spot pair: its prices have more decimals.
    pub spot: bool,
    /// Decimals of its sizes.
    pub sz_decimals: u32,
    /// It keeps its place in the list and is traded no more.
    pub delisted: bool,
}

/// A JSON string, borrowed when it has no escapes.
#[derive(Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// `{"channel": ..., "data": ...}`.
#[derive(Debug, Deserialize)]
pub(super) struct EnvelopeWire<'a> {
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

/// One price level. `n`, the number of orders, is passed over; its place among the keys is not fixed.
#[derive(Debug, Deserialize)]
pub(super) struct LevelWire<'a> {
    #[serde(borrow)]
    pub(super) px: Text<'a>,
    #[serde(borrow)]
    pub(super) sz: Text<'a>,
}

/// `l2Book`: bids and asks, best first. The REST answer has the same shape.
#[derive(Debug, Deserialize)]
pub(super) struct BookWire<'a> {
    #[serde(borrow)]
    pub(super) coin: Text<'a>,
    pub(super) time: u64,
    #[serde(borrow)]
    pub(super) levels: (Vec<LevelWire<'a>>, Vec<LevelWire<'a>>),
    #[serde(default)]
    pub(super) fast: Option<bool>,
}

/// `bbo`: an empty side is null.
#[derive(Debug, Deserialize)]
pub(super) struct BboWire<'a> {
    #[serde(borrow)]
    pub(super) coin: Text<'a>,
    pub(super) time: u64,
    #[serde(borrow)]
    pub(super) bbo: (Option<LevelWire<'a>>, Option<LevelWire<'a>>),
}

/// One entry of `trades` and of the REST answer to `recentTrades`. `side` is the aggressor's: B bought, A sold.
#[derive(Debug, Deserialize)]
pub(super) struct TradeWire<'a> {
    #[serde(borrow)]
    pub(super) coin: Text<'a>,
    #[serde(borrow)]
    pub(super) side: Text<'a>,
    #[serde(borrow)]
    pub(super) px: Text<'a>,
    #[serde(borrow)]
    pub(super) sz: Text<'a>,
    pub(super) time: u64,
    pub(super) tid: u64,
}

/// `activeAssetCtx` and `activeSpotAssetCtx`.
#[derive(Debug, Deserialize)]
pub(super) struct ActiveContextWire<'a, C> {
    #[serde(borrow)]
    pub(super) coin: Text<'a>,
    pub(super) ctx: C,
}

/// The context of a perpetual. Funding is per hour, open interest in base units.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContextWire<'a> {
    #[serde(borrow)]
    pub(super) mark_px: Text<'a>,
    #[serde(borrow)]
    pub(super) oracle_px: Text<'a>,
    #[serde(borrow, default)]
    pub(super) mid_px: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) open_interest: Text<'a>,
    #[serde(borrow)]
    pub(super) funding: Text<'a>,
    #[serde(borrow)]
    pub(super) prev_day_px: Text<'a>,
    #[serde(borrow)]
    pub(super) day_ntl_vlm: Text<'a>,
}

/// The context of a spot pair.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpotContextWire<'a> {
    #[serde(borrow)]
    pub(super) mark_px: Text<'a>,
    #[serde(borrow, default)]
    pub(super) mid_px: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) prev_day_px: Text<'a>,
    #[serde(borrow)]
    pub(super) day_ntl_vlm: Text<'a>,
}

/// `allMids`.
#[derive(Debug, Deserialize)]
pub(super) struct MidsWire<'a> {
    #[serde(borrow)]
    pub(super) mids: Entries<'a, Text<'a>>,
}

/// `candle` and one entry of the REST answer to `candleSnapshot`.
#[derive(Debug, Deserialize)]
pub(super) struct CandleWire<'a> {
    #[serde(rename = "t")]
    pub(super) open_ms: u64,
    #[serde(rename = "T")]
    pub(super) close_ms: u64,
    #[serde(borrow, rename = "s")]
    pub(super) coin: Text<'a>,
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
    #[serde(default, rename = "n")]
    pub(super) trades: Option<u64>,
}

/// The `data` of `subscriptionResponse`.
#[derive(Debug, Deserialize)]
pub(super) struct AckWire<'a> {
    pub(super) method: Method,
    #[serde(borrow)]
    pub(super) subscription: SubscriptionWire<'a>,
}

/// A subscription as the venue echoes it, with the defaults that it adds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionWire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    coin: Option<Text<'a>>,
    #[serde(borrow, default)]
    dex: Option<Text<'a>>,
    #[serde(default)]
    n_sig_figs: Option<u32>,
    #[serde(default)]
    fast: Option<bool>,
}

impl SubscriptionWire<'_> {
    /// The session's name for it; `None` for subscriptions that the session does not make.
    pub(super) fn identity(&self) -> Option<Subscription> {
        let channel = match (self.kind.0.as_ref(), self.fast) {
            ("allMids", _) if self.dex.as_ref().is_none_or(|dex| dex.0.is_empty()) => {
                return Some(Subscription {
                    coin: Symbol::ANY,
                    channel: Channel::AllMids,
                });
            }
            ("l2Book", _) if self.n_sig_figs.is_some() => return None,
            ("l2Book", Some(true)) => Channel::BookFast,
            ("l2Book", _) => Channel::Book,
            ("bbo", _) => Channel::Bbo,
            ("trades", _) => Channel::Trades,
            ("activeAssetCtx", _) => Channel::Context,
            _ => return None,
        };
        let coin = Symbol::new(&self.coin.as_ref()?.0).ok()?;
        Some(Subscription { coin, channel })
    }
}

/// The list of markets of the first perpetual exchange.
#[derive(Debug, Deserialize)]
pub(super) struct MetaWire<'a> {
    #[serde(borrow)]
    pub(super) universe: Vec<AssetWire<'a>>,
}

/// One entry of the list of markets; its index is the asset's id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssetWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) sz_decimals: u32,
    #[serde(default)]
    pub(super) is_delisted: Option<bool>,
}

/// The list of spot pairs. Pairs name their tokens by index.
#[derive(Debug, Deserialize)]
pub(super) struct SpotMetaWire<'a> {
    #[serde(borrow)]
    pub(super) tokens: Vec<TokenWire<'a>>,
    #[serde(borrow)]
    pub(super) universe: Vec<PairWire<'a>>,
}

/// A token of spot pairs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) sz_decimals: u32,
    pub(super) index: u64,
}

/// A spot pair: `PURR/USDC`, and `@` with a number for all others.
#[derive(Debug, Deserialize)]
pub(super) struct PairWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) tokens: (u64, u64),
}

/// `exchangeStatus`.
#[derive(Debug, Deserialize)]
pub(super) struct StatusWire {
    pub(super) time: u64,
}

/// A JSON object's entries, in the order in which they were written.
#[derive(Debug)]
pub(super) struct Entries<'a, V>(pub(super) Vec<(Text<'a>, V)>);

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Entries<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<'a, V>(PhantomData<(&'a (), V)>);
        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for Object<'a, V> {
            type Value = Entries<'a, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}
