//! The requests that the session makes: all are `POST /info`. Weights: Hyperliquid docs, API > Rate limits and user limits.
//!
//! `recentTrades` is not among them. It gives the last trades as a subscription does, without numbers, so it can neither show that
//! nothing is missing nor reach further back.

use super::limits::CANDLES_MAX;
use crate::session::{Interval, Request, RequestClass, RequestKey, RequestKind};
use hypersentry_model::Symbol;
use serde_json::json;

fn info(key: RequestKey, body: &serde_json::Value, weight: u32) -> Request {
    Request {
        class: match key.kind {
            RequestKind::Book => RequestClass::Books,
            _ => RequestClass::Metadata,
        },
        key,
        path: "/info".to_owned(),
        body: Some(body.to_string()),
        weight,
    }
}

fn key(kind: RequestKind, symbol: Symbol, attempt: u32) -> RequestKey {
    RequestKey {
        kind,
        symbol,
        attempt,
    }
}

/// Asks for the list of markets and their contexts. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve perpetuals
/// asset contexts.
pub fn markets(attempt: u32) -> Request {
    let key = key(RequestKind::Markets, Symbol::ANY, attempt);
    info(key, &json!({"type": "metaAndAssetCtxs"}), 20)
}

/// Asks for the contexts, to stand in for silent streams. The same request as [`markets`].
pub fn contexts(attempt: u32) -> Request {
    let key = key(RequestKind::OpenInterest, Symbol::ANY, attempt);
    info(key, &json!({"type": "metaAndAssetCtxs"}), 20)
}

/// Asks for the list of spot pairs; its key has `spot` for a symbol. Hyperliquid docs, API > Info endpoint > Spot.
pub fn spot_pairs(attempt: u32) -> Request {
    let spot = Symbol::new("spot").unwrap_or(Symbol::ANY);
    let key = key(RequestKind::Markets, spot, attempt);
    info(key, &json!({"type": "spotMeta"}), 20)
}

/// Asks for the time of the newest block.
pub fn clock(attempt: u32) -> Request {
    let key = key(RequestKind::Time, Symbol::ANY, attempt);
    info(key, &json!({"type": "exchangeStatus"}), 2)
}

/// Asks for a book of 20 levels a side. Hyperliquid docs, API > Info endpoint > L2 book snapshot.
pub fn book(coin: Symbol, attempt: u32) -> Request {
    let key = key(RequestKind::Book, coin, attempt);
    info(key, &json!({"type": "l2Book", "coin": coin.as_str()}), 2)
}

/// Asks for candles; they weigh one more for each 60. Hyperliquid docs, API > Info endpoint > Candle snapshot.
pub fn candles(
    coin: Symbol,
    interval: Interval,
    (from_ms, to_ms): (i64, i64),
    attempt: u32,
) -> Request {
    let body = json!({"type": "candleSnapshot", "req": {
        "coin": coin.as_str(), "interval": interval.name(), "startTime": from_ms, "endTime": to_ms,
    }});
    let span = to_ms.saturating_sub(from_ms).max(0) / interval.ms() + 1;
    let weight = 20 + span.min(CANDLES_MAX) / 60;
    let key = key(RequestKind::Candles(interval), coin, attempt);
    info(key, &body, u32::try_from(weight).unwrap_or(u32::MAX))
}
