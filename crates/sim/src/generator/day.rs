//! Figures of the last 24 hours.

use super::candles::Interval;
use super::outlet::Outlet;

/// Milliseconds after which the figures are made anew.
const KEPT_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Open, high, low and volume of the last 24 hours, in quanta and lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) lots: i64,
    /// Price an hour ago.
    pub(crate) hour_ago: i64,
    made_ms: i64,
}

impl Day {
    fn of(outlet: &Outlet, now_ms: i64) -> Option<Self> {
        let interval = Interval::Minutes(60);
        let bars =
            outlet
                .candles
                .source(now_ms - DAY_MS)
                .bars(interval, now_ms - DAY_MS, now_ms, 24);
        let (first, last) = (bars.first()?, bars.last()?);
        Some(Self {
            open: first.open,
            high: bars.iter().map(|bar| bar.high).max()?,
            low: bars.iter().map(|bar| bar.low).min()?,
            lots: bars.iter().map(|bar| bar.lots).sum(),
            hour_ago: last.open,
            made_ms: now_ms,
        })
    }

    /// What is remembered, renewed once a minute.
    pub(crate) fn remembered(
        slot: &mut Option<Self>,
        outlet: &Outlet,
        now_ms: i64,
    ) -> Option<Self> {
        if slot.is_none_or(|day| now_ms - day.made_ms >= KEPT_MS) {
            *slot = Self::of(outlet, now_ms);
        }
        *slot
    }
}
