//! What the tests of the market core begin with.
#![allow(dead_code, reason = "no test uses all of it")]

use hypersentry_market::{Market, MarketConfig, MarketId, Rules};
use hypersentry_model::{
    Level, MarketEvent, Mode, Payload, Price, Side, Size, Symbol, Timestamp, Trade, TradeId, Venue,
};
use std::collections::BTreeMap;

pub(crate) fn id() -> MarketId {
    MarketId::at(Venue::BinanceSpot, Symbol::new("BTC").unwrap())
}

/// A market core that holds no price back: most tests jump about.
pub(crate) fn market() -> Market {
    let mut rules = Rules::default();
    rules.outliers.sigmas = 0;
    market_of(rules)
}

pub(crate) fn market_of(rules: Rules) -> Market {
    Market::new(MarketConfig {
        run_id: "r".into(),
        mode: Mode::Simulated,
        grid_ms: 50,
        depth: 10,
        rules,
        cadences: BTreeMap::new(),
    })
}

pub(crate) fn px(units: i64) -> Price {
    Price::from_units(i128::from(units) * 1_000_000_000_000)
}

pub(crate) fn sz(units: i64) -> Size {
    Size::from_units(i128::from(units) * 1_000_000_000_000)
}

pub(crate) fn level(p: i64, s: i64) -> Level {
    Level {
        px: px(p),
        sz: sz(s),
    }
}

pub(crate) fn event(payload: Payload) -> MarketEvent {
    MarketEvent {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        venue_time: None,
        payload,
    }
}

/// A trade of that number, price and size; a negative size sells.
pub(crate) fn trade(id: u64, at: Timestamp, p: i64, s: i64) -> MarketEvent {
    let trade = Trade {
        id: TradeId::Number(id),
        px: px(p),
        sz: sz(s.abs()),
        side: if s < 0 { Side::Sell } else { Side::Buy },
    };
    MarketEvent {
        venue_time: Some(at),
        ..event(Payload::Trade(trade))
    }
}
