//! Candles of all lengths, each built from the trades themselves, at a constant cost for each trade.
//!
//! Time without a trade has no candle. Trades that come late amend the candle of their own time. Candles of the venue fill the spans that
//! we did not see.
//!
//! Memory: [`kept`] candles of each length at most, 5,500 together, which is 1 MB. That takes a day and back-fills; an hour of trading
//! makes about 80 candles (14 kB).

use crate::bar::{Bar, Origin, Print};
use crate::completeness::{Completeness, Span};
use crate::guard::{self, Refusal};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::event::Candle;
use hypersentry_model::{Interval, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Candles of a length that are kept; then the oldest go.
pub(crate) const fn kept(interval: Interval) -> usize {
    match interval {
        Interval::M1 => 1_500,
        Interval::M5 | Interval::M15 | Interval::H1 => 1_000,
        Interval::H4 | Interval::D1 => 500,
    }
}

/// How many candles back a late trade may reach: it moves no more of them when it makes a new one.
const LATE: i64 = 256;

/// Candles of one length that one message has at most; the next one has the rest.
const MAX_TOLD: usize = 100;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Series {
    /// Oldest first.
    bars: VecDeque<Bar>,
    /// How many of them clients do not know as they are.
    untold: usize,
    /// Trades that came too late for their candle.
    too_late: u64,
}

impl Series {
    fn mark(&mut self, at: usize) {
        if let Some(bar) = self.bars.get_mut(at)
            && !std::mem::replace(&mut bar.untold, true)
        {
            self.untold += 1;
        }
    }

    /// Puts a candle at its place, unless there are as many younger ones as are kept.
    fn insert(&mut self, at: usize, bar: Bar, max: usize) {
        if self.bars.len() < max {
            self.bars.insert(at, bar);
            self.mark(at);
        } else if at > 0 {
            if self.bars.pop_front().is_some_and(|old| old.untold) {
                self.untold -= 1;
            }
            self.bars.insert(at - 1, bar);
            self.mark(at - 1);
        }
    }

    fn trade(&mut self, interval: Interval, print: &Print) {
        let len_ms = interval.ms();
        let open_ms = print.ms - print.ms.rem_euclid(len_ms);
        let newest = self.bars.back().map_or(i64::MIN, |b| b.open_ms);
        let last = self.bars.len().saturating_sub(1);
        if newest == open_ms {
            if self.bars[last].add(print) {
                self.mark(last);
            }
        } else if newest < open_ms {
            // The one before is closed now.
            self.mark(last);
            let bar = Bar::begin(open_ms, print);
            self.insert(self.bars.len(), bar, kept(interval));
        } else if newest - open_ms > LATE * len_ms {
            self.too_late += 1;
        } else {
            match self.find(open_ms) {
                Ok(at) => {
                    if self.bars[at].add(print) {
                        self.mark(at);
                    }
                }
                Err(at) => self.insert(at, Bar::begin(open_ms, print), kept(interval)),
            }
        }
    }

    fn find(&self, open_ms: i64) -> Result<usize, usize> {
        self.bars.binary_search_by_key(&open_ms, |b| b.open_ms)
    }

    /// Takes a closed candle of the venue. It gives way to trades that were seen completely, also where that is none.
    fn past(&mut self, interval: Interval, candle: &Candle, feed: Option<&Completeness>) {
        let (from, to) = (candle.open_ms, candle.open_ms + interval.ms());
        let at = self.find(from);
        let whole = at.map_or_else(
            |_| feed.is_some_and(|f| f.seen(from, to).verified >= interval.ms() as u64),
            |at| self.bars[at].is_whole(interval.ms(), feed),
        );
        if whole {
            return;
        }
        match at {
            Ok(at) => {
                let bar = &mut self.bars[at];
                if bar.origin == Origin::Trades && bar.agrees(candle) {
                    bar.origin = Origin::Agreed;
                } else {
                    let mut new = Bar::of_venue(candle);
                    new.untold = bar.untold;
                    if *bar == new {
                        return;
                    }
                    *bar = new;
                }
                self.mark(at);
            }
            Err(at) => self.insert(at, Bar::of_venue(candle), kept(interval)),
        }
    }

    /// The candles that share time with `from` to `to`.
    fn within(&self, len_ms: i64, from: i64, to: i64) -> std::ops::Range<usize> {
        let start = self.bars.partition_point(|b| b.open_ms + len_ms <= from);
        start..self.bars.partition_point(|b| b.open_ms < to).max(start)
    }

    /// The newest candles that clients do not know as they are, oldest first.
    fn take_untold(&mut self, mut row: impl FnMut(&Bar) -> CandleRow) -> Vec<CandleRow> {
        let mut rows = Vec::with_capacity(self.untold.min(MAX_TOLD));
        for bar in self.bars.iter_mut().rev() {
            if self.untold == 0 || rows.len() == MAX_TOLD {
                break;
            }
            if std::mem::take(&mut bar.untold) {
                self.untold -= 1;
                rows.push(row(bar));
            }
        }
        rows.reverse();
        rows
    }
}

/// A value for each length, in the order of [`Interval::ALL`].
pub(crate) type ByInterval<T> = [T; Interval::ALL.len()];

/// All candles of a market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Candles {
    series: ByInterval<Series>,
}

impl Candles {
    fn each(&mut self) -> impl Iterator<Item = (Interval, &mut Series)> {
        Interval::ALL.into_iter().zip(&mut self.series)
    }

    pub(crate) fn trade(&mut self, print: &Print) {
        self.each().for_each(|(i, series)| series.trade(i, print));
    }

    /// Takes candles of the venue itself. Those that are not closed yet are passed over.
    pub(crate) fn past(
        &mut self,
        interval: Interval,
        candles: &[Candle],
        feed: Option<&Completeness>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        candles
            .iter()
            .try_for_each(|c| guard::candle(c, interval.ms()))?;
        let closed = |c: &&Candle| c.closed && c.open_ms + interval.ms() <= now.ms();
        for (_, series) in self.each().filter(|(i, _)| *i == interval) {
            for candle in candles.iter().filter(closed) {
                series.past(interval, candle, feed);
            }
        }
        Ok(())
    }

    /// What is known of the trades between `from` and `to` has changed.
    pub(crate) fn retell(&mut self, from: Timestamp, to: Timestamp) {
        for (interval, series) in self.each() {
            for at in series.within(interval.ms(), from.ms(), to.ms()) {
                series.mark(at);
            }
        }
    }

    /// Keeps what was seen of spans that the ledger forgets.
    pub(crate) fn keep(&mut self, spans: &[Span]) {
        for span in spans {
            for (interval, series) in self.each() {
                for at in series.within(interval.ms(), span.from, span.to) {
                    series.bars[at].keep(span, interval.ms());
                }
            }
        }
    }

    /// The newest candle of each length.
    pub(crate) fn last(
        &self,
        feed: Option<&Completeness>,
        now: Timestamp,
    ) -> ByInterval<Option<CandleRow>> {
        Interval::ALL.map(|interval| self.rows(interval, 1, feed, now).pop())
    }

    /// The newest `limit` candles, oldest first.
    pub(crate) fn rows(
        &self,
        interval: Interval,
        limit: usize,
        feed: Option<&Completeness>,
        now: Timestamp,
    ) -> Vec<CandleRow> {
        let series = Interval::ALL.iter().zip(&self.series);
        series
            .filter(|(i, _)| **i == interval)
            .flat_map(|(_, s)| s.bars.range(s.bars.len().saturating_sub(limit)..))
            .map(|bar| bar.row(interval.ms(), feed, now.ms()))
            .collect()
    }

    /// Whether there is something that clients do not know.
    pub(crate) fn has_untold(&self) -> bool {
        self.series.iter().any(|s| s.untold > 0)
    }

    /// The candles that clients do not know as they are, oldest first.
    pub(crate) fn take_untold(
        &mut self,
        feed: Option<&Completeness>,
        now: Timestamp,
    ) -> ByInterval<Vec<CandleRow>> {
        let mut rows = ByInterval::default();
        for ((interval, series), rows) in self.each().zip(&mut rows) {
            *rows = series.take_untold(|bar| bar.row(interval.ms(), feed, now.ms()));
        }
        rows
    }

    /// Takes all as known: whoever gets a first snapshot asks for what lies before it.
    pub(crate) fn forget_untold(&mut self) {
        for (_, series) in self.each() {
            series.bars.iter_mut().for_each(|b| b.untold = false);
            series.untold = 0;
        }
    }
}
