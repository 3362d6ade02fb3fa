//! REST bodies to events. They carry no name, so each is told by its shape.

use super::decode::{parse, read_fill, read_snapshot, unknown};
use super::fast::{aggressor, side};
use super::wire::{AggTradeWire, Listing, Object, Text};
use crate::decode::{DecodeError, Outcome};
use hypersentry_model::event::{Bbo, Candle};
use hypersentry_model::{Level, MarketEvent, Payload, Price, Symbol, Timestamp, Trade, TradeId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Decodes a body and pushes its events, all or none.
pub(super) fn read(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let mut events = Vec::new();
    let outcome = if text.trim_start().starts_with('[') {
        read_array(text, symbol, &mut events)?
    } else {
        read_object(text, symbol, &mut events)?
    };
    out.append(&mut events);
    Ok(outcome)
}

fn read_object(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let object: Object<'_> = parse(text)?;
    if object.has(&["lastUpdateId", "bids", "asks"]) {
        let book = read_snapshot(text)?;
        out.push(MarketEvent {
            symbol: required(symbol, "a depth snapshot")?,
            venue_time: None,
            payload: Payload::BookSnapshot(book),
        });
        return Ok(Outcome::Events);
    }
    if is_book_ticker(&object) {
        out.push(read_book_ticker(text)?);
        return Ok(Outcome::Events);
    }
    if object.has(&["symbols", "rateLimits"]) {
        return Ok(Outcome::Control("exchange_info"));
    }
    if object.has(&["serverTime"]) {
        return Ok(Outcome::Control("server_time"));
    }
    match unused(&object) {
        Some(name) => Ok(Outcome::Skipped(name.to_owned())),
        None => Err(unknown(format!("an object of {}", object.keys()))),
    }
}

fn read_array(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let items: Vec<&RawValue> = parse(text)?;
    let Some(first) = items.first() else {
        return Ok(Outcome::Events);
    };
    if first.get().starts_with('[') {
        let symbol = required(symbol, "candles")?;
        return read_candles(&items, symbol, out);
    }
    let object: Object<'_> = parse(first.get())?;
    if object.has(&["id", "price", "qty", "time", "isBuyerMaker"]) {
        let symbol = required(symbol, "trades")?;
        for item in items {
            out.push(read_trade(item.get(), symbol)?);
        }
    } else if object.has(&["a", "p", "q", "f", "l", "T", "m"]) {
        let symbol = required(symbol, "trades")?;
        for item in items {
            let wire: AggTradeWire<'_> = parse(item.get())?;
            out.push(read_fill(wire.id, &wire.fill, Some(symbol))?);
        }
    } else if is_book_ticker(&object) {
        for item in items {
            out.push(read_book_ticker(item.get())?);
        }
    } else {
        return match unused(&object) {
            Some(name) => Ok(Outcome::Skipped(name.to_owned())),
            None => Err(unknown(format!("an array of {}", object.keys()))),
        };
    }
    Ok(Outcome::Events)
}

fn required(symbol: Option<Symbol>, what: &str) -> Result<Symbol, DecodeError> {
    symbol.ok_or_else(|| DecodeError::new("symbol_required", format!("{what} without a symbol")))
}

/// Bodies that we know and do not use: what an account's owner asked for, and statistics.
fn unused(object: &Object<'_>) -> Option<&'static str> {
    const SHAPES: [(&[&str], &str); 13] = [
        (&["orderId", "commission"], "account_trade"),
        (&["contingencyType", "orderListId"], "order_list"),
        (&["cancelResult", "newOrderResult"], "cancel_replace"),
        (&["symbol", "orderId"], "order"),
        (&["preventedMatchId"], "prevented_match"),
        (&["allocationId"], "allocation"),
        (&["balances"], "account"),
        (&["standardCommission"], "commission"),
        (&["listenKey"], "listen_key"),
        (&["symbol", "lastPrice", "openTime"], "ticker"),
        (&["symbol", "price"], "price"),
        (&["mins", "price"], "average_price"),
        (&["rateLimitType", "limit"], "rate_limit"),
    ];
    let shape = SHAPES.iter().find(|(keys, _)| object.has(keys));
    shape.map(|(_, name)| *name)
}

/// The day's ticker has the same four prices and many more.
fn is_book_ticker(object: &Object<'_>) -> bool {
    object.has(&["symbol", "bidPrice", "bidQty", "askPrice", "askQty"])
        && object.get("lastPrice").is_none()
}

/// An item of `GET /api/v3/ticker/bookTicker`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookTickerWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    bid_price: Text<'a>,
    #[serde(borrow)]
    bid_qty: Text<'a>,
    #[serde(borrow)]
    ask_price: Text<'a>,
    #[serde(borrow)]
    ask_qty: Text<'a>,
}

fn read_book_ticker(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: BookTickerWire<'_> = parse(text)?;
    let bid = Level {
        px: wire.bid_price.price()?,
        sz: wire.bid_qty.size()?,
    };
    let ask = Level {
        px: wire.ask_price.price()?,
        sz: wire.ask_qty.size()?,
    };
    Ok(MarketEvent {
        symbol: wire.symbol.symbol()?,
        venue_time: None,
        payload: Payload::Bbo(Bbo {
            bid: side(bid),
            ask: side(ask),
            book_seq: None,
        }),
    })
}

/// An item of `GET /api/v3/trades`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TradeWire<'a> {
    id: u64,
    #[serde(borrow)]
    price: Text<'a>,
    #[serde(borrow)]
    qty: Text<'a>,
    time: i64,
    is_buyer_maker: bool,
}

fn read_trade(text: &str, symbol: Symbol) -> Result<MarketEvent, DecodeError> {
    let wire: TradeWire<'_> = parse(text)?;
    Ok(MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(wire.time)),
        payload: Payload::Trade(Trade {
            id: TradeId::Number(wire.id),
            px: wire.price.price()?,
            sz: wire.qty.size()?,
            side: aggressor(wire.is_buyer_maker),
        }),
    })
}

/// The items of `GET /api/v3/klines`: `[open time, o, h, l, c, volume, close time, quote volume, trades, ...]`, oldest first.
///
/// The body does not say which candles are complete; a later one in the same body proves it of all but the last.
fn read_candles(
    items: &[&RawValue],
    symbol: Symbol,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    for (i, item) in items.iter().enumerate() {
        let fields: Vec<&RawValue> = parse(item.get())?;
        let at = |i: usize| {
            let field = fields.get(i).map(|field| field.get());
            field.ok_or_else(|| DecodeError::new("malformed_message", "the candle is too short"))
        };
        let text = |i: usize| -> Result<Text<'_>, DecodeError> { parse(at(i)?) };
        let open_ms: i64 = parse(at(0)?)?;
        let close_ms: i64 = parse(at(6)?)?;
        let candle = Candle {
            interval: interval(open_ms, close_ms)?.to_owned(),
            open_ms,
            close_ms,
            o: text(1)?.price()?,
            h: text(2)?.price()?,
            l: text(3)?.price()?,
            c: text(4)?.price()?,
            volume_base: text(5)?.size()?,
            trades: Some(parse(at(8)?)?),
            closed: i + 1 < items.len(),
        };
        out.push(MarketEvent {
            symbol,
            venue_time: None,
            payload: Payload::Candle(candle),
        });
    }
    Ok(Outcome::Events)
}

/// The body does not name the interval; its length does.
fn interval(open_ms: i64, close_ms: i64) -> Result<&'static str, DecodeError> {
    const DAY: i64 = 86_400_000;
    Ok(match close_ms.saturating_sub(open_ms).saturating_add(1) {
        1_000 => "1s",
        60_000 => "1m",
        180_000 => "3m",
        300_000 => "5m",
        900_000 => "15m",
        1_800_000 => "30m",
        3_600_000 => "1h",
        7_200_000 => "2h",
        14_400_000 => "4h",
        21_600_000 => "6h",
        28_800_000 => "8h",
        43_200_000 => "12h",
        DAY => "1d",
        259_200_000 => "3d",
        604_800_000 => "1w",
        ms if ms % DAY == 0 && (28..=31).contains(&(ms / DAY)) => "1M",
        ms => {
            let detail = format!("no interval has {ms} ms");
            return Err(DecodeError::new("malformed_message", detail));
        }
    })
}

#[derive(Deserialize)]
struct ExchangeInfoWire<'a> {
    #[serde(borrow)]
    symbols: Vec<ListingWire<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListingWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    base_asset: Option<Text<'a>>,
    #[serde(borrow)]
    quote_asset: Option<Text<'a>>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    filters: Vec<FilterWire<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterWire<'a> {
    #[serde(borrow)]
    filter_type: Text<'a>,
    #[serde(borrow)]
    tick_size: Option<Text<'a>>,
    #[serde(borrow)]
    step_size: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTimeWire {
    server_time: i64,
}

/// What the venue's clock showed, where the body tells it.
pub(super) fn server_time(text: &str) -> Option<Timestamp> {
    let wire: ServerTimeWire = parse(text).ok()?;
    Some(Timestamp::from_ms(wire.server_time))
}

pub(super) fn listings(text: &str) -> Result<Vec<Listing>, DecodeError> {
    let wire: ExchangeInfoWire<'_> = parse(text)?;
    let mut listings = Vec::new();
    for market in &wire.symbols {
        let Ok(symbol) = market.symbol.symbol() else {
            continue;
        };
        let mut listing = Listing {
            symbol,
            base: market.base_asset.as_ref().and_then(|s| s.symbol().ok()),
            quote: market.quote_asset.as_ref().and_then(|s| s.symbol().ok()),
            trading: market.status.as_str() == "TRADING",
            px_decimals: FINEST_DECIMALS,
            sz_decimals: FINEST_DECIMALS,
        };
        for filter in &market.filters {
            match (
                filter.filter_type.as_str(),
                &filter.tick_size,
                &filter.step_size,
            ) {
                ("PRICE_FILTER", Some(tick), _) => listing.px_decimals = decimals(tick)?,
                ("LOT_SIZE", _, Some(step)) => listing.sz_decimals = decimals(step)?,
                _ => {}
            }
        }
        listings.push(listing);
    }
    Ok(listings)
}

/// The venue writes eight decimals everywhere.
const FINEST_DECIMALS: u32 = 8;

/// Decimals of a step; a step of zero switches the rule off.
fn decimals(step: &Text<'_>) -> Result<u32, DecodeError> {
    let mut units = step.price()?.units();
    if units == 0 {
        return Ok(FINEST_DECIMALS);
    }
    let mut decimals = Price::SCALE;
    while decimals > 0 && units % 10 == 0 {
        units /= 10;
        decimals -= 1;
    }
    Ok(decimals)
}
