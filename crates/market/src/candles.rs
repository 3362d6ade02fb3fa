//! Candles of all lengths, each built from the trades themselves, at a constant cost for each trade.
//!
//! Time without a trade has no candle. Trades that come late amend the candle of their own time. Candles of the venue fill the spans that
//! we did not see.
//!
//! Memory of a market: [`kept`] candles of each length at most, 5,500 together. The newest 32 of a length lie open (at most 34 kB together),
//! older ones are packed (some 42 bytes each, 230 kB together). An hour of trading makes 77 candles, of which a minute's 60 take the places
//! of others once a day is known.

use crate::bar::{Bar, Origin, Print};
use crate::bars::Bars;
use crate::completeness::{Completeness, Span};
use crate::guard::{self, Refusal};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::event::Candle;
use hypersentry_model::{Interval, Timestamp};
use serde::{Deserialize, Serialize};

/// Candles of a length that are kept; then the oldest go.
pub const fn kept(interval: Interval) -> usize {
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
    bars: Bars,
    /// How many of them clients do not know as they are.
    untold: usize,
    /// Trades that came too late for their candle.
    too_late: u64,
}

impl Series {
    /// Clients do not know these as they are.
    fn mark(&mut self, places: std::ops::Range<usize>) {
        let untold = &mut self.untold;
        self.bars.change(places, |bar| {
            *untold += usize::from(!std::mem::replace(&mut bar.untold, true));
        });
    }

    fn mark_newest(&mut self) {
        if let Some(bar) = self.bars.newest_mut()
            && !std::mem::replace(&mut bar.untold, true)
        {
            self.untold += 1;
        }
    }

    /// Puts a candle at its place, unless there are as many younger ones as are kept.
    fn insert(&mut self, mut at: usize, bar: Bar, max: usize) {
        if self.bars.len() >= max {
            if at == 0 {
                return;
            }
            at -= 1;
            if self.bars.pop_oldest().is_some_and(|old| old.untold) {
                self.untold -= 1;
            }
        }
        self.untold += usize::from(bar.untold);
        self.bars.insert(at, bar);
    }

    fn trade(&mut self, interval: Interval, print: &Print) {
        let len_ms = interval.ms();
        let open_ms = print.ms - print.ms.rem_euclid(len_ms);
        let newest = self.bars.newest_mut();
        let newest_ms = newest.as_ref().map_or(i64::MIN, |b| b.open_ms);
        if newest_ms == open_ms {
            if newest.is_some_and(|bar| bar.add(print)) {
                self.mark_newest();
            }
        } else if newest_ms < open_ms {
            // The one before is closed now.
            self.mark_newest();
            let bar = Bar::begin(open_ms, print);
            self.insert(self.bars.len(), bar, kept(interval));
        } else if newest_ms - open_ms > LATE * len_ms {
            self.too_late += 1;
        } else {
            match self.bars.find(open_ms) {
                Ok(at) => {
                    let mut changed = false;
                    self.bars.change(at..at + 1, |bar| changed = bar.add(print));
                    if changed {
                        self.mark(at..at + 1);
                    }
                }
                Err(at) => self.insert(at, Bar::begin(open_ms, print), kept(interval)),
            }
        }
    }

    /// Takes closed candles of the venue that are older than all that are held. Clients are not told: they are there to be asked for.
    fn older(&mut self, interval: Interval, candles: &[&Candle], feed: Option<&Completeness>) {
        let mut older: Vec<Bar> = Vec::with_capacity(candles.len());
        for candle in candles {
            let follows = older.last().is_none_or(|b| b.open_ms < candle.open_ms);
            if follows && !was_seen(candle, interval, feed) {
                older.push(Bar::of_venue(candle));
            }
        }
        let room = kept(interval).saturating_sub(self.bars.len());
        let over = older.len().saturating_sub(room);
        self.bars.prepend(&older[over..]);
    }

    /// Takes a closed candle of the venue. It gives way to trades that were seen completely, also where that is none.
    fn past(&mut self, interval: Interval, candle: &Candle, feed: Option<&Completeness>) {
        let at = self.bars.find(candle.open_ms);
        let held = at.ok().and_then(|at| self.bars.get(at));
        let whole = held.as_ref().map_or_else(
            || was_seen(candle, interval, feed),
            |bar| bar.is_whole(interval.ms(), feed),
        );
        if whole {
            return;
        }
        match (at, held) {
            (Ok(at), Some(bar)) => {
                let mut new = bar.clone();
                if bar.origin == Origin::Trades && bar.agrees(candle) {
                    new.origin = Origin::Agreed;
                } else {
                    new = Bar::of_venue(candle);
                    new.untold = bar.untold;
                }
                if bar != new {
                    self.bars.change(at..at + 1, |bar| *bar = new.clone());
                    self.mark(at..at + 1);
                }
            }
            (Ok(at) | Err(at), _) => {
                let mut bar = Bar::of_venue(candle);
                bar.untold = true;
                self.insert(at, bar, kept(interval));
            }
        }
    }

    /// The candles that share time with `from` to `to`.
    fn within(&self, len_ms: i64, from: i64, to: i64) -> std::ops::Range<usize> {
        let start = self
            .bars
            .before(from.saturating_sub(len_ms).saturating_add(1));
        start..self.bars.before(to).max(start)
    }

    /// The newest candles that clients do not know as they are, oldest first.
    fn take_untold(&mut self, mut row: impl FnMut(&Bar) -> CandleRow) -> Vec<CandleRow> {
        let mut rows = Vec::with_capacity(self.untold.min(MAX_TOLD));
        if self.untold == 0 {
            return rows;
        }
        self.bars.untold(|bar| {
            let room = rows.len() < MAX_TOLD;
            if room {
                bar.untold = false;
                rows.push(row(bar));
            }
            room
        });
        self.untold -= rows.len();
        rows.reverse();
        rows
    }
}

/// Whether all trades of a candle's time were seen.
fn was_seen(candle: &Candle, interval: Interval, feed: Option<&Completeness>) -> bool {
    let (from, to) = (candle.open_ms, candle.open_ms + interval.ms());
    feed.is_some_and(|f| f.seen(from, to).verified >= interval.ms() as u64)
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
            // A page of the past; one that reaches into what is held, or near to the present, is news.
            let oldest = series.bars.get(0).map_or(i64::MIN, |bar| bar.open_ms);
            let past_ms = oldest.min(now.ms() - LATE * interval.ms());
            let is_past = candles.iter().all(|c| c.open_ms <= past_ms);
            let closed: Vec<&Candle> = candles.iter().filter(closed).collect();
            let first = closed.partition_point(|c| is_past && c.open_ms < oldest);
            let (older, rest) = closed.split_at(first);
            series.older(interval, older, feed);
            for candle in rest {
                series.past(interval, candle, feed);
            }
        }
        Ok(())
    }

    /// What is known of the trades between `from` and `to` has changed.
    pub(crate) fn retell(&mut self, from: Timestamp, to: Timestamp) {
        for (interval, series) in self.each() {
            series.mark(series.within(interval.ms(), from.ms(), to.ms()));
        }
    }

    /// Keeps what was seen of spans that the ledger forgets.
    pub(crate) fn keep(&mut self, spans: &[Span]) {
        for span in spans {
            for (interval, series) in self.each() {
                let places = series.within(interval.ms(), span.from, span.to);
                series
                    .bars
                    .change(places, |bar| bar.keep(span, interval.ms()));
            }
        }
    }

    /// The newest candle of each length.
    pub(crate) fn last(
        &self,
        feed: Option<&Completeness>,
        now: Timestamp,
    ) -> ByInterval<Option<CandleRow>> {
        std::array::from_fn(|i| {
            let newest = self.series[i].bars.newest()?;
            Some(newest.row(Interval::ALL[i].ms(), feed, now.ms()))
        })
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
            .flat_map(|(_, s)| s.bars.tail(s.bars.len().saturating_sub(limit)))
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
            series.bars.untold(|bar| {
                bar.untold = false;
                true
            });
            series.untold = 0;
        }
    }
}
