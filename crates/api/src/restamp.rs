//! What waited must not look younger than it is: its time and the states that follow from it are renewed when it is sent.

use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::governance::GovUpdate;
use hypersentry_model::Freshness;
use hypersentry_model::agg::{AggUpdate, Mark};
use hypersentry_model::liquidation::LiquidationBatch;
use hypersentry_model::status::VenueStatus;

fn mark(mark: &mut Mark, now_ms: i64) {
    if let Some(proved_at) = mark.proved_at {
        let stale = now_ms - proved_at > i64::from(mark.age_limit_ms);
        mark.state = if stale {
            Freshness::Stale
        } else {
            Freshness::Fresh
        };
    }
}

/// Moves `update` on by `waited_ms` and returns its new time.
pub(crate) fn market(update: &mut AggUpdate, waited_ms: i64) -> i64 {
    let now_ms = update.now_ms + waited_ms;
    update.now_ms = now_ms;
    macro_rules! renew {
        ($($field:ident)+) => {
            $(if let Some(field) = &mut update.$field {
                mark(&mut field.mark, now_ms);
            })+
        };
    }
    renew! {
        price bbo book trades mid_price mark_price index_price funding_rate open_interest_base open_interest_usd
        basis_bps imbalance walls cvd_venue cvd_venue_1m cvd_spot_1m cvd_spot_5m oi_total oi_hl oi_binance_perp
        prev_day_price day_notional_usd
    }
    if let Some(deep) = update.book.as_mut().and_then(|b| b.deep.as_mut()) {
        mark(&mut deep.mark, now_ms);
    }
    let parts = [&mut update.cvd_source, &mut update.oi_source];
    for part in parts.into_iter().flatten().flatten() {
        mark(&mut part.mark, now_ms);
    }
    for candles in update.candles.iter_mut().flatten() {
        mark(&mut candles.mark, now_ms);
    }
    now_ms
}

/// As [`market`].
pub(crate) fn batch(batch: &mut LiquidationBatch, waited_ms: i64) -> i64 {
    batch.now_ms += waited_ms;
    mark(&mut batch.mark, batch.now_ms);
    batch.now_ms
}

/// As [`market`].
pub(crate) fn status(status: &mut VenueStatus, waited_ms: i64) -> i64 {
    let now_ms = status.now_ms + waited_ms;
    status.now_ms = now_ms;
    status
        .streams
        .iter_mut()
        .for_each(|s| mark(&mut s.mark, now_ms));
    now_ms
}

/// As [`market`]. The score is that of its evaluation; how old its feeds are is told anew.
pub(crate) fn conviction(told: &mut AlphaConviction, waited_ms: i64) -> i64 {
    told.now_ms += waited_ms;
    told.age_ms = told.age_ms.map(|age| age + waited_ms);
    for part in &mut told.components {
        if let (Some(proved_at), Some(limit)) = (part.proved_at, part.age_limit_ms) {
            let stale = told.now_ms - proved_at > i64::from(limit);
            part.state = if stale {
                Freshness::Stale
            } else {
                Freshness::Fresh
            };
        }
    }
    told.now_ms
}

/// As [`market`].
pub(crate) const fn governance(said: &mut GovUpdate, waited_ms: i64) -> i64 {
    said.now_ms += waited_ms;
    said.now_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The state of every object that has one, wherever it lies.
    fn states(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                out.extend(fields.get("state").map(Value::to_string));
                fields.values().for_each(|v| states(v, out));
            }
            Value::Array(items) => items.iter().for_each(|v| states(v, out)),
            _ => {}
        }
    }

    fn seen(update: &AggUpdate) -> Vec<String> {
        let mut out = Vec::new();
        states(&serde_json::to_value(update).unwrap(), &mut out);
        out
    }

    #[test]
    fn no_mark_is_forgotten() {
        let marked = |mut fields: Value| {
            for (name, value) in [
                ("as_of", 1_000),
                ("proved_at", 1_000),
                ("age_limit_ms", 3_000),
            ] {
                fields[name] = value.into();
            }
            fields["state"] = "fresh".into();
            fields
        };
        let one = || marked(json!({"v": "1"}));
        let coverage = json!({"verified": 1.0, "unverified": 0.0, "missing": 0.0});
        let window = || marked(json!({"v": "1", "window_ms": 60_000, "coverage": coverage}));
        let parts = || json!([marked(json!({"source": "bybit", "weight": "1", "v": "1"}))]);
        let deep = marked(json!({"from": 5}));
        let mut update: AggUpdate = serde_json::from_value(json!({
            "kind": "snapshot", "version": 1, "now_ms": 1_000,
            "price": one(), "mid_price": one(), "mark_price": one(), "index_price": one(),
            "bbo": marked(json!({"v": {"bid": null, "ask": null}})),
            "book": marked(json!({"bids": [], "asks": [], "deep": deep})),
            "trades": marked(json!({"v": []})), "funding_rate": one(),
            "open_interest_base": one(), "open_interest_usd": one(), "basis_bps": one(), "imbalance": one(),
            "walls": marked(json!({"bids": [], "asks": []})),
            "cvd_venue": window(), "cvd_venue_1m": window(), "cvd_spot_1m": window(), "cvd_spot_5m": window(),
            "cvd_source": parts(), "oi_total": one(), "oi_hl": one(), "oi_binance_perp": one(), "oi_source": parts(),
            "candles": [marked(json!({"interval": "1m", "v": []}))],
            "prev_day_price": one(), "day_notional_usd": one(),
        }))
        .unwrap();
        let marks = seen(&update).len();
        assert_eq!(market(&mut update, 3_000), 4_000);
        assert_eq!(seen(&update), vec!["\"fresh\""; marks]);
        market(&mut update, 1);
        assert_eq!(seen(&update), vec!["\"stale\""; marks]);
    }
}
