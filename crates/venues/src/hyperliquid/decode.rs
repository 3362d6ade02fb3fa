//! Frames and bodies to events: pure functions over bytes.
//!
//! [`message`] is what the session reads, [`decode_any`] the same for whoever has only bytes. Order books in the venue's usual
//! spelling take a short way that checks every byte; whatever deviates from it takes the general one, with the same result.

use super::wire::{
    AckWire, ActiveContextWire, AssetWire, BboWire, BookWire, CandleWire, ContextWire,
    EnvelopeWire, LevelWire, Listing, Message, MetaWire, MidsWire, SpotContextWire,
    SubscriptionWire, Text, TradeWire,
};
use super::{bodies, fast, limits};
use crate::decode::{DecodeError, Outcome};
use hypersentry_model::event::{AssetContext, Bbo, BookSnapshot, Candle, Feed, Mids};
use hypersentry_model::{
    Level, MarketEvent, Payload, Price, Rate, Side, Size, Symbol, Timestamp, Trade, TradeId, Usd,
};
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
    if let Some((feed, event)) = fast::l2_book(frame) {
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
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let before = out.len();
    Ok(match message(frame, out)? {
        Message::Events(_) => Outcome::Events,
        Message::Ack(..) => Outcome::Control("ack"),
        Message::Pong => Outcome::Control("pong"),
        Message::Error(_) => Outcome::Control("error"),
        Message::Greeting => Outcome::Control("greeting"),
        Message::Markets(_) if out.len() > before => Outcome::Events,
        Message::Markets(_) => Outcome::Control("meta"),
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
    if let Some((feed, event)) = fast::l2_book(data) {
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
            let (feed, event) = book(json(data()?)?)?;
            out.push(event);
            Message::Events(feed)
        }
        "bbo" => {
            out.push(bbo(json(data()?)?)?);
            Message::Events(Feed::Bbo)
        }
        "trades" => {
            trades(data()?, out)?;
            Message::Events(Feed::Trades)
        }
        "activeAssetCtx" => {
            let wire: ActiveContextWire<'_, ContextWire<'_>> = json(data()?)?;
            out.push(context(symbol(&wire.coin)?, &wire.ctx)?);
            Message::Events(Feed::Context)
        }
        // The documentation and the wire differ in the order of the words.
        "activeSpotAssetCtx" | "activeAssetSpotCtx" => {
            let wire: ActiveContextWire<'_, SpotContextWire<'_>> = json(data()?)?;
            out.push(spot_context(&wire)?);
            Message::Events(Feed::Context)
        }
        "allMids" => {
            let wire: MidsWire<'_> = json(data()?)?;
            let mids = wire.mids.0.iter().map(|(coin, px)| (&*coin.0, &*px.0));
            out.push(mids_event(mids)?);
            Message::Events(Feed::Mids)
        }
        "candle" => {
            candle_or_candles(data()?, out)?;
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
    let readable = |entry: &&RawValue| listing(&json(entry.get()).ok()?).ok();
    Some(entries.iter().filter_map(readable).collect())
}

/// The subscription that an error's words quote, whether alone or within the request.
pub fn quoted_subscription(words: &str) -> Option<super::wire::Subscription> {
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

pub(super) fn book(wire: BookWire<'_>) -> Result<(Feed, MarketEvent), DecodeError> {
    let fast = wire.fast == Some(true);
    let (feed, depth) = limits::book_feed(fast);
    let side = |levels: &[LevelWire<'_>]| levels.iter().map(level).collect::<Result<_, _>>();
    let event = MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: Some(time(wire.time)?),
        payload: Payload::BookSnapshot(BookSnapshot {
            bids: side(&wire.levels.0)?,
            asks: side(&wire.levels.1)?,
            depth,
            last_seq: None,
        }),
    };
    Ok((feed, event))
}

fn bbo(wire: BboWire<'_>) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: Some(time(wire.time)?),
        payload: Payload::Bbo(Bbo {
            bid: wire.bbo.0.as_ref().map(level).transpose()?,
            ask: wire.bbo.1.as_ref().map(level).transpose()?,
            book_seq: None,
        }),
    })
}

pub(super) fn trades(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    for wire in json::<Vec<TradeWire<'_>>>(text)? {
        let side = match &*wire.side.0 {
            "B" => Side::Buy,
            "A" => Side::Sell,
            other => return Err(malformed(format!("side {other:?}"))),
        };
        out.push(MarketEvent {
            symbol: symbol(&wire.coin)?,
            venue_time: Some(time(wire.time)?),
            payload: Payload::Trade(Trade {
                id: TradeId::Number(wire.tid),
                px: Price::parse(&wire.px.0)?,
                sz: Size::parse(&wire.sz.0)?,
                side,
            }),
        });
    }
    Ok(())
}

pub(super) fn context(coin: Symbol, wire: &ContextWire<'_>) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: coin,
        venue_time: None,
        payload: Payload::AssetContext(AssetContext {
            mark_px: Some(Price::parse(&wire.mark_px.0)?),
            index_px: Some(Price::parse(&wire.oracle_px.0)?),
            mid_px: optional_price(wire.mid_px.as_ref())?,
            open_interest_base: Some(Size::parse(&wire.open_interest.0)?),
            funding_rate: Some(Rate::parse(&wire.funding.0)?),
            funding_interval_h: Some(limits::FUNDING_INTERVAL_H),
            prev_day_px: Some(Price::parse(&wire.prev_day_px.0)?),
            day_notional_usd: Some(Usd::parse(&wire.day_ntl_vlm.0)?),
        }),
    })
}

fn spot_context(
    wire: &ActiveContextWire<'_, SpotContextWire<'_>>,
) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: None,
        payload: Payload::AssetContext(AssetContext {
            mark_px: Some(Price::parse(&wire.ctx.mark_px.0)?),
            mid_px: optional_price(wire.ctx.mid_px.as_ref())?,
            prev_day_px: Some(Price::parse(&wire.ctx.prev_day_px.0)?),
            day_notional_usd: Some(Usd::parse(&wire.ctx.day_ntl_vlm.0)?),
            ..AssetContext::default()
        }),
    })
}

pub(super) fn mids_event<'a>(
    mids: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<MarketEvent, DecodeError> {
    let mut px_by_symbol = BTreeMap::new();
    for (coin, px) in mids {
        let coin = Symbol::new(coin).map_err(|_| malformed(format!("coin {coin:?}")))?;
        if px_by_symbol.insert(coin, Price::parse(px)?).is_some() {
            return Err(malformed(format!("{coin} twice")));
        }
    }
    Ok(MarketEvent {
        symbol: Symbol::ANY,
        venue_time: None,
        payload: Payload::Mids(Mids { px_by_symbol }),
    })
}

/// The documentation says an array, the wire has a single candle.
fn candle_or_candles(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    if text.starts_with('[') {
        return candles(text, out);
    }
    out.push(candle(json(text)?)?);
    Ok(())
}

pub(super) fn candles(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    for wire in json::<Vec<CandleWire<'_>>>(text)? {
        out.push(candle(wire)?);
    }
    Ok(())
}

fn candle(wire: CandleWire<'_>) -> Result<MarketEvent, DecodeError> {
    if !limits::INTERVALS.contains(&&*wire.interval.0) {
        return Err(malformed(format!("interval {:?}", wire.interval.0)));
    }
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: None,
        payload: Payload::Candle(Candle {
            interval: wire.interval.0.into_owned(),
            open_ms: time(wire.open_ms)?.ms(),
            close_ms: time(wire.close_ms)?.ms(),
            o: Price::parse(&wire.o.0)?,
            h: Price::parse(&wire.h.0)?,
            l: Price::parse(&wire.l.0)?,
            c: Price::parse(&wire.c.0)?,
            volume_base: Size::parse(&wire.volume.0)?,
            trades: wire.trades,
            // The venue does not say, and later corrections would be lost if we guessed from the time.
            closed: false,
        }),
    })
}

/// The entries of a list of markets.
pub(super) fn listings(wire: &MetaWire<'_>) -> Result<Vec<Listing>, DecodeError> {
    wire.universe.iter().map(listing).collect()
}

fn listing(wire: &AssetWire<'_>) -> Result<Listing, DecodeError> {
    let coin = symbol(&wire.name)?;
    if wire.sz_decimals > Size::SCALE {
        return Err(malformed(format!(
            "{coin}: szDecimals {}",
            wire.sz_decimals
        )));
    }
    Ok(Listing {
        coin,
        sz_decimals: wire.sz_decimals,
        delisted: wire.is_delisted == Some(true),
    })
}

fn level(wire: &LevelWire<'_>) -> Result<Level, DecodeError> {
    Ok(Level {
        px: Price::parse(&wire.px.0)?,
        sz: Size::parse(&wire.sz.0)?,
    })
}

fn optional_price(text: Option<&Text<'_>>) -> Result<Option<Price>, DecodeError> {
    Ok(text.map(|text| Price::parse(&text.0)).transpose()?)
}

fn symbol(text: &Text<'_>) -> Result<Symbol, DecodeError> {
    Symbol::new(&text.0).map_err(|error| malformed(format!("coin {:?}: {error}", text.0)))
}

/// A block time in milliseconds since 1970.
fn time(ms: u64) -> Result<Timestamp, DecodeError> {
    limits::venue_time(ms).ok_or_else(|| malformed(format!("time {ms} is out of range")))
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
