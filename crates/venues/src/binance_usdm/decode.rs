//! Frames and bodies to events. Pure functions.
//!
//! The frequent messages are read in one pass by `fast`; what deviates from their exact spelling is decided by the
//! general reader here (WebSocket) and in `bodies` (REST), which ask only for the fields that they use.
//!
//! | code | when |
//! |---|---|
//! | `not_utf8` | the bytes are no UTF-8 |
//! | `malformed_json` | they are no JSON |
//! | `malformed_message` | a known message lacks a field, or has one of the wrong type |
//! | `decimal_*` | a price or size is not a plain decimal, see `hypersentry_model::DecimalError` |
//! | `symbol_required` | the payload names no market and the caller gave none |
//! | `unknown_message` | none of the venue's messages that we know |

use super::wire::{
    AggTradeWire, BookTickerWire, Channel, Contract, DepthWire, ErrorWire, ForceOrderWire,
    KlineWire, MarkPriceWire, Message, TradeWire,
};
use super::{bodies, events, fast};
use crate::decode::{DecodeError, Outcome};
use crate::json::{Object, Text, parse, short, unknown, utf8};
use crate::rooms::Rooms;
use hypersentry_model::event::BookSnapshot;
use hypersentry_model::{MarketEvent, Symbol, Timestamp};
use std::collections::BTreeMap;

/// Decodes one frame or REST body. Nothing is pushed on an error.
///
/// # Errors
/// See the table of this module.
pub fn decode_any(
    frame: &[u8],
    symbol: Option<Symbol>,
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    if let Some((_, event)) = fast::event(frame, rooms) {
        out.push(event);
        return Ok(Outcome::Events);
    }
    let text = utf8(frame)?;
    let message = if text.trim_start().starts_with('[') {
        None
    } else {
        read_message(text)?
    };
    Ok(match message {
        Some(Message::Event(_, event)) => {
            out.push(event);
            Outcome::Events
        }
        Some(Message::Events(_, mut events)) => {
            out.append(&mut events);
            Outcome::Events
        }
        Some(Message::Ack { .. }) => Outcome::Control("ack"),
        Some(Message::Subscriptions { .. }) => Outcome::Control("subscriptions"),
        Some(Message::Rejected { .. }) => Outcome::Control("error"),
        Some(Message::Skipped(name)) => Outcome::Skipped(name),
        None => return bodies::read(text, symbol, out),
    })
}

/// Decodes a WebSocket frame.
///
/// # Errors
/// See the table of this module.
pub fn message(frame: &[u8]) -> Result<Message, DecodeError> {
    message_into(frame, &mut Rooms::new())
}

/// As [`message`], with room for the levels of a book.
///
/// # Errors
/// See the table of this module.
pub fn message_into(frame: &[u8], rooms: &mut Rooms) -> Result<Message, DecodeError> {
    if let Some((channel, event)) = fast::event(frame, rooms) {
        return Ok(Message::Event(channel, event));
    }
    general_message(frame)
}

/// As [`message`], by the general reader alone.
///
/// # Errors
/// See the table of this module.
#[doc(hidden)]
pub fn general_message(frame: &[u8]) -> Result<Message, DecodeError> {
    let text = utf8(frame)?;
    read_message(text)?.ok_or_else(|| unknown("no message of a stream"))
}

/// Decodes the body of `GET /fapi/v1/depth`: the book and its time. `depth` is the longer side's length: the body does not tell the limit.
///
/// # Errors
/// See the table of this module.
pub fn snapshot(body: &[u8]) -> Result<(BookSnapshot, Option<Timestamp>), DecodeError> {
    match fast::snapshot(body) {
        Some(book) => Ok(book),
        None => events::snapshot(&parse(utf8(body)?)?),
    }
}

/// Decodes the body of `GET /fapi/v1/exchangeInfo`: the perpetuals. Markets whose names are no [`Symbol`] are left out.
///
/// # Errors
/// See the table of this module.
pub fn contracts(body: &[u8]) -> Result<Vec<Contract>, DecodeError> {
    bodies::contracts(utf8(body)?)
}

/// Decodes the body of `GET /fapi/v1/fundingInfo`: hours between fundings, of the markets that the venue names.
///
/// # Errors
/// See the table of this module.
pub fn funding_intervals(body: &[u8]) -> Result<BTreeMap<Symbol, u32>, DecodeError> {
    bodies::funding_intervals(utf8(body)?)
}

/// `serverTime` of `GET /fapi/v1/time` and of the exchange information.
pub fn server_time(body: &[u8]) -> Option<Timestamp> {
    bodies::server_time(utf8(body).ok()?)
}

/// Decodes the venue's error from a REST body: its code and words.
pub fn venue_error(body: &[u8]) -> Option<(i64, String)> {
    let wire: ErrorWire<'_> = parse(utf8(body).ok()?).ok()?;
    Some((wire.code, short(wire.msg.as_str())))
}

/// Feeds arbitrary bytes to every decoder of this venue.
#[doc(hidden)]
pub fn fuzz_entry(data: &[u8]) {
    let mut events = Vec::new();
    let _ = decode_any(data, None, &mut Rooms::new(), &mut events);
    let _ = decode_any(data, Some(Symbol::ANY), &mut Rooms::new(), &mut events);
    let _ = message(data);
    let _ = snapshot(data);
    let _ = contracts(data);
    let _ = funding_intervals(data);
    let _ = server_time(data);
    let _ = venue_error(data);
}

/// A WebSocket message, or `None` if the object is none of them.
fn read_message(text: &str) -> Result<Option<Message>, DecodeError> {
    if !text.trim_start().starts_with('{') {
        // Says whether it is JSON at all.
        parse::<serde::de::IgnoredAny>(text)?;
        return Err(unknown("no object"));
    }
    let object: Object<'_> = parse(text)?;
    match (object.get("stream"), object.get("data")) {
        (Some(stream), Some(data)) => {
            let stream: Text<'_> = parse(stream)?;
            read_streamed(stream.as_str(), data).map(Some)
        }
        _ => read_bare(&object, text),
    }
}

/// The content of the combined wrapper.
fn read_streamed(stream: &str, data: &str) -> Result<Message, DecodeError> {
    if !data.starts_with('[') {
        let object: Object<'_> = parse(data)?;
        return read_bare(&object, data)?
            .ok_or_else(|| unknown(format!("stream {} of {}", short(stream), object.keys())));
    }
    // Streams over all markets carry arrays of what single ones carry.
    let items: Vec<&serde_json::value::RawValue> = parse(data)?;
    let mut all: Option<(Channel, Vec<MarketEvent>)> = None;
    for item in items {
        let object: Object<'_> = parse(item.get())?;
        let (channel, mut events) = match read_bare(&object, item.get())? {
            Some(Message::Event(channel, event)) => (channel, vec![event]),
            Some(Message::Events(channel, events)) => (channel, events),
            Some(Message::Skipped(name)) => return Ok(Message::Skipped(name)),
            _ => return Err(unknown("an array of no events")),
        };
        match &mut all {
            None => all = Some((channel, events)),
            Some((first, all)) if *first == channel => all.append(&mut events),
            Some(_) => return Err(unknown("an array of several kinds")),
        }
    }
    match all {
        Some((channel, events)) => Ok(Message::Events(channel, events)),
        None => Err(unknown("an array without events")),
    }
}

fn read_bare(object: &Object<'_>, text: &str) -> Result<Option<Message>, DecodeError> {
    if let Some(name) = object.get("e") {
        let name: Text<'_> = parse(name)?;
        return read_event(name.as_str(), text).map(Some);
    }
    let id = object.get("id").and_then(|id| id.parse().ok());
    if let Some(result) = object.get("result") {
        return Ok(Some(if result.starts_with('[') {
            let streams: Vec<String> = parse(result)?;
            Message::Subscriptions { id, streams }
        } else {
            Message::Ack { id }
        }));
    }
    let error = match object.get("error") {
        Some(error) => error,
        None if object.has(&["code", "msg"]) => text,
        None => return Ok(None),
    };
    let error: ErrorWire<'_> = parse(error)?;
    Ok(Some(Message::Rejected {
        id,
        code: error.code,
        reason: short(error.msg.as_str()),
    }))
}

fn read_event(name: &str, text: &str) -> Result<Message, DecodeError> {
    let (channel, event) = match name {
        "depthUpdate" => (
            Channel::Depth,
            events::depth(&parse::<DepthWire<'_>>(text)?)?,
        ),
        "aggTrade" => {
            let wire: AggTradeWire<'_> = parse(text)?;
            (Channel::AggTrade, events::agg_trade(&wire, None)?)
        }
        "trade" => {
            let wire: TradeWire<'_> = parse(text)?;
            if !events::is_market(wire.kind.as_ref()) {
                return Ok(Message::Skipped("trade_off_market".to_owned()));
            }
            (Channel::Trade, events::trade(&wire)?)
        }
        "bookTicker" => {
            let wire: BookTickerWire<'_> = parse(text)?;
            (Channel::BookTicker, events::book_ticker(&wire)?)
        }
        "markPriceUpdate" => {
            let wire: MarkPriceWire<'_> = parse(text)?;
            let mut events = Vec::with_capacity(2);
            events::mark_price(&wire, &mut events)?;
            return Ok(Message::Events(Channel::MarkPrice, events));
        }
        "forceOrder" => {
            let wire: ForceOrderWire<'_> = parse(text)?;
            return Ok(match events::force_order(&wire)? {
                Some(event) => Message::Event(Channel::ForceOrder, event),
                None => Message::Events(Channel::ForceOrder, Vec::new()),
            });
        }
        "kline" => (
            Channel::Kline,
            events::kline(&parse::<KlineWire<'_>>(text)?)?,
        ),
        _ => return unused(name),
    };
    Ok(Message::Event(channel, event))
}

/// An event that we know and do not use.
fn unused(name: &str) -> Result<Message, DecodeError> {
    match name {
        "24hrTicker"
        | "24hrMiniTicker"
        | "continuous_kline"
        | "indexPriceUpdate"
        | "indexPrice_kline"
        | "markPrice_kline"
        | "compositeIndex"
        | "assetIndexUpdate"
        | "contractInfo"
        | "tradingSession"
        | "ACCOUNT_UPDATE"
        | "ACCOUNT_CONFIG_UPDATE"
        | "ORDER_TRADE_UPDATE"
        | "ALGO_UPDATE"
        | "TRADE_LITE"
        | "MARGIN_CALL"
        | "STRATEGY_UPDATE"
        | "GRID_UPDATE"
        | "CONDITIONAL_ORDER_TRIGGER_REJECT"
        | "listenKeyExpired" => Ok(Message::Skipped(name.to_owned())),
        _ => Err(unknown(format!("event {}", short(name)))),
    }
}
