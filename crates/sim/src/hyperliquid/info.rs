//! `POST /info`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::frames;
use super::rounding::Rounding;
use crate::generator::{CandleSource, Interval};
use crate::server::{Shared, refusal};
use crate::world::World;

/// Candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// What an info request comes to.
#[derive(Debug)]
pub(super) enum Answer {
    Body(Value),
    /// Built without holding the market.
    Candles(CandleRequest),
    TooMany,
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

/// `POST /hyperliquid/info`
pub(crate) async fn post_info(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let parsed = serde_json::from_slice::<Value>(&body);
    let (delay_ms, answer) = {
        let mut world = shared.world.lock();
        let now_ms = world.market.now_ms();
        let delay_ms = world.hyperliquid_faults.rest_delay_ms(now_ms);
        let answer = match &parsed {
            _ if world.hyperliquid_faults.storms(now_ms) => Answer::TooMany,
            Ok(request) => answer(&mut world, request, peer.ip()),
            Err(_) => Answer::Unknown,
        };
        (delay_ms, answer)
    };
    if delay_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
            () = shared.shutdown.cancelled() => {}
        }
    }
    match answer {
        Answer::Body(body) => Json(body).into_response(),
        Answer::Candles(request) => {
            match tokio::task::spawn_blocking(move || request.build()).await {
                Ok(body) => Json(body).into_response(),
                Err(_) => refusal(500, Value::Null),
            }
        }
        Answer::TooMany => refusal(429, json!({"code": 429, "msg": "Too Many Requests"})),
        Answer::Unknown => {
            let msg = "Failed to deserialize the JSON body into the target type";
            refusal(422, json!({"code": 422, "msg": msg}))
        }
        Answer::NoCoin => refusal(500, Value::Null),
    }
}

/// Answers under the lock. The weights are those of "Rate limits and user limits".
pub(super) fn answer(world: &mut World, request: &Value, address: IpAddr) -> Answer {
    let Some(kind) = request["type"].as_str() else {
        return Answer::Unknown;
    };
    let now_ms = world.market.now_ms();
    let mut weight = match kind {
        "l2Book" | "allMids" | "exchangeStatus" => 2,
        "meta"
        | "spotMeta"
        | "metaAndAssetCtxs"
        | "spotMetaAndAssetCtxs"
        | "candleSnapshot"
        | "recentTrades"
        | "perpDexs"
        | "fundingHistory" => 20,
        _ => return Answer::Unknown,
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
    let most = world.limits.hyperliquid.rest_weight_per_min;
    if !world
        .hyperliquid
        .rest_weight
        .of(address)
        .admit(now_ms, 60_000, weight, most)
    {
        return Answer::TooMany;
    }
    if let Some(candles) = candles {
        return Answer::Candles(candles);
    }
    let market = &world.market;
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
                market.block_ms(),
                rounding,
                false
            ))
        }
        "recentTrades" => {
            let Some(coin) = coin else {
                return Answer::NoCoin;
            };
            // Newest first, unlike the WebSocket.
            let mut trades = world.hyperliquid.recent_trades(coin, market);
            trades.reverse();
            json!(trades)
        }
        "fundingHistory" => {
            let Some(coin) = coin else {
                return Answer::NoCoin;
            };
            funding_history(world, coin, request)
        }
        "exchangeStatus" => json!({"specialStatuses": null, "time": market.block_ms()}),
        // Only the venue's own exchange, which the list shows as null.
        _ => json!([null]),
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
