//! What came of it, in figures. Each is absent where it is not defined.
//!
//! | figure | definition |
//! |---|---|
//! | `total_return` | equity at the end over that at the beginning, less one |
//! | `cagr` | `(end / begin)^(365 d / span) - 1`; from one day on |
//! | `sharpe` | mean over sample standard deviation of daily returns, times sqrt(365); rate without risk 0; from two days on |
//! | `sortino` | mean of daily returns over `sqrt(mean of min(r, 0)^2)`, times sqrt(365); absent without a losing day |
//! | `max_drawdown` | largest fall from a highest equity, as a share of it, from a point a minute |
//! | `profit_factor` | gains of winning trades over losses of losing ones; absent without losses |
//! | `expectancy_usd` | mean gain of a trade |
//! | `mean_r` | mean gain of a trade in units of what was to be lost at its stop |
//! | `deflated_sharpe` | probability that the true Sharpe ratio is above that of the best of so many trials without skill (Bailey and López de Prado 2014) |
//!
//! Days are UTC days; the last one counts as far as it goes. Crypto markets have 365 a year.

use super::position::Trade;
use super::run::Missed;
use crate::probability::normal::{cdf, quantile};
use hypersentry_model::Usd;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Points of the curve; at the bound every second one goes and the distance doubles.
const MOST_POINTS: usize = 20_000;
/// Daily closes that are kept: a century.
const MOST_DAYS: usize = 36_525;

/// The figures.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Metrics {
    /// First evaluation, UTC ms.
    pub from_ms: Option<i64>,
    /// Last evaluation, UTC ms.
    pub to_ms: Option<i64>,
    /// Evaluations.
    pub evaluations: u64,
    /// Money at the beginning.
    pub begin_usd: Usd,
    /// Money at the end.
    pub end_usd: Usd,
    /// See the table above.
    pub total_return: f64,
    /// See the table above.
    pub cagr: Option<f64>,
    /// Daily returns behind the ratios.
    pub days: u32,
    /// See the table above.
    pub sharpe: Option<f64>,
    /// See the table above.
    pub sortino: Option<f64>,
    /// See the table above.
    pub max_drawdown: f64,
    /// Finished trades.
    pub trades: u64,
    /// Share of them that gained.
    pub win_rate: Option<f64>,
    /// See the table above.
    pub profit_factor: Option<f64>,
    /// See the table above.
    pub expectancy_usd: Option<f64>,
    /// See the table above.
    pub mean_r: Option<f64>,
    /// All fees.
    pub fees_usd: Usd,
    /// All funding; negative when received.
    pub funding_usd: Usd,
    /// All costs against the mid price.
    pub slippage_usd: Usd,
    /// What was not done.
    pub missed: Missed,
    /// Daily Sharpe ratio, skewness and kurtosis, not annualised: what the deflated ratio is made from.
    pub daily: Option<Daily>,
}

/// Moments of daily returns.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Daily {
    /// Mean over sample standard deviation.
    pub sharpe: f64,
    /// Third standardised moment.
    pub skewness: f64,
    /// Fourth standardised moment; 3 for normal returns.
    pub kurtosis: f64,
}

/// The equity over time and what the trades add up to.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    begin: Usd,
    points: Vec<(i64, Usd)>,
    every_ms: i64,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    end: Usd,
    peak: f64,
    drawdown: f64,
    closes: Vec<(i64, f64)>,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    trades: u64,
    wins: u64,
    gained: f64,
    lost: f64,
    r: f64,
    fees: Usd,
    funding: Usd,
    slippage: Usd,
}

impl Curve {
    pub(super) fn new(begin: Usd) -> Self {
        Self {
            begin,
            points: Vec::new(),
            every_ms: MINUTE_MS,
            from_ms: None,
            to_ms: None,
            end: begin,
            peak: begin.to_f64(),
            drawdown: 0.0,
            closes: Vec::new(),
            sums: Sums::default(),
        }
    }

    /// Whether a minute has begun.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        self.to_ms
            .is_none_or(|last| now_ms.div_euclid(MINUTE_MS) > last.div_euclid(MINUTE_MS))
    }

    pub(super) fn push(&mut self, now_ms: i64, equity: Usd) {
        self.from_ms.get_or_insert(now_ms);
        self.to_ms = Some(self.to_ms.map_or(now_ms, |t| t.max(now_ms)));
        self.end = equity;
        let worth = equity.to_f64();
        self.peak = self.peak.max(worth);
        if self.peak > 0.0 {
            self.drawdown = self.drawdown.max(1.0 - worth / self.peak);
        }
        let day = now_ms.div_euclid(DAY_MS);
        let same_day = self.closes.last().is_some_and(|(last, _)| *last == day);
        if same_day {
            self.closes.pop();
        }
        if self.closes.len() < MOST_DAYS {
            self.closes.push((day, worth));
        }
        let due = self
            .points
            .last()
            .is_none_or(|(at, _)| now_ms - at >= self.every_ms);
        if due {
            if self.points.len() >= MOST_POINTS {
                let mut place = 0;
                self.points.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every_ms *= 2;
            }
            self.points.push((now_ms, equity));
        }
    }

    pub(super) fn trade(&mut self, trade: &Trade) {
        let s = &mut self.sums;
        let gain = trade.pnl_usd.to_f64();
        s.trades += 1;
        s.wins += u64::from(gain > 0.0);
        s.gained += gain.max(0.0);
        s.lost += (-gain).max(0.0);
        s.r += trade.r;
        // Sums of amounts that were taken from cash already: they stay within its range.
        s.fees = s.fees.checked_add(trade.fees_usd).unwrap_or(s.fees);
        s.funding = s
            .funding
            .checked_add(trade.funding_usd)
            .unwrap_or(s.funding);
        s.slippage = s
            .slippage
            .checked_add(trade.slippage_usd)
            .unwrap_or(s.slippage);
    }

    pub(super) fn into_points(mut self) -> Vec<(i64, Usd)> {
        if let Some(last) = self.to_ms
            && self.points.last().is_none_or(|(at, _)| *at < last)
        {
            self.points.push((last, self.end));
        }
        self.points
    }

    pub(super) fn metrics(&self, missed: &Missed, evaluations: u64) -> Metrics {
        let (begin, end) = (self.begin.to_f64(), self.end.to_f64());
        let span = self
            .from_ms
            .zip(self.to_ms)
            .map_or(0, |(from, to)| to - from);
        let growth = end / begin;
        let cagr = (span >= DAY_MS && growth > 0.0)
            .then(|| libm::pow(growth, 365.0 * DAY_MS as f64 / span as f64) - 1.0);
        let returns = self.returns();
        let daily = moments(&returns);
        let year = 365.0f64.sqrt();
        let s = &self.sums;
        let of_trades = |sum: f64| (s.trades > 0).then(|| sum / s.trades as f64);
        Metrics {
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            evaluations,
            begin_usd: self.begin,
            end_usd: self.end,
            total_return: growth - 1.0,
            cagr,
            days: returns.len() as u32,
            sharpe: daily.map(|d| d.sharpe * year),
            sortino: sortino(&returns).map(|s| s * year),
            max_drawdown: self.drawdown,
            trades: s.trades,
            win_rate: of_trades(s.wins as f64),
            profit_factor: (s.lost > 0.0).then(|| s.gained / s.lost),
            expectancy_usd: of_trades(s.gained - s.lost),
            mean_r: of_trades(s.r),
            fees_usd: s.fees,
            funding_usd: s.funding,
            slippage_usd: s.slippage,
            missed: *missed,
            daily,
        }
    }

    /// Return of each day; days without an evaluation have none of their own.
    fn returns(&self) -> Vec<f64> {
        let mut before = self.begin.to_f64();
        let mut returns = Vec::with_capacity(self.closes.len());
        for (_, close) in &self.closes {
            if before > 0.0 {
                returns.push(close / before - 1.0);
            }
            before = *close;
        }
        returns
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// `None` below two days or where all are alike.
fn moments(returns: &[f64]) -> Option<Daily> {
    let n = returns.len() as f64;
    if returns.len() < 2 {
        return None;
    }
    let mean = mean(returns);
    let power = |k: i32| {
        let one = |r: &f64| {
            let d = r - mean;
            (0..k).fold(1.0, |p, _| p * d)
        };
        returns.iter().map(one).sum::<f64>()
    };
    let sample = power(2) / (n - 1.0);
    let variance = power(2) / n;
    (variance > 0.0).then(|| Daily {
        sharpe: mean / sample.sqrt(),
        skewness: power(3) / n / (variance * variance.sqrt()),
        kurtosis: power(4) / n / (variance * variance),
    })
}

fn sortino(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let squares: f64 = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).sum();
    let below = (squares / returns.len() as f64).sqrt();
    (below > 0.0).then(|| mean(returns) / below)
}

/// The deflated Sharpe ratio of the trial at `place` among all that were tried. `None` where it has too few days.
///
/// The expected best of `N` trials without skill is `sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e)))` with the variance `V` of their daily ratios,
/// Euler's `g` and normal quantiles `Z`; with one trial it is 0 and the figure is the probabilistic Sharpe ratio.
pub fn deflated_sharpe(trials: &[Metrics], place: usize) -> Option<f64> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let own = trials.get(place)?;
    let daily = own.daily?;
    let ratios: Vec<f64> = trials
        .iter()
        .filter_map(|m| m.daily.map(|d| d.sharpe))
        .collect();
    let n = ratios.len() as f64;
    let best = if ratios.len() > 1 {
        let centre = mean(&ratios);
        let variance = ratios
            .iter()
            .map(|r| (r - centre) * (r - centre))
            .sum::<f64>()
            / (n - 1.0);
        let (a, b) = (
            quantile(1.0 - 1.0 / n)?,
            quantile(1.0 - 1.0 / (n * std::f64::consts::E))?,
        );
        variance.sqrt() * ((1.0 - EULER) * a + EULER * b)
    } else {
        0.0
    };
    let spread = 1.0 - daily.skewness * daily.sharpe
        + (daily.kurtosis - 1.0) / 4.0 * daily.sharpe * daily.sharpe;
    let days = f64::from(own.days);
    (days > 1.0 && spread > 0.0)
        .then(|| cdf((daily.sharpe - best) * (days - 1.0).sqrt() / spread.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(whole: i64) -> Usd {
        Usd::from_units(i128::from(whole) * 1_000_000_000_000)
    }

    /// One close a day.
    fn after(closes: &[i64]) -> Metrics {
        let mut curve = Curve::new(usd(1_000));
        for (day, close) in closes.iter().enumerate() {
            curve.push(day as i64 * DAY_MS, usd(*close));
        }
        curve.metrics(&Missed::default(), closes.len() as u64)
    }

    #[test]
    fn known_values() {
        // Returns 0.1, -0.1, 0.1: mean 0.0333..., sample deviation 0.11547..., below zero sqrt(0.01 / 3).
        let m = after(&[1_100, 990, 1_089]);
        assert_eq!(m.days, 3);
        let year = 365.0f64.sqrt();
        assert!((m.sharpe.unwrap() - year * 0.033_333_333_333 / 0.115_470_053_838).abs() < 1e-6);
        assert!(
            (m.sortino.unwrap() - year * 0.033_333_333_333 / (0.01f64 / 3.0).sqrt()).abs() < 1e-6
        );
        assert!((m.max_drawdown - 0.1).abs() < 1e-12);
        // Two days from 1,000 to 1,089.
        assert!((m.cagr.unwrap() - (libm::pow(1.089, 182.5) - 1.0)).abs() < 1e-6 * m.cagr.unwrap());
    }

    #[test]
    fn what_is_not_defined_is_absent() {
        let one = after(&[1_100]);
        assert_eq!(
            (one.sharpe, one.sortino, one.cagr, one.win_rate),
            (None, None, None, None)
        );
        let rising = after(&[1_100, 1_300]);
        assert_eq!(rising.sortino, None);
        assert!(rising.sharpe.is_some());
        assert_eq!(deflated_sharpe(&[one], 0), None);
    }

    #[test]
    fn more_trials_deflate() {
        let good = after(&[1_020, 1_030, 1_060, 1_050, 1_090, 1_110, 1_100, 1_150]);
        let bad = after(&[990, 1_000, 980, 990, 970, 960, 980, 950]);
        let alone = deflated_sharpe(std::slice::from_ref(&good), 0).unwrap();
        let among = deflated_sharpe(&[good, bad.clone(), bad], 0).unwrap();
        assert!(alone > 0.9 && among < alone, "{alone} {among}");
    }

    #[test]
    fn the_curve_is_bounded_and_keeps_its_ends() {
        let mut curve = Curve::new(usd(1_000));
        for minute in 0..100_000i64 {
            curve.push(minute * MINUTE_MS, usd(1_000 + minute));
        }
        let points = curve.into_points();
        assert!(points.len() <= MOST_POINTS + 1);
        assert_eq!(
            (points[0].0, points.last().unwrap().0),
            (0, 99_999 * MINUTE_MS)
        );
    }
}
