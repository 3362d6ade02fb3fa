//! REST market data.

use serde_json::{Value, json};

use super::feeds::{LEVELS, outlet};
use super::frames::{self, CandleScale};
use crate::door::{not_found, per_span};
use crate::generator::{Interval, Outlet};
use crate::rest::{Charged, Reply, RestAnswer, RestRequest};
use crate::venue::Venue;
use crate::view::BookView;
use crate::world::World;

/// Endpoints with their requests per two seconds.
const ENDPOINTS: [(&str, u64); 9] = [
    ("public/instruments", 20),
    ("public/time", 10),
    ("public/open-interest", 20),
    ("public/funding-rate", 20),
    ("market/books", 40),
    ("market/trades", 100),
    ("market/history-trades", 20),
    ("market/candles", 40),
    ("market/history-candles", 20),
];
const SPAN_MS: i64 = 2_000;

fn refused(status: u16, code: &str, msg: &str) -> RestAnswer {
    RestAnswer::with(
        status,
        json!({"code": code, "msg": msg, "data": []}).to_string(),
    )
}

fn fine(data: &Value) -> RestAnswer {
    RestAnswer::ok(json!({"code": "0", "msg": "", "data": data}).to_string())
}

/// Answers a request.
pub(crate) fn answer(world: &mut World, request: &RestRequest) -> Reply {
    let wanted = request.path.strip_prefix("/api/v5/").unwrap_or_default();
    let Some((class, most)) = ENDPOINTS.into_iter().find(|(name, _)| *name == wanted) else {
        return not_found().into();
    };
    let most = most * world.limits.okx.rest_percent / 100;
    let now_ms = world.market.now_ms();
    match world.charge(
        Venue::Okx,
        request.address,
        per_span(class, class, SPAN_MS, most),
    ) {
        Charged::Admitted(_) => {}
        Charged::TooMany(_) => return refused(429, "50011", "Too Many Requests").into(),
        Charged::Banned(until) => {
            return refused(429, "50061", "Your IP is temporarily blocked")
                .header("retry-after", (until - now_ms + 999) / 1_000)
                .into();
        }
    }
    let stamp = world.faults[Venue::Okx].stamp(now_ms);
    if class == "public/time" {
        return fine(&json!([{"ts": stamp.to_string()}])).into();
    }
    let id = request.parameter("instId").filter(|id| !id.is_empty());
    let coin = id.as_deref().and_then(|id| world.okx.coin(None, id));
    if id.is_some() && coin.is_none() {
        return refused(
            200,
            "51001",
            "Instrument ID, Instrument ID code, or Spread ID doesn't exist.",
        )
        .into();
    }
    if matches!(class, "public/instruments" | "public/open-interest") {
        if request.parameter("instType").as_deref() != Some("SWAP") {
            return refused(400, "50014", "Parameter instType can not be empty.").into();
        }
        let rows: Vec<Value> = world
            .okx
            .coins()
            .filter(|other| coin.is_none_or(|coin| coin == *other))
            .filter_map(|coin| outlet(&world.market, coin))
            .filter_map(|outlet| match class {
                "public/instruments" => Some(frames::instrument(outlet)),
                _ => frames::open_interest(outlet, stamp),
            })
            .collect();
        return fine(&json!(rows)).into();
    }
    let Some(outlet) = coin.and_then(|coin| outlet(&world.market, coin)) else {
        return refused(400, "50014", "Parameter instId can not be empty.").into();
    };
    match class {
        "public/funding-rate" => fine(&json!([frames::funding_rate(outlet, stamp)])).into(),
        "market/books" => book(world, outlet, request, stamp).into(),
        "market/trades" => trades(world, outlet, request, 500).into(),
        "market/history-trades" => trades(world, outlet, request, 100).into(),
        "market/candles" => candles(world, outlet, request, 300),
        _ => candles(world, outlet, request, 100),
    }
}

fn number(request: &RestRequest, name: &str) -> Result<Option<i64>, RestAnswer> {
    request
        .number(name)
        .map_err(|()| refused(400, "51000", &format!("Parameter {name} error")))
}

fn limit(request: &RestRequest, usual: usize, most: usize) -> Result<usize, RestAnswer> {
    let limit =
        number(request, "limit")?.map_or(usual, |limit| usize::try_from(limit).unwrap_or(0));
    Ok(limit.clamp(1, most))
}

fn book(world: &World, outlet: &Outlet, request: &RestRequest, stamp: i64) -> RestAnswer {
    let most = match number(request, "sz") {
        Ok(most) => usize::try_from(most.unwrap_or(1))
            .unwrap_or(1)
            .clamp(1, LEVELS),
        Err(refused) => return refused,
    };
    let (faults, now_ms) = (&world.faults[Venue::Okx], world.market.now_ms());
    let view = BookView::of(&outlet.market.book, most);
    let wrong = |px| faults.snapshot_px(outlet.listing.symbol, now_ms, px);
    fine(&json!([frames::rest_book(outlet, &view, stamp, wrong)]))
}

/// Fills one by one, newest first. `after` is older than the id, or with `type=2` the time, that it names; `before` newer.
fn trades(world: &World, outlet: &Outlet, request: &RestRequest, most: usize) -> RestAnswer {
    let read = || {
        Ok::<_, RestAnswer>((
            limit(request, 100.min(most), most)?,
            number(request, "after")?,
            number(request, "before")?,
        ))
    };
    let (limit, after, before) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let by_time = request.parameter("type").as_deref() == Some("2");
    let faults = &world.faults[Venue::Okx];
    let rows: Vec<Value> = outlet
        .tape
        .iter()
        .rev()
        .flat_map(|trade| trade.fills().rev().map(move |fill| (trade, fill)))
        .filter(|(trade, (id, _))| {
            let key = if by_time {
                faults.stamp(trade.time_ms)
            } else {
                i64::try_from(*id).unwrap_or(i64::MAX)
            };
            after.is_none_or(|after| key < after) && before.is_none_or(|before| key > before)
        })
        .take(limit)
        .map(|(trade, fill)| frames::fill(outlet, trade, fill, faults.stamp(trade.time_ms)))
        .collect();
    fine(&json!(rows))
}

fn interval(bar: &str) -> Option<Interval> {
    Some(match bar {
        "1m" => Interval::Minutes(1),
        "3m" => Interval::Minutes(3),
        "5m" => Interval::Minutes(5),
        "15m" => Interval::Minutes(15),
        "30m" => Interval::Minutes(30),
        "1H" => Interval::Minutes(60),
        "2H" => Interval::Minutes(120),
        "4H" => Interval::Minutes(240),
        "6Hutc" => Interval::Minutes(360),
        "12Hutc" => Interval::Minutes(720),
        "1Dutc" => Interval::Minutes(1_440),
        _ => return None,
    })
}

/// Newest first. `after` is older than the time that it names, `before` newer.
fn candles(world: &World, outlet: &Outlet, request: &RestRequest, most: usize) -> Reply {
    let Some(interval) = interval(request.parameter("bar").as_deref().unwrap_or("1m")) else {
        return refused(400, "51000", "Parameter bar error").into();
    };
    let read = || {
        Ok::<_, RestAnswer>((
            limit(request, 100, most)?,
            number(request, "after")?,
            number(request, "before")?,
        ))
    };
    let (limit, after, before) = match read() {
        Ok(read) => read,
        Err(refused) => return refused.into(),
    };
    let now_ms = world.market.now_ms();
    let to = after.map_or(now_ms, |after| after - 1).min(now_ms);
    let from = before.map_or(0, |before| before + 1).max(0);
    let source = outlet.candles.source(interval.bucket(from));
    let listing = &outlet.listing;
    let scale = CandleScale {
        px: listing.tick_decimals,
        lot: listing.lot_decimals,
        lots_per_base: listing.lots_per_base,
    };
    Reply::later(move || {
        let mut bars = source.bars(interval, from, to, limit);
        bars.retain(|bar| bar.open_ms >= from && bar.open_ms <= to);
        bars.reverse();
        let rows: Vec<_> = bars
            .iter()
            .map(|bar| frames::candle(scale, bar, interval.next(bar.open_ms) <= now_ms))
            .collect();
        fine(&json!(rows))
    })
}
