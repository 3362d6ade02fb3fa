//! REST market data.

use serde_json::{Value, json};

use super::feeds::outlet;
use super::frames;
use crate::decimal::{fixed, real};
use crate::door::not_found;
use crate::faults::millis;
use crate::generator::{Interval, Outlet, power_of_ten};
use crate::rest::{Charged, Quota, Reply, RestAnswer, RestRequest};
use crate::venue::Venue;
use crate::view::BookView;
use crate::world::World;

const SPAN_MS: i64 = 5_000;

fn refused(code: i64, msg: &str, time: i64) -> RestAnswer {
    RestAnswer::ok(
        json!({"retCode": code, "retMsg": msg, "result": {}, "retExtInfo": {}, "time": time})
            .to_string(),
    )
}

fn fine(result: &Value, time: i64) -> RestAnswer {
    let body =
        json!({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": time});
    RestAnswer::ok(body.to_string())
}

/// Answers a request.
pub(crate) fn answer(world: &mut World, request: &RestRequest) -> Reply {
    let class = match request.path.strip_prefix("/v5/market/") {
        Some("time") => "time",
        Some("instruments-info") => "instruments-info",
        Some("orderbook") => "orderbook",
        Some("recent-trade") => "recent-trade",
        Some("kline") => "kline",
        Some("tickers") => "tickers",
        _ => return not_found().into(),
    };
    let limits = world.limits.bybit.clone();
    let now_ms = world.market.now_ms();
    let quota = Quota {
        class,
        bucket: "requests",
        weight: 1,
        span_ms: SPAN_MS,
        most: limits.rest_per_5s,
        // The first request too many bans the address.
        ban: Some((0, millis(limits.ban_s) * 1_000)),
    };
    let stamp = world.faults[Venue::Bybit].stamp(now_ms);
    match world.charge(Venue::Bybit, request.address, quota) {
        Charged::Admitted(_) => {}
        Charged::TooMany(_) => return refused(10_006, "Too many visits!", stamp).into(),
        Charged::Banned(until) => {
            let body = json!({"retCode": 403, "retMsg": "access too frequent", "result": {}, "time": stamp});
            return RestAnswer::with(403, body.to_string())
                .header("retry-after", (until - now_ms + 999) / 1_000)
                .into();
        }
    }
    if class == "time" {
        let (second, nano) = (stamp / 1_000, stamp * 1_000_000);
        return fine(
            &json!({"timeSecond": second.to_string(), "timeNano": nano.to_string()}),
            stamp,
        )
        .into();
    }
    if request.parameter("category").as_deref() != Some("linear") {
        return refused(10_001, "params error: category invalid", stamp).into();
    }
    let wanted = request
        .parameter("symbol")
        .filter(|symbol| !symbol.is_empty());
    let coin = wanted
        .as_deref()
        .and_then(|symbol| world.bybit.coin(symbol));
    if wanted.is_some() && coin.is_none()
        || coin.is_none() && !matches!(class, "instruments-info" | "tickers")
    {
        return refused(10_001, "params error: symbol invalid", stamp).into();
    }
    let limit = match request.number("limit") {
        Ok(limit) => limit,
        Err(()) => return refused(10_001, "params error: limit invalid", stamp).into(),
    };
    let at_most =
        |usual: i64, most: i64| usize::try_from(limit.unwrap_or(usual).clamp(1, most)).unwrap_or(1);
    match class {
        "instruments-info" => instruments(world, request, coin, at_most(500, 1_000), stamp).into(),
        "tickers" => tickers(world, coin, stamp).into(),
        _ => {
            let Some(outlet) = coin.and_then(|coin| outlet(&world.market, coin)) else {
                return refused(10_001, "params error: symbol invalid", stamp).into();
            };
            match class {
                "orderbook" => book(world, outlet, at_most(25, 500), stamp).into(),
                "recent-trade" => trades(world, outlet, at_most(500, 1_000), stamp).into(),
                _ => klines(world, outlet, request, at_most(200, 1_000), stamp),
            }
        }
    }
}

/// Pages by a cursor: here the number of the next row.
fn instruments(
    world: &World,
    request: &RestRequest,
    coin: Option<usize>,
    limit: usize,
    stamp: i64,
) -> RestAnswer {
    let from: usize = request
        .parameter("cursor")
        .and_then(|cursor| cursor.parse().ok())
        .unwrap_or(0);
    let all: Vec<usize> = world
        .bybit
        .coins()
        .filter(|other| coin.is_none_or(|coin| coin == *other))
        .collect();
    let rows: Vec<Value> = all
        .iter()
        .skip(from)
        .take(limit)
        .filter_map(|coin| Some(frames::instrument(outlet(&world.market, *coin)?)))
        .collect();
    let next = from + rows.len();
    let cursor = if next < all.len() {
        next.to_string()
    } else {
        String::new()
    };
    fine(
        &json!({"category": "linear", "list": rows, "nextPageCursor": cursor}),
        stamp,
    )
}

fn tickers(world: &mut World, coin: Option<usize>, stamp: i64) -> RestAnswer {
    let all: Vec<usize> = world
        .bybit
        .coins()
        .filter(|other| coin.is_none_or(|coin| coin == *other))
        .collect();
    let rows: Vec<Value> = all
        .into_iter()
        .filter_map(|coin| {
            let symbol = outlet(&world.market, coin)?.listing.symbol;
            let mut row = json!(world.bybit.ticker(coin, &world.market, stamp)?);
            row["symbol"] = json!(symbol);
            Some(row)
        })
        .collect();
    fine(&json!({"category": "linear", "list": rows}), stamp)
}

fn book(world: &World, outlet: &Outlet, limit: usize, stamp: i64) -> RestAnswer {
    let (faults, now_ms) = (&world.faults[Venue::Bybit], world.market.now_ms());
    let view = BookView::of(&outlet.market.book, limit);
    let wrong = |px| faults.snapshot_px(outlet.listing.symbol, now_ms, px);
    let id = outlet.market.book.update_id();
    fine(
        &json!({
            "s": outlet.listing.symbol,
            "b": frames::levels(outlet, &view.bids, wrong),
            "a": frames::levels(outlet, &view.asks, wrong),
            "ts": stamp,
            "u": id,
            "seq": id,
            "cts": stamp - 2,
        }),
        stamp,
    )
}

/// Newest first, and no older ones than these.
fn trades(world: &World, outlet: &Outlet, limit: usize, stamp: i64) -> RestAnswer {
    let faults = &world.faults[Venue::Bybit];
    let rows: Vec<Value> = outlet
        .tape
        .iter()
        .rev()
        .flat_map(|trade| trade.fills().rev().map(move |fill| (trade, fill)))
        .take(limit)
        .map(|(trade, (id, lots))| {
            json!({
                "execId": frames::exec_id(id),
                "symbol": outlet.listing.symbol,
                "price": frames::px(outlet, trade.px),
                "size": frames::size(outlet, lots),
                "side": frames::side(trade.taker),
                "time": faults.stamp(trade.time_ms).to_string(),
                "isBlockTrade": false,
                "isRPITrade": false,
                "seq": trade.aggregate_id.to_string(),
            })
        })
        .collect();
    fine(&json!({"category": "linear", "list": rows}), stamp)
}

fn interval(name: &str) -> Option<Interval> {
    match name {
        "D" => Some(Interval::Minutes(1_440)),
        "W" => Some(Interval::Minutes(10_080)),
        "M" => Some(Interval::Month),
        _ => {
            let minutes: i64 = name.parse().ok()?;
            [1, 3, 5, 15, 30, 60, 120, 240, 360, 720]
                .contains(&minutes)
                .then_some(Interval::Minutes(minutes))
        }
    }
}

/// Newest first: start, open, high, low, close, volume, turnover.
fn klines(
    world: &World,
    outlet: &Outlet,
    request: &RestRequest,
    limit: usize,
    stamp: i64,
) -> Reply {
    let Some(interval) = request
        .parameter("interval")
        .and_then(|name| interval(&name))
    else {
        return refused(10_001, "Invalid period!", stamp).into();
    };
    let (Ok(start), Ok(end)) = (request.number("start"), request.number("end")) else {
        return refused(10_001, "params error: time invalid", stamp).into();
    };
    let now_ms = world.market.now_ms();
    let to = end.unwrap_or(now_ms).min(now_ms);
    let from = start.unwrap_or(0).max(0);
    let source = outlet.candles.source(interval.bucket(from));
    let (px, lot, symbol) = (
        outlet.listing.tick_decimals,
        outlet.listing.lot_decimals,
        outlet.listing.symbol,
    );
    Reply::later(move || {
        let mut bars = source.bars(interval, from, to, limit);
        bars.retain(|bar| bar.open_ms >= from);
        bars.reverse();
        let unit = power_of_ten(px) as f64 * power_of_ten(lot) as f64;
        let rows: Vec<Value> = bars
            .iter()
            .map(|bar| {
                let turnover =
                    (bar.high + bar.low + bar.close) as f64 / 3.0 * bar.lots as f64 / unit;
                json!([
                    bar.open_ms.to_string(),
                    fixed(bar.open, px),
                    fixed(bar.high, px),
                    fixed(bar.low, px),
                    fixed(bar.close, px),
                    fixed(bar.lots, lot),
                    real(turnover, 4),
                ])
            })
            .collect();
        fine(
            &json!({"category": "linear", "symbol": symbol, "list": rows}),
            stamp,
        )
    })
}
