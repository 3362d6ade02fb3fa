//! The venue's JSON.

use serde_json::{Value, json};

use crate::decimal::{fixed, short};
use crate::generator::{Level, Liquidation, Outlet, Side, Trade};
use crate::text::uuid;
use crate::view::BookView;

pub(super) fn px(outlet: &Outlet, px: i64) -> String {
    fixed(px, outlet.listing.tick_decimals)
}

pub(super) fn size(outlet: &Outlet, lots: i64) -> String {
    if lots == 0 {
        "0".into()
    } else {
        fixed(lots, outlet.listing.lot_decimals)
    }
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "Buy",
        Side::Ask => "Sell",
    }
}

pub(super) fn levels(
    outlet: &Outlet,
    levels: &[(i64, Level)],
    wrong: impl Fn(i64) -> i64,
) -> Vec<[String; 2]> {
    levels
        .iter()
        .map(|(price, level)| [px(outlet, wrong(*price)), size(outlet, level.lots)])
        .collect()
}

/// A message of `orderbook.{depth}`.
pub(super) fn book(
    outlet: &Outlet,
    (depth, kind): (usize, &str),
    view: &BookView,
    (update, stamp): (u64, i64),
    wrong: impl Fn(i64) -> i64,
) -> String {
    let symbol = outlet.listing.symbol;
    json!({
        "topic": format!("orderbook.{depth}.{symbol}"),
        "type": kind,
        "ts": stamp,
        "data": {
            "s": symbol,
            "b": levels(outlet, &view.bids, &wrong),
            "a": levels(outlet, &view.asks, &wrong),
            "u": update,
            "seq": outlet.market.book.update_id(),
        },
        "cts": stamp - 2,
    })
    .to_string()
}

/// The id of a fill: no order can be read from it.
pub(super) fn exec_id(fill: u64) -> String {
    uuid(fill.rotate_left(17))
}

/// A message of `publicTrade`. `S` is the taker's side.
pub(super) fn trades(
    outlet: &Outlet,
    trades: &[(Trade, u64, i64)],
    stamp: impl Fn(i64) -> i64,
    now: i64,
) -> String {
    let symbol = outlet.listing.symbol;
    let rows: Vec<Value> = trades
        .iter()
        .map(|(trade, id, lots)| {
            json!({
                "T": stamp(trade.time_ms),
                "s": symbol,
                "S": side(trade.taker),
                "v": size(outlet, *lots),
                "p": px(outlet, trade.px),
                "L": if trade.taker == Side::Bid { "PlusTick" } else { "MinusTick" },
                "i": exec_id(*id),
                "BT": false,
                "RPI": false,
                "seq": trade.aggregate_id,
            })
        })
        .collect();
    json!({"topic": format!("publicTrade.{symbol}"), "type": "snapshot", "ts": now, "data": rows})
        .to_string()
}

/// A message of `allLiquidation`. `S` is the side of the position, `p` its bankruptcy price.
pub(super) fn liquidations(
    outlet: &Outlet,
    all: &[Liquidation],
    stamp: impl Fn(i64) -> i64,
    now: i64,
) -> String {
    let symbol = outlet.listing.symbol;
    let rows: Vec<Value> = all
        .iter()
        .map(|one| {
            json!({
                "T": stamp(one.time_ms),
                "s": symbol,
                "S": side(one.liquidated),
                "v": size(outlet, one.filled),
                "p": px(outlet, one.bankruptcy_px),
            })
        })
        .collect();
    json!({"topic": format!("allLiquidation.{symbol}"), "type": "snapshot", "ts": now, "data": rows}).to_string()
}

/// A row of `instruments-info`.
pub(super) fn instrument(outlet: &Outlet) -> Value {
    let listing = &outlet.listing;
    let (tick, lot) = (listing.tick_decimals, listing.lot_decimals);
    json!({
        "symbol": listing.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": listing.symbol.strip_suffix("USDT").unwrap_or(listing.symbol),
        "quoteCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": tick.to_string(),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": short(1, tick), "maxPrice": "1999999.80", "tickSize": short(1, tick)},
        "lotSizeFilter": {
            "maxOrderQty": "1190000.000",
            "minOrderQty": short(1, lot),
            "qtyStep": short(1, lot),
            "postOnlyMaxOrderQty": "1190000.000",
            "maxMktOrderQty": "500000.000",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": true,
        "fundingInterval": 480,
        "settleCoin": "USDT",
        "copyTrading": "both",
        "upperFundingRate": "0.02",
        "lowerFundingRate": "-0.02",
        "isPreListing": false,
        "preListingInfo": null,
    })
}
