//! `POST /info`, and the framing of `POST /exchange`.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::actions::{self, Origin, Performed};
use super::frames;
use super::rounding::Rounding;
use crate::door::not_found;
use crate::generator::{CandleSource, Interval};
use crate::rest::{Charged, Quota, Reply, RestAnswer, RestRequest};
use crate::venue::Venue;
use crate::world::World;

/// Requests and their weights ("Rate limits and user limits").
const CLASSES: [(&str, u64); 32] = [
    ("l2Book", 2),
    ("allMids", 2),
    ("exchangeStatus", 2),
    ("meta", 20),
    ("spotMeta", 20),
    ("metaAndAssetCtxs", 20),
    ("spotMetaAndAssetCtxs", 20),
    ("candleSnapshot", 20),
    ("recentTrades", 20),
    ("perpDexs", 20),
    ("fundingHistory", 20),
    ("clearinghouseState", 2),
    ("spotClearinghouseState", 2),
    ("orderStatus", 2),
    ("openOrders", 20),
    ("frontendOpenOrders", 20),
    ("userFills", 20),
    ("userFillsByTime", 20),
    ("userTwapSliceFills", 20),
    ("userFunding", 20),
    ("historicalOrders", 20),
    ("extraAgents", 20),
    ("userRateLimit", 20),
    ("activeAssetData", 20),
    ("userRole", 60),
    ("userFees", 20),
    ("twapHistory", 20),
    ("userNonFundingLedgerUpdates", 20),
    ("subAccounts", 20),
    ("userVaultEquities", 20),
    ("maxBuilderFee", 20),
    ("perpsAtOpenInterestCap", 20),
];
/// Lists about accounts that weigh one more per 20 items.
const BY_ITEM: [&str; 7] = [
    "userFills",
    "userFillsByTime",
    "userTwapSliceFills",
    "userFunding",
    "historicalOrders",
    "twapHistory",
    "userNonFundingLedgerUpdates",
];
/// Candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// What an info request comes to.
#[derive(Debug)]
pub(super) enum Answer {
    Body(Value),
    /// Built without holding the market.
    Candles(CandleRequest),
    TooMany,
    /// For so many seconds.
    Banned(i64),
    /// No such request.
    Unknown,
    NoCoin,
}

/// A candle request with a copy of what it needs.
#[derive(Debug)]
pub(super) struct CandleRequest {
    source: CandleSource,
    coin: &'static str,
    decimals: (u32, u32),
    interval: Interval,
    from_ms: i64,
    to_ms: i64,
}

impl CandleRequest {
    pub(super) fn build(&self) -> Value {
        let bars = self
            .source
            .bars(self.interval, self.from_ms, self.to_ms, MOST_CANDLES);
        let list: Vec<_> = bars
            .iter()
            .map(|bar| frames::candle_of(self.coin, self.decimals, self.interval, bar))
            .collect();
        json!(list)
    }
}

/// `POST /info`.
pub(crate) fn answer(world: &mut World, request: &RestRequest) -> Reply {
    if !matches!(request.path.as_str(), "/info" | "/exchange") {
        return not_found().into();
    }
    if request.method != "POST" {
        return RestAnswer::with(405, r#"{"code":405,"msg":"Method Not Allowed"}"#).into();
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) if request.path == "/exchange" => {
            let origin = Origin::Request(request.address);
            framed(actions::perform(world, &body, origin))
        }
        Ok(body) => match content(world, &body, request.address) {
            Answer::Body(body) => RestAnswer::ok(body.to_string()).into(),
            Answer::Candles(request) => {
                Reply::later(move || RestAnswer::ok(request.build().to_string()))
            }
            Answer::TooMany => framed(Performed::TooMany),
            Answer::Banned(seconds) => framed(Performed::Banned(seconds)),
            Answer::Unknown => framed(Performed::Unreadable),
            Answer::NoCoin => RestAnswer::with(500, "null").into(),
        },
        Err(_) => framed(Performed::Unreadable),
    }
}

/// What a request came to, as HTTP has it.
pub(super) fn framed(performed: Performed) -> Reply {
    let coded = |status: u16, msg: &str| {
        RestAnswer::with(status, json!({"code": status, "msg": msg}).to_string())
    };
    match performed {
        Performed::Answer(answer) => RestAnswer::ok(answer.to_string()).into(),
        Performed::Late(late_ms, answer) => {
            let late_ms = u64::try_from(late_ms).unwrap_or(0);
            Reply::Late(late_ms, RestAnswer::ok(answer.to_string()))
        }
        Performed::Awaited(answer) => Reply::Awaited(answer),
        Performed::TooMany => coded(429, "Too Many Requests").into(),
        Performed::Banned(seconds) => coded(429, "Too Many Requests")
            .header("retry-after", seconds)
            .into(),
        Performed::Unreadable => coded(
            422,
            "Failed to deserialize the JSON body into the target type",
        )
        .into(),
        Performed::Failed(status @ 429) => coded(status, "Too Many Requests").into(),
        Performed::Failed(status) => RestAnswer::with(status, reason(status)).into(),
        // A request is never a post.
        Performed::Lost | Performed::Posted => {
            RestAnswer::with(504, "upstream request timeout").into()
        }
    }
}

/// The words of an error status.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Server Error",
    }
}

/// Answers under the lock. The weights are those of "Rate limits and user limits".
pub(super) fn content(world: &mut World, request: &Value, address: IpAddr) -> Answer {
    let Some(kind) = request["type"].as_str() else {
        return Answer::Unknown;
    };
    let Some((class, mut weight)) = CLASSES.into_iter().find(|(class, _)| *class == kind) else {
        return Answer::Unknown;
    };
    let candles = if kind == "candleSnapshot" {
        match candle_request(world, &request["req"]) {
            Ok(candles) => {
                let span = (candles.to_ms - candles.from_ms).max(0);
                let bucket = candles.interval.next(0).max(60_000);
                // One more per 60 items.
                weight += u64::try_from((span / bucket).min(MOST_CANDLES as i64) / 60).unwrap_or(0);
                Some(candles)
            }
            Err(answer) => return answer,
        }
    } else {
        None
    };
    let about_account = world.trading.exchange.info(request);
    if let Some(Value::Array(items)) = &about_account
        && BY_ITEM.contains(&kind)
    {
        weight += items.len() as u64 / 20;
    }
    let most = world.limits.hyperliquid.rest_weight_per_min;
    let quota = Quota {
        class,
        bucket: "weight",
        weight,
        span_ms: 60_000,
        most,
        ban: None,
    };
    let now_ms = world.market.now_ms();
    match world.charge(Venue::Hyperliquid, address, quota) {
        Charged::Admitted(_) => {}
        Charged::TooMany(_) => return Answer::TooMany,
        Charged::Banned(until) => return Answer::Banned((until - now_ms + 999) / 1_000),
    }
    if let Some(candles) = candles {
        return Answer::Candles(candles);
    }
    let market = &world.market;
    let faults = &world.faults[Venue::Hyperliquid];
    let block_ms = faults.stamp(market.block_ms());
    let coin = request["coin"]
        .as_str()
        .and_then(|name| market.coin_index(name));
    Answer::Body(match kind {
        "meta" => meta(world),
        "spotMeta" => spot_meta(),
        "metaAndAssetCtxs" => {
            let contexts: Vec<_> = market
                .coins()
                .iter()
                .map(|coin| frames::asset_context(market, coin))
                .collect();
            json!([meta(world), contexts])
        }
        "spotMetaAndAssetCtxs" => json!([spot_meta(), []]),
        "allMids" => frames::mids(market),
        "l2Book" => {
            let Some(coin) = coin else {
                return Answer::NoCoin;
            };
            let digit = |key: &str| {
                request[key]
                    .as_u64()
                    .and_then(|value| u8::try_from(value).ok())
            };
            let rounding = Rounding {
                n_sig_figs: digit("nSigFigs"),
                mantissa: digit("mantissa"),
            };
            if !rounding.valid() {
                return Answer::Unknown;
            }
            json!(frames::book(
                &market.coins()[coin],
                block_ms,
                (rounding, false),
                |px| faults.snapshot_px(market.coins()[coin].instrument.coin, market.now_ms(), px)
            ))
        }
        "recentTrades" => {
            let Some(coin) = coin else {
                return Answer::NoCoin;
            };
            // Newest first, unlike the WebSocket.
            let mut trades = world.hyperliquid.recent_trades(coin, market, faults);
            trades.reverse();
            json!(trades)
        }
        "fundingHistory" => {
            let Some(coin) = coin else {
                return Answer::NoCoin;
            };
            funding_history(world, coin, request)
        }
        "exchangeStatus" => json!({"specialStatuses": null, "time": block_ms}),
        // Only the venue's own exchange, which the list shows as null.
        "perpDexs" => json!([null]),
        "perpsAtOpenInterestCap" => json!(world.trading.exchange.capped().collect::<Vec<_>>()),
        _ => match about_account {
            Some(answer) => answer,
            None => return Answer::Unknown,
        },
    })
}

fn candle_request(world: &World, request: &Value) -> Result<CandleRequest, Answer> {
    let (Some(name), Some(interval), Some(from_ms)) = (
        request["coin"].as_str(),
        request["interval"].as_str().and_then(Interval::parse),
        request["startTime"].as_i64(),
    ) else {
        return Err(Answer::Unknown);
    };
    let Some(index) = world.market.coin_index(name) else {
        return Err(Answer::NoCoin);
    };
    let now_ms = world.market.now_ms();
    let to_ms = request["endTime"].as_i64().unwrap_or(now_ms).min(now_ms);
    let coin = &world.market.coins()[index];
    Ok(CandleRequest {
        source: coin.candles.source(interval.bucket(from_ms.max(0))),
        coin: coin.instrument.coin,
        decimals: (coin.perp.maker.grid().decimals, coin.instrument.sz_decimals),
        interval,
        from_ms: from_ms.max(0),
        to_ms,
    })
}

fn meta(world: &World) -> Value {
    let universe: Vec<_> = world
        .market
        .coins()
        .iter()
        .map(|coin| {
            json!({
                "szDecimals": coin.instrument.sz_decimals,
                "name": coin.instrument.coin,
                "maxLeverage": coin.instrument.max_leverage,
                "marginTableId": coin.instrument.max_leverage,
            })
        })
        .collect();
    let mut leverages: Vec<u32> = world
        .market
        .coins()
        .iter()
        .map(|coin| coin.instrument.max_leverage)
        .collect();
    leverages.sort_unstable();
    leverages.dedup();
    let tables: Vec<_> = leverages
        .iter()
        .map(|most| {
            let tiers = json!([{"lowerBound": "0.0", "maxLeverage": most}]);
            json!([most, {"description": "", "marginTiers": tiers}])
        })
        .collect();
    json!({"universe": universe, "marginTables": tables, "collateralToken": 0})
}

/// The tokens exist for clients that need them; no spot pair trades here.
fn spot_meta() -> Value {
    let token = |name: &str, sz: u32, wei: u32, index: u32, id: &str| {
        json!({
            "name": name, "szDecimals": sz, "weiDecimals": wei, "index": index, "tokenId": id,
            "isCanonical": true, "evmContract": null, "fullName": null,
        })
    };
    json!({
        "tokens": [
            token("USDC", 8, 8, 0, "0x6d1e7cde53ba9467b783cb7c530ce054"),
            token("PURR", 0, 5, 1, "0xc1fb593aeffbeb02f85e0308e9956a90"),
        ],
        "universe": [{"name": "PURR/USDC", "tokens": [1, 0], "index": 0, "isCanonical": true}],
    })
}

/// Hourly rates, at most 500. The past has the rate of now: the simulator keeps no funding history.
fn funding_history(world: &World, coin: usize, request: &Value) -> Value {
    const HOUR_MS: i64 = 3_600_000;
    let coin = &world.market.coins()[coin];
    let now_ms = world.market.now_ms();
    let from = request["startTime"]
        .as_i64()
        .unwrap_or(0)
        .max(now_ms - 500 * HOUR_MS);
    let to = request["endTime"].as_i64().unwrap_or(now_ms).min(now_ms);
    let first = from.div_euclid(HOUR_MS) * HOUR_MS;
    let entries: Vec<_> = (0..500)
        .map(|hour| first + hour * HOUR_MS)
        .filter(|time| *time >= from && *time <= to)
        .map(|time| {
            json!({
                "coin": coin.instrument.coin,
                "fundingRate": super::decimal::rounded(coin.context.funding(), 10),
                "premium": super::decimal::rounded(coin.context.premium, 10),
                "time": time,
            })
        })
        .collect();
    json!(entries)
}
