//! Candles of any interval from the past and from live trades.

use std::collections::VecDeque;
use std::sync::Arc;

use super::grid::Grid;
use super::history::{Bar, HISTORY_MS, History};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Live minutes kept: a day and an hour.
const LIVE_MINUTES: usize = 1_500;
/// Quarters of an hour kept of what is older: fourteen days. Shorter candles of that time are gone.
const LIVE_QUARTERS: usize = 1_344;
const QUARTER: Interval = Interval::Minutes(15);

/// Candle intervals of Hyperliquid's documentation ("Candle snapshot").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interval {
    /// A fixed number of minutes; buckets are counted from the epoch.
    Minutes(i64),
    /// A calendar month in UTC.
    Month,
}

const NAMES: [(&str, Interval); 14] = [
    ("1m", Interval::Minutes(1)),
    ("3m", Interval::Minutes(3)),
    ("5m", Interval::Minutes(5)),
    ("15m", Interval::Minutes(15)),
    ("30m", Interval::Minutes(30)),
    ("1h", Interval::Minutes(60)),
    ("2h", Interval::Minutes(120)),
    ("4h", Interval::Minutes(240)),
    ("8h", Interval::Minutes(480)),
    ("12h", Interval::Minutes(720)),
    ("1d", Interval::Minutes(1_440)),
    ("3d", Interval::Minutes(4_320)),
    ("1w", Interval::Minutes(10_080)),
    ("1M", Interval::Month),
];

impl Interval {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, interval)| *interval)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, interval)| *interval == self)
            .map_or("1m", |(name, _)| name)
    }

    /// Start of the bucket that holds `time_ms`.
    pub(crate) fn bucket(self, time_ms: i64) -> i64 {
        match self {
            Self::Minutes(minutes) => time_ms.div_euclid(minutes * MINUTE_MS) * minutes * MINUTE_MS,
            Self::Month => {
                let (year, month) = month_of(time_ms.div_euclid(DAY_MS));
                days_before_month(year, month) * DAY_MS
            }
        }
    }

    /// Start of the bucket after the one that starts at `bucket_ms`.
    pub(crate) fn next(self, bucket_ms: i64) -> i64 {
        match self {
            Self::Minutes(minutes) => bucket_ms + minutes * MINUTE_MS,
            Self::Month => {
                let (year, month) = month_of(bucket_ms.div_euclid(DAY_MS));
                let (year, month) = if month == 12 {
                    (year + 1, 1)
                } else {
                    (year, month + 1)
                };
                days_before_month(year, month) * DAY_MS
            }
        }
    }
}

/// Year and month of a day counted from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
fn month_of(day: i64) -> (i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month)
}

/// Days from 1970-01-01 to the first of a month.
fn days_before_month(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Minute bars since the start.
#[derive(Debug)]
pub(crate) struct LiveCandles {
    history: Arc<History>,
    grid: Grid,
    minutes: VecDeque<Bar>,
    quarters: VecDeque<Bar>,
}

impl LiveCandles {
    pub(crate) fn new(history: History, grid: Grid) -> Self {
        let first = Bar::at(history.origin_ms, grid.floor(history.origin_px));
        // Room that is written to once: a simulator is as large at once as after a day.
        let mut minutes = VecDeque::from(vec![first; LIVE_MINUTES + 1]);
        minutes.truncate(1);
        Self {
            history: Arc::new(history),
            grid,
            minutes,
            quarters: VecDeque::new(),
        }
    }

    pub(crate) fn add_trade(&mut self, time_ms: i64, px: i64, lots: i64) {
        self.advance(time_ms);
        if let Some(bar) = self.minutes.back_mut() {
            bar.add_trade(px, lots);
        }
    }

    /// Opens the minutes up to `time_ms`; a minute without trades stays at the last close.
    pub(crate) fn advance(&mut self, time_ms: i64) {
        let minute = Interval::Minutes(1).bucket(time_ms);
        while let Some(last) = self.minutes.back().copied()
            && last.open_ms < minute
        {
            // After a long pause only the newest minutes matter.
            let next = (last.open_ms + MINUTE_MS).max(minute - LIVE_MINUTES as i64 * MINUTE_MS);
            self.minutes.push_back(Bar::at(next, last.close));
            if self.minutes.len() > LIVE_MINUTES
                && let Some(old) = self.minutes.pop_front()
            {
                self.put_away(old);
            }
        }
    }

    fn put_away(&mut self, minute: Bar) {
        let open_ms = QUARTER.bucket(minute.open_ms);
        match self.quarters.back_mut() {
            Some(quarter) if quarter.open_ms == open_ms => quarter.extend(&minute),
            _ => self.quarters.push_back(Bar { open_ms, ..minute }),
        }
        if self.quarters.len() > LIVE_QUARTERS {
            self.quarters.pop_front();
        }
    }

    /// A copy from which candles can be built without holding the market.
    pub(crate) fn source(&self, from_ms: i64) -> CandleSource {
        CandleSource {
            history: Arc::clone(&self.history),
            grid: self.grid,
            quarters: self
                .quarters
                .iter()
                .filter(|bar| QUARTER.next(bar.open_ms) > from_ms)
                .copied()
                .collect(),
            live: self
                .minutes
                .iter()
                .filter(|bar| bar.open_ms + MINUTE_MS > from_ms)
                .copied()
                .collect(),
        }
    }

    /// Price 24 hours before `now_ms`, in quanta.
    pub(crate) fn day_ago(&self, now_ms: i64) -> i64 {
        let then = now_ms - DAY_MS;
        if then < self.history.origin_ms {
            return self.grid.floor(self.history.price_at(then) as f64);
        }
        let minute = Interval::Minutes(1).bucket(then);
        self.minutes
            .iter()
            .find(|bar| bar.open_ms >= minute)
            .map_or(1, |bar| bar.open)
    }
}

/// Past and live minutes of one coin.
#[derive(Debug, Clone)]
pub(crate) struct CandleSource {
    history: Arc<History>,
    grid: Grid,
    quarters: Vec<Bar>,
    live: Vec<Bar>,
}

impl CandleSource {
    /// The bars of `interval` whose buckets meet `[from_ms, to_ms]`, oldest first, at most the `most` newest.
    pub(crate) fn bars(
        &self,
        interval: Interval,
        from_ms: i64,
        to_ms: i64,
        most: usize,
    ) -> Vec<Bar> {
        let newest = self
            .live
            .last()
            .map_or(self.history.origin_ms, |bar| bar.open_ms);
        let to_ms = to_ms.min(newest);
        let oldest = self.history.origin_ms - HISTORY_MS;
        let mut first = interval.bucket(from_ms.max(oldest));
        if first < oldest {
            first = interval.next(first);
        }
        // Fixed intervals allow skipping what would be dropped again.
        if let Interval::Minutes(minutes) = interval {
            first = first.max(interval.bucket(to_ms) - (most as i64 - 1) * minutes * MINUTE_MS);
        }
        if first > to_ms {
            return Vec::new();
        }
        let end = interval.next(interval.bucket(to_ms));
        let mut bars: Vec<Bar> = Vec::new();
        let mut add = |mut minute: Bar| {
            // The path is not on the price grid; trades are.
            for px in [
                &mut minute.open,
                &mut minute.high,
                &mut minute.low,
                &mut minute.close,
            ] {
                *px = self.grid.floor(*px as f64);
            }
            match bars.last_mut() {
                Some(bar) if interval.next(bar.open_ms) > minute.open_ms => bar.extend(&minute),
                _ => bars.push(Bar {
                    open_ms: interval.bucket(minute.open_ms),
                    ..minute
                }),
            }
        };
        self.history.minutes(first, end, &mut add);
        let is_short = matches!(interval, Interval::Minutes(minutes) if minutes % 15 != 0);
        let quarters = self.quarters.iter().filter(|_| !is_short);
        for bar in quarters
            .chain(&self.live)
            .filter(|bar| bar.open_ms >= first && bar.open_ms < end)
        {
            add(*bar);
        }
        let surplus = bars.len().saturating_sub(most);
        bars.drain(..surplus);
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets() {
        let hour = Interval::parse("1h").unwrap();
        assert_eq!(hour.bucket(1_739_551_234_567), 1_739_548_800_000);
        assert_eq!(hour.name(), "1h");
        // 2025-02-14 lies in the month from 2025-02-01 to 2025-03-01.
        assert_eq!(Interval::Month.bucket(1_739_551_234_567), 1_738_368_000_000);
        assert_eq!(Interval::Month.next(1_738_368_000_000), 1_740_787_200_000);
        assert_eq!(
            Interval::Month.next(Interval::Month.bucket(1_734_000_000_000)),
            1_735_689_600_000
        );
        assert!(Interval::parse("7m").is_none());
    }

    #[test]
    fn coarse_bars_are_made_of_fine_ones() {
        let history = History {
            seed: 9,
            coin_key: 3,
            origin_ms: 1_739_550_000_000,
            origin_px: 269_000.0,
            beta: 1.1,
            own_volatility: 0.4,
            lots_per_minute: 4.0e5,
            trades_per_minute: 60.0,
        };
        let origin = history.origin_ms;
        let mut live = LiveCandles::new(history, Grid::five_figures(2));
        live.add_trade(origin + 61_000, 269_100, 5);
        live.add_trade(origin + 62_000, 268_900, 7);
        let source = live.source(0);
        let now = origin + 62_000;
        let minutes = source.bars(Interval::Minutes(1), now - 7_200_000, now, 5_000);
        let hours = source.bars(Interval::Minutes(60), now - 3_600_000, now, 5_000);
        for hour in &hours {
            let inside: Vec<_> = minutes
                .iter()
                .filter(|bar| (hour.open_ms..hour.open_ms + 3_600_000).contains(&bar.open_ms))
                .collect();
            assert_eq!(hour.high, inside.iter().map(|bar| bar.high).max().unwrap());
            assert_eq!(hour.low, inside.iter().map(|bar| bar.low).min().unwrap());
            assert_eq!(hour.open, inside[0].open);
            assert_eq!(hour.close, inside.last().unwrap().close);
            assert_eq!(hour.lots, inside.iter().map(|bar| bar.lots).sum::<i64>());
        }
        assert_eq!(minutes.last().unwrap().low, 268_900);
        assert_eq!(
            source.bars(Interval::Minutes(1), 0, now, 5_000).len(),
            5_000
        );
        let days = source.bars(Interval::Minutes(1_440), 0, now, 5_000);
        assert!((398..=401).contains(&days.len()));
    }
}
