//! The newest candles as clients see them.

use crate::candles::ByInterval;
use hypersentry_model::agg::{CandleRow, CandlesField, Mark};
use hypersentry_model::{Freshness, Interval, Timestamp};
use serde::{Deserialize, Serialize};

/// Candles change with every trade, six of them at once: they are told at most this often.
const EVERY_MS: i64 = 250;

/// The newest candle of each length as it was last told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CandlesShown {
    last: ByInterval<Option<CandleRow>>,
    /// Of the trades that they are built from.
    mark: Mark,
    at: Timestamp,
    /// There is more to tell than was told.
    waiting: bool,
}

impl CandlesShown {
    pub(crate) const fn new(
        last: ByInterval<Option<CandleRow>>,
        mark: Mark,
        at: Timestamp,
    ) -> Self {
        Self {
            last,
            mark,
            at,
            waiting: false,
        }
    }

    /// Whether clients may be told again.
    pub(crate) fn ready(&self, now: Timestamp) -> bool {
        now >= self.at.plus_ms(EVERY_MS)
    }

    /// After which point clients must be told again although no event comes.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.waiting.then(|| self.at.plus_ms(EVERY_MS))
    }

    fn field(&self, interval: Interval, rows: Vec<CandleRow>) -> CandlesField {
        CandlesField {
            interval: interval.name().to_owned(),
            v: Some(rows),
            mark: self.mark,
        }
    }

    /// The newest candles. None before the first trade: candles of the venue alone are there to be asked for.
    pub(crate) fn snapshot(&self) -> Option<Vec<CandlesField>> {
        let fields: Vec<_> = Interval::ALL
            .into_iter()
            .zip(&self.last)
            .filter_map(|(interval, row)| Some(self.field(interval, vec![row.clone()?])))
            .collect();
        (!fields.is_empty()).then_some(fields)
    }

    /// The candles that changed since `told`: `untold`, unless it is too early to tell. `more` says that more are left. `mark` is that of
    /// the trades as clients know it by now.
    pub(crate) fn delta(
        &mut self,
        told: &Self,
        untold: Option<ByInterval<Vec<CandleRow>>>,
        more: bool,
        mark: Mark,
    ) -> Option<Vec<CandlesField>> {
        self.mark = mark;
        let Some(untold) = untold else {
            let waiting = more || self.last != told.last || mark != told.mark;
            self.waiting = waiting && mark.state != Freshness::Missing;
            self.last.clone_from(&told.last);
            (self.mark, self.at) = (told.mark, told.at);
            return None;
        };
        let mut fields = Vec::new();
        for (at, (interval, mut rows)) in Interval::ALL.into_iter().zip(untold).enumerate() {
            let (new, old) = (&self.last[at], &told.last[at]);
            // The newest one changes with time too: it closes, and less or more of it was seen.
            if let Some(new) = new.as_ref().filter(|_| new != old)
                && rows.last().is_none_or(|r| r.open_ms != new.open_ms)
            {
                rows.push(new.clone());
            }
            if !rows.is_empty() || (new.is_some() && mark != told.mark) {
                fields.push(self.field(interval, rows));
            }
        }
        self.waiting = more;
        if fields.is_empty() {
            self.at = told.at;
            return None;
        }
        Some(fields)
    }
}
