//! What waited must not look younger than it is: its time and the states that follow from it are renewed when it is sent.

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
    let marks = [
        update.price.as_mut().map(|f| &mut f.mark),
        update.bbo.as_mut().map(|f| &mut f.mark),
        update.book.as_mut().map(|f| &mut f.mark),
        update.trades.as_mut().map(|f| &mut f.mark),
        update.mid_price.as_mut().map(|f| &mut f.mark),
        update.mark_price.as_mut().map(|f| &mut f.mark),
        update.index_price.as_mut().map(|f| &mut f.mark),
        update.funding_rate.as_mut().map(|f| &mut f.mark),
        update.open_interest_base.as_mut().map(|f| &mut f.mark),
        update.prev_day_price.as_mut().map(|f| &mut f.mark),
        update.day_notional_usd.as_mut().map(|f| &mut f.mark),
    ];
    marks.into_iter().flatten().for_each(|m| mark(m, now_ms));
    if let Some(deep) = update.book.as_mut().and_then(|b| b.deep.as_mut()) {
        mark(&mut deep.mark, now_ms);
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
