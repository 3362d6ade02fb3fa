//! From evaluations in order of time to a model.

use super::calibrate::Calibrator;
use super::features::{COUNT, Features, NAMES, features};
use super::logistic::fit;
use super::metrics::scores;
use super::model::{Metadata, Model, Rows, Target};
use super::split::{Split, chronological};
use super::{HORIZON_MS, MOVE};
use crate::evidence::{Evidence, Verdict};
use crate::governance::drift::Baseline;
use crate::governance::outcomes::{Awaiting, Outcome};
use hypersentry_model::{Mode, Symbol};
use std::collections::{BTreeMap, BTreeSet};

/// One row of a symbol in this time, in milliseconds.
const EVERY_MS: i64 = 60_000;
/// Rows at most: four months of ten symbols, some 200 MB. Further ones are counted and left out.
const MOST_ROWS: usize = 2_000_000;
/// Rows of a part at least.
pub(super) const LEAST_ROWS: usize = 200;
/// Of each class in a part at least.
const LEAST_CLASS: usize = 10;
/// The border's embargo, in milliseconds.
pub(super) const EMBARGO_MS: i64 = HORIZON_MS;
/// Shares of the time to learn from and to calibrate on; the rest judges.
const SHARES: (f64, f64) = (0.6, 0.2);
/// The same where other runs judge.
const SHARES_WITH_JUDGE: (f64, f64) = (0.7, 0.3);
/// Penalty on the squared weights of standardised features.
const L2: f64 = 1.0;

/// A row: what was seen, and what happened within the hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Time of the evaluation, UTC ms.
    pub at_ms: i64,
    /// What was seen.
    pub features: Features,
    /// The footprint's score, of which the features have the parts.
    pub footprint: f64,
    /// The price touched one percent above.
    pub up: bool,
    /// The price touched one percent below.
    pub down: bool,
}

/// Why there is no model.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A part has too few rows.
    #[error(
        "{rows} rows to {part} are too few: {LEAST_ROWS} are needed; half a day of one market, or several markets, give more"
    )]
    TooFewRows {
        /// To do what.
        part: &'static str,
        /// How many.
        rows: usize,
    },
    /// A part has nearly one class alone.
    #[error(
        "in the rows to {part}, a move of one percent {target} came true {came} times of {rows}: {LEAST_CLASS} of both kinds are needed"
    )]
    OneClass {
        /// To do what.
        part: &'static str,
        /// `up` or `down`.
        target: &'static str,
        /// How often it came true.
        came: usize,
        /// Of how many.
        rows: usize,
    },
    /// The judge is no stranger.
    #[error(
        "a run that judges may not be learned from, and of a real market it begins an hour and more after the last row"
    )]
    JudgeKnown,
    /// The fit does not converge.
    #[error("the fit does not converge")]
    NoFit,
}

impl TrainError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooFewRows { .. } => "too_few_rows",
            Self::OneClass { .. } => "one_class",
            Self::JudgeKnown => "judge_known",
            Self::NoFit => "no_fit",
        }
    }
}

/// Takes evaluations and gives labelled rows.
#[derive(Debug, Default)]
pub struct Collector {
    /// Bounded by the number of symbols in the data.
    symbols: BTreeMap<Symbol, OneSymbol>,
    /// At most [`MOST_ROWS`].
    rows: Vec<Row>,
    left_out: u64,
}

#[derive(Debug, Default)]
struct OneSymbol {
    awaiting: Awaiting<(Features, f64)>,
    last_minute: Option<i64>,
}

impl Collector {
    /// Takes an evaluation; those of a symbol come in order of time.
    pub fn take(&mut self, symbol: Symbol, evidence: &Evidence, verdict: &Verdict) {
        let now_ms = evidence.now_ms;
        let one = self.symbols.entry(symbol).or_default();
        let mid = evidence
            .feeds
            .mid
            .filter(|m| !m.is_stale(now_ms))
            .map(|m| m.value);
        let mut done: Vec<Outcome<(Features, f64)>> = Vec::new();
        one.awaiting.observe(now_ms, mid, &mut done);
        for outcome in done {
            if self.rows.len() < MOST_ROWS {
                self.rows.push(Row {
                    at_ms: outcome.at_ms,
                    features: outcome.what.0,
                    footprint: outcome.what.1,
                    up: outcome.up,
                    down: outcome.down,
                });
            } else {
                self.left_out += 1;
            }
        }
        let minute = now_ms.div_euclid(EVERY_MS);
        if one.last_minute.is_none_or(|last| minute > last)
            && let Some((mid, seen)) = mid.zip(features(evidence, verdict))
        {
            one.last_minute = Some(minute);
            let seen = (seen, verdict.scores.footprint);
            one.awaiting.push(now_ms, mid, seen);
        }
    }

    /// A new run begins: what waits never comes to its end.
    pub fn new_run(&mut self) {
        for one in self.symbols.values_mut() {
            one.awaiting.clear();
            one.last_minute = None;
        }
    }

    /// Labelled rows so far.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Rows whose label could not be known, so far.
    pub fn censored(&self) -> u64 {
        self.symbols.values().map(|s| s.awaiting.censored()).sum()
    }

    /// Rows beyond the bound.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Symbols that were seen.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.symbols.keys().copied()
    }
}

/// What is to be said of the data.
#[derive(Clone, Debug)]
pub struct About {
    /// The present, UTC ms.
    pub trained_at_ms: i64,
    /// Whether the data are real: live or simulated.
    pub trained_on: Mode,
    /// Their runs.
    pub runs: Vec<String>,
    /// Digest of the engine's constants.
    pub params: String,
}

/// Rows of other runs to judge by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The rows.
    pub collected: &'a Collector,
    /// Their runs.
    pub runs: &'a [String],
}

/// Makes a model of what was collected. It is judged by the last part of it, or by other runs: seeds of a simulated market that it has not
/// seen, or a later time of a real one.
///
/// # Errors
/// Too few rows, one class alone, a judge that is known, no fit.
pub fn train(
    collected: &Collector,
    judge: Option<Judge<'_>>,
    about: &About,
) -> Result<Model, TrainError> {
    let mut rows = collected.rows.clone();
    rows.sort_by_key(|r| r.at_ms);
    let times: Vec<i64> = rows.iter().map(|r| r.at_ms).collect();
    let mut split = match judge {
        None => chronological(&times, SHARES, HORIZON_MS, EMBARGO_MS),
        Some(_) => chronological(&times, SHARES_WITH_JUDGE, HORIZON_MS, EMBARGO_MS),
    };
    let mut censored = collected.censored();
    let mut judged_by = Vec::new();
    let last_ms = times.last().copied().unwrap_or_default();
    if let Some(judge) = judge {
        let known = judge.runs.iter().any(|run| about.runs.contains(run));
        let begins = judge.collected.rows.iter().map(|r| r.at_ms).min();
        let apart = last_ms + HORIZON_MS + EMBARGO_MS;
        let early = about.trained_on != Mode::Simulated && begins.is_some_and(|at| at < apart);
        if known || early {
            return Err(TrainError::JudgeKnown);
        }
        split.test = (rows.len()..rows.len() + judge.collected.rows.len()).collect();
        rows.extend(&judge.collected.rows);
        censored += judge.collected.censored();
        judged_by = judge.runs.to_vec();
    }
    let parts = [
        ("learn from", &split.train),
        ("calibrate on", &split.calibrate),
        ("judge by", &split.test),
    ];
    for (part, places) in parts {
        enough(part, places, &rows)?;
    }
    let learned: Vec<Features> = split.train.iter().map(|i| rows[*i].features).collect();
    let (means, deviations) = scale(&learned);
    let data = Data {
        rows: &rows,
        split: &split,
        means: &means,
        deviations: &deviations,
    };
    let baseline = (0..COUNT)
        .map(|f| Baseline::of(&learned.iter().map(|x| x[f]).collect::<Vec<_>>()))
        .collect::<Option<Vec<_>>>()
        .ok_or(TrainError::NoFit)?;
    let hours: BTreeSet<i64> = split
        .train
        .iter()
        .map(|i| times[*i].div_euclid(HORIZON_MS))
        .collect();
    let metadata = Metadata {
        trained_at_ms: about.trained_at_ms,
        trained_on: about.trained_on,
        runs: about.runs.clone(),
        symbols: collected.symbols().map(|s| s.to_string()).collect(),
        from_ms: times.first().copied().unwrap_or_default(),
        to_ms: last_ms,
        rows: Rows {
            labelled: rows.len() as u64,
            censored,
            purged: split.purged as u64,
            train: split.train.len() as u64,
            calibrate: split.calibrate.len() as u64,
            test: split.test.len() as u64,
        },
        split: if judged_by.is_empty() {
            "chronological"
        } else {
            "other_runs"
        }
        .to_owned(),
        judged_by,
        purge_ms: HORIZON_MS,
        embargo_ms: EMBARGO_MS,
        l2: L2,
        independent_hours: hours.len() as u64,
        params: about.params.clone(),
    };
    Ok(Model {
        features: NAMES.map(str::to_owned).to_vec(),
        share: MOVE,
        horizon_ms: HORIZON_MS,
        up: data.target(|r| r.up)?,
        down: data.target(|r| r.down)?,
        means,
        deviations,
        baseline,
        metadata,
    })
}

fn enough(part: &'static str, places: &[usize], rows: &[Row]) -> Result<(), TrainError> {
    if places.len() < LEAST_ROWS {
        let rows = places.len();
        return Err(TrainError::TooFewRows { part, rows });
    }
    let count = |came: fn(&Row) -> bool| places.iter().filter(|i| came(&rows[**i])).count();
    for (target, came) in [("up", count(|r| r.up)), ("down", count(|r| r.down))] {
        if came < LEAST_CLASS || places.len() - came < LEAST_CLASS {
            let rows = places.len();
            return Err(TrainError::OneClass {
                part,
                target,
                came,
                rows,
            });
        }
    }
    Ok(())
}

/// Mean and standard deviation of each feature; 1 where it is constant.
fn scale(rows: &[Features]) -> (Vec<f64>, Vec<f64>) {
    let n = rows.len() as f64;
    (0..COUNT)
        .map(|f| {
            let mean = rows.iter().map(|x| x[f]).sum::<f64>() / n;
            let square = rows
                .iter()
                .map(|x| (x[f] - mean) * (x[f] - mean))
                .sum::<f64>()
                / n;
            let deviation = square.sqrt();
            (mean, if deviation > 1e-12 { deviation } else { 1.0 })
        })
        .unzip()
}

struct Data<'a> {
    rows: &'a [Row],
    split: &'a Split,
    means: &'a [f64],
    deviations: &'a [f64],
}

impl Data<'_> {
    fn part(&self, places: &[usize], came: fn(&Row) -> bool) -> (Vec<Features>, Vec<bool>) {
        let one = |i: &usize| {
            let mut x = self.rows[*i].features;
            for (x, (mean, deviation)) in x.iter_mut().zip(self.means.iter().zip(self.deviations)) {
                *x = (*x - mean) / deviation;
            }
            (x, came(&self.rows[*i]))
        };
        places.iter().map(one).unzip()
    }

    fn target(&self, came: fn(&Row) -> bool) -> Result<Target, TrainError> {
        let (x, y) = self.part(&self.split.train, came);
        let numbers: Vec<f64> = y.iter().map(|y| f64::from(u8::from(*y))).collect();
        let line = fit(&x, &numbers, L2).ok_or(TrainError::NoFit)?;
        let base_rate = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let (x, y) = self.part(&self.split.calibrate, came);
        let z: Vec<f64> = x.iter().map(|x| line.log_odds(x)).collect();
        let calibrator = Calibrator::fit(&z, &y).ok_or(TrainError::NoFit)?;
        let (x, y) = self.part(&self.split.test, came);
        let p: Vec<f64> = x
            .iter()
            .map(|x| calibrator.probability(line.log_odds(x)))
            .collect();
        Ok(Target {
            test: scores(&p, &y, base_rate),
            line,
            calibrator,
        })
    }
}
