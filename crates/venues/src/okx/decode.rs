//! Frames and bodies to events. Functions of the bytes and of the contracts that are known.
//!
//! The frequent messages are read in one pass by `fast`; what deviates from their exact spelling is decided by the general reader
//! here (WebSocket) and in `bodies` (REST).
//!
//! | code | when |
//! |---|---|
//! | `not_utf8` | the bytes are no UTF-8 |
//! | `malformed_json` | they are no JSON |
//! | `malformed_message` | a known message lacks a field, or has one of the wrong form |
//! | `decimal_*` | a price or size is not a plain decimal, or cannot be held in base units |
//! | `contract_unknown` | sizes are counts of contracts and the contract's value is not known |
//! | `symbol_required` | the payload names no market and the caller gave none |
//! | `interval_unknown` | a single candle, which does not say how long it is |
//! | `unknown_message` | none of the venue's messages that we know |

use super::contracts::{Contract, Contracts};
use super::wire::{
    ArgWire, BookWire, EnvelopeWire, FigureWire, LiquidationsWire, Listing, Message, Text, Topic,
    TradeWire,
};
use super::{bodies, events, fast, limits};
use crate::decode::{DecodeError, Outcome};
use crate::rooms::Rooms;
use hypersentry_model::event::Feed;
use hypersentry_model::{MarketEvent, Symbol};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// Channels that we know and do not use.
const UNUSED: [&str; 32] = [
    "account",
    "account-greeks",
    "adl-warning",
    "algo-advance",
    "balance_and_position",
    "block-tickers",
    "books-elp",
    "call-auction-details",
    "copytrading-notification",
    "deposit-info",
    "economic-calendar",
    "estimated-price",
    "fills",
    "grid-orders-contract",
    "grid-orders-spot",
    "grid-positions",
    "grid-sub-orders",
    "liquidation-warning",
    "opt-summary",
    "option-trades",
    "orders",
    "orders-algo",
    "positions",
    "price-limit",
    "public-block-trades",
    "public-struc-block-trades",
    "quotes",
    "rfqs",
    "status",
    "struc-block-trades",
    "twap-orders",
    "withdrawal-info",
];

/// The beginnings of further ones.
const UNUSED_FAMILIES: [&str; 4] = ["sprd-", "mark-price-candle", "index-candle", "grid-"];

/// Decodes one frame or REST body and learns the contracts that it tells. Nothing is pushed on an error.
///
/// # Errors
/// See the table of this module.
pub fn decode_any(
    frame: &[u8],
    symbol: Option<Symbol>,
    contracts: &mut Contracts,
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let read = Reader {
        contracts,
        only: None,
        symbol,
    };
    Ok(match read.message(frame, rooms, out)? {
        Message::Events(_) | Message::Trades(_) => Outcome::Events,
        Message::Ack(..) => Outcome::Control("ack"),
        Message::Error { .. } => Outcome::Control("error"),
        Message::Notice(_) => Outcome::Control("notice"),
        Message::Pong => Outcome::Control("pong"),
        Message::Time(_) => Outcome::Control("time"),
        Message::Instruments(listings) => {
            learn(contracts, &listings);
            Outcome::Control("instruments")
        }
        Message::Control(name) => Outcome::Control(name),
        Message::Skipped(name) => Outcome::Skipped(name),
    })
}

/// Takes the contracts out of a list of markets.
pub fn learn(contracts: &mut Contracts, listings: &[Listing]) {
    for listing in listings {
        if let Some(contract) = listing.contract {
            contracts.learn(listing.symbol, contract);
        }
    }
}

/// What decoding needs to know beside the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'c> {
    /// The contracts that are known.
    pub contracts: &'c Contracts,
    /// Where a message is about many markets: those of interest; the others are passed over, whatever they say.
    pub only: Option<&'c BTreeSet<Symbol>>,
    /// Stands in where the payload names no market.
    pub symbol: Option<Symbol>,
}

impl Reader<'_> {
    /// Reads one message and pushes its events. On an error nothing is pushed.
    ///
    /// # Errors
    /// See the table of this module.
    pub fn message(
        &self,
        frame: &[u8],
        rooms: &mut Rooms,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Message, DecodeError> {
        let before = out.len();
        if let Some(message) = fast::message(frame, self.contracts, rooms, out) {
            return Ok(message);
        }
        out.truncate(before);
        self.general(frame, out)
    }

    /// As [`Self::message`], by the general reader alone.
    ///
    /// # Errors
    /// See the table of this module.
    #[doc(hidden)]
    pub fn general(
        &self,
        frame: &[u8],
        out: &mut Vec<MarketEvent>,
    ) -> Result<Message, DecodeError> {
        let before = out.len();
        let result = self.read(frame, out);
        if result.is_err() {
            out.truncate(before);
        }
        result
    }

    fn read(&self, frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
        let text = std::str::from_utf8(frame)
            .map_err(|e| DecodeError::new("not_utf8", e.to_string()))?
            .trim_ascii();
        if text == "pong" {
            return Ok(Message::Pong);
        }
        if !text.starts_with('{') {
            parse::<IgnoredAny>(text)?;
            return Err(unknown("no object"));
        }
        let envelope: EnvelopeWire<'_> = parse(text)?;
        match (&envelope.event, &envelope.arg, envelope.data) {
            (Some(event), _, _) => control(event.as_str(), &envelope),
            (None, Some(arg), Some(data)) => {
                let action = envelope.action.as_ref().map(Text::as_str);
                self.channel(arg, action, data.get(), out)
            }
            (None, Some(arg), None) => Err(malformed(format!(
                "{}: no data",
                short(arg.channel.as_str())
            ))),
            (None, None, data) => bodies::read(self, &envelope, data.map(RawValue::get), out),
        }
    }

    fn channel(
        &self,
        arg: &ArgWire<'_>,
        action: Option<&str>,
        data: &str,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Message, DecodeError> {
        let name = arg.channel.as_str();
        if let Some(depth) = limits::book_depth(name) {
            let (symbol, contract) = self.market(arg)?;
            for wire in parse::<Vec<BookWire<'_>>>(data)? {
                out.push(match action {
                    Some("update") => events::delta(&wire, symbol, contract)?,
                    Some("snapshot") | None => events::snapshot(&wire, symbol, contract, depth)?,
                    Some(other) => return Err(malformed(format!("action {:?}", short(other)))),
                });
            }
            return Ok(Message::Events(Feed::Book));
        }
        Ok(match name {
            "bbo-tbt" => {
                let (symbol, contract) = self.market(arg)?;
                for wire in parse::<Vec<BookWire<'_>>>(data)? {
                    out.push(events::bbo(&wire, symbol, contract)?);
                }
                Message::Events(Feed::Bbo)
            }
            "trades" | "trades-all" => Message::Trades(self.trades(data, out)?),
            "tickers" => figures(data, events::ticker, Feed::Context, out)?,
            "mark-price" | "index-tickers" => figures(data, events::context, Feed::Context, out)?,
            "open-interest" => figures(data, events::open_interest, Feed::OpenInterest, out)?,
            "funding-rate" => figures(data, events::funding, Feed::Funding, out)?,
            "liquidation-orders" => self.liquidations(data, out)?,
            "instruments" => Message::Instruments(events::listings(data)?),
            _ if name.starts_with("candle") => {
                let (symbol, _) = (required(arg)?, ());
                bodies::streamed_candles(&name["candle".len()..], symbol, data, out)?
            }
            _ if UNUSED.contains(&name)
                || UNUSED_FAMILIES
                    .iter()
                    .any(|family| name.starts_with(family)) =>
            {
                Message::Skipped(name.to_owned())
            }
            _ => return Err(unknown(format!("channel {}", short(name)))),
        })
    }

    fn market(&self, arg: &ArgWire<'_>) -> Result<(Symbol, Contract), DecodeError> {
        let symbol = required(arg)?;
        Ok((symbol, self.contracts.of(symbol)?))
    }

    pub(super) fn trades(
        &self,
        data: &str,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Vec<u64>, DecodeError> {
        let mut counts = Vec::new();
        for wire in parse::<Vec<TradeWire<'_>>>(data)? {
            let (event, count) = events::trade(&wire, self.contracts)?;
            out.push(event);
            counts.push(count);
        }
        Ok(counts)
    }

    pub(super) fn liquidations(
        &self,
        data: &str,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Message, DecodeError> {
        for wire in parse::<Vec<LiquidationsWire<'_>>>(data)? {
            let symbol = wire.inst_id.symbol()?;
            if self.only.is_none_or(|only| only.contains(&symbol)) {
                events::liquidations(&wire, self.contracts.of(symbol)?, out)?;
            }
        }
        Ok(Message::Events(Feed::Liquidations))
    }
}

fn required(arg: &ArgWire<'_>) -> Result<Symbol, DecodeError> {
    match &arg.inst_id {
        Some(name) => name.symbol(),
        None => Err(malformed("no instId")),
    }
}

/// One event for each entry.
pub(super) fn figures(
    data: &str,
    read: fn(&FigureWire<'_>) -> Result<MarketEvent, DecodeError>,
    feed: Feed,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    for wire in parse::<Vec<FigureWire<'_>>>(data)? {
        out.push(read(&wire)?);
    }
    Ok(Message::Events(feed))
}

/// Messages about the connection: `docs-v5`, Overview > WebSocket > Subscribe and Notification.
fn control(event: &str, envelope: &EnvelopeWire<'_>) -> Result<Message, DecodeError> {
    let topic = || -> Result<Option<Topic>, DecodeError> {
        envelope.arg.as_ref().map(ArgWire::topic).transpose()
    };
    let text = |text: &Option<Text<'_>>| text.as_ref().map_or(String::new(), |t| short(t.as_str()));
    Ok(match event {
        "subscribe" | "unsubscribe" => {
            let topic = topic()?.ok_or_else(|| malformed("an acknowledgement of nothing"))?;
            Message::Ack(event == "subscribe", topic)
        }
        "error" => Message::Error {
            code: text(&envelope.code),
            words: text(&envelope.msg),
            topic: topic()?,
        },
        "notice" => Message::Notice(text(&envelope.msg)),
        "channel-conn-count" => Message::Control("channel_conn_count"),
        "channel-conn-count-error" => Message::Control("channel_conn_count_error"),
        "login" => Message::Control("login"),
        _ => return Err(unknown(format!("event {}", short(event)))),
    })
}

/// The markets that an error's words quote: the venue names what it does not know in its words alone.
pub fn quoted_topic(words: &str) -> Option<Topic> {
    let value = |key: &str| {
        let rest = words.get(words.find(key)? + key.len()..)?;
        let rest = rest.trim_start_matches([':', '"', '\'', ' ', '=']);
        let end = rest.find([',', '"', '\'', ' ', '}'])?;
        (end > 0).then(|| &rest[..end])
    };
    Some(Topic {
        channel: value("channel")?.to_owned(),
        symbol: Some(Symbol::new(value("instId")?).ok()?),
    })
}

/// Feeds arbitrary bytes to the decoder and checks that both ways agree. For fuzzing.
///
/// # Panics
/// When the decoder breaks its promises.
#[doc(hidden)]
pub fn fuzz_entry(data: &[u8], contracts: &Contracts) {
    for symbol in [None, Some(Symbol::ANY)] {
        let read = Reader {
            contracts,
            only: None,
            symbol,
        };
        let (mut events, mut general) = (Vec::new(), Vec::new());
        let result = read.message(data, &mut Rooms::new(), &mut events);
        assert!(
            result.is_ok() || events.is_empty(),
            "an error pushed events"
        );
        assert_eq!(read.general(data, &mut general), result, "both ways agree");
        assert_eq!(general, events, "both ways give the same events");
    }
}

pub(super) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|e| {
        let code = match e.classify() {
            serde_json::error::Category::Data => "malformed_message",
            _ => "malformed_json",
        };
        DecodeError::new(code, short(&e.to_string()))
    })
}

pub(super) fn malformed(detail: impl Into<String>) -> DecodeError {
    DecodeError::new("malformed_message", detail)
}

pub(super) fn unknown(detail: impl Into<String>) -> DecodeError {
    DecodeError::new("unknown_message", detail)
}

/// Foreign words go into logs and status: not at any length.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
