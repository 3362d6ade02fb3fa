//! REST market data with weights, 429 and 418.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::HeaderValue;
use axum::response::Response;
use serde_json::{Value, json};

use super::frames::{self, Depth, Scales};
use crate::faults::millis;
use crate::generator::{Coin, Side, power_of_ten};
use crate::limits::Window;
use crate::server::{Shared, json_text, refusal};
use crate::world::World;

const MINUTE_MS: i64 = 60_000;
const MOST_LEVELS: usize = 5_000;
/// Addresses remembered.
const MOST_ACCOUNTS: usize = 256;

/// What one address has used.
#[derive(Debug, Default)]
pub(super) struct Account {
    weight: Window,
    refused: Window,
    banned_until: i64,
}

/// A request that the venue answers with status 400.
#[derive(Debug, Clone, Copy)]
struct Refused {
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
const ILLEGAL_SYMBOLS: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in parameter 'symbols'; legal range is \
          '^\\[\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\"){0,}\\]$'.",
};
const ILLEGAL_LIMIT: Refused = Refused {
    code: -1100,
    msg: "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
};

/// Counts a request; the refusal if it is one too many, and the minute's weight so far.
fn charge(world: &mut World, address: IpAddr, weight: u64) -> Result<u64, Box<Response>> {
    let now_ms = world.market.now_ms();
    let limits = world.limits.binance_spot.clone();
    let storm = world.binance_spot_faults.storms(now_ms);
    let accounts = &mut world.binance_spot.rest;
    if accounts.len() >= MOST_ACCOUNTS && !accounts.contains_key(&address) {
        accounts.clear();
    }
    let account = accounts.entry(address).or_default();
    if now_ms < account.banned_until {
        return Err(Box::new(banned(account.banned_until, now_ms)));
    }
    if !storm
        && account
            .weight
            .admit(now_ms, MINUTE_MS, weight, limits.rest_weight_per_min)
    {
        return Ok(account.weight.used(now_ms, MINUTE_MS));
    }
    // Who goes on regardless is banned; a storm is not the client's doing.
    if !storm
        && !account
            .refused
            .admit(now_ms, MINUTE_MS, 1, limits.tolerated_429)
    {
        account.banned_until = now_ms + millis(limits.ban_s) * 1_000;
        return Err(Box::new(banned(account.banned_until, now_ms)));
    }
    let used = account.weight.used(now_ms, MINUTE_MS);
    let msg = format!(
        "Too much request weight used; current limit is {} request weight per 1 MINUTE. Please use WebSocket Streams \
         for live updates to avoid polling the API.",
        limits.rest_weight_per_min
    );
    let mut response = refusal(429, json!({"code": -1003, "msg": msg}));
    retry_after(&mut response, MINUTE_MS - now_ms.rem_euclid(MINUTE_MS));
    show_weight(&mut response, used);
    Err(Box::new(response))
}

fn banned(until: i64, now_ms: i64) -> Response {
    let msg = format!(
        "Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to \
         avoid bans."
    );
    let mut response = refusal(418, json!({"code": -1003, "msg": msg}));
    retry_after(&mut response, until - now_ms);
    response
}

fn retry_after(response: &mut Response, wait_ms: i64) {
    response
        .headers_mut()
        .insert("retry-after", HeaderValue::from((wait_ms + 999) / 1_000));
}

fn show_weight(response: &mut Response, used: u64) {
    let value = HeaderValue::from(used);
    response
        .headers_mut()
        .insert("x-mbx-used-weight", value.clone());
    response.headers_mut().insert("x-mbx-used-weight-1m", value);
}

/// Charges, answers under the lock, and waits if REST is slow.
async fn respond(
    shared: &Shared,
    peer: SocketAddr,
    weight: u64,
    answer: impl FnOnce(&World) -> Result<String, Refused>,
) -> Response {
    let (delay_ms, response) = {
        let mut world = shared.world.lock();
        let delay_ms = world
            .binance_spot_faults
            .rest_delay_ms(world.market.now_ms());
        let response = match charge(&mut world, peer.ip(), weight) {
            Err(refused) => *refused,
            Ok(used) => {
                let mut response = match answer(&world) {
                    Ok(text) => json_text(text),
                    Err(refused) => refusal(400, json!({"code": refused.code, "msg": refused.msg})),
                };
                show_weight(&mut response, used);
                response
            }
        };
        (delay_ms, response)
    };
    if delay_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
            () = shared.shutdown.cancelled() => {}
        }
    }
    response
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|part| {
        part.split_once('=')
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
    })
}

/// `GET /api/v3/ping`
pub(crate) async fn ping(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    respond(&shared, peer, 1, |_| Ok("{}".into())).await
}

/// `GET /api/v3/time`
pub(crate) async fn time(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    respond(&shared, peer, 1, |world| {
        Ok(json!({"serverTime": world.market.now_ms()}).to_string())
    })
    .await
}

/// `GET /api/v3/depth?symbol=&limit=`; weight 5, 25, 50 or 250 by limit.
pub(crate) async fn depth(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let limit = match parameter(&query, "limit").map(str::parse::<usize>) {
        None => Ok(100),
        Some(Ok(limit)) if limit > 0 => Ok(limit.min(MOST_LEVELS)),
        Some(_) => Err(()),
    };
    let weight = match limit {
        Ok(limit) if limit > 1_000 => 250,
        Ok(limit) if limit > 500 => 50,
        Ok(limit) if limit > 100 => 25,
        _ => 5,
    };
    respond(&shared, peer, weight, |world| {
        let coin = symbol(world, parameter(&query, "symbol"))?;
        let Ok(limit) = limit else {
            return Err(ILLEGAL_LIMIT);
        };
        let coin = &world.market.coins()[coin];
        let Some(spot) = &coin.spot else {
            return Err(INVALID_SYMBOL);
        };
        let scales = Scales::of(coin);
        Ok(frames::text(&Depth {
            lastUpdateId: spot.book.update_id(),
            bids: scales.levels(spot, Side::Bid, limit),
            asks: scales.levels(spot, Side::Ask, limit),
        }))
    })
    .await
}

fn symbol(world: &World, wanted: Option<&str>) -> Result<usize, Refused> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return Err(NO_SYMBOL);
    };
    let legal =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if wanted.len() > 20 || !wanted.chars().all(legal) {
        return Err(ILLEGAL_SYMBOL);
    }
    world.binance_spot.coin_of(wanted).ok_or(INVALID_SYMBOL)
}

/// `GET /api/v3/exchangeInfo`, of all symbols, of `symbol=` or of `symbols=["A","B"]`; weight 20.
pub(crate) async fn exchange_info(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    respond(&shared, peer, 20, |world| {
        let coins = world.market.coins();
        let wanted: Vec<&Coin> = if let Some(name) = parameter(&query, "symbol") {
            vec![&coins[symbol(world, Some(name))?]]
        } else if let Some(list) = parameter(&query, "symbols") {
            let list = list.replace("%22", "\"").replace("%5B", "[").replace("%5D", "]").replace("%2C", ",");
            let names: Vec<String> = serde_json::from_str(&list).map_err(|_| ILLEGAL_SYMBOLS)?;
            names.iter().map(|name| symbol(world, Some(name)).map(|index| &coins[index])).collect::<Result<_, _>>()?
        } else {
            coins.iter().filter(|coin| coin.spot.is_some()).collect()
        };
        let most = world.limits.binance_spot.rest_weight_per_min;
        Ok(json!({
            "timezone": "UTC",
            "serverTime": world.market.now_ms(),
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": most},
                {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
            ],
            "exchangeFilters": [],
            "symbols": wanted.into_iter().map(symbol_json).collect::<Vec<_>>(),
        })
        .to_string())
    })
    .await
}

fn symbol_json(coin: &Coin) -> Value {
    let Some(listing) = &coin.instrument.spot else {
        return Value::Null;
    };
    let eight = frames::eight;
    let tick = eight(1, listing.tick_decimals);
    let step = eight(1, listing.lot_decimals);
    json!({
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base_asset,
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": true,
        "ocoAllowed": true,
        "quoteOrderQtyMarketAllowed": true,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": eight(1_000_000 * power_of_ten(listing.tick_decimals), listing.tick_decimals),
                "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": step,
                "maxQty": eight(9_000_000 * power_of_ten(listing.lot_decimals), listing.lot_decimals),
                "stepSize": step,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": "5.00000000",
                "applyMinToMarket": true,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": false,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    })
}
