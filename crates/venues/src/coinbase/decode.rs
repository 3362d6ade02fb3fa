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
    ChangesWire, ErrorWire, Heartbeat, HeartbeatWire, MatchWire, Message, SnapshotWire,
    SubscriptionsWire, TickerWire, TypeWire, read_aggressor, read_time,
};
use super::{bodies, fast};
use crate::decode::{DecodeError, Outcome};
use crate::json::{Text, best_first, malformed, parse, read_levels, short, unknown, utf8};
use crate::rooms::Rooms;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot, Candle};
use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Trade, TradeId};

pub use super::bodies::Product;

/// Messages of the feed that we know and do not use: the full channel, statuses, auctions, an account's own.
const UNUSED: [&str; 11] = [
    "received",
    "open",
    "done",
    "change",
    "activate",
    "status",
    "auction",
    "rfq_match",
    "balance",
    "level3",
    "noop",
];

/// The channels of the other API. Why it is not used: see [the folder](super).
const ADVANCED_TRADE: [&str; 11] = [
    "candles",
    "futures_balance_summary",
    "heartbeats",
    "l2_data",
    "level2",
    "market_trades",
    "status",
    "subscriptions",
    "ticker",
    "ticker_batch",
    "user",
];

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
    if let Some(event) = fast::event(frame, rooms) {
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
        Some(
            Message::Match { event, .. }
            | Message::Book(event)
            | Message::Changes(event)
            | Message::Ticker(event),
        ) => {
            out.push(event);
            Outcome::Events
        }
        Some(Message::Heartbeat(_)) => Outcome::Control("heartbeat"),
        Some(Message::Subscriptions(_)) => Outcome::Control("subscriptions"),
        Some(Message::Rejected { .. }) => Outcome::Control("error"),
        Some(Message::Skipped(name)) => Outcome::Skipped(name),
        None => bodies::read(text, symbol, out)?,
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
    let Some(event) = fast::event(frame, rooms) else {
        return general_message(frame);
    };
    Ok(match event.payload {
        Payload::BookDelta(_) => Message::Changes(event),
        Payload::BookSnapshot(_) => Message::Book(event),
        _ => Message::Match { event, last: false },
    })
}

/// As [`message`], by the general reader alone.
///
/// # Errors
/// See the table of this module.
#[doc(hidden)]
pub fn general_message(frame: &[u8]) -> Result<Message, DecodeError> {
    let text = utf8(frame)?;
    read_message(text)?.ok_or_else(|| unknown("no message of the feed"))
}

/// Decodes the body of `GET /products`. Markets whose names are no [`Symbol`] are left out.
///
/// # Errors
/// See the table of this module.
pub fn products(body: &[u8]) -> Result<Vec<Product>, DecodeError> {
    bodies::products(utf8(body)?)
}

/// Decodes the body of `GET /products/{id}/trades`: newest first, as the venue sends them.
///
/// # Errors
/// See the table of this module.
pub fn trades(body: &[u8], symbol: Symbol) -> Result<Vec<MarketEvent>, DecodeError> {
    bodies::trades(utf8(body)?, symbol)
}

/// Decodes the body of `GET /products/{id}/candles` for candles of `seconds`: oldest first, which is not the venue's order.
///
/// # Errors
/// See the table of this module.
pub fn candles(body: &[u8], interval: &str, seconds: i64) -> Result<Vec<Candle>, DecodeError> {
    bodies::candles(utf8(body)?, interval, seconds)
}

/// Decodes the body of `GET /products/{id}/book?level=2`.
///
/// # Errors
/// See the table of this module.
pub fn book(body: &[u8], symbol: Symbol) -> Result<MarketEvent, DecodeError> {
    bodies::book(utf8(body)?, symbol)
}

/// Decodes the body of `GET /time`.
///
/// # Errors
/// See the table of this module.
pub fn server_time(body: &[u8]) -> Result<hypersentry_model::Timestamp, DecodeError> {
    bodies::server_time(utf8(body)?)
}

/// Feeds arbitrary bytes to every decoder of this venue.
#[doc(hidden)]
pub fn fuzz_entry(data: &[u8]) {
    let mut events = Vec::new();
    let _ = decode_any(data, None, &mut Rooms::new(), &mut events);
    let _ = decode_any(data, Some(Symbol::ANY), &mut Rooms::new(), &mut events);
    let _ = message(data);
    let _ = products(data);
    let _ = trades(data, Symbol::ANY);
    let _ = candles(data, "1m", 60);
    let _ = book(data, Symbol::ANY);
    let _ = server_time(data);
}

/// A message of the feed, or `None` if the object is none.
fn read_message(text: &str) -> Result<Option<Message>, DecodeError> {
    if !text.trim_start().starts_with('{') {
        // Says whether it is JSON at all.
        parse::<serde::de::IgnoredAny>(text)?;
        return Err(unknown("no object"));
    }
    let named: TypeWire<'_> = parse(text)?;
    if let Some(name) = &named.name {
        return read_named(name.as_str(), text).map(Some);
    }
    let Some(channel) = &named.channel else {
        return Ok(None);
    };
    let channel = channel.as_str();
    if ADVANCED_TRADE.contains(&channel) {
        return Ok(Some(Message::Skipped(format!("advanced-trade:{channel}"))));
    }
    Err(unknown(format!("channel {}", short(channel))))
}

fn read_named(name: &str, text: &str) -> Result<Message, DecodeError> {
    Ok(match name {
        "match" | "last_match" => Message::Match {
            event: read_match(text)?,
            last: name == "last_match",
        },
        "l2update" => Message::Changes(read_changes(text)?),
        "snapshot" => Message::Book(read_snapshot(text)?),
        "ticker" => read_ticker(text)?,
        "heartbeat" => {
            let wire: HeartbeatWire<'_> = parse(text)?;
            Message::Heartbeat(Heartbeat {
                symbol: wire.product_id.symbol()?,
                time: read_time(&wire.time)?,
                sequence: wire.sequence,
                last_trade_id: wire.last_trade_id,
            })
        }
        "subscriptions" => read_subscriptions(text)?,
        "error" => {
            let wire: ErrorWire<'_> = parse(text)?;
            Message::Rejected {
                message: short(wire.message.as_str()),
                reason: wire
                    .reason
                    .as_ref()
                    .map_or(String::new(), |r| short(r.as_str())),
            }
        }
        _ if UNUSED.contains(&name) => Message::Skipped(name.to_owned()),
        _ => return Err(unknown(format!("message {}", short(name)))),
    })
}

fn read_match(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: MatchWire<'_> = parse(text)?;
    Ok(MarketEvent {
        symbol: wire.product_id.symbol()?,
        venue_time: Some(read_time(&wire.time)?),
        payload: Payload::Trade(Trade {
            id: TradeId::Number(wire.trade_id),
            px: wire.price.price()?,
            sz: wire.size.size()?,
            side: read_aggressor(&wire.side)?,
        }),
    })
}

fn read_changes(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: ChangesWire<'_> = parse(text)?;
    let mut delta = BookDelta::default();
    for (side, px, sz) in &wire.changes {
        let level = Level {
            px: px.price()?,
            sz: sz.size()?,
        };
        match side.as_str() {
            "buy" => delta.bids.push(level),
            "sell" => delta.asks.push(level),
            other => return Err(malformed(format!("{} is no side", short(other)))),
        }
    }
    Ok(MarketEvent {
        symbol: wire.product_id.symbol()?,
        venue_time: Some(read_time(&wire.time)?),
        payload: Payload::BookDelta(delta),
    })
}

fn read_snapshot(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: SnapshotWire<'_> = parse(text)?;
    let mut book = BookSnapshot {
        depth: wire.bids.len().max(wire.asks.len()) as u32,
        ..BookSnapshot::default()
    };
    read_levels(&wire.bids, &mut book.bids)?;
    read_levels(&wire.asks, &mut book.asks)?;
    best_first(&mut book);
    Ok(MarketEvent {
        symbol: wire.product_id.symbol()?,
        venue_time: wire.time.as_ref().map(read_time).transpose()?,
        payload: Payload::BookSnapshot(book),
    })
}

/// Best prices are worth nothing without their sizes, which the feed did not tell at first.
fn read_ticker(text: &str) -> Result<Message, DecodeError> {
    let wire: TickerWire<'_> = parse(text)?;
    let (Some(bid_sz), Some(ask_sz)) = (&wire.best_bid_size, &wire.best_ask_size) else {
        return Ok(Message::Skipped("ticker without sizes".to_owned()));
    };
    let side = |px: &Text<'_>, sz: &Text<'_>| -> Result<Option<Level>, DecodeError> {
        let level = Level {
            px: px.price()?,
            sz: sz.size()?,
        };
        Ok((level.px.is_positive() && level.sz.is_positive()).then_some(level))
    };
    Ok(Message::Ticker(MarketEvent {
        symbol: wire.product_id.symbol()?,
        venue_time: wire.time.as_ref().map(read_time).transpose()?,
        payload: Payload::Bbo(Bbo {
            bid: side(&wire.best_bid, bid_sz)?,
            ask: side(&wire.best_ask, ask_sz)?,
            book_seq: None,
        }),
    }))
}

fn read_subscriptions(text: &str) -> Result<Message, DecodeError> {
    let wire: SubscriptionsWire<'_> = parse(text)?;
    let mut channels = Vec::with_capacity(wire.channels.len());
    for channel in &wire.channels {
        let symbols: Result<Vec<Symbol>, DecodeError> =
            channel.product_ids.iter().map(Text::symbol).collect();
        channels.push((short(channel.name.as_str()), symbols?));
    }
    Ok(Message::Subscriptions(channels))
}
