//! REST market data with weights, 429 and 418.

use serde_json::json;

use super::feeds::{SymbolFeed, book_of};
use super::frames::{self, Depth};
use super::info;
use super::session::limits;
use crate::decimal::real;
use crate::door::not_found;
use crate::faults::millis;
use crate::generator::{CandleSource, Interval, Outlet, Place, Side, Trade, power_of_ten};
use crate::rest::{Charged, Quota, Reply, RestAnswer, RestRequest};
use crate::venue::Venue;
use crate::world::World;

const MINUTE_MS: i64 = 60_000;

/// A request that the venue answers with status 400.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    code: i32,
    msg: &'static str,
}

const INVALID_SYMBOL: Refused = Refused {
    code: -1121,
    msg: "Invalid symbol.",
};
const NO_SYMBOL: Refused = Refused {
    code: -1102,
    msg: "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
};
const ILLEGAL_SYMBOL: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.",
};
pub(super) const ILLEGAL_SYMBOLS: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in parameter 'symbols'; legal range is \
          '^\\[\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\"){0,}\\]$'.",
};
const ILLEGAL_LIMIT: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
};
const INVALID_LIMIT: Refused = Refused {
    code: -1130,
    msg: "Data sent for parameter 'limit' is not valid.",
};
const ILLEGAL_NUMBER: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in a parameter; legal range is '^[0-9]{1,20}$'.",
};
const INVALID_INTERVAL: Refused = Refused {
    code: -1120,
    msg: "Invalid interval.",
};

/// The symbol's feed, or the refusal.
pub(super) fn symbol<'a>(
    world: &'a World,
    venue: Venue,
    wanted: Option<&str>,
) -> Result<&'a SymbolFeed, Refused> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return Err(NO_SYMBOL);
    };
    let legal =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if wanted.len() > 20 || !wanted.chars().all(legal) {
        return Err(ILLEGAL_SYMBOL);
    }
    feeds(world, venue).feed(wanted).ok_or(INVALID_SYMBOL)
}

fn feeds(world: &World, venue: Venue) -> &super::Feeds {
    match venue {
        Venue::BinanceSpot => &world.binance_spot,
        _ => &world.binance_usdm,
    }
}

/// Answers with the weight used, whatever comes of the request.
pub(crate) fn answer(world: &mut World, venue: Venue, request: &RestRequest) -> Reply {
    let perp = venue == Venue::BinanceUsdm;
    let prefix = if perp { "/fapi/v1/" } else { "/api/v3/" };
    let Some(endpoint) = request.path.strip_prefix(prefix) else {
        return not_found().into();
    };
    let limit = request.number("limit");
    let class = match endpoint {
        "ping" => "ping",
        "time" => "time",
        "exchangeInfo" => "exchangeInfo",
        "depth" => "depth",
        "aggTrades" => "aggTrades",
        "klines" => "klines",
        "openInterest" if perp => "openInterest",
        "premiumIndex" if perp => "premiumIndex",
        "fundingInfo" if perp => "fundingInfo",
        _ => return not_found().into(),
    };
    let weight = weight(
        perp,
        class,
        limit.ok().flatten(),
        request.parameter("symbol").is_some(),
    );
    let limits = limits(world, venue).clone();
    let quota = Quota {
        class,
        bucket: "weight",
        weight,
        span_ms: MINUTE_MS,
        most: limits.rest_weight_per_min,
        ban: Some((limits.tolerated_429, millis(limits.ban_s) * 1_000)),
    };
    let now_ms = world.market.now_ms();
    let (reply, used) = match world.charge(venue, request.address, quota) {
        Charged::Banned(until) => return banned(until, now_ms).into(),
        Charged::TooMany(used) => {
            let storm = world.faults[venue].storm_end(now_ms);
            let until = storm.unwrap_or(now_ms - now_ms.rem_euclid(MINUTE_MS) + MINUTE_MS);
            (too_many(limits.rest_weight_per_min, until - now_ms), used)
        }
        Charged::Admitted(used) => {
            let reply = content(world, venue, class, request).unwrap_or_else(|refused| {
                let body = json!({"code": refused.code, "msg": refused.msg}).to_string();
                RestAnswer::with(400, body).into()
            });
            (reply, used)
        }
    };
    let reply = if perp {
        reply
    } else {
        reply.header("x-mbx-used-weight", used)
    };
    reply.header("x-mbx-used-weight-1m", used)
}

/// Weights of the documentation: spot "Market Data endpoints", USD-M "Market Data".
fn weight(perp: bool, class: &str, limit: Option<i64>, of_symbol: bool) -> u64 {
    match (perp, class) {
        (false, "depth") => match limit.unwrap_or(100) {
            1_001.. => 250,
            501.. => 50,
            101.. => 25,
            _ => 5,
        },
        (true, "depth") => match limit.unwrap_or(500) {
            1_000.. => 20,
            500.. => 10,
            100.. => 5,
            _ => 2,
        },
        (false, "exchangeInfo") => 20,
        (false, "aggTrades") => 4,
        (true, "aggTrades") => 20,
        (false, "klines") => 2,
        (true, "klines") => match limit.unwrap_or(500) {
            1_001.. => 10,
            500.. => 5,
            100.. => 2,
            _ => 1,
        },
        (true, "premiumIndex") if !of_symbol => 10,
        _ => 1,
    }
}

/// The count begins anew with the minute; a storm ends when it ends.
fn too_many(most: u64, wait_ms: i64) -> Reply {
    let msg = format!(
        "Too much request weight used; current limit is {most} request weight per 1 MINUTE. Please use WebSocket Streams \
         for live updates to avoid polling the API."
    );
    RestAnswer::with(429, json!({"code": -1003, "msg": msg}).to_string())
        .header("retry-after", (wait_ms + 999) / 1_000)
        .into()
}

fn banned(until: i64, now_ms: i64) -> RestAnswer {
    let msg = format!(
        "Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to \
         avoid bans."
    );
    RestAnswer::with(418, json!({"code": -1003, "msg": msg}).to_string())
        .header("retry-after", (until - now_ms + 999) / 1_000)
}

fn content(
    world: &World,
    venue: Venue,
    class: &str,
    request: &RestRequest,
) -> Result<Reply, Refused> {
    let now_ms = world.faults[venue].stamp(world.market.now_ms());
    let of_symbol = || symbol(world, venue, request.parameter("symbol").as_deref());
    let outlet = |feed: &SymbolFeed| world.market.coins()[feed.coin].outlet(Place::BinanceUsdm);
    let body = match class {
        "time" => json!({"serverTime": now_ms}).to_string(),
        "exchangeInfo" => info::exchange_info(world, venue, request)?,
        "depth" => depth(world, venue, request)?,
        "aggTrades" => agg_trades(world, venue, request)?,
        "klines" => return klines(world, venue, request),
        "openInterest" => {
            let feed = of_symbol()?;
            let open = outlet(feed).and_then(|outlet| outlet.perp.as_ref());
            let lots = open.map_or(0.0, |perp| perp.context.open_interest) as i64;
            json!({"openInterest": feed.scales.qty(lots), "symbol": feed.symbol, "time": now_ms})
                .to_string()
        }
        "premiumIndex" => {
            if request.parameter("symbol").is_some() {
                let feed = of_symbol()?;
                json!(outlet(feed).map(|outlet| premium_index(feed, outlet, now_ms))).to_string()
            } else {
                let all: Vec<_> = feeds(world, venue)
                    .symbols
                    .iter()
                    .filter_map(|feed| Some(premium_index(feed, outlet(feed)?, now_ms)))
                    .collect();
                json!(all).to_string()
            }
        }
        "fundingInfo" => {
            // Only what differs from the usual eight hours.
            let all: Vec<_> = feeds(world, venue)
                .symbols
                .iter()
                .filter_map(|feed| Some((feed, outlet(feed)?.perp.as_ref()?.context.rule)))
                .filter(|(_, rule)| rule.interval_h != 8)
                .map(|(feed, rule)| {
                    json!({
                        "symbol": feed.symbol,
                        "adjustedFundingRateCap": real(rule.cap, 8),
                        "adjustedFundingRateFloor": real(-rule.cap, 8),
                        "fundingIntervalHours": rule.interval_h,
                        "disclaimer": false,
                    })
                })
                .collect();
            json!(all).to_string()
        }
        _ => "{}".into(),
    };
    Ok(RestAnswer::ok(body).into())
}

fn premium_index(feed: &SymbolFeed, outlet: &Outlet, now_ms: i64) -> serde_json::Value {
    let Some(perp) = &outlet.perp else {
        return serde_json::Value::Null;
    };
    json!({
        "symbol": feed.symbol,
        "markPrice": feed.scales.computed(perp.context.mark),
        "indexPrice": feed.scales.computed(perp.context.oracle),
        "estimatedSettlePrice": feed.scales.computed(perp.context.oracle),
        "lastFundingRate": real(perp.context.funding(), 8),
        "interestRate": "0.00010000",
        "nextFundingTime": perp.context.rule.next_ms(now_ms),
        "time": now_ms,
    })
}

fn depth(world: &World, venue: Venue, request: &RestRequest) -> Result<String, Refused> {
    let feed = symbol(world, venue, request.parameter("symbol").as_deref())?;
    let perp = venue == Venue::BinanceUsdm;
    let limit = match request.number("limit") {
        Ok(None) => {
            if perp {
                500
            } else {
                100
            }
        }
        Ok(Some(limit)) if perp && ![5, 10, 20, 50, 100, 500, 1_000].contains(&limit) => {
            return Err(INVALID_LIMIT);
        }
        Ok(Some(limit)) if limit > 0 => usize::try_from(limit).unwrap_or(5_000).min(5_000),
        _ => return Err(ILLEGAL_LIMIT),
    };
    let book = book_of(venue, &world.market, feed.coin).ok_or(INVALID_SYMBOL)?;
    let now_ms = world.market.now_ms();
    let faults = &world.faults[venue];
    let time = perp.then_some(faults.stamp(now_ms));
    let side = |side| {
        book.book
            .levels(side)
            .take(limit)
            .map(|(px, level)| {
                feed.scales
                    .pair(faults.snapshot_px(feed.symbol, now_ms, px), level.lots)
            })
            .collect()
    };
    Ok(frames::text(&Depth {
        lastUpdateId: book.book.update_id(),
        E: time,
        T: time.map(|ms| ms - 1),
        bids: side(Side::Bid),
        asks: side(Side::Ask),
    }))
}

/// Aggregates from an id, or of a time, oldest first; without either the newest.
fn agg_trades(world: &World, venue: Venue, request: &RestRequest) -> Result<String, Refused> {
    let feed = symbol(world, venue, request.parameter("symbol").as_deref())?;
    let faults = &world.faults[venue];
    let number = |name: &str| request.number(name).map_err(|()| ILLEGAL_NUMBER);
    let limit = number("limit")?.unwrap_or(500);
    if limit <= 0 {
        return Err(ILLEGAL_LIMIT);
    }
    let limit = usize::try_from(limit).unwrap_or(1_000).min(1_000);
    let (from_id, from, to) = (number("fromId")?, number("startTime")?, number("endTime")?);
    let tape = feeds(world, venue).tape(feed, &world.market);
    let fits = |trade: &&Trade| {
        let time = faults.stamp(trade.time_ms);
        from_id.is_none_or(|id| trade.aggregate_id as i64 >= id)
            && from.is_none_or(|from| time >= from)
            && to.is_none_or(|to| time <= to)
    };
    let found: Vec<&Trade> = if from_id.is_some() || from.is_some() {
        tape.iter().filter(fits).take(limit).collect()
    } else {
        let mut newest: Vec<&Trade> = tape.iter().rev().filter(fits).take(limit).collect();
        newest.reverse();
        newest
    };
    let rows: Vec<String> = found
        .into_iter()
        .map(|trade| frames::agg_trade(None, feed.scales, faults.stamp(trade.time_ms), trade))
        .collect();
    Ok(format!("[{}]", rows.join(",")))
}

fn klines(world: &World, venue: Venue, request: &RestRequest) -> Result<Reply, Refused> {
    let feed = symbol(world, venue, request.parameter("symbol").as_deref())?;
    let interval = request
        .parameter("interval")
        .and_then(|name| Interval::parse(&name))
        .ok_or(INVALID_INTERVAL)?;
    let number = |name: &str| request.number(name).map_err(|()| ILLEGAL_NUMBER);
    let most = if venue == Venue::BinanceUsdm {
        1_500
    } else {
        1_000
    };
    let limit = usize::try_from(number("limit")?.unwrap_or(500))
        .unwrap_or(0)
        .min(most);
    if limit == 0 {
        return Err(ILLEGAL_LIMIT);
    }
    let now_ms = world.market.now_ms();
    let to = number("endTime")?.unwrap_or(now_ms).min(now_ms);
    let from = number("startTime")?;
    let coin = &world.market.coins()[feed.coin];
    let source = match venue {
        Venue::BinanceSpot => coin.spot_candles.as_ref(),
        _ => coin
            .outlet(Place::BinanceUsdm)
            .map(|outlet| &outlet.candles),
    };
    let source = source
        .ok_or(INVALID_SYMBOL)?
        .source(interval.bucket(from.unwrap_or(0).max(0)));
    let scales = feed.scales;
    Ok(Reply::later(move || {
        let rows: Vec<_> = bars(&source, interval, from, to, limit)
            .into_iter()
            .map(|bar| {
                let unit = power_of_ten(scales.px_decimals) as f64
                    * power_of_ten(scales.lot_decimals) as f64;
                let value = (bar.high + bar.low + bar.close) as f64 / 3.0 * bar.lots as f64 / unit;
                json!([
                    bar.open_ms,
                    scales.px(bar.open),
                    scales.px(bar.high),
                    scales.px(bar.low),
                    scales.px(bar.close),
                    scales.qty(bar.lots),
                    interval.next(bar.open_ms) - 1,
                    real(value, 8),
                    bar.trades,
                    scales.qty(bar.lots / 2),
                    real(value / 2.0, 8),
                    "0",
                ])
            })
            .collect();
        RestAnswer::ok(json!(rows).to_string())
    }))
}

/// With a start the oldest bars from it, without one the newest.
pub(crate) fn bars(
    source: &CandleSource,
    interval: Interval,
    from: Option<i64>,
    to: i64,
    limit: usize,
) -> Vec<crate::generator::Bar> {
    let Some(from) = from else {
        return source.bars(interval, 0, to, limit);
    };
    // The first bar is the first that begins at or after the start.
    let mut first = interval.bucket(from);
    if first < from {
        first = interval.next(first);
    }
    let mut last = first;
    for _ in 1..limit {
        last = interval.next(last);
    }
    if first > to {
        return Vec::new();
    }
    source.bars(interval, first, to.min(last), limit)
}
