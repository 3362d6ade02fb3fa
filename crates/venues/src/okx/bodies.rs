//! REST answers to events. They do not name what they answer, so each is told by the shape of its first entry.

use super::decode::{Reader, figures, malformed, parse, short, unknown};
use super::events;
use super::wire::{BookWire, EnvelopeWire, Message, Object, Text};
use crate::decode::DecodeError;
use crate::session::Interval;
use hypersentry_model::event::{Candle, Feed};
use hypersentry_model::{MarketEvent, Payload, Symbol};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Answers that we know and do not use, by keys that together are theirs alone. The first that fits names the answer.
const UNUSED: [(&[&str], &str); 19] = [
    (&["sprdId", "tradeId"], "spread_trades"),
    (&["sprdId"], "spreads"),
    (&["algoId"], "algo_orders"),
    (&["ordId"], "orders"),
    (&["closeAvgPx", "direction"], "positions_history"),
    (&["posId"], "positions"),
    (&["posMode"], "position_mode"),
    (&["realizedRate"], "funding_rate_history"),
    (&["maxLever", "tier"], "position_tiers"),
    (&["maker", "taker"], "trade_fee"),
    (&["details", "totalEq"], "balance"),
    (&["optVal"], "opt_summary"),
    (&["delta", "gamma"], "opt_summary"),
    (&["settlePx"], "estimated_price"),
    (&["buyLmt", "sellLmt"], "price_limit"),
    (&["vol24h", "blockVol"], "platform_volume"),
    (&["volUsd", "volCny"], "platform_volume"),
    (&["usdCny"], "exchange_rate"),
    (&["sCode"], "order_results"),
];

/// Reads an answer.
pub(super) fn read(
    reader: &Reader<'_>,
    envelope: &EnvelopeWire<'_>,
    data: Option<&str>,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let Some(code) = &envelope.code else {
        return Err(unknown("neither a channel nor an answer"));
    };
    if code.as_str() != "0" {
        return Ok(Message::Error {
            code: short(code.as_str()),
            words: envelope
                .msg
                .as_ref()
                .map_or(String::new(), |msg| short(msg.as_str())),
            topic: None,
        });
    }
    let data = data.ok_or_else(|| unknown("an answer without data"))?;
    if !data.starts_with('[') {
        return Err(unknown("an answer whose data is no list"));
    }
    let items: Vec<&RawValue> = parse(data)?;
    let Some(first) = items.first().map(|item| item.get()) else {
        // Nothing says what it is none of.
        return Ok(Message::Skipped("empty".to_owned()));
    };
    match first.as_bytes().first() {
        Some(b'[') => {
            let symbol = reader
                .symbol
                .ok_or_else(|| DecodeError::new("symbol_required", "candles without a symbol"))?;
            candles(&items, symbol, None, out)?;
            Ok(Message::Events(Feed::Candles))
        }
        Some(b'{') => object(reader, first, data, out),
        _ => Err(unknown("a list of bare values")),
    }
}

fn object(
    reader: &Reader<'_>,
    first: &str,
    data: &str,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let object: Object<'_> = parse(first)?;
    let has = |keys: &[&str]| object.has(keys);
    if has(&["instType", "instId", "tickSz", "lotSz"]) {
        return Ok(Message::Instruments(events::listings(data)?));
    }
    if has(&["asks", "bids", "ts"]) {
        return book(reader, data, out);
    }
    if has(&["instId", "tradeId", "px", "sz", "side"]) && !has(&["ordId"]) {
        return Ok(Message::Trades(reader.trades(data, out)?));
    }
    if has(&["instId", "details"]) {
        return reader.liquidations(data, out);
    }
    if let Some((_, name)) = UNUSED.iter().find(|(keys, _)| has(keys)) {
        return Ok(Message::Skipped((*name).to_owned()));
    }
    if has(&["instId", "markPx"]) || has(&["instId", "idxPx"]) {
        return figures(data, events::context, Feed::Context, out);
    }
    if has(&["instId", "oi", "oiCcy"]) {
        return figures(data, events::open_interest, Feed::OpenInterest, out);
    }
    if has(&["instId", "fundingRate", "nextFundingTime"]) {
        return figures(data, events::funding, Feed::Funding, out);
    }
    if has(&["instId", "last", "open24h"]) {
        return figures(data, events::ticker, Feed::Context, out);
    }
    if has(&["ts"]) {
        return time(data);
    }
    Err(unknown(format!("a list of {}", object.keys())))
}

/// The answer to `GET /api/v5/public/time`.
fn time(data: &str) -> Result<Message, DecodeError> {
    #[derive(Deserialize)]
    struct TimeWire<'a> {
        #[serde(borrow)]
        ts: Text<'a>,
    }
    match parse::<Vec<TimeWire<'_>>>(data)?.as_slice() {
        [wire] => Ok(Message::Time(wire.ts.time()?)),
        _ => Err(unknown("a list of times")),
    }
}

/// The answer to `GET /api/v5/market/books` names no market. Its depth is what was asked for; the longer side's length stands in.
fn book(
    reader: &Reader<'_>,
    data: &str,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let symbol = reader
        .symbol
        .ok_or_else(|| DecodeError::new("symbol_required", "a book without a symbol"))?;
    let contract = reader.contracts.of(symbol)?;
    for wire in parse::<Vec<BookWire<'_>>>(data)? {
        let depth = wire.asks.len().max(wire.bids.len()) as u32;
        out.push(events::snapshot(&wire, symbol, contract, depth)?);
    }
    Ok(Message::Events(Feed::Book))
}

/// Lengths of candles: the venue's name, ours, and milliseconds. `docs-v5`, Market Data > Get candlesticks: names without `utc`
/// count days from 16:00 UTC. Months have no fixed length and are not read.
const LENGTHS: [(&str, &str, i64); 16] = [
    ("1s", "1s", 1_000),
    ("1m", "1m", 60_000),
    ("3m", "3m", 180_000),
    ("5m", "5m", 300_000),
    ("15m", "15m", 900_000),
    ("30m", "30m", 1_800_000),
    ("1H", "1h", 3_600_000),
    ("2H", "2h", 7_200_000),
    ("4H", "4h", 14_400_000),
    ("6H", "6h", 21_600_000),
    ("12H", "12h", 43_200_000),
    ("1D", "1d", 86_400_000),
    ("2D", "2d", 172_800_000),
    ("3D", "3d", 259_200_000),
    ("5D", "5d", 432_000_000),
    ("1W", "1w", 604_800_000),
];

/// Candles of a channel `candle<name>`.
pub(super) fn streamed_candles(
    name: &str,
    symbol: Symbol,
    data: &str,
    out: &mut Vec<MarketEvent>,
) -> Result<Message, DecodeError> {
    let bare = name.strip_suffix("utc").unwrap_or(name);
    let Some((_, _, length)) = LENGTHS.iter().find(|(venue, _, _)| *venue == bare) else {
        return match bare {
            "1M" | "3M" => Ok(Message::Skipped(format!("candle{name}"))),
            _ => Err(unknown(format!("channel candle{}", short(name)))),
        };
    };
    let items: Vec<&RawValue> = parse(data)?;
    candles(&items, symbol, Some(*length), out)?;
    Ok(Message::Events(Feed::Candles))
}

/// `[ts, o, h, l, c, vol, volCcy, volCcyQuote, confirm]`, on most ways newest first. `vol` is in contracts, or in base units on spot
/// markets; `volCcy` is in the base currency, or in the quote currency on spot markets. Events come oldest first.
///
/// An answer does not name the length; the least distance between two of its candles does.
fn candles(
    items: &[&RawValue],
    symbol: Symbol,
    length: Option<i64>,
    out: &mut Vec<MarketEvent>,
) -> Result<(), DecodeError> {
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let row: Vec<Text<'_>> = parse(item.get())?;
        let open = row.first().ok_or_else(|| malformed("an empty candle"))?;
        rows.push((open.time()?.ms(), row));
    }
    rows.sort_by_key(|(open, _)| *open);
    let ms = match length {
        Some(ms) => ms,
        None => {
            let apart = rows.windows(2).map(|pair| match pair {
                [(a, _), (b, _)] => b.saturating_sub(*a),
                _ => 0,
            });
            apart.min().ok_or_else(|| {
                let detail = "a single candle does not say how long it is";
                DecodeError::new("interval_unknown", detail)
            })?
        }
    };
    let Some((_, name, _)) = LENGTHS.iter().find(|(_, _, length)| *length == ms) else {
        return Err(malformed(format!("no candle has {ms} ms")));
    };
    for (open_ms, row) in &rows {
        out.push(MarketEvent {
            symbol,
            venue_time: None,
            payload: Payload::Candle(candle(*open_ms, row, symbol, name, ms)?),
        });
    }
    Ok(())
}

/// The answer to a request for candles of this length; other answers are refused.
pub(super) fn candles_answer(
    body: &[u8],
    symbol: Symbol,
    interval: Interval,
) -> Result<Vec<Candle>, DecodeError> {
    let text =
        std::str::from_utf8(body).map_err(|e| DecodeError::new("not_utf8", e.to_string()))?;
    let envelope: EnvelopeWire<'_> = parse(text)?;
    let code = envelope.code.as_ref().map_or("", Text::as_str);
    if code != "0" {
        let words = envelope.msg.as_ref().map_or("", Text::as_str);
        let detail = format!("{}: {}", short(code), short(words));
        return Err(DecodeError::new("venue_error", detail));
    }
    let data = envelope.data.map(RawValue::get);
    let items: Vec<&RawValue> = parse(data.ok_or_else(|| unknown("an answer without data"))?)?;
    let mut events = Vec::new();
    candles(&items, symbol, Some(interval.ms()), &mut events)?;
    let candle = |event: MarketEvent| match event.payload {
        Payload::Candle(candle) => Some(candle),
        _ => None,
    };
    Ok(events.into_iter().filter_map(candle).collect())
}

fn candle(
    open_ms: i64,
    row: &[Text<'_>],
    symbol: Symbol,
    interval: &str,
    ms: i64,
) -> Result<Candle, DecodeError> {
    let [_, o, h, l, c, contracts, currency, rest @ ..] = row else {
        return Err(malformed("the candle is too short"));
    };
    let volume = match super::contracts::is_spot(symbol) {
        true => contracts,
        false => currency,
    };
    Ok(Candle {
        interval: interval.to_owned(),
        open_ms,
        close_ms: open_ms.saturating_add(ms - 1),
        o: o.price()?,
        h: h.price()?,
        l: l.price()?,
        c: c.price()?,
        volume_base: volume.size()?,
        trades: None,
        closed: rest.last().is_some_and(|confirm| confirm.as_str() == "1"),
    })
}
