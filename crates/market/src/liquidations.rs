//! Liquidations of one market: batches on a grid of their own, and sums over windows of event time.
//!
//! A cascade brings hundreds a second, so that they are told together. A batch is made only when there is something to tell: rows, other
//! sums, another state; how long the feed has been followed and proved is told along, at least every [`QUIET_MS`].

use hypersentry_model::agg::{Kind, Mark, TsSource};
use hypersentry_model::coverage::Coverage;
use hypersentry_model::event::{Liquidated, Liquidation, LiquidationCoverage};
use hypersentry_model::freshness::limit;
use hypersentry_model::liquidation::{LiquidationBatch, LiquidationRow, LiquidationSums};
use hypersentry_model::{Mode, Stamp, Timestamp, Usd};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Windows of the sums, in seconds.
const WINDOWS_S: [i64; 3] = [60, 300, 3_600];

/// Rows that wait for a batch at most; what comes beyond is in the sums alone.
const MAX_ROWS: usize = 200;

/// Rows that a snapshot has at most.
const RECENT_ROWS: usize = 100;

/// How late proofs of life and a coverage that only grows may be told.
const QUIET_MS: i64 = 4_000;

/// What was liquidated within a second, or within a window.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct Sum {
    long_usd: Usd,
    short_usd: Usd,
    count: u32,
}

impl Sum {
    fn add(&mut self, other: Self) {
        // A value is below 10^18 USD: a sum of the rows of an hour cannot leave the range.
        self.long_usd = self
            .long_usd
            .checked_add(other.long_usd)
            .unwrap_or(self.long_usd);
        self.short_usd = self
            .short_usd
            .checked_add(other.short_usd)
            .unwrap_or(self.short_usd);
        self.count = self.count.saturating_add(other.count);
    }

    fn remove(&mut self, other: Self) {
        self.long_usd = self
            .long_usd
            .checked_sub(other.long_usd)
            .unwrap_or_default();
        self.short_usd = self
            .short_usd
            .checked_sub(other.short_usd)
            .unwrap_or_default();
        self.count = self.count.saturating_sub(other.count);
    }
}

/// Sums over the windows that end now, in steps of a second. Adding costs a search among at most 3,600 seconds, passing time what expires.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Windows {
    seconds: BTreeMap<i64, Sum>,
    sums: [Sum; WINDOWS_S.len()],
    /// The second that the windows end with.
    now_s: i64,
}

impl Windows {
    fn advance(&mut self, now_s: i64) {
        if now_s <= self.now_s {
            return;
        }
        for (sum, len) in self.sums.iter_mut().zip(WINDOWS_S) {
            for (_, gone) in self.seconds.range(self.now_s - len + 1..now_s - len + 1) {
                sum.remove(*gone);
            }
        }
        let longest = WINDOWS_S.into_iter().max().unwrap_or(0);
        self.seconds = self.seconds.split_off(&(now_s - longest + 1));
        self.now_s = now_s;
    }

    /// Adds what happened at `at_s`. Nothing can have happened after it was received: a venue's clock that runs ahead is taken for now.
    fn add(&mut self, at_s: i64, what: Sum) {
        let at_s = at_s.min(self.now_s);
        let mut within = false;
        for (sum, len) in self.sums.iter_mut().zip(WINDOWS_S) {
            if at_s > self.now_s - len {
                sum.add(what);
                within = true;
            }
        }
        if within {
            self.seconds.entry(at_s).or_default().add(what);
        }
    }

    /// The second in which something leaves a window next.
    fn expires_s(&self) -> Option<i64> {
        WINDOWS_S
            .into_iter()
            .filter_map(|len| {
                let (first, _) = self.seconds.range(self.now_s - len + 1..).next()?;
                Some(first + len)
            })
            .min()
    }
}

/// What a batch says beside its rows.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Told {
    at: Timestamp,
    sums: [Sum; WINDOWS_S.len()],
    coverage: [Coverage; WINDOWS_S.len()],
    mark: Mark,
}

/// The liquidations of one market of one venue.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Liquidations {
    waiting: VecDeque<LiquidationRow>,
    dropped: u32,
    /// At most [`RECENT_ROWS`].
    recent: VecDeque<LiquidationRow>,
    windows: Windows,
    feed_coverage: Option<LiquidationCoverage>,
    stamp: Option<Stamp>,
    told: Option<Told>,
    seq: u64,
    due: Option<Timestamp>,
}

/// What every batch repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) mode: Mode,
    pub(crate) batch_ms: u32,
}

impl Liquidations {
    /// None yet; the stream goes on after `seq`.
    pub(crate) fn begin(seq: u64) -> Self {
        Self {
            seq,
            ..Self::default()
        }
    }

    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Stamps of the feed, and how much it tells.
    pub(crate) fn feed(&self) -> Option<(Stamp, Option<LiquidationCoverage>)> {
        Some((self.stamp?, self.feed_coverage))
    }

    fn due_by(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |d| d.min(at)));
    }

    /// Takes one, received at `now`. Form and sign are checked before.
    pub(crate) fn add(
        &mut self,
        now: Timestamp,
        venue_time: Option<Timestamp>,
        what: &Liquidation,
        batch_ms: i64,
    ) {
        let at = venue_time.unwrap_or(now);
        self.windows.advance(second(now));
        let (long_usd, short_usd) = match what.liquidated {
            Liquidated::Long => (what.notional_usd, Usd::ZERO),
            Liquidated::Short => (Usd::ZERO, what.notional_usd),
        };
        let sum = Sum {
            long_usd,
            short_usd,
            count: 1,
        };
        self.windows.add(second(at), sum);
        if self.waiting.len() < MAX_ROWS {
            self.waiting.push_back(LiquidationRow {
                ts_ms: at.ms(),
                liquidated: what.liquidated,
                px: what.px,
                px_kind: what.px_kind,
                sz: what.sz,
                notional_usd: what.notional_usd,
            });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        self.feed_coverage = Some(what.coverage);
        self.stamp.get_or_insert(Stamp::at(now)).touch(now);
        self.due_by(now.next_on_grid(batch_ms));
    }

    /// The feed is followed from now on: that there is none is then known.
    pub(crate) fn follow(&mut self, now: Timestamp, batch_ms: i64) {
        self.stamp.get_or_insert(Stamp::at(now)).prove(now);
        self.due_by(now.next_on_grid(batch_ms));
    }

    /// The feed lives.
    pub(crate) fn prove(&mut self, now: Timestamp, batch_ms: i64) {
        if let Some(stamp) = &mut self.stamp {
            stamp.prove(now);
            let at = self
                .told
                .as_ref()
                .map_or(now, |told| now.max(told.at.plus_ms(QUIET_MS - batch_ms)));
            self.due_by(at.next_on_grid(batch_ms));
        }
    }

    /// What is to be told at `now`, with its place in the stream. `coverage` says how much of a window of so many milliseconds was seen.
    pub(crate) fn publish(
        &mut self,
        now: Timestamp,
        header: Header<'_>,
        coverage: impl Fn(u32) -> Coverage,
    ) -> Option<(u64, LiquidationBatch)> {
        self.windows.advance(second(now));
        let new = Told {
            at: now,
            sums: self.windows.sums,
            coverage: WINDOWS_S.map(|s| coverage(window_ms(s))),
            mark: Mark::of(self.stamp, limit::LIQUIDATIONS_MS, now),
        };
        let quiet = self.told.as_ref().is_some_and(|told| {
            let settled = now < told.at.plus_ms(QUIET_MS)
                || (new.coverage == told.coverage && new.mark == told.mark);
            self.waiting.is_empty()
                && new.sums == told.sums
                && new.mark.state == told.mark.state
                && new.mark.as_of == told.mark.as_of
                && settled
        });
        let batch = (!quiet && self.stamp.is_some()).then(|| {
            self.seq += 1;
            let rows: Vec<_> = self.waiting.drain(..).collect();
            let newest = rows.len().saturating_sub(RECENT_ROWS);
            for row in rows.iter().skip(newest) {
                if self.recent.capacity() == 0 {
                    self.recent.reserve_exact(RECENT_ROWS);
                }
                if self.recent.len() >= RECENT_ROWS {
                    self.recent.pop_front();
                }
                self.recent.push_back(*row);
            }
            let dropped = std::mem::take(&mut self.dropped);
            let batch = self.batch(&new, Kind::Delta, rows, dropped, header);
            self.told = Some(new);
            (self.seq, batch)
        });
        self.due = self.next_due(now, i64::from(header.batch_ms));
        batch
    }

    fn next_due(&self, now: Timestamp, batch_ms: i64) -> Option<Timestamp> {
        let told = self.told.as_ref()?;
        let stamp = self.stamp?;
        let expires = self
            .windows
            .expires_s()
            .map(|s| Timestamp::from_ms(s * 1_000 - 1));
        let fresh = told.mark.state == hypersentry_model::Freshness::Fresh;
        let stale = fresh.then(|| stamp.stale_after(limit::LIQUIDATIONS_MS));
        let untold = told.mark.proved_at != Some(stamp.proved_at.ms());
        let proof = untold.then(|| told.at.plus_ms(QUIET_MS - batch_ms));
        [expires, stale, proof]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(now).next_on_grid(batch_ms))
    }

    /// What clients know, with the last rows: the snapshot of the newest batch.
    pub(crate) fn snapshot(&self, header: Header<'_>) -> Option<(u64, LiquidationBatch)> {
        let told = self.told.as_ref()?;
        let rows = self.recent.iter().copied().collect();
        Some((self.seq, self.batch(told, Kind::Snapshot, rows, 0, header)))
    }

    fn batch(
        &self,
        told: &Told,
        kind: Kind,
        rows: Vec<LiquidationRow>,
        dropped: u32,
        header: Header<'_>,
    ) -> LiquidationBatch {
        let sums = WINDOWS_S.into_iter().zip(told.sums).zip(told.coverage);
        LiquidationBatch {
            kind,
            ts_source: TsSource::Receive,
            now_ms: told.at.ms(),
            run_id: header.run_id.to_owned(),
            mode: header.mode,
            batch_ms: header.batch_ms,
            rows,
            dropped,
            feed_coverage: self.feed_coverage,
            sums: sums
                .map(|((len, sum), coverage)| LiquidationSums {
                    window_ms: window_ms(len),
                    long_usd: sum.long_usd,
                    short_usd: sum.short_usd,
                    count: sum.count,
                    coverage,
                })
                .collect(),
            mark: told.mark,
        }
    }
}

const fn second(at: Timestamp) -> i64 {
    at.ms().div_euclid(1_000)
}

const fn window_ms(seconds: i64) -> u32 {
    (seconds * 1_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::event::LiquidationPrice;
    use hypersentry_model::{Freshness, Price, Size};
    use proptest::prelude::*;

    const GRID: i64 = 2_000;
    const HEADER: Header<'static> = Header {
        run_id: "r",
        mode: Mode::Simulated,
        batch_ms: GRID as u32,
    };

    fn one(liquidated: Liquidated, usd: i128) -> Liquidation {
        Liquidation {
            liquidated,
            px: Price::from_units(1_000_000_000_000),
            px_kind: LiquidationPrice::Fill,
            sz: Size::from_units(usd),
            notional_usd: Usd::from_units(usd),
            coverage: LiquidationCoverage::All,
        }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + ms)
    }

    fn publish(held: &mut Liquidations, now: Timestamp) -> Option<(u64, LiquidationBatch)> {
        held.publish(now, HEADER, |_| Coverage::of(0, 1, 1))
    }

    /// Runs the timers up to `until` and returns what was told.
    fn run(held: &mut Liquidations, until: Timestamp) -> Vec<(u64, LiquidationBatch)> {
        let mut told = Vec::new();
        while let Some(due) = held.due().filter(|due| *due <= until) {
            told.extend(publish(held, due));
            assert!(
                held.due().is_none_or(|next| next > due),
                "no timer stands still"
            );
        }
        told
    }

    #[test]
    fn a_cascade_is_one_batch_and_its_sums_are_whole() {
        let mut held = Liquidations::default();
        for n in 0..250 {
            held.add(at(100 + n), Some(at(n)), &one(Liquidated::Long, 10), GRID);
        }
        held.add(at(400), None, &one(Liquidated::Short, 7), GRID);
        let told = run(&mut held, at(2_000));
        assert_eq!(told.len(), 1);
        let (seq, batch) = &told[0];
        assert_eq!((*seq, batch.kind), (1, Kind::Delta));
        assert_eq!((batch.rows.len(), batch.dropped), (MAX_ROWS, 51));
        for sums in &batch.sums {
            assert_eq!(sums.long_usd, Usd::from_units(2_500));
            assert_eq!(sums.short_usd, Usd::from_units(7));
            assert_eq!(sums.count, 251);
        }
        let (seq, whole) = held.snapshot(HEADER).expect("told");
        assert_eq!(
            (seq, whole.kind, whole.rows.len()),
            (1, Kind::Snapshot, RECENT_ROWS)
        );
        assert_eq!(whole.sums, batch.sums);
        assert_eq!(whole.rows[99], batch.rows[199], "the newest ones");
    }

    #[test]
    fn sums_run_empty_and_a_dead_feed_is_called_stale() {
        let mut held = Liquidations::default();
        held.follow(at(0), GRID);
        held.add(at(500), Some(at(400)), &one(Liquidated::Short, 3), GRID);
        let told = run(&mut held, at(70_000));
        let counts: Vec<u32> = told.iter().map(|(_, b)| b.sums[0].count).collect();
        let states: Vec<Freshness> = told.iter().map(|(_, b)| b.mark.state).collect();
        // The row, the state when no proof came any more, the empty minute: nothing between.
        assert_eq!(counts, [1, 1, 0]);
        assert_eq!(
            states,
            [Freshness::Fresh, Freshness::Stale, Freshness::Stale]
        );
        assert_eq!(told[2].1.sums[1].count, 1, "the 5 min still have it");
        let rest = run(&mut held, at(4_000_000));
        assert_eq!(rest.last().expect("told").1.sums[2].count, 0);
        assert_eq!(held.due(), None, "nothing is left to tell");
    }

    #[test]
    fn proofs_are_told_before_the_limit_and_not_each_time() {
        let mut held = Liquidations::default();
        held.follow(at(0), GRID);
        let mut told = Vec::new();
        for s in 1..=60 {
            held.prove(at(s * 1_000), GRID);
            told.extend(run(&mut held, at(s * 1_000)));
        }
        assert!(
            told.iter()
                .all(|(_, b)| b.mark.state == Freshness::Fresh && b.rows.is_empty())
        );
        assert!((14..=16).contains(&told.len()), "{}", told.len());
    }

    proptest! {
        /// Whatever the order of event times, each window has exactly what happened in its seconds.
        #[test]
        fn sums_equal_a_naive_count(events in prop::collection::vec((0i64..20_000, -5_000i64..400_000, 1i128..100, any::<bool>()), 1..60)) {
            let mut held = Liquidations::default();
            let mut naive = Vec::new();
            let mut now = 0;
            for (pause, age, usd, long) in events {
                now += pause;
                let side = if long { Liquidated::Long } else { Liquidated::Short };
                held.add(at(now), Some(at(now - age)), &one(side, usd), GRID);
                naive.push((second(at((now - age).min(now))), long, usd));
                let (_, batch) = publish(&mut held, at(now)).expect("a row");
                for sums in &batch.sums {
                    let first = second(at(now)) - i64::from(sums.window_ms) / 1_000 + 1;
                    let of = |side| naive.iter().filter(|(s, l, _)| *s >= first && *l == side).map(|(_, _, usd)| usd).sum::<i128>();
                    prop_assert_eq!(sums.long_usd.units(), of(true));
                    prop_assert_eq!(sums.short_usd.units(), of(false));
                }
            }
        }
    }
}
