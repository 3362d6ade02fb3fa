//! What the venues say about their symbols.

use serde_json::{Value, json};

use super::rest::Refused;
use super::session::limits;
use crate::decimal::{eight, fixed};
use crate::generator::{Coin, Outlet, Place, power_of_ten};
use crate::rest::RestRequest;
use crate::venue::Venue;
use crate::world::World;

/// `exchangeInfo`: of all symbols; spot also of `symbol=` or of `symbols=["A","B"]`.
pub(super) fn exchange_info(
    world: &World,
    venue: Venue,
    request: &RestRequest,
) -> Result<String, Refused> {
    let coins = world.market.coins();
    let now_ms = world.faults[venue].stamp(world.market.now_ms());
    let most = limits(world, venue).rest_weight_per_min;
    if venue == Venue::BinanceUsdm {
        let symbols: Vec<Value> = coins
            .iter()
            .filter_map(|coin| coin.outlet(Place::BinanceUsdm))
            .map(perpetual)
            .collect();
        return Ok(json!({
            "timezone": "UTC",
            "serverTime": now_ms,
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": most},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1_200},
            ],
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": true, "autoAssetExchange": "-10000"}],
            "symbols": symbols,
        })
        .to_string());
    }
    let find =
        |name: &str| super::rest::symbol(world, venue, Some(name)).map(|feed| &coins[feed.coin]);
    let wanted: Vec<&Coin> = if let Some(name) = request.parameter("symbol") {
        vec![find(&name)?]
    } else if let Some(list) = request.parameter("symbols") {
        let names: Vec<String> =
            serde_json::from_str(&list).map_err(|_| super::rest::ILLEGAL_SYMBOLS)?;
        names
            .iter()
            .map(|name| find(name))
            .collect::<Result<_, _>>()?
    } else {
        coins.iter().filter(|coin| coin.spot.is_some()).collect()
    };
    Ok(json!({
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": most},
            {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
        ],
        "exchangeFilters": [],
        "symbols": wanted.into_iter().map(symbol_json).collect::<Vec<_>>(),
    })
    .to_string())
}

fn perpetual(outlet: &Outlet) -> Value {
    let listing = &outlet.listing;
    let (px, lot) = (listing.tick_decimals, listing.lot_decimals);
    let base = listing
        .symbol
        .strip_suffix("USDT")
        .unwrap_or(listing.symbol);
    json!({
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_i64,
        "onboardDate": 1_569_398_400_000_i64,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": px,
        "quantityPrecision": lot,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": fixed(1, px), "maxPrice": fixed(20 * power_of_ten(px + 5), px), "tickSize": fixed(1, px)},
            {"filterType": "LOT_SIZE", "minQty": fixed(1, lot), "maxQty": fixed(power_of_ten(lot + 6), lot), "stepSize": fixed(1, lot)},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}

fn symbol_json(coin: &Coin) -> Value {
    let Some(listing) = &coin.instrument.spot else {
        return Value::Null;
    };
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
