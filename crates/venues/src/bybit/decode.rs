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

use super::ticker::TickerWire;
use super::wire::{
    BookWire, CandleWire, EnvelopeWire, LiquidationWire, Message, TickerMessage, TradeWire,
    interval, read_taker, trade,
};
use super::{bodies, fast};
use crate::decode::{DecodeError, Outcome};
use crate::json::{best_first, malformed, parse, read_levels, short, symbol, unknown, utf8};
use crate::rooms::Rooms;
use hypersentry_model::event::{BookDelta, BookSnapshot, Candle};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use serde_json::value::RawValue;

pub use super::bodies::Answer;
pub use super::instruments::{Instrument, Instruments};

/// Topics that we know and do not use, by the word before the first point: slow public ones, and an account's own.
const UNUSED: [&str; 19] = [
    "adlAlert",
    "dcp",
    "execution",
    "fullOrderbook",
    "greeks",
    "insurance",
    "kline_lt",
    "liquidation",
    "lt",
    "order",
    "orderbook_rpi",
    "position",
    "priceLimit",
    "priceLimits",
    "rfq",
    "spread",
    "system",
    "tickers_lt",
    "wallet",
];

/// Topics of the retired v2 API.
const RETIRED: [&str; 9] = [
    "candle",
    "instrument_info",
    "klineV2",
    "orderBookL2_25",
    "orderBook_200",
    "stop_order",
    "outboundAccountInfo",
    "ticketInfo",
    "trade",
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
    let before = out.len();
    let read = fast_message(frame, rooms, out).map_or_else(|| any(frame, symbol, out), Ok);
    if read.is_err() {
        out.truncate(before);
    }
    read
}

fn fast_message(frame: &[u8], rooms: &mut Rooms, out: &mut Vec<MarketEvent>) -> Option<Outcome> {
    let before = out.len();
    let read = fast::message(frame, rooms, out);
    if read.is_none() {
        out.truncate(before);
    }
    read.map(|_| Outcome::Events)
}

fn any(
    frame: &[u8],
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let text = utf8(frame)?;
    Ok(match read_message(text, out)? {
        Some(Message::Ticker(message)) => {
            message
                .ticker
                .events(message.symbol, Some(message.time), out);
            Outcome::Events
        }
        Some(Message::Ack { .. }) => Outcome::Control("ack"),
        Some(Message::Pong(_)) => Outcome::Control("pong"),
        Some(Message::Rejected { .. }) => Outcome::Control("error"),
        Some(Message::Skipped(name)) => Outcome::Skipped(name),
        Some(_) => Outcome::Events,
        None => bodies::read(text, symbol, out)?,
    })
}

/// Decodes a WebSocket frame and pushes its events to `out`; on an error none.
///
/// # Errors
/// See the table of this module.
pub fn message(frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    message_into(frame, &mut Rooms::new(), out)
}

/// As [`message`], with room for the levels of a book.
///
/// # Errors
/// See the table of this module.
pub fn message_into(
    frame: &[u8],
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let before = out.len();
    if let Some(message) = fast::message(frame, rooms, out) {
        return Ok(message);
    }
    out.truncate(before);
    general_message(frame, out)
}

/// As [`message`], by the general reader alone.
///
/// # Errors
/// See the table of this module.
#[doc(hidden)]
pub fn general_message(frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    let before = out.len();
    let read = utf8(frame).and_then(|text| read_message(text, out));
    if read.is_err() {
        out.truncate(before);
    }
    read?.ok_or_else(|| unknown("no message of a stream"))
}

/// Decodes a REST body as the session asked for it: the venue's own refusal is told from an answer.
///
/// # Errors
/// See the table of this module.
pub fn answer(body: &[u8]) -> Result<Answer<'_>, DecodeError> {
    bodies::answer(utf8(body)?)
}

/// Feeds arbitrary bytes to every decoder of this venue.
#[doc(hidden)]
pub fn fuzz_entry(data: &[u8]) {
    let mut events = Vec::new();
    let _ = decode_any(data, None, &mut Rooms::new(), &mut events);
    let _ = decode_any(data, Some(Symbol::ANY), &mut Rooms::new(), &mut events);
    let _ = message(data, &mut events);
    if let Ok(answer) = answer(data) {
        let _ = answer.instruments();
        let _ = answer.trades();
        let _ = answer.candles("1m", 60_000);
        let _ = answer.tickers();
        let _ = answer.book();
        let _ = answer.server_time();
    }
}

/// A message of a topic or the answer to a request, or `None` if the object is neither.
fn read_message(text: &str, out: &mut Vec<MarketEvent>) -> Result<Option<Message>, DecodeError> {
    if !text.trim_start().starts_with('{') {
        // Says whether it is JSON at all.
        parse::<serde::de::IgnoredAny>(text)?;
        return Err(unknown("no object"));
    }
    let wire: EnvelopeWire<'_> = parse(text)?;
    if let Some(topic) = &wire.topic {
        return read_topic(topic.as_str(), &wire, out).map(Some);
    }
    let id = || wire.req_id.as_ref().map(|id| short(id.as_str()));
    let op = wire.op.as_ref().map(|op| op.as_str());
    let words = wire.ret_msg.as_ref().or(wire.ret_msg_rest.as_ref());
    let words = words.map_or("", |words| words.as_str());
    if matches!(op, Some("pong")) || (op.is_none_or(|op| op == "ping") && words == "pong") {
        return Ok(Some(Message::Pong(id())));
    }
    let refused = wire.success == Some(false) || wire.ret_code.is_some_and(|code| code != 0);
    match op {
        Some("subscribe" | "unsubscribe" | "auth" | "ping") if refused => {
            let reason = short(words);
            Ok(Some(Message::Rejected { id: id(), reason }))
        }
        Some("subscribe" | "unsubscribe" | "auth" | "ping") => Ok(Some(Message::Ack { id: id() })),
        Some(op) if op.starts_with("order.") => Ok(Some(Message::Skipped(short(op)))),
        Some(op) => Err(unknown(format!("answer to {}", short(op)))),
        // The retired API answered so, and repeated the request.
        None if wire.success == Some(true) => Ok(Some(Message::Ack { id: id() })),
        None if wire.success == Some(false) => Ok(Some(Message::Rejected {
            id: id(),
            reason: short(words),
        })),
        None => Ok(None),
    }
}

fn read_topic(
    topic: &str,
    wire: &EnvelopeWire<'_>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let (kind, rest) = topic.split_once('.').unwrap_or((topic, ""));
    match kind {
        "publicTrade" => read_trades(rest, wire, out),
        // An older spelling, with the category.
        "trade" if rest.starts_with("linear.") => {
            read_trades(rest.trim_start_matches("linear."), wire, out)
        }
        "orderbook" if rest.starts_with("rpi.") => Ok(Message::Skipped("orderbook.rpi".to_owned())),
        "orderbook" => read_book(rest, wire, out),
        "tickers" => read_ticker(wire),
        "allLiquidation" => {
            let symbol = symbol(rest)?;
            let items: Vec<LiquidationWire<'_>> = parse(data(wire)?)?;
            for item in &items {
                out.push(item.read()?);
            }
            Ok(Message::Liquidations(symbol))
        }
        "kline" => read_candles(rest, wire, out),
        _ if RETIRED.contains(&kind) => Ok(Message::Skipped(format!("v2:{kind}"))),
        _ if UNUSED.contains(&kind) => Ok(Message::Skipped(kind.to_owned())),
        _ => Err(unknown(format!("topic {}", short(topic)))),
    }
}

fn data<'a>(wire: &EnvelopeWire<'a>) -> Result<&'a str, DecodeError> {
    let data = wire.data.map(RawValue::get);
    data.ok_or_else(|| malformed("a topic's message without data"))
}

fn sent(wire: &EnvelopeWire<'_>) -> Result<i64, DecodeError> {
    wire.ts
        .ok_or_else(|| malformed("a topic's message without its time"))
}

/// Whether the message says everything.
fn is_snapshot(wire: &EnvelopeWire<'_>) -> Result<bool, DecodeError> {
    match wire.kind.as_ref().map(|kind| kind.as_str()) {
        Some("snapshot") => Ok(true),
        Some("delta") => Ok(false),
        _ => Err(malformed("a message that is neither snapshot nor delta")),
    }
}

fn read_trades(
    topic: &str,
    wire: &EnvelopeWire<'_>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let symbol = symbol(topic)?;
    let items: Vec<TradeWire<'_>> = parse(data(wire)?)?;
    for item in &items {
        of_topic(&item.symbol, symbol)?;
        let side = read_taker(&item.side)?;
        let (px, sz) = (item.px.price()?, item.sz.size()?);
        if !item.block {
            out.push(trade(symbol, item.time_ms, item.id.as_str(), side, px, sz));
        }
    }
    Ok(Message::Trades(symbol))
}

/// The market that the data names has to be the topic's.
fn of_topic(name: &crate::json::Text<'_>, topic: Symbol) -> Result<(), DecodeError> {
    if name.as_str() == topic.as_str() {
        Ok(())
    } else {
        Err(malformed("the data names another market than the topic"))
    }
}

fn read_book(
    rest: &str,
    wire: &EnvelopeWire<'_>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let (depth, topic) = rest.split_once('.').unwrap_or((rest, ""));
    let depth: u32 = depth
        .parse()
        .map_err(|_| malformed(format!("{} is no depth", short(depth))))?;
    let symbol = symbol(topic)?;
    let sent = sent(wire)?;
    let snapshot = is_snapshot(wire)?;
    let book: BookWire<'_> = parse(data(wire)?)?;
    of_topic(&book.symbol, symbol)?;
    // Update 1 is a snapshot because the service began anew, whatever it is called (WebSocket Stream: Orderbook).
    let payload = if snapshot || book.update <= 1 {
        Payload::BookSnapshot(read_snapshot(&book, depth)?)
    } else {
        let mut delta = BookDelta {
            first_seq: Some(book.update),
            last_seq: Some(book.update),
            ..BookDelta::default()
        };
        read_levels(&book.bids, &mut delta.bids)?;
        read_levels(&book.asks, &mut delta.asks)?;
        Payload::BookDelta(delta)
    };
    out.push(MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(wire.cts.unwrap_or(sent))),
        payload,
    });
    Ok(Message::Book(symbol, depth))
}

pub(super) fn read_snapshot(wire: &BookWire<'_>, depth: u32) -> Result<BookSnapshot, DecodeError> {
    let mut book = BookSnapshot {
        depth,
        last_seq: Some(wire.update),
        ..BookSnapshot::default()
    };
    read_levels(&wire.bids, &mut book.bids)?;
    read_levels(&wire.asks, &mut book.asks)?;
    best_first(&mut book);
    Ok(book)
}

fn read_ticker(wire: &EnvelopeWire<'_>) -> Result<Message, DecodeError> {
    let time = Timestamp::from_ms(sent(wire)?);
    let snapshot = is_snapshot(wire)?;
    let ticker: TickerWire<'_> = parse(data(wire)?)?;
    if ticker.underlying_price.is_some() {
        return Ok(Message::Skipped("tickers of an option".to_owned()));
    }
    Ok(Message::Ticker(TickerMessage {
        symbol: ticker.symbol.symbol()?,
        time,
        snapshot,
        ticker: ticker.read()?,
    }))
}

fn read_candles(
    rest: &str,
    wire: &EnvelopeWire<'_>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let (_, topic) = rest.split_once('.').unwrap_or((rest, ""));
    let symbol = symbol(topic)?;
    let items: Vec<CandleWire<'_>> = parse(data(wire)?)?;
    for item in &items {
        out.push(MarketEvent {
            symbol,
            venue_time: item.timestamp.or(wire.ts).map(Timestamp::from_ms),
            payload: Payload::Candle(Candle {
                interval: interval(item.interval.as_str())?.to_owned(),
                open_ms: item.start,
                close_ms: item.end,
                o: item.open.price()?,
                h: item.high.price()?,
                l: item.low.price()?,
                c: item.close.price()?,
                volume_base: item.volume.size()?,
                trades: None,
                closed: item.confirm,
            }),
        });
    }
    Ok(Message::Candles(symbol))
}
