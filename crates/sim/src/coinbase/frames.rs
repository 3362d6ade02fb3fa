//! The venue's JSON.

use serde_json::{Value, json};

use crate::decimal::{eight, fixed, short};
use crate::generator::{Level, Outlet, Side, Trade};
use crate::text::{iso, uuid};

/// Prices have the decimals of the tick.
pub(super) fn px(outlet: &Outlet, px: i64) -> String {
    fixed(px, outlet.listing.tick_decimals)
}

/// Sizes have eight decimals.
pub(super) fn size(outlet: &Outlet, lots: i64) -> String {
    eight(lots, outlet.listing.lot_decimals)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "buy",
        Side::Ask => "sell",
    }
}

/// One fill. Its side is the maker's: when the taker buys, the maker sells.
pub(super) fn matched(
    kind: &str,
    outlet: &Outlet,
    trade: &Trade,
    (id, lots): (u64, i64),
    (sequence, time_ms): (u64, i64),
) -> String {
    json!({
        "type": kind,
        "trade_id": id,
        "maker_order_id": uuid(id * 2),
        "taker_order_id": uuid(trade.aggregate_id * 2 + 1),
        "side": side(trade.taker.opposite()),
        "size": size(outlet, lots),
        "price": px(outlet, trade.px),
        "product_id": outlet.listing.symbol,
        "sequence": sequence,
        "time": iso(time_ms),
    })
    .to_string()
}

/// A fill as the page of trades has it.
pub(super) fn row(outlet: &Outlet, trade: &Trade, (id, lots): (u64, i64), time_ms: i64) -> Value {
    json!({
        "trade_id": id,
        "side": side(trade.taker.opposite()),
        "size": size(outlet, lots),
        "price": px(outlet, trade.px),
        "time": iso(time_ms),
    })
}

/// The whole book. `wrong` may shift its prices.
pub(super) fn snapshot(outlet: &Outlet, time_ms: i64, wrong: impl Fn(i64) -> i64) -> String {
    let levels = |side| -> Vec<[String; 2]> {
        outlet
            .market
            .book
            .levels(side)
            .map(|(price, level)| [px(outlet, wrong(price)), size(outlet, level.lots)])
            .collect()
    };
    json!({
        "type": "snapshot",
        "product_id": outlet.listing.symbol,
        "asks": levels(Side::Ask),
        "bids": levels(Side::Bid),
        "time": iso(time_ms),
    })
    .to_string()
}

/// Absolute sizes of changed prices.
pub(super) fn update(
    outlet: &Outlet,
    time_ms: i64,
    changes: impl Iterator<Item = (Side, i64, Option<Level>)>,
) -> String {
    let changes: Vec<[String; 3]> = changes
        .map(|(at, price, level)| {
            [
                side(at).into(),
                px(outlet, price),
                size(outlet, level.map_or(0, |level| level.lots)),
            ]
        })
        .collect();
    json!({
        "type": "l2update",
        "product_id": outlet.listing.symbol,
        "changes": changes,
        "time": iso(time_ms),
    })
    .to_string()
}

pub(super) fn heartbeat(
    outlet: &Outlet,
    sequence: u64,
    last_trade_id: u64,
    time_ms: i64,
) -> String {
    json!({
        "type": "heartbeat",
        "last_trade_id": last_trade_id,
        "product_id": outlet.listing.symbol,
        "sequence": sequence,
        "time": iso(time_ms),
    })
    .to_string()
}

/// The newest trade with the touch.
pub(super) fn ticker(outlet: &Outlet, trade: &Trade, sequence: u64, time_ms: i64) -> String {
    let best = |at| {
        outlet
            .market
            .book
            .best(at)
            .map_or((0, 0), |(price, level)| (price, level.lots))
    };
    let ((bid, bid_lots), (ask, ask_lots)) = (best(Side::Bid), best(Side::Ask));
    json!({
        "type": "ticker",
        "sequence": sequence,
        "product_id": outlet.listing.symbol,
        "price": px(outlet, trade.px),
        "best_bid": px(outlet, bid),
        "best_bid_size": size(outlet, bid_lots),
        "best_ask": px(outlet, ask),
        "best_ask_size": size(outlet, ask_lots),
        "side": side(trade.taker),
        "time": iso(time_ms),
        "trade_id": trade.last_id,
        "last_size": size(outlet, trade.lots),
    })
    .to_string()
}

/// A product of the list.
pub(super) fn product(outlet: &Outlet) -> Value {
    let listing = &outlet.listing;
    let base = listing.spelling.base;
    json!({
        "id": listing.symbol,
        "base_currency": base,
        "quote_currency": "USD",
        "quote_increment": short(1, listing.tick_decimals),
        "base_increment": short(1, listing.lot_decimals),
        "display_name": format!("{base}-USD"),
        "min_market_funds": "1",
        "margin_enabled": false,
        "post_only": false,
        "limit_only": false,
        "cancel_only": false,
        "status": "online",
        "status_message": "",
        "trading_disabled": false,
        "fx_stablecoin": false,
        "auction_mode": false,
    })
}
