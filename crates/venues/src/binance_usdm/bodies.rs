//! REST bodies to events. They carry no name, so each is told by its shape.

use super::events::{agg_trade, aggressor, mark_price, side, snapshot};
use super::wire::{AggTradeWire, Contract, MarkPriceWire, SnapshotWire};
use crate::decode::{DecodeError, Outcome};
use crate::json::{Object, Text, decimals, malformed, parse, required, unknown};
use hypersentry_model::event::{Bbo, Candle, OpenInterest};
use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Timestamp, Trade, TradeId};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Decodes a body and pushes its events, all or none.
pub(super) fn read(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let mut events = Vec::new();
    let outcome = if text.trim_start().starts_with('[') {
        let items: Vec<&RawValue> = parse(text)?;
        match items.first() {
            None => Outcome::Events,
            Some(first) if first.get().starts_with('[') => {
                read_candles(&items, required(symbol, "candles")?, &mut events)?;
                Outcome::Events
            }
            Some(_) => read_items(&items, symbol, &mut events)?,
        }
    } else {
        read_object(text, symbol, &mut events)?
    };
    out.append(&mut events);
    Ok(outcome)
}

/// Objects of one kind. One that is no event makes the whole body none.
fn read_items(
    items: &[&RawValue],
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    for item in items {
        match read_object(item.get(), symbol, out)? {
            Outcome::Events => {}
            other => return Ok(other),
        }
    }
    Ok(Outcome::Events)
}

fn read_object(
    text: &str,
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    let object: Object<'_> = parse(text)?;
    if object.has(&["lastUpdateId", "bids", "asks"]) {
        let (book, venue_time) = snapshot(&parse::<SnapshotWire<'_>>(text)?)?;
        out.push(MarketEvent {
            symbol: required(symbol, "a depth snapshot")?,
            venue_time,
            payload: Payload::BookSnapshot(book),
        });
    } else if object.has(&["symbol", "bidPrice", "askPrice"]) && !object.has(&["lastPrice"]) {
        out.push(read_book_ticker(text)?);
    } else if object.has(&["openInterest", "symbol", "time"]) {
        out.push(read_open_interest(text)?);
    } else if object.has(&["symbol", "markPrice", "lastFundingRate"]) {
        let wire: PremiumWire<'_> = parse(text)?;
        mark_price(&wire.into(), out)?;
    } else if object.has(&["a", "p", "q", "f", "l", "T", "m"]) {
        out.push(agg_trade(&parse::<AggTradeWire<'_>>(text)?, symbol)?);
    } else if object.has(&["id", "price", "qty", "time", "isBuyerMaker"]) {
        out.push(read_trade(text, required(symbol, "a trade")?)?);
    } else if let Some(name) = object.shape(&CONTROL) {
        return Ok(Outcome::Control(name));
    } else {
        return match object.shape(&UNUSED) {
            Some(name) => Ok(Outcome::Skipped(name.to_owned())),
            None => Err(unknown(format!("an object of {}", object.keys()))),
        };
    }
    Ok(Outcome::Events)
}

/// Bodies that the session uses and that are no events.
const CONTROL: [(&[&str], &str); 3] = [
    (&["symbols", "rateLimits"], "exchange_info"),
    (&["symbol", "fundingIntervalHours"], "funding_info"),
    (&["serverTime"], "server_time"),
];

/// Bodies that we know and do not use.
const UNUSED: [(&[&str], &str); 12] = [
    (&["sumOpenInterest", "timestamp"], "open_interest_hist"),
    (
        &["symbol", "fundingRate", "fundingTime"],
        "funding_rate_hist",
    ),
    (&["orderId", "commission"], "account_trade"),
    (&["symbol", "orderId"], "order"),
    (&["algoId"], "algo_order"),
    (&["totalWalletBalance"], "account"),
    (&["positionAmt"], "position"),
    (&["balance", "asset"], "balance"),
    (&["listenKey"], "listen_key"),
    (&["symbol", "lastPrice", "openTime"], "ticker"),
    (&["symbol", "price"], "price"),
    (&["longShortRatio"], "long_short_ratio"),
];

/// `GET /fapi/v1/premiumIndex`: what the stream of mark prices tells.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PremiumWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    mark_price: Text<'a>,
    #[serde(borrow)]
    index_price: Option<Text<'a>>,
    #[serde(borrow)]
    last_funding_rate: Option<Text<'a>>,
    next_funding_time: Option<i64>,
    time: i64,
}

impl<'a> From<PremiumWire<'a>> for MarkPriceWire<'a> {
    fn from(wire: PremiumWire<'a>) -> Self {
        Self {
            event_ms: wire.time,
            symbol: wire.symbol,
            mark: wire.mark_price,
            index: wire.index_price,
            rate: wire.last_funding_rate,
            next_ms: wire.next_funding_time,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenInterestWire<'a> {
    #[serde(borrow)]
    open_interest: Text<'a>,
    #[serde(borrow)]
    symbol: Text<'a>,
    time: i64,
}

/// `GET /fapi/v1/openInterest`: base units, one side.
fn read_open_interest(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: OpenInterestWire<'_> = parse(text)?;
    Ok(MarketEvent {
        symbol: wire.symbol.symbol()?,
        venue_time: Some(Timestamp::from_ms(wire.time)),
        payload: Payload::OpenInterest(OpenInterest {
            base: wire.open_interest.size()?,
            usd: None,
        }),
    })
}

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
    time: Option<i64>,
}

fn read_book_ticker(text: &str) -> Result<MarketEvent, DecodeError> {
    let wire: BookTickerWire<'_> = parse(text)?;
    let level = |px: &Text<'_>, sz: &Text<'_>| -> Result<Option<Level>, DecodeError> {
        Ok(side(Level {
            px: px.price()?,
            sz: sz.size()?,
        }))
    };
    Ok(MarketEvent {
        symbol: wire.symbol.symbol()?,
        venue_time: wire.time.map(Timestamp::from_ms),
        payload: Payload::Bbo(Bbo {
            bid: level(&wire.bid_price, &wire.bid_qty)?,
            ask: level(&wire.ask_price, &wire.ask_qty)?,
            book_seq: None,
        }),
    })
}

/// An item of `GET /fapi/v1/trades`.
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

/// The items of `GET /fapi/v1/klines`: `[open time, o, h, l, c, volume, close time, quote volume, trades, ...]`, oldest first.
///
/// The body does not say which candles are complete; a later one in the same body proves it of all but the last.
fn read_candles(
    items: &[&RawValue],
    symbol: Symbol,
    out: &mut Vec<MarketEvent>,
) -> Result<(), DecodeError> {
    for (i, item) in items.iter().enumerate() {
        let fields: Vec<&RawValue> = parse(item.get())?;
        let at = |i: usize| {
            let field = fields.get(i).map(|field| field.get());
            field.ok_or_else(|| malformed("the candle is too short"))
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
    Ok(())
}

/// The body does not name the interval; its length does.
fn interval(open_ms: i64, close_ms: i64) -> Result<&'static str, DecodeError> {
    const DAY: i64 = 86_400_000;
    Ok(match close_ms.saturating_sub(open_ms).saturating_add(1) {
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
        ms => return Err(malformed(format!("no interval has {ms} ms"))),
    })
}

#[derive(Deserialize)]
struct ExchangeInfoWire<'a> {
    #[serde(borrow)]
    symbols: Vec<ContractWire<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContractWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    contract_type: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    base_asset: Text<'a>,
    #[serde(borrow)]
    quote_asset: Text<'a>,
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

/// The venue writes no more than eight decimals.
const FINEST_DECIMALS: u32 = 8;

pub(super) fn contracts(text: &str) -> Result<Vec<Contract>, DecodeError> {
    let wire: ExchangeInfoWire<'_> = parse(text)?;
    let mut contracts = Vec::new();
    for market in &wire.symbols {
        let names = [&market.symbol, &market.base_asset, &market.quote_asset];
        let [Ok(symbol), Ok(base), Ok(quote)] = names.map(Text::symbol) else {
            continue;
        };
        // Contracts with a delivery date are no perpetuals; those on shares are (`TRADIFI_PERPETUAL`).
        if !market.contract_type.as_str().ends_with("PERPETUAL") {
            continue;
        }
        let mut contract = Contract {
            symbol,
            base,
            quote,
            trading: market.status.as_str() == "TRADING",
            px_decimals: FINEST_DECIMALS,
            sz_decimals: FINEST_DECIMALS,
        };
        for filter in &market.filters {
            let kind = filter.filter_type.as_str();
            match (kind, &filter.tick_size, &filter.step_size) {
                ("PRICE_FILTER", Some(tick), _) => {
                    contract.px_decimals = decimals(tick.price()?, FINEST_DECIMALS);
                }
                ("LOT_SIZE", _, Some(step)) => {
                    contract.sz_decimals = decimals(step.price()?, FINEST_DECIMALS);
                }
                _ => {}
            }
        }
        contracts.push(contract);
    }
    Ok(contracts)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FundingInfoWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    funding_interval_hours: u32,
}

pub(super) fn funding_intervals(text: &str) -> Result<BTreeMap<Symbol, u32>, DecodeError> {
    let wire: Vec<FundingInfoWire<'_>> = parse(text)?;
    let told = wire.iter().filter(|info| info.funding_interval_hours > 0);
    let named = told.filter_map(|info| Some((info.symbol.symbol().ok()?, info)));
    Ok(named
        .map(|(symbol, info)| (symbol, info.funding_interval_hours))
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTimeWire {
    server_time: i64,
}

pub(super) fn server_time(text: &str) -> Option<Timestamp> {
    let wire: ServerTimeWire = parse(text).ok()?;
    Some(Timestamp::from_ms(wire.server_time))
}
