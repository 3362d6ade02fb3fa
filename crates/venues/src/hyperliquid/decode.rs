//! Frames and bodies to events: pure functions over bytes.
//!
//! [`message`] is what the session reads, [`decode_any`] the same for whoever has only bytes. Order books in the venue's usual
//! spelling take a short way that checks every byte; whatever deviates from it takes the general one, with the same result.

use super::wire::{
    AckWire, ActiveContextWire, ContextWire, EnvelopeWire, Listing, Message, MidsWire,
    SpotContextWire, Subscription, SubscriptionWire, Text,
};
use super::{bodies, events, fast};
use crate::decode::{DecodeError, Outcome};
use crate::rooms::Rooms;
use hypersentry_model::event::Feed;
use hypersentry_model::{MarketEvent, Symbol};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The longest detail of an error, in bytes: it may quote the frame.
const DETAIL_MAX: usize = 240;

/// Some servers greet with this before anything else; the venue's own SDK expects it.
const GREETING: &[u8] = b"Websocket connection established.";

/// Channels that we know and do not use.
const UNUSED: [&str; 25] = [
    "activeAssetData",
    "allDexsAssetCtxs",
    "allDexsClearinghouseState",
    "clearinghouseState",
    "explorerBlock",
    "explorerTxs",
    "fastAssetCtxs",
    "notification",
    "openOrders",
    "orderUpdates",
    "outcomeMetaUpdates",
    "post",
    "spotAssetCtxs",
    "spotState",
    "twapStates",
    "user",
    "userEvents",
    "userFills",
    "userFundings",
    "userHistoricalOrders",
    "userNonFundingLedgerUpdates",
    "userTwapHistory",
    "userTwapSliceFills",
    "webData2",
    "webData3",
];

/// Reads one WebSocket frame or REST body and pushes its events to `out`. On an error nothing is pushed.
///
/// # Errors
/// `not_utf8`, `malformed_json`, `malformed_message` (a field is missing or has the wrong form), `unknown_message` (named),
/// or a decimal's own code.
pub fn message(frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    message_into(frame, &mut Rooms::new(), out)
}

/// As [`message`], with room for the levels of a book.
///
/// # Errors
/// As [`message`].
pub fn message_into(
    frame: &[u8],
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    if let Some((feed, event)) = fast::l2_book(frame, rooms) {
        out.push(event);
        return Ok(Message::Events(feed));
    }
    general(frame, out)
}

/// As [`message`], without the short way.
fn general(frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    let before = out.len();
    let result = read(frame, out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Decodes one message, whether it came over the WebSocket or as a REST body, and pushes its events to `out`. All payloads name
/// their market, so that `symbol` is not needed.
///
/// # Errors
/// As [`message`].
pub fn decode_any(
    frame: &[u8],
    _symbol: Option<Symbol>,
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let before = out.len();
    Ok(match message_into(frame, rooms, out)? {
        Message::Events(_) => Outcome::Events,
        Message::Ack(..) => Outcome::Control("ack"),
        Message::Pong => Outcome::Control("pong"),
        Message::Error(_) => Outcome::Control("error"),
        Message::Greeting => Outcome::Control("greeting"),
        Message::Markets(_) if out.len() > before => Outcome::Events,
        Message::Markets(_) => Outcome::Control("meta"),
        Message::SpotPairs(_) => Outcome::Skipped("spotMeta".to_owned()),
        Message::Clock(_) => Outcome::Skipped("exchangeStatus".to_owned()),
        Message::Skipped(name) => Outcome::Skipped(name.to_owned()),
    })
}

/// Feeds any bytes through the decoder and checks that both ways agree. For fuzzing.
///
/// # Panics
/// When the decoder breaks its promises.
#[doc(hidden)]
pub fn fuzz_entry(data: &[u8]) {
    let mut events = Vec::new();
    let result = general(data, &mut events);
    assert!(
        result.is_ok() || events.is_empty(),
        "an error pushed events"
    );
    if let Some((feed, event)) = fast::l2_book(data, &mut Rooms::new()) {
        assert_eq!(result, Ok(Message::Events(feed)));
        assert_eq!(events, [event]);
    }
}

fn read(frame: &[u8], out: &mut Vec<MarketEvent>) -> Result<Message, DecodeError> {
    let text = std::str::from_utf8(frame)
        .map_err(|error| DecodeError::new("not_utf8", error.to_string()))?
        .trim_ascii();
    if text.as_bytes() == GREETING {
        return Ok(Message::Greeting);
    }
    match text.as_bytes().first() {
        Some(b'{') => {}
        Some(b'[') => return bodies::array(text, out),
        _ => {
            let _: IgnoredAny = json(text)?;
            return Err(unknown("a bare value"));
        }
    }
    let envelope: EnvelopeWire<'_> = json(text)?;
    match envelope.channel {
        Some(channel) => of_channel(&channel.0, envelope.data, out),
        None => bodies::object(text, out),
    }
}

fn of_channel(
    channel: &str,
    data: Option<&RawValue>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    // The one message without data.
    if channel == "pong" {
        return Ok(Message::Pong);
    }
    if let Some(name) = UNUSED.iter().find(|name| **name == channel) {
        return Ok(Message::Skipped(name));
    }
    let data = || match data {
        Some(data) => Ok(data.get()),
        None => Err(malformed(format!("{channel}: no data"))),
    };
    Ok(match channel {
        "l2Book" => {
            let (feed, event) = events::book(json(data()?)?)?;
            out.push(event);
            Message::Events(feed)
        }
        "bbo" => {
            out.push(events::bbo(json(data()?)?)?);
            Message::Events(Feed::Bbo)
        }
        "trades" => {
            events::trades(data()?, out)?;
            Message::Events(Feed::Trades)
        }
        "activeAssetCtx" => {
            let wire: ActiveContextWire<'_, ContextWire<'_>> = json(data()?)?;
            out.push(events::context(events::symbol(&wire.coin)?, &wire.ctx)?);
            Message::Events(Feed::Context)
        }
        // The documentation and the wire differ in the order of the words.
        "activeSpotAssetCtx" | "activeAssetSpotCtx" => {
            let wire: ActiveContextWire<'_, SpotContextWire<'_>> = json(data()?)?;
            out.push(events::spot_context(&wire)?);
            Message::Events(Feed::Context)
        }
        "allMids" => {
            let wire: MidsWire<'_> = json(data()?)?;
            let mids = wire.mids.0.iter().map(|(coin, px)| (&*coin.0, &*px.0));
            out.push(events::mids_event(mids)?);
            Message::Events(Feed::Mids)
        }
        "candle" => {
            events::candle_or_candles(data()?, out)?;
            Message::Events(Feed::Candles)
        }
        "subscriptionResponse" => {
            let wire: AckWire<'_> = json(data()?)?;
            Message::Ack(wire.method, wire.subscription.identity())
        }
        "error" => {
            let text: Text<'_> = json(data()?)?;
            Message::Error(text.0.into_owned())
        }
        _ => return Err(unknown(format!("channel {channel}"))),
    })
}

/// The list of markets out of an answer of which nothing else can be read. Entries that cannot be read are left out.
pub fn markets_alone(body: &[u8]) -> Option<Vec<Listing>> {
    let (meta, _): (BTreeMap<String, &RawValue>, IgnoredAny) = serde_json::from_slice(body).ok()?;
    let entries: Vec<&RawValue> = serde_json::from_str(meta.get("universe")?.get()).ok()?;
    let readable = |entry: &&RawValue| events::listing(&json(entry.get()).ok()?).ok();
    Some(entries.iter().filter_map(readable).collect())
}

/// The subscription that an error's words quote, whether alone or within the request.
pub fn quoted_subscription(words: &str) -> Option<Subscription> {
    #[derive(Deserialize)]
    struct RequestWire<'a> {
        #[serde(borrow)]
        subscription: SubscriptionWire<'a>,
    }
    let quoted = words.get(words.find('{')?..)?.trim_end();
    let bare = || json::<SubscriptionWire<'_>>(quoted).ok();
    json::<RequestWire<'_>>(quoted)
        .map(|wire| wire.subscription)
        .ok()
        .or_else(bare)?
        .identity()
}

/// Reads JSON of that shape.
pub(super) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|error| {
        // A wrong shape may be noticed before broken syntax; the syntax decides.
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => malformed(error.to_string()),
            Err(syntax) => refuse("malformed_json", syntax.to_string()),
        }
    })
}

pub(super) fn malformed(detail: impl Into<String>) -> DecodeError {
    refuse("malformed_message", detail)
}

pub(super) fn unknown(detail: impl Into<String>) -> DecodeError {
    refuse("unknown_message", detail)
}

fn refuse(code: &'static str, detail: impl Into<String>) -> DecodeError {
    let mut detail = detail.into();
    if detail.len() > DETAIL_MAX {
        detail.truncate(detail.floor_char_boundary(DETAIL_MAX));
        detail.push_str("...");
    }
    DecodeError::new(code, detail)
}
