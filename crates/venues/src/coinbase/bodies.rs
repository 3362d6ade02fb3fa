//! REST bodies to events. They carry no name, so each is told by its shape.

use super::wire::{read_aggressor, read_time};
use crate::decode::{DecodeError, Outcome};
use crate::json::{
    LevelWire, Object, Text, best_first, decimals, malformed, parse, read_levels, required, unknown,
};
use hypersentry_model::event::{BookSnapshot, Candle};
use hypersentry_model::{MarketEvent, Payload, Price, Size, Symbol, Timestamp, Trade, TradeId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One market of `GET /products`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Product {
    /// The venue's spelling: `BTC-USD`.
    pub symbol: Symbol,
    /// What is traded.
    pub base: Symbol,
    /// What it is priced in.
    pub quote: Symbol,
    /// It is online and takes orders.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

/// Bodies of the feed's own API that carry no events: the keys that tell them.
const CONTROL: [(&[&str], &str); 3] = [
    (&["id", "base_currency", "quote_increment"], "products"),
    (&["iso", "epoch"], "server_time"),
    (&["message"], "error"),
];

/// Bodies that we know and do not use. Those of the other API have its name before them.
const UNUSED: [(&[&str], &str); 11] = [
    (&["pricebook"], "advanced-trade:product_book"),
    (&["trades", "best_bid"], "advanced-trade:ticker"),
    (&["candles"], "advanced-trade:candles"),
    (
        &["product_id", "price_percentage_change_24h"],
        "advanced-trade:product",
    ),
    (&["products", "num_products"], "advanced-trade:products"),
    (&["position"], "advanced-trade:position"),
    (&["positions"], "advanced-trade:positions"),
    (&["order"], "advanced-trade:order"),
    (&["orders"], "advanced-trade:orders"),
    (&["open", "high", "low", "volume"], "stats"),
    (&["trade_id", "price", "bid", "ask"], "ticker"),
];

/// Decodes a body and pushes its events, all or none.
pub(super) fn read(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    if text.trim_start().starts_with('[') {
        return read_array(text, symbol, out);
    }
    let object: Object<'_> = parse(text)?;
    if object.has(&["bids", "asks", "sequence"]) {
        out.push(book(text, required(symbol, "a book")?)?);
        return Ok(Outcome::Events);
    }
    name(&object)
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
        let Some((interval, seconds)) = spacing(&items)? else {
            return Ok(Outcome::Skipped("candles of unknown length".to_owned()));
        };
        out.extend(
            candles(text, interval, seconds)?
                .into_iter()
                .map(|candle| MarketEvent {
                    symbol,
                    venue_time: None,
                    payload: Payload::Candle(candle),
                }),
        );
        return Ok(Outcome::Events);
    }
    let object: Object<'_> = parse(first.get())?;
    if object.has(&["trade_id", "price", "size", "side", "time"]) {
        out.append(&mut trades(text, required(symbol, "trades")?)?);
        return Ok(Outcome::Events);
    }
    name(&object)
}

fn name(object: &Object<'_>) -> Result<Outcome, DecodeError> {
    if let Some(name) = object.shape(&CONTROL) {
        return Ok(Outcome::Control(name));
    }
    match object.shape(&UNUSED) {
        Some(name) => Ok(Outcome::Skipped(name.to_owned())),
        None => Err(unknown(format!("an object of {}", object.keys()))),
    }
}

/// An item of `GET /products/{id}/trades`.
#[derive(Deserialize)]
struct TradeWire<'a> {
    trade_id: u64,
    #[serde(borrow)]
    price: Text<'a>,
    #[serde(borrow)]
    size: Text<'a>,
    #[serde(borrow)]
    side: Text<'a>,
    #[serde(borrow)]
    time: Text<'a>,
}

pub(super) fn trades(text: &str, symbol: Symbol) -> Result<Vec<MarketEvent>, DecodeError> {
    let wires: Vec<TradeWire<'_>> = parse(text)?;
    let read = |wire: &TradeWire<'_>| {
        Ok(MarketEvent {
            symbol,
            venue_time: Some(read_time(&wire.time)?),
            payload: Payload::Trade(Trade {
                id: TradeId::Number(wire.trade_id),
                px: wire.price.price()?,
                sz: wire.size.size()?,
                side: read_aggressor(&wire.side)?,
            }),
        })
    };
    wires.iter().map(read).collect()
}

/// `GET /products/{id}/book?level=2`: `[price, size, number of orders]` each.
#[derive(Deserialize)]
struct BookWire<'a> {
    sequence: u64,
    #[serde(borrow)]
    bids: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    asks: Vec<LevelWire<'a>>,
    #[serde(borrow)]
    time: Option<Text<'a>>,
}

pub(super) fn book(text: &str, symbol: Symbol) -> Result<MarketEvent, DecodeError> {
    let wire: BookWire<'_> = parse(text)?;
    let mut book = BookSnapshot {
        depth: wire.bids.len().max(wire.asks.len()) as u32,
        last_seq: Some(wire.sequence),
        ..BookSnapshot::default()
    };
    read_levels(&wire.bids, &mut book.bids)?;
    read_levels(&wire.asks, &mut book.asks)?;
    best_first(&mut book);
    Ok(MarketEvent {
        symbol,
        venue_time: wire.time.as_ref().map(read_time).transpose()?,
        payload: Payload::BookSnapshot(book),
    })
}

/// `[time in s, low, high, open, close, volume]`, JSON numbers throughout.
type CandleWire<'a> = (
    i64,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
);

/// Seconds of the lengths that the venue offers (REST reference: Get product candles).
const LENGTHS: [(&str, i64); 6] = [
    ("1d", 86_400),
    ("6h", 21_600),
    ("1h", 3_600),
    ("15m", 900),
    ("5m", 300),
    ("1m", 60),
];

/// The candles' length, which the body does not tell: the longest on offer in which all candles are whole steps apart. Those of
/// periods without trades are left out by the venue. One candle alone tells nothing.
fn spacing(items: &[&RawValue]) -> Result<Option<(&'static str, i64)>, DecodeError> {
    let mut times = Vec::with_capacity(items.len());
    for item in items {
        let wire: CandleWire<'_> = parse(item.get())?;
        times.push(wire.0);
    }
    let apart = |length: i64| {
        times
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if (b.saturating_sub(*a)) % length == 0))
    };
    let found = LENGTHS.into_iter().find(|(_, length)| apart(*length));
    Ok(found.filter(|_| times.len() > 1))
}

/// The body does not say which candles are complete; a later one in the same body proves it of all but the last.
pub(super) fn candles(
    text: &str,
    interval: &str,
    seconds: i64,
) -> Result<Vec<Candle>, DecodeError> {
    let mut wires: Vec<CandleWire<'_>> = parse(text)?;
    wires.sort_by_key(|wire| wire.0);
    let last = wires.last().map(|wire| wire.0);
    let mut candles = Vec::with_capacity(wires.len());
    for (time, low, high, open, close, volume) in wires {
        let price = |number: &RawValue| Ok::<_, DecodeError>(Price::parse(&plain(number.get())?)?);
        let open_ms = time
            .checked_mul(1_000)
            .ok_or_else(|| malformed("a time out of range"))?;
        candles.push(Candle {
            interval: interval.to_owned(),
            open_ms,
            close_ms: open_ms.saturating_add(seconds.saturating_mul(1_000) - 1),
            o: price(open)?,
            h: price(high)?,
            l: price(low)?,
            c: price(close)?,
            volume_base: Size::parse(&plain(volume.get())?)?,
            trades: None,
            closed: Some(time) != last,
        });
    }
    Ok(candles)
}

/// A JSON number (or text) as a plain decimal of at most twelve decimals: these are floating-point on the venue's side, so that an
/// exponent is possible and digits past the twelfth decimal mean nothing.
fn plain(number: &str) -> Result<String, DecodeError> {
    let number = number.trim_matches('"');
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent
                .trim_start_matches('+')
                .parse()
                .map_err(|_| malformed("a number's exponent"))?;
            (mantissa, exponent)
        }
        None => (number, 0),
    };
    if exponent.unsigned_abs() > 30 {
        return Err(malformed("a number's exponent"));
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if !digits.bytes().all(|b| b.is_ascii_digit()) || whole.is_empty() {
        return Err(malformed("a number"));
    }
    // Where the point stands in `digits`, which zeros extend on both sides.
    let point = whole.len() as i64 + i64::from(exponent);
    let lead = usize::try_from(1 - point).unwrap_or(0);
    let digits = format!("{}{digits}", "0".repeat(lead));
    let point = point.max(1) as usize;
    let digits = format!("{digits:0<point$}");
    let (whole, fraction) = digits.split_at(point);
    let fraction = fraction.get(..12).unwrap_or(fraction);
    Ok(match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// An item of `GET /products`.
#[derive(Deserialize)]
struct ProductWire<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    base_currency: Text<'a>,
    #[serde(borrow)]
    quote_currency: Text<'a>,
    #[serde(borrow)]
    quote_increment: Text<'a>,
    #[serde(borrow)]
    base_increment: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(default)]
    trading_disabled: bool,
}

/// Decimals where a product has no step.
const FINEST_DECIMALS: u32 = 8;

pub(super) fn products(text: &str) -> Result<Vec<Product>, DecodeError> {
    let wires: Vec<ProductWire<'_>> = parse(text)?;
    let mut products = Vec::with_capacity(wires.len());
    for wire in &wires {
        let names = (
            wire.id.symbol(),
            wire.base_currency.symbol(),
            wire.quote_currency.symbol(),
        );
        let (Ok(symbol), Ok(base), Ok(quote)) = names else {
            continue;
        };
        products.push(Product {
            symbol,
            base,
            quote,
            trading: wire.status.as_str() == "online" && !wire.trading_disabled,
            px_decimals: decimals(wire.quote_increment.price()?, FINEST_DECIMALS),
            sz_decimals: decimals(wire.base_increment.price()?, FINEST_DECIMALS),
        });
    }
    Ok(products)
}

/// `GET /time`.
#[derive(Deserialize)]
struct TimeWire<'a> {
    #[serde(borrow)]
    iso: Text<'a>,
}

pub(super) fn server_time(text: &str) -> Result<Timestamp, DecodeError> {
    let wire: TimeWire<'_> = parse(text)?;
    read_time(&wire.iso)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn floats_become_plain_decimals() {
        for (number, expected) in [
            ("66055.14", "66055.14"),
            ("-3", "-3"),
            ("1.305e-05", "0.00001305"),
            ("1.5E+3", "1500"),
            ("12e2", "1200"),
            ("0.1e1", "01"),
            ("355.82896243000003", "355.828962430000"),
            ("\"0.5\"", "0.5"),
        ] {
            assert_eq!(plain(number).unwrap(), expected, "{number}");
        }
        for number in ["", "e5", "1e99", "1e", "nan", "null", "[1]", ".5", "1.-5"] {
            assert!(plain(number).is_err(), "{number}");
        }
    }

    proptest! {
        #[test]
        fn an_exponent_changes_no_value(whole in 0u32..1_000_000, shift in 0usize..6) {
            let scaled = format!("{whole}e-{shift}");
            let scale = 10i128.pow(12 - shift as u32);
            let expected = Price::from_units(i128::from(whole) * scale);
            prop_assert_eq!(Price::parse(&plain(&scaled).unwrap()).unwrap(), expected);
        }

        #[test]
        fn never_panics(text in "[0-9.eE+-]{0,20}") {
            let _ = plain(&text);
        }
    }
}
