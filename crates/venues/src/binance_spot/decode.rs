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
    AggTradeWire, BookTickerWire, Channel, DepthWire, ErrorWire, FillWire, KlineWire, Listing,
    Message, Object, SnapshotWire, Text, TradeWire, in_order, read_levels,
};
use super::{bodies, fast};
use crate::decode::{DecodeError, Outcome};
use crate::rooms::Rooms;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot};
use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Timestamp, Trade, TradeId};
use serde::Deserialize;

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
    match message {
        Some(Message::Event(_, event)) => {
            out.push(event);
            Ok(Outcome::Events)
        }
        Some(Message::Ack { .. }) => Ok(Outcome::Control("ack")),
        Some(Message::Subscriptions { .. }) => Ok(Outcome::Control("subscriptions")),
        Some(Message::Rejected { .. }) => Ok(Outcome::Control("error")),
        Some(Message::ServerShutdown) => Ok(Outcome::Control("server_shutdown")),
        Some(Message::Skipped(name)) => Ok(Outcome::Skipped(name)),
        None => bodies::read(text, symbol, out),
    }
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

/// Decodes the body of `GET /api/v3/depth`. `depth` is the longer side's length: the body does not tell the limit.
///
/// # Errors
/// See the table of this module.
pub fn snapshot(body: &[u8]) -> Result<BookSnapshot, DecodeError> {
    match fast::snapshot(body) {
        Some(book) => Ok(book),
        None => read_snapshot(utf8(body)?),
    }
}

/// Decodes the body of `GET /api/v3/exchangeInfo`. Markets whose names are no [`Symbol`] are left out.
///
/// # Errors
/// See the table of this module.
pub fn listings(body: &[u8]) -> Result<Vec<Listing>, DecodeError> {
    bodies::listings(utf8(body)?)
}

/// `serverTime` of `GET /api/v3/time` and of the exchange information.
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
    let _ = listings(data);
    let _ = venue_error(data);
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|e| DecodeError::new("not_utf8", e.to_string()))
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

pub(super) fn unknown(what: impl Into<String>) -> DecodeError {
    DecodeError::new("unknown_message", what)
}

/// Foreign words go into logs and status: not at any length.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
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
    if data.starts_with('[') {
        // Streams over all markets carry arrays of what single ones carry; we use none of them.
        let items: Vec<Object<'_>> = parse(data)?;
        let name = items.first().and_then(|item| item.get("e"));
        let name: Text<'_> = parse(name.ok_or_else(|| unknown("an array without events"))?)?;
        return unused(name.as_str());
    }
    let object: Object<'_> = parse(data)?;
    if object.has(&["lastUpdateId", "bids", "asks"]) {
        let (symbol, channel) = stream.split_once('@').unwrap_or((stream, ""));
        let symbol = Symbol::new(&symbol.to_ascii_uppercase())
            .map_err(|e| DecodeError::new("malformed_message", e.to_string()))?;
        let mut book = read_snapshot(data)?;
        let levels: String = channel
            .trim_start_matches("depth")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        book.depth = levels.parse().unwrap_or(book.depth);
        let event = MarketEvent {
            symbol,
            venue_time: None,
            payload: Payload::BookSnapshot(book),
        };
        return Ok(Message::Event(Channel::PartialDepth, event));
    }
    read_bare(&object, data)?
        .ok_or_else(|| unknown(format!("stream {} of {}", short(stream), object.keys())))
}

fn read_bare(object: &Object<'_>, text: &str) -> Result<Option<Message>, DecodeError> {
    if let Some(name) = object.get("e") {
        let name: Text<'_> = parse(name)?;
        return read_event(name.as_str(), text).map(Some);
    }
    if object.has(&["u", "s", "b", "B", "a", "A"]) {
        return read_book_ticker(text).map(Some);
    }
    // An account's event as the WebSocket API wraps it.
    if let Some(event) = object.get("event") {
        let event: Object<'_> = parse(event)?;
        let name = event.get("e").ok_or_else(|| unknown("an unnamed event"))?;
        let name: Text<'_> = parse(name)?;
        return unused(name.as_str()).map(Some);
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
        "depthUpdate" => (Channel::Depth, read_depth(text)?),
        "trade" => {
            let wire: TradeWire<'_> = parse(text)?;
            (Channel::Trade, read_fill(wire.id, &wire.fill, None)?)
        }
        "aggTrade" => {
            let wire: AggTradeWire<'_> = parse(text)?;
            (Channel::AggTrade, read_fill(wire.id, &wire.fill, None)?)
        }
        "kline" => {
            let wire: KlineWire<'_> = parse(text)?;
            let event = MarketEvent {
                symbol: wire.symbol.symbol()?,
                venue_time: Some(Timestamp::from_ms(wire.event_ms)),
                payload: Payload::Candle(wire.candle.read()?),
            };
            (Channel::Kline, event)
        }
        "serverShutdown" => return Ok(Message::ServerShutdown),
        _ => return unused(name),
    };
    Ok(Message::Event(channel, event))
}

/// An event that we know and do not use.
fn unused(name: &str) -> Result<Message, DecodeError> {
    match name {
        "24hrTicker"
        | "24hrMiniTicker"
        | "1hTicker"
        | "4hTicker"
        | "1dTicker"
        | "avgPrice"
        | "referencePrice"
        | "executionReport"
        | "outboundAccountPosition"
        | "outboundAccountInfo"
        | "balanceUpdate"
        | "listStatus"
        | "externalLockUpdate"
        | "listenKeyExpired"
        | "eventStreamTerminated" => Ok(Message::Skipped(name.to_owned())),
        _ => Err(unknown(format!("event {}", short(name)))),
    }
}

fn read_depth(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: DepthWire<'_> = parse(text)?;
    let mut delta = BookDelta {
        first_seq: Some(wire.first_seq),
        last_seq: Some(wire.last_seq),
        ..BookDelta::default()
    };
    if !in_order(&delta) {
        let detail = "the first sequence number lies past the last";
        return Err(DecodeError::new("malformed_message", detail));
    }
    read_levels(&wire.bids, &mut delta.bids)?;
    read_levels(&wire.asks, &mut delta.asks)?;
    Ok(MarketEvent {
        symbol: wire.symbol.symbol()?,
        venue_time: Some(Timestamp::from_ms(wire.event_ms)),
        payload: Payload::BookDelta(delta),
    })
}

fn read_book_ticker(text: &str) -> Result<Message, DecodeError> {
    let wire: BookTickerWire<'_> = parse(text)?;
    let side = |px: &Text<'_>, sz: &Text<'_>| -> Result<Option<Level>, DecodeError> {
        Ok(fast::side(Level {
            px: px.price()?,
            sz: sz.size()?,
        }))
    };
    let event = MarketEvent {
        symbol: wire.symbol.symbol()?,
        venue_time: None,
        payload: Payload::Bbo(Bbo {
            bid: side(&wire.bid_px, &wire.bid_sz)?,
            ask: side(&wire.ask_px, &wire.ask_sz)?,
            book_seq: Some(wire.book_seq),
        }),
    };
    Ok(Message::Event(Channel::BookTicker, event))
}

/// A trade of either kind, from a stream or, with a symbol from outside, from a REST body.
pub(super) fn read_fill(
    id: u64,
    fill: &FillWire<'_>,
    symbol: Option<Symbol>,
) -> Result<MarketEvent, DecodeError> {
    let symbol = match &fill.symbol {
        Some(name) => name.symbol()?,
        None => symbol.ok_or_else(|| DecodeError::new("symbol_required", "a trade without one"))?,
    };
    Ok(MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(fill.trade_ms)),
        payload: Payload::Trade(Trade {
            id: TradeId::Number(id),
            px: fill.px.price()?,
            sz: fill.sz.size()?,
            side: fast::aggressor(fill.buyer_is_maker),
        }),
    })
}

pub(super) fn read_snapshot(text: &str) -> Result<BookSnapshot, DecodeError> {
    let wire: SnapshotWire<'_> = parse(text)?;
    let mut book = BookSnapshot {
        depth: wire.bids.len().max(wire.asks.len()) as u32,
        last_seq: Some(wire.last_seq),
        ..BookSnapshot::default()
    };
    read_levels(&wire.bids, &mut book.bids)?;
    read_levels(&wire.asks, &mut book.asks)?;
    Ok(book)
}
