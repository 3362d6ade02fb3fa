//! The venue's JSON.

use std::fmt::Write as _;

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::decimal::{decimal, rounded};
use super::rounding::{Rounding, levels};
use crate::generator::{Bar, Coin, Interval, Level, Market, PerpTrade, Side, power_of_ten};

#[derive(Debug, Serialize)]
struct Frame<'a, T> {
    channel: &'a str,
    data: T,
}

/// `{"channel": ..., "data": ...}`.
pub(super) fn frame(channel: &str, data: impl Serialize) -> Utf8Bytes {
    serde_json::to_string(&Frame { channel, data })
        .unwrap_or_default()
        .into()
}

#[derive(Debug, Serialize)]
pub(super) struct LevelJson {
    px: String,
    sz: String,
    n: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct BookJson {
    coin: &'static str,
    time: i64,
    levels: [Vec<LevelJson>; 2],
    /// Only fast books carry it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fast: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(super) struct BboJson {
    coin: &'static str,
    time: i64,
    bbo: [Option<LevelJson>; 2],
}

#[derive(Debug, Serialize)]
pub(crate) struct TradeJson {
    coin: &'static str,
    side: &'static str,
    px: String,
    sz: String,
    time: i64,
    hash: String,
    tid: u64,
    users: [String; 2],
}

#[derive(Debug, Serialize)]
pub(super) struct CandleJson {
    t: i64,
    #[serde(rename = "T")]
    last_ms: i64,
    s: &'static str,
    i: &'static str,
    o: String,
    c: String,
    h: String,
    l: String,
    v: String,
    n: u64,
}

fn level_json(coin: &Coin, (px, level): (i64, Level)) -> LevelJson {
    LevelJson {
        px: decimal(px, coin.perp.maker.grid().decimals),
        sz: decimal(level.lots, coin.instrument.sz_decimals),
        n: level.orders,
    }
}

/// Levels of a full book and of a fast one.
pub(super) const LEVELS: usize = 20;
const FAST_LEVELS: usize = 5;

/// `wrong` may shift its prices.
pub(super) fn book(
    coin: &Coin,
    time: i64,
    (rounding, fast): (Rounding, bool),
    wrong: impl Fn(i64) -> i64,
) -> BookJson {
    let most = if fast { FAST_LEVELS } else { LEVELS };
    let side = |side| {
        levels(&coin.perp.book, side, rounding, most)
            .into_iter()
            .map(|(px, level)| level_json(coin, (wrong(px), level)))
            .collect()
    };
    BookJson {
        coin: coin.instrument.coin,
        time,
        levels: [side(Side::Bid), side(Side::Ask)],
        fast: fast.then_some(true),
    }
}

/// A book whose sides are exchanged, so that the bids are above the asks.
pub(super) fn crossed_book(coin: &Coin, time: i64) -> BookJson {
    let mut crossed = book(coin, time, (Rounding::default(), false), |px| px);
    crossed.levels.swap(0, 1);
    crossed
}

pub(super) fn bbo(coin: &Coin, time: i64) -> BboJson {
    let side = |side| {
        coin.perp
            .book
            .shown_best(side)
            .map(|level| level_json(coin, level))
    };
    BboJson {
        coin: coin.instrument.coin,
        time,
        bbo: [side(Side::Bid), side(Side::Ask)],
    }
}

pub(super) fn crossed_bbo(coin: &Coin, time: i64) -> BboJson {
    let mut crossed = bbo(coin, time);
    crossed.bbo.swap(0, 1);
    crossed
}

pub(super) fn trade(coin: &Coin, time: i64, trade: &PerpTrade) -> TradeJson {
    TradeJson {
        coin: coin.instrument.coin,
        side: match trade.taker {
            Side::Bid => "B",
            Side::Ask => "A",
        },
        px: decimal(trade.px, coin.perp.maker.grid().decimals),
        sz: decimal(trade.lots, coin.instrument.sz_decimals),
        time,
        hash: hex(&trade.hash),
        tid: trade.tid,
        users: [hex(&trade.buyer), hex(&trade.seller)],
    }
}

pub(super) fn candle(coin: &Coin, interval: Interval, bar: &Bar) -> CandleJson {
    let decimals = coin.perp.maker.grid().decimals;
    candle_of(
        coin.instrument.coin,
        (decimals, coin.instrument.sz_decimals),
        interval,
        bar,
    )
}

pub(super) fn candle_of(
    coin: &'static str,
    (px_decimals, sz_decimals): (u32, u32),
    interval: Interval,
    bar: &Bar,
) -> CandleJson {
    let px = |value| decimal(value, px_decimals);
    CandleJson {
        t: bar.open_ms,
        last_ms: interval.next(bar.open_ms) - 1,
        s: coin,
        i: interval.name(),
        o: px(bar.open),
        c: px(bar.close),
        h: px(bar.high),
        l: px(bar.low),
        v: decimal(bar.lots, sz_decimals),
        n: bar.trades,
    }
}

/// The middle of the touch; one decimal more than the prices, since it may fall between two.
pub(super) fn mid(coin: &Coin) -> Option<String> {
    let book = &coin.perp.book;
    let double = book.shown_best(Side::Bid)?.0 + book.shown_best(Side::Ask)?.0;
    Some(decimal(double * 5, coin.perp.maker.grid().decimals + 1))
}

pub(super) fn mids(market: &Market) -> Value {
    let mut map = Map::new();
    for coin in market.coins() {
        if let Some(mid) = mid(coin) {
            map.insert(coin.instrument.coin.to_owned(), Value::String(mid));
        }
    }
    Value::Object(map)
}

/// The `ctx` of `activeAssetCtx` and of `metaAndAssetCtxs`.
pub(super) fn asset_context(market: &Market, coin: &Coin) -> Value {
    let grid = coin.perp.maker.grid();
    let price = |quanta: f64| decimal(six_figures(quanta.round() as i64), grid.decimals);
    let (usd, lots) = coin.day_volume(market.since_origin_ms());
    let sz_decimals = coin.instrument.sz_decimals;
    json!({
        "funding": rounded(coin.context.funding(), 10),
        "openInterest": decimal(coin.context.open_interest as i64, sz_decimals),
        "prevDayPx": decimal(coin.candles.day_ago(market.now_ms()), grid.decimals),
        "dayNtlVlm": rounded(usd, 6),
        "premium": rounded(coin.context.premium, 10),
        "oraclePx": price(coin.context.oracle),
        "markPx": price(coin.context.mark),
        "midPx": mid(coin),
        "impactPxs": coin.context.impact.map(|(bid, ask)| [price(bid), price(ask)]),
        "dayBaseVlm": decimal(lots as i64, sz_decimals),
    })
}

/// Computed prices have six figures at most, one more than orders may have; the venue prints them so.
fn six_figures(quanta: i64) -> i64 {
    let digits = quanta.max(1).ilog10() + 1;
    let step = power_of_ten(digits.saturating_sub(6));
    (quanta + step / 2) / step * step
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
