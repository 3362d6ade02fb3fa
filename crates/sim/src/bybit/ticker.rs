//! A ticker's fields, and what changed of them.

use std::collections::BTreeMap;

use serde_json::json;

use super::frames::{px, size};
use crate::decimal::{fixed, real, short};
use crate::generator::{Day, Outlet, Side, power_of_ten};

/// Fields by name.
pub(super) type Fields = BTreeMap<&'static str, String>;

/// All fields of a linear perpetual.
pub(super) fn fields(outlet: &Outlet, day: Option<Day>, stamp: i64) -> Fields {
    let mut fields = Fields::new();
    let (tick, lot) = (outlet.listing.tick_decimals, outlet.listing.lot_decimals);
    let price = |quanta: f64| px(outlet, quanta.round() as i64);
    let usd = |lots: f64, quanta: f64| {
        real(
            lots * quanta / power_of_ten(lot) as f64 / power_of_ten(tick) as f64,
            4,
        )
    };
    for (side, at, how_much) in [
        (Side::Bid, "bid1Price", "bid1Size"),
        (Side::Ask, "ask1Price", "ask1Size"),
    ] {
        if let Some((best, level)) = outlet.market.book.best(side) {
            fields.insert(at, px(outlet, best));
            fields.insert(how_much, size(outlet, level.lots));
        }
    }
    let last = outlet.tape.back().copied();
    if let Some(last) = last {
        fields.insert("lastPrice", px(outlet, last.px));
        let direction = if last.taker == Side::Bid {
            "PlusTick"
        } else {
            "MinusTick"
        };
        fields.insert("tickDirection", direction.into());
    }
    if let Some(day) = day {
        let last = last.map_or(day.open, |trade| trade.px);
        fields.insert("prevPrice24h", px(outlet, day.open));
        fields.insert("highPrice24h", px(outlet, day.high.max(last)));
        fields.insert("lowPrice24h", px(outlet, day.low.min(last)));
        fields.insert("prevPrice1h", px(outlet, day.hour_ago));
        fields.insert("volume24h", fixed(day.lots, lot));
        fields.insert(
            "turnover24h",
            usd(day.lots as f64, (day.high + day.low) as f64 / 2.0),
        );
        fields.insert(
            "price24hPcnt",
            real(last as f64 / day.open.max(1) as f64 - 1.0, 6),
        );
    }
    if let Some(perp) = &outlet.perp {
        let context = &perp.context;
        let open = context.open_interest.floor();
        fields.insert("markPrice", price(context.mark));
        fields.insert("indexPrice", price(context.oracle));
        // Both sides, as documented; the single side has a field of its own.
        fields.insert("openInterest", short(2 * open as i64, lot));
        fields.insert("singleOpenInterest", short(open as i64, lot));
        fields.insert("openInterestValue", usd(2.0 * open, context.mark));
        fields.insert("fundingRate", real(context.funding(), 8));
        fields.insert("nextFundingTime", context.rule.next_ms(stamp).to_string());
        fields.insert("fundingIntervalHour", context.rule.interval_h.to_string());
        fields.insert(
            "fundingCap",
            short((context.rule.cap * 1e4).round() as i64, 4),
        );
    }
    fields
}

/// A message with the symbol and the given fields.
pub(super) fn message(outlet: &Outlet, kind: &str, fields: &Fields, stamp: i64) -> String {
    let symbol = outlet.listing.symbol;
    let mut data = serde_json::Map::new();
    data.insert("symbol".into(), json!(symbol));
    data.extend(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value))),
    );
    json!({
        "topic": format!("tickers.{symbol}"),
        "type": kind,
        "data": data,
        "cs": outlet.market.book.update_id(),
        "ts": stamp,
    })
    .to_string()
}

/// The fields of `now` that are not as they were.
pub(super) fn changed(before: &Fields, now: &Fields) -> Fields {
    now.iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, value)| (*name, value.clone()))
        .collect()
}
