//! REST products.

use serde_json::{Value, json};

use super::feeds::{outlet, sequence};
use super::frames;
use crate::decimal::fixed;
use crate::door::per_span;
use crate::generator::{Interval, Outlet, Side};
use crate::rest::{Charged, Reply, RestAnswer, RestRequest};
use crate::text::{iso, parse_time};
use crate::venue::Venue;
use crate::world::World;

/// Trades and candles of one page.
const MOST_TRADES: usize = 1_000;
const MOST_CANDLES: i64 = 300;

fn message(status: u16, text: &str) -> RestAnswer {
    RestAnswer::with(status, json!({"message": text}).to_string())
}

/// Answers a request.
pub(crate) fn answer(world: &mut World, request: &RestRequest) -> Reply {
    let parts: Vec<&str> = request
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let class = match parts.as_slice() {
        ["time"] => "time",
        ["products"] => "products",
        ["products", _] => "product",
        ["products", _, "book"] => "book",
        ["products", _, "trades"] => "trades",
        ["products", _, "candles"] => "candles",
        _ => return message(404, "NotFound").into(),
    };
    let most = world.limits.coinbase.rest_per_s;
    let now_ms = world.market.now_ms();
    match world.charge(
        Venue::Coinbase,
        request.address,
        per_span(class, "requests", 1_000, most),
    ) {
        Charged::Admitted(_) => {}
        Charged::TooMany(_) => {
            return message(429, "Public rate limit exceeded")
                .header("retry-after", 1)
                .into();
        }
        Charged::Banned(until) => {
            return message(429, "Your IP is blocked")
                .header("retry-after", (until - now_ms + 999) / 1_000)
                .into();
        }
    }
    let stamp = world.faults[Venue::Coinbase].stamp(now_ms);
    let [_, product, ..] = parts.as_slice() else {
        return RestAnswer::ok(match class {
            "time" => json!({"iso": iso(stamp), "epoch": stamp as f64 / 1_000.0}).to_string(),
            _ => {
                let all: Vec<Value> = world
                    .coinbase
                    .symbols()
                    .filter_map(|(coin, _)| outlet(&world.market, coin))
                    .map(frames::product)
                    .collect();
                json!(all).to_string()
            }
        })
        .into();
    };
    let Some(outlet) = world
        .coinbase
        .coin(product)
        .and_then(|coin| outlet(&world.market, coin))
    else {
        return message(404, "NotFound").into();
    };
    match class {
        "book" => book(world, outlet, request, stamp).into(),
        "trades" => trades(world, outlet, request).into(),
        "candles" => candles(outlet, request, now_ms),
        _ => RestAnswer::ok(frames::product(outlet).to_string()).into(),
    }
}

/// Level 1 is the touch, level 2 the aggregated book; level 3 is not simulated.
fn book(world: &World, outlet: &Outlet, request: &RestRequest, stamp: i64) -> RestAnswer {
    let most = match request.parameter("level").as_deref() {
        None | Some("1") => 1,
        Some("2") => usize::MAX,
        Some(_) => return message(400, "Invalid level"),
    };
    let (faults, now_ms) = (&world.faults[Venue::Coinbase], world.market.now_ms());
    let side = |side| -> Vec<Value> {
        outlet
            .market
            .book
            .levels(side)
            .take(most)
            .map(|(px, level)| {
                let px = faults.snapshot_px(outlet.listing.symbol, now_ms, px);
                json!([
                    frames::px(outlet, px),
                    frames::size(outlet, level.lots),
                    level.orders
                ])
            })
            .collect()
    };
    RestAnswer::ok(
        json!({
            "bids": side(Side::Bid),
            "asks": side(Side::Ask),
            "sequence": sequence(outlet),
            "auction_mode": false,
            "auction": null,
            "time": iso(stamp),
        })
        .to_string(),
    )
}

/// Newest first; `after` is older than the id that it names, `before` newer.
fn trades(world: &World, outlet: &Outlet, request: &RestRequest) -> RestAnswer {
    let (Ok(limit), Ok(after), Ok(before)) = (
        request.number("limit"),
        request.number("after"),
        request.number("before"),
    ) else {
        return message(400, "Invalid pagination");
    };
    let limit = usize::try_from(limit.unwrap_or(MOST_TRADES as i64))
        .unwrap_or(0)
        .min(MOST_TRADES);
    if limit == 0 {
        return message(400, "Invalid limit");
    }
    let faults = &world.faults[Venue::Coinbase];
    let mut ids = Vec::new();
    let rows: Vec<Value> = outlet
        .tape
        .iter()
        .rev()
        .flat_map(|trade| trade.fills().rev().map(move |fill| (trade, fill)))
        .filter(|(_, (id, _))| {
            after.is_none_or(|after| (*id as i64) < after)
                && before.is_none_or(|before| (*id as i64) > before)
        })
        .take(limit)
        .map(|(trade, fill)| {
            ids.push(fill.0);
            frames::row(outlet, trade, fill, faults.stamp(trade.time_ms))
        })
        .collect();
    let answer = RestAnswer::ok(json!(rows).to_string());
    match (ids.first(), ids.last()) {
        (Some(newest), Some(oldest)) => answer
            .header("cb-before", newest)
            .header("cb-after", oldest),
        _ => answer,
    }
}

/// Newest first, `[time, low, high, open, close, volume]`; buckets without trades are left out.
fn candles(outlet: &Outlet, request: &RestRequest, now_ms: i64) -> Reply {
    let seconds = match request.number("granularity") {
        Ok(seconds) => seconds.unwrap_or(60),
        Err(()) => 0,
    };
    if ![60, 300, 900, 3_600, 21_600, 86_400].contains(&seconds) {
        return message(400, "Unsupported granularity").into();
    }
    let time = |name: &str| {
        request
            .parameter(name)
            .map(|text| parse_time(&text).ok_or(()))
    };
    let (start, end) = match (time("start").transpose(), time("end").transpose()) {
        (Ok(start), Ok(end)) => (start, end),
        _ => return message(400, "Invalid start or end").into(),
    };
    let end = end.unwrap_or(now_ms);
    let start = start.unwrap_or(end - (MOST_CANDLES - 1) * seconds * 1_000);
    if (end - start) / (seconds * 1_000) > MOST_CANDLES {
        let text = "granularity too small for the requested time range. Count of aggregations requested exceeds 300";
        return message(400, text).into();
    }
    let interval = Interval::Minutes(seconds / 60);
    let source = outlet.candles.source(interval.bucket(start.max(0)));
    let (px, lot) = (outlet.listing.tick_decimals, outlet.listing.lot_decimals);
    Reply::later(move || {
        let number = |value, decimals| {
            serde_json::from_str::<Value>(&fixed(value, decimals)).unwrap_or(Value::Null)
        };
        let mut bars = source.bars(interval, start, end.min(now_ms), MOST_CANDLES as usize);
        bars.retain(|bar| bar.trades > 0 && bar.open_ms >= start);
        bars.reverse();
        let rows: Vec<Value> = bars
            .iter()
            .map(|bar| {
                json!([
                    bar.open_ms / 1_000,
                    number(bar.low, px),
                    number(bar.high, px),
                    number(bar.open, px),
                    number(bar.close, px),
                    number(bar.lots, lot),
                ])
            })
            .collect();
        RestAnswer::ok(json!(rows).to_string())
    })
}
