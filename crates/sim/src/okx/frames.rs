//! The venue's JSON.

use serde_json::{Value, json};

use crate::decimal::{fixed, real, short};
use crate::generator::{Day, Level, Liquidation, Outlet, Side, Trade, power_of_ten};
use crate::view::BookView;

pub(super) fn px(outlet: &Outlet, px: i64) -> String {
    short(px, outlet.listing.tick_decimals)
}

fn quanta(outlet: &Outlet, px: f64) -> String {
    self::px(outlet, px.round() as i64)
}

/// Contracts.
pub(super) fn size(outlet: &Outlet, lots: i64) -> String {
    short(lots, outlet.listing.lot_decimals)
}

/// Base units of so many lots.
pub(super) fn base(outlet: &Outlet, lots: f64) -> String {
    real(lots / outlet.listing.lots_per_base, 4)
}

fn usd(outlet: &Outlet, lots: f64, px: f64) -> String {
    real(
        lots / outlet.listing.lots_per_base * px
            / power_of_ten(outlet.listing.tick_decimals) as f64,
        4,
    )
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "buy",
        Side::Ask => "sell",
    }
}

/// `{"arg": ..., "data": [...]}`.
pub(super) fn frame(channel: &str, outlet: &Outlet, data: &Value) -> String {
    json!({"arg": {"channel": channel, "instId": outlet.listing.symbol}, "data": [data]})
        .to_string()
}

fn levels(
    outlet: &Outlet,
    levels: &[(i64, Level)],
    wrong: impl Fn(i64) -> i64,
) -> Vec<[String; 4]> {
    levels
        .iter()
        .map(|(price, level)| {
            // The third is always zero, the fourth the number of orders.
            [
                px(outlet, wrong(*price)),
                size(outlet, level.lots),
                "0".into(),
                level.orders.to_string(),
            ]
        })
        .collect()
}

/// A message of `books`; a snapshot follows nothing.
pub(super) fn books(
    outlet: &Outlet,
    view: &BookView,
    (previous, seq): (Option<u64>, u64),
    stamp: i64,
    wrong: impl Fn(i64) -> i64,
) -> String {
    let previous_id = previous.map_or(-1, |id| i64::try_from(id).unwrap_or(-1));
    json!({
        "arg": {"channel": "books", "instId": outlet.listing.symbol},
        "action": if previous.is_some() { "update" } else { "snapshot" },
        "data": [{
            "asks": levels(outlet, &view.asks, &wrong),
            "bids": levels(outlet, &view.bids, &wrong),
            "ts": stamp.to_string(),
            "checksum": 0,
            "prevSeqId": previous_id,
            "seqId": seq,
        }],
    })
    .to_string()
}

/// The first level of each side.
pub(super) fn best(outlet: &Outlet, view: &BookView, stamp: i64) -> Value {
    json!({
        "asks": levels(outlet, &view.asks, |px| px),
        "bids": levels(outlet, &view.bids, |px| px),
        "ts": stamp.to_string(),
        "seqId": outlet.market.book.update_id(),
    })
}

/// The book as REST has it.
pub(super) fn rest_book(
    outlet: &Outlet,
    view: &BookView,
    stamp: i64,
    wrong: impl Fn(i64) -> i64,
) -> Value {
    json!({
        "asks": levels(outlet, &view.asks, &wrong),
        "bids": levels(outlet, &view.bids, &wrong),
        "ts": stamp.to_string(),
        "seqId": outlet.market.book.update_id(),
    })
}

/// A trade with the number of its fills; its id is the last one's.
pub(super) fn trade(outlet: &Outlet, trade: &Trade, stamp: i64) -> Value {
    json!({
        "instId": outlet.listing.symbol,
        "tradeId": trade.last_id.to_string(),
        "px": px(outlet, trade.px),
        "sz": size(outlet, trade.lots),
        "side": side(trade.taker),
        "ts": stamp.to_string(),
        "count": trade.count().to_string(),
        "source": "0",
    })
}

/// One fill, as REST has it.
pub(super) fn fill(outlet: &Outlet, trade: &Trade, (id, lots): (u64, i64), stamp: i64) -> Value {
    json!({
        "instId": outlet.listing.symbol,
        "side": side(trade.taker),
        "sz": size(outlet, lots),
        "px": px(outlet, trade.px),
        "source": "0",
        "tradeId": id.to_string(),
        "ts": stamp.to_string(),
    })
}

pub(super) fn open_interest(outlet: &Outlet, stamp: i64) -> Option<Value> {
    let context = &outlet.perp.as_ref()?.context;
    let lots = context.open_interest.floor();
    Some(json!({
        "instType": "SWAP",
        "instId": outlet.listing.symbol,
        "oi": size(outlet, lots as i64),
        "oiCcy": base(outlet, lots),
        "oiUsd": usd(outlet, lots, context.mark),
        "ts": stamp.to_string(),
    }))
}

/// The rate that is paid at `fundingTime`.
pub(super) fn funding_rate(outlet: &Outlet, stamp: i64) -> Option<Value> {
    let context = &outlet.perp.as_ref()?.context;
    let next = context.rule.next_ms(stamp);
    let cap = short((context.rule.cap * 1e6).round() as i64, 6);
    Some(json!({
        "instType": "SWAP",
        "instId": outlet.listing.symbol,
        "formulaType": "withRate",
        "fundingRate": real(context.funding(), 10),
        "nextFundingRate": "",
        "fundingTime": next.to_string(),
        "nextFundingTime": (next + context.rule.interval_h * 3_600_000).to_string(),
        "method": "current_period",
        "minFundingRate": format!("-{cap}"),
        "maxFundingRate": cap,
        "premium": real(context.premium, 10),
        "settFundingRate": real(context.funding(), 10),
        "settState": "settled",
        "ts": stamp.to_string(),
    }))
}

pub(super) fn mark_price(outlet: &Outlet, stamp: i64) -> Option<Value> {
    let context = &outlet.perp.as_ref()?.context;
    Some(json!({
        "instType": "SWAP",
        "instId": outlet.listing.symbol,
        "markPx": quanta(outlet, context.mark),
        "ts": stamp.to_string(),
    }))
}

/// Of the index, whose name is the underlying's.
pub(super) fn index_ticker(outlet: &Outlet, day: Option<Day>, stamp: i64) -> Option<Value> {
    let context = &outlet.perp.as_ref()?.context;
    let day = day?;
    Some(json!({
        "instId": outlet.listing.spelling.family,
        "idxPx": quanta(outlet, context.oracle),
        "high24h": px(outlet, day.high),
        "low24h": px(outlet, day.low),
        "open24h": px(outlet, day.open),
        "sodUtc0": px(outlet, day.open),
        "sodUtc8": px(outlet, day.open),
        "ts": stamp.to_string(),
    }))
}

pub(super) fn ticker(outlet: &Outlet, day: Option<Day>, stamp: i64) -> Option<Value> {
    let (day, last) = (day?, outlet.tape.back()?);
    let best = |at| outlet.market.book.best(at);
    let ((bid, bid_level), (ask, ask_level)) = (best(Side::Bid)?, best(Side::Ask)?);
    Some(json!({
        "instType": "SWAP",
        "instId": outlet.listing.symbol,
        "last": px(outlet, last.px),
        "lastSz": size(outlet, last.lots),
        "askPx": px(outlet, ask),
        "askSz": size(outlet, ask_level.lots),
        "bidPx": px(outlet, bid),
        "bidSz": size(outlet, bid_level.lots),
        "open24h": px(outlet, day.open),
        "high24h": px(outlet, day.high.max(last.px)),
        "low24h": px(outlet, day.low.min(last.px)),
        "volCcy24h": base(outlet, day.lots as f64),
        "vol24h": size(outlet, day.lots),
        "sodUtc0": px(outlet, day.open),
        "sodUtc8": px(outlet, day.open),
        "ts": stamp.to_string(),
    }))
}

/// `side` is the side of the forced order. Accounts in net mode say nothing by their position side.
pub(super) fn liquidation(outlet: &Outlet, one: &Liquidation, stamp: i64) -> String {
    let family = outlet.listing.spelling.family;
    let position = match one.liquidated {
        _ if one.time_ms % 2 == 0 => "net",
        Side::Bid => "long",
        Side::Ask => "short",
    };
    json!({
        "arg": {"channel": "liquidation-orders", "instType": "SWAP"},
        "data": [{
            "instId": outlet.listing.symbol,
            "instType": "SWAP",
            "instFamily": family,
            "uly": family,
            "details": [{
                "side": side(one.liquidated.opposite()),
                "posSide": position,
                "bkPx": px(outlet, one.bankruptcy_px),
                "sz": size(outlet, one.filled),
                "bkLoss": "0",
                "ccy": "",
                "ts": stamp.to_string(),
            }],
        }],
    })
    .to_string()
}

/// A row of `instruments`.
pub(super) fn instrument(outlet: &Outlet) -> Value {
    let listing = &outlet.listing;
    let spelling = listing.spelling;
    let value = power_of_ten(spelling.contract.unsigned_abs());
    let contract = if spelling.contract < 0 {
        short(1, spelling.contract.unsigned_abs())
    } else {
        value.to_string()
    };
    json!({
        "instType": "SWAP",
        "instId": listing.symbol,
        "instFamily": spelling.family,
        "uly": spelling.family,
        "baseCcy": "",
        "quoteCcy": "",
        "settleCcy": "USDT",
        "ctVal": contract,
        "ctMult": "1",
        "ctValCcy": spelling.base,
        "ctType": "linear",
        "lever": "50",
        "tickSz": short(1, listing.tick_decimals),
        "lotSz": short(1, listing.lot_decimals),
        "minSz": short(1, listing.lot_decimals),
        "listTime": "1573557408000",
        "expTime": "",
        "state": "live",
        "ruleType": "normal",
        "alias": "",
        "category": "1",
        "optType": "",
        "stk": "",
    })
}

/// A candle: time, open, high, low, close, contracts, base units, quote units, whether it is over.
pub(super) fn candle(scale: CandleScale, bar: &crate::generator::Bar, over: bool) -> [String; 9] {
    let px = |value| short(value, scale.px);
    let base = bar.lots as f64 / scale.lots_per_base;
    let price = (bar.high + bar.low + bar.close) as f64 / 3.0 / power_of_ten(scale.px) as f64;
    [
        bar.open_ms.to_string(),
        px(bar.open),
        px(bar.high),
        px(bar.low),
        px(bar.close),
        fixed(bar.lots, scale.lot),
        real(base, 4),
        real(base * price, 2),
        u8::from(over).to_string(),
    ]
}

/// What a candle's numbers mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct CandleScale {
    pub(super) px: u32,
    pub(super) lot: u32,
    pub(super) lots_per_base: f64,
}
