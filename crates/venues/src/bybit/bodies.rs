//! REST bodies: `{"retCode":0,"retMsg":"OK","result":{...},"time":...}`, where the result is told by its shape.

use super::decode::read_snapshot;
use super::ticker::{Ticker, TickerWire};
use super::wire::{BookWire, read_taker, trade};
use crate::decode::{DecodeError, Outcome};
use crate::json::{Object, Text, malformed, parse, required, short, unknown};
use hypersentry_model::event::Candle;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A REST body that the venue did not refuse.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub(super) result: &'a RawValue,
    time_ms: Option<i64>,
}

/// Results that we know and do not use: what an account's owner asked for, and statistics.
const UNUSED: [(&[&str], &str); 12] = [
    (&["fundingRate", "fundingRateTimestamp"], "funding_history"),
    (&["execId", "orderId"], "executions"),
    (&["orderId"], "orders"),
    (&["positionIdx"], "positions"),
    (&["takerFeeRate"], "fee_rate"),
    (&["totalEquity"], "wallet_balance"),
    (&["marginMode"], "account_info"),
    (&["apiKey"], "api_key"),
    (&["openInterest", "timestamp"], "open_interest_history"),
    (&["buyRatio", "sellRatio"], "account_ratio"),
    (&["deliveryPrice"], "delivery_price"),
    (&["coin", "balance"], "insurance"),
];

/// Decodes a body and pushes its events. On an error some may have been pushed.
pub(super) fn read(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let object: Object<'_> = parse(text)?;
    if !object.has(&["retCode", "result"]) {
        return Err(unknown(format!("an object of {}", object.keys())));
    }
    let Ok(answer) = answer(text) else {
        return Ok(Outcome::Control("error"));
    };
    let result: Object<'_> = parse(answer.result.get())?;
    if result.has(&["s", "b", "a", "u"]) {
        out.push(answer.book()?);
        return Ok(Outcome::Events);
    }
    if result.has(&["timeSecond", "timeNano"]) {
        return Ok(Outcome::Control("server_time"));
    }
    if let Some(name) = result.shape(&UNUSED) {
        return Ok(Outcome::Skipped(name.to_owned()));
    }
    let Some(list) = result.get("list").or_else(|| result.get("result")) else {
        return Err(unknown(format!("a result of {}", result.keys())));
    };
    let items: Vec<&RawValue> = parse(list)?;
    let Some(first) = items.first() else {
        return Ok(Outcome::Events);
    };
    if first.get().starts_with('[') {
        return read_candles(&answer, &items, symbol, out);
    }
    let first: Object<'_> = parse(first.get())?;
    // Other categories have other units.
    let foreign = matches!(
        result.get("category"),
        Some("\"inverse\"" | "\"option\"" | "\"spot\"")
    );
    if first.has(&["execId", "price", "size", "side", "time", "isBlockTrade"]) {
        if foreign {
            return Ok(Outcome::Skipped("trades of another category".to_owned()));
        }
        out.append(&mut answer.trades()?);
        return Ok(Outcome::Events);
    }
    if first.has(&["symbol", "status", "baseCoin"]) {
        return Ok(Outcome::Control("instruments"));
    }
    if first.has(&["symbol", "lastPrice", "turnover24h"]) {
        if foreign || first.has(&["underlyingPrice"]) {
            return Ok(Outcome::Skipped("tickers of another category".to_owned()));
        }
        let time = answer.time_ms.map(Timestamp::from_ms);
        for (symbol, ticker) in answer.tickers()? {
            ticker.events(symbol, time, out);
        }
        return Ok(Outcome::Events);
    }
    match first.shape(&UNUSED) {
        Some(name) => Ok(Outcome::Skipped(name.to_owned())),
        None => Err(unknown(format!("a list of {}", first.keys()))),
    }
}

/// The body tells the market, but not the candles' length: it is the least distance of two. One candle alone tells nothing.
fn read_candles(
    answer: &Answer<'_>,
    items: &[&RawValue],
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        symbol: Option<Text<'a>>,
    }
    let named: Named<'_> = parse(answer.result.get())?;
    let symbol = match &named.symbol {
        Some(name) => name.symbol()?,
        None => required(symbol, "candles")?,
    };
    let mut times = Vec::with_capacity(items.len());
    for item in items {
        let fields: Vec<Text<'_>> = parse(item.get())?;
        let first = fields.first().ok_or_else(|| malformed("an empty candle"))?;
        times.push(first.integer()?);
    }
    let distances = times.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(a.saturating_sub(*b).saturating_abs()),
        _ => None,
    });
    let known = distances.min().and_then(|ms| {
        let length = LENGTHS.iter().find(|(_, length)| *length == ms);
        length.copied()
    });
    let Some((interval, ms)) = known else {
        return Ok(Outcome::Skipped("candles of unknown length".to_owned()));
    };
    out.extend(
        answer
            .candles(interval, ms)?
            .into_iter()
            .map(|candle| MarketEvent {
                symbol,
                venue_time: None,
                payload: Payload::Candle(candle),
            }),
    );
    Ok(Outcome::Events)
}

/// Milliseconds of the lengths of candles; months have no one length.
const LENGTHS: [(&str, i64); 12] = [
    ("1m", 60_000),
    ("3m", 180_000),
    ("5m", 300_000),
    ("15m", 900_000),
    ("30m", 1_800_000),
    ("1h", 3_600_000),
    ("2h", 7_200_000),
    ("4h", 14_400_000),
    ("6h", 21_600_000),
    ("12h", 43_200_000),
    ("1d", 86_400_000),
    ("1w", 604_800_000),
];

#[derive(Deserialize)]
struct BodyWire<'a> {
    #[serde(rename = "retCode")]
    code: i64,
    #[serde(borrow, rename = "retMsg")]
    words: Option<Text<'a>>,
    #[serde(borrow)]
    result: &'a RawValue,
    time: Option<i64>,
}

pub(super) fn answer(text: &str) -> Result<Answer<'_>, DecodeError> {
    let wire: BodyWire<'_> = parse(text)?;
    if wire.code != 0 {
        let words = wire.words.as_ref().map_or("", |words| words.as_str());
        let detail = format!("{}: {}", wire.code, short(words));
        return Err(DecodeError::new("venue_error", detail));
    }
    Ok(Answer {
        result: wire.result,
        time_ms: wire.time,
    })
}

#[derive(Deserialize)]
struct ListWire<T> {
    list: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TradeWire<'a> {
    #[serde(borrow)]
    exec_id: Text<'a>,
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    price: Text<'a>,
    #[serde(borrow)]
    size: Text<'a>,
    #[serde(borrow)]
    side: Text<'a>,
    #[serde(borrow)]
    time: Text<'a>,
    #[serde(default)]
    is_block_trade: bool,
}

impl Answer<'_> {
    /// When the venue answered, UTC ms.
    pub fn time_ms(&self) -> Option<i64> {
        self.time_ms
    }

    /// As `GET /v5/market/orderbook`. `depth` is the longer side's length: the body does not tell the limit.
    ///
    /// # Errors
    /// `malformed_message` or a decimal's code.
    pub fn book(&self) -> Result<MarketEvent, DecodeError> {
        let wire: BookWire<'_> = parse(self.result.get())?;
        let depth = wire.bids.len().max(wire.asks.len()) as u32;
        Ok(MarketEvent {
            symbol: wire.symbol.symbol()?,
            venue_time: wire.cts.or(wire.ts).map(Timestamp::from_ms),
            payload: Payload::BookSnapshot(read_snapshot(&wire, depth)?),
        })
    }

    /// As `GET /v5/market/recent-trade`: newest first, as the venue sends them, without block trades.
    ///
    /// # Errors
    /// `malformed_message` or a decimal's code.
    pub fn trades(&self) -> Result<Vec<MarketEvent>, DecodeError> {
        let wire: ListWire<TradeWire<'_>> = parse(self.result.get())?;
        let mut trades = Vec::with_capacity(wire.list.len());
        for item in &wire.list {
            let side = read_taker(&item.side)?;
            let (px, sz) = (item.price.price()?, item.size.size()?);
            let (symbol, time) = (item.symbol.symbol()?, item.time.integer()?);
            if !item.is_block_trade {
                trades.push(trade(symbol, time, item.exec_id.as_str(), side, px, sz));
            }
        }
        Ok(trades)
    }

    /// As `GET /v5/market/kline` for candles of `ms`: `[start, open, high, low, close, volume, turnover]`; oldest first, which is not
    /// the venue's order. The body does not say which are complete; a later one proves it of all but the last.
    ///
    /// # Errors
    /// `malformed_message` or a decimal's code.
    pub fn candles(&self, interval: &str, ms: i64) -> Result<Vec<Candle>, DecodeError> {
        let wire: ListWire<Vec<Text<'_>>> = parse(self.result.get())?;
        let mut candles = Vec::with_capacity(wire.list.len());
        for item in &wire.list {
            let [start, open, high, low, close, volume, ..] = item.as_slice() else {
                return Err(malformed("the candle is too short"));
            };
            let open_ms = start.integer()?;
            candles.push(Candle {
                interval: interval.to_owned(),
                open_ms,
                close_ms: open_ms.saturating_add(ms - 1),
                o: open.price()?,
                h: high.price()?,
                l: low.price()?,
                c: close.price()?,
                volume_base: volume.size()?,
                trades: None,
                closed: true,
            });
        }
        candles.sort_by_key(|candle| candle.open_ms);
        if let Some(last) = candles.last_mut() {
            last.closed = false;
        }
        Ok(candles)
    }

    /// As `GET /v5/market/tickers`.
    ///
    /// # Errors
    /// `malformed_message` or a decimal's code.
    pub fn tickers(&self) -> Result<Vec<(Symbol, Ticker)>, DecodeError> {
        let wire: ListWire<TickerWire<'_>> = parse(self.result.get())?;
        let read = |item: &TickerWire<'_>| Ok((item.symbol.symbol()?, item.read()?));
        wire.list.iter().map(read).collect()
    }

    /// As `GET /v5/market/time`.
    ///
    /// # Errors
    /// `malformed_message`.
    pub fn server_time(&self) -> Result<Timestamp, DecodeError> {
        #[derive(Deserialize)]
        struct TimeWire<'a> {
            #[serde(borrow, rename = "timeNano")]
            nanos: Text<'a>,
        }
        let wire: TimeWire<'_> = parse(self.result.get())?;
        Ok(Timestamp::from_ns(wire.nanos.integer()?))
    }
}
