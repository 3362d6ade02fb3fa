//! Other weights of the five components, learned from what followed.
//!
//! ```text
//! P(up first) = 1 / (1 + exp(-k n)),  n = sum of w s          rows in which the price touched one side alone
//! min over w, k >= 0:  mean log loss + 2 |w - w0|^2            w on the simplex with 0.15 for the volatility, w0 the present weights
//! ```
//!
//! The sum `n` is the conviction's own before decay and Bitcoin. There is no constant beside `k n`, so that the mirror image of a market keeps
//! the mirrored score. The weights are found by projected gradient steps from `w0`, the scale `k` by Newton's method between them. They are
//! judged on rows that the fit has not seen, against `w0` with a scale of its own, by the test that a model's trial takes
//! ([`super::super::governance::shadow`]). They are never put into effect by the engine: what comes out is a variant to be tried.

use super::train::{Collector, EMBARGO_MS, Judge, LEAST_ROWS, Row, TrainError};
use super::{HORIZON_MS, metrics};
use crate::governance::event::ShadowHealth;
use crate::governance::shadow::Shadow;
use crate::params::Weights;
use crate::probability::split::chronological;

/// Share of the time to learn from; the rest judges.
const LEARN: f64 = 0.7;
/// Penalty on the squared distance from the present weights, in nats.
const RIDGE: f64 = 2.0;
/// The volatility's weight has no direction to learn from.
const VOLATILITY: f64 = 0.15;
/// Largest scale: beyond, a sum of 0.5 is taken for certain.
const MOST_SCALE: f64 = 20.0;
const STEPS: usize = 400;
const STEP: f64 = 0.05;
/// Decimals of a weight in a variant, as a factor.
const DECIMALS: f64 = 1e4;

/// Scores of regime, footprint, funding and liquidation, in this order, and whether the price touched above alone.
type Sample = (i64, [f64; 4], bool);
type Four = [f64; 4];

/// Other weights, and what they are worth on rows that they were not learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The weights.
    pub weights: Weights,
    /// Rows in which the price touched one side alone: learned from, judged by.
    pub rows: (usize, usize),
    /// Scale of the present weights and of these.
    pub scales: (f64, f64),
    /// Mean log loss on the rows that judge: of the present weights and of these; ln 2 is a coin's.
    pub log_loss: (f64, f64),
    /// The paired test.
    pub trial: ShadowHealth,
}

fn sample(row: &Row) -> Option<Sample> {
    let [regime, _, _, _, _, funding, liquidation, ..] = row.features;
    let scores = [regime, row.footprint, funding, liquidation];
    (row.up != row.down).then_some((row.at_ms, scores, row.up))
}

fn dot(w: &Four, s: &Four) -> f64 {
    w.iter().zip(s).map(|(w, s)| w * s).sum()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

fn number(up: bool) -> f64 {
    f64::from(u8::from(up))
}

/// The scale that fits these weights best, from 0 to [`MOST_SCALE`]; the loss is convex in it.
fn scale(w: &Four, samples: &[Sample], from: f64) -> f64 {
    let mut k = from;
    for _ in 0..8 {
        let (mut slope, mut curve) = (0.0, 1e-9);
        for (_, s, up) in samples {
            let n = dot(w, s);
            let p = sigmoid(k * n);
            slope += (p - number(*up)) * n;
            curve += p * (1.0 - p) * n * n;
        }
        k = (k - (slope / curve).clamp(-2.0, 2.0)).clamp(0.0, MOST_SCALE);
    }
    k
}

/// The nearest point with no negative part and the sum `total` (Duchi and others 2008).
fn onto_simplex(mut v: Four, total: f64) -> Four {
    let mut sorted = v;
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (i, x) in sorted.iter().enumerate() {
        sum += x;
        let candidate = (sum - total) / (i + 1) as f64;
        if x - candidate > 0.0 {
            shift = candidate;
        }
    }
    v.iter_mut().for_each(|x| *x = (*x - shift).max(0.0));
    v
}

fn fit(w0: &Four, total: f64, samples: &[Sample]) -> (Four, f64) {
    let count = samples.len().max(1) as f64;
    let mut w = *w0;
    let mut k = scale(&w, samples, 1.0);
    for _ in 0..STEPS {
        let mut gradient = [0.0; 4];
        for (_, s, up) in samples {
            let error = (sigmoid(k * dot(&w, s)) - number(*up)) * k / count;
            gradient
                .iter_mut()
                .zip(s)
                .for_each(|(g, s)| *g += error * s);
        }
        for ((w, w0), g) in w.iter_mut().zip(w0).zip(gradient) {
            *w -= STEP * (g + 2.0 * RIDGE * (*w - w0));
        }
        w = onto_simplex(w, total);
        k = scale(&w, samples, k);
    }
    (w, k)
}

/// To decimals that a person reads; the largest takes what is left of the sum.
fn rounded(w: &Four, total: f64) -> Four {
    let mut w = w.map(|x| (x * DECIMALS).round() / DECIMALS);
    let left = total - w.iter().sum::<f64>();
    if let Some(largest) = w.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *largest = ((*largest + left) * DECIMALS).round() / DECIMALS;
    }
    w
}

fn losses(w: &Four, k: f64, samples: &[Sample]) -> Vec<f64> {
    let one = |(_, s, up): &Sample| metrics::log_loss(sigmoid(k * dot(w, s)), *up);
    samples.iter().map(one).collect()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len().max(1) as f64
}

/// Looks for other weights than `present`. They are judged by the last part of what was collected, or by other runs.
///
/// # Errors
/// Too few rows in which the price touched one side alone, or a judge that is known.
pub fn find(
    collected: &Collector,
    judge: Option<Judge<'_>>,
    runs: &[String],
    present: &Weights,
) -> Result<Found, TrainError> {
    let mut learn: Vec<Sample> = collected.rows().iter().filter_map(sample).collect();
    learn.sort_by_key(|s| s.0);
    let mut test: Vec<Sample>;
    if let Some(judge) = judge {
        if judge.runs.iter().any(|run| runs.contains(run)) {
            return Err(TrainError::JudgeKnown);
        }
        test = judge.collected.rows().iter().filter_map(sample).collect();
        test.sort_by_key(|s| s.0);
    } else {
        let times: Vec<i64> = learn.iter().map(|s| s.0).collect();
        // Two parts: nothing is calibrated.
        let split = chronological(&times, (LEARN, 0.0), HORIZON_MS, EMBARGO_MS);
        let part = |places: &[usize]| -> Vec<Sample> {
            places
                .iter()
                .filter_map(|i| learn.get(*i).copied())
                .collect()
        };
        test = part(&split.test);
        learn = part(&split.train);
    }
    for (part, rows) in [("learn from", learn.len()), ("judge by", test.len())] {
        if rows < LEAST_ROWS {
            return Err(TrainError::TooFewRows { part, rows });
        }
    }
    let w0 = [
        present.regime,
        present.footprint,
        present.funding,
        present.liquidation,
    ];
    let total = 1.0 - VOLATILITY;
    let old = scale(&w0, &learn, 1.0);
    let (fitted, _) = fit(&w0, total, &learn);
    let w = rounded(&fitted, total);
    let new = scale(&w, &learn, old);
    let (before, after) = (losses(&w0, old, &test), losses(&w, new, &test));
    let mut trial = Shadow::default();
    for (((at, ..), before), after) in test.iter().zip(&before).zip(&after) {
        trial.difference(*at, before - after);
    }
    let [regime, footprint, funding, liquidation] = w;
    Ok(Found {
        weights: Weights {
            regime,
            footprint,
            volatility: VOLATILITY,
            funding,
            liquidation,
        },
        rows: (learn.len(), test.len()),
        scales: (old, new),
        log_loss: (mean(&before), mean(&after)),
        trial: trial.health("weights"),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    const W0: Four = [0.35, 0.25, 0.15, 0.10];

    /// Scores by chance, and an outcome that follows these weights.
    fn samples(n: i64, truth: Four, k: f64, seed: u64) -> Vec<Sample> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut unit = || f64::from(rng.next_u32()) / f64::from(u32::MAX);
        let one = |at| {
            let s = [(); 4].map(|()| 2.0 * unit() - 1.0);
            (at, s, unit() < sigmoid(k * dot(&truth, &s)))
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn weights_go_where_the_outcomes_are_but_no_further_than_the_penalty_lets_them() {
        let truth = [0.05, 0.70, 0.05, 0.05];
        let (w, k) = fit(&W0, 0.85, &samples(4_000, truth, 8.0, 1));
        assert!(w[1] > 0.28 && w[0] < 0.35 && k > 3.0, "{w:?} {k}");
        assert!(w[1] < 0.70, "{w:?}");
        // Outcomes that follow nothing leave them where they are.
        let (w, k) = fit(&W0, 0.85, &samples(4_000, truth, 0.0, 2));
        assert!(k < 0.4, "{k}");
        w.iter()
            .zip(W0)
            .for_each(|(w, w0)| assert!((w - w0).abs() < 0.02, "{w} {w0}"));
    }

    proptest! {
        #[test]
        fn any_weights_end_on_the_simplex(v in prop::array::uniform4(-2.0..2.0f64)) {
            let w = onto_simplex(v, 0.85);
            prop_assert!(w.iter().all(|x| *x >= 0.0));
            prop_assert!((w.iter().sum::<f64>() - 0.85).abs() < 1e-9);
            let w = rounded(&w, 0.85);
            prop_assert!((w.iter().sum::<f64>() - 0.85).abs() < 1e-9);
        }
    }

    #[test]
    fn the_mirror_image_of_the_data_has_the_same_weights() {
        for seed in 0..4 {
            let all = samples(300, [0.1, 0.5, 0.2, 0.05], 4.0, seed);
            let turn = |(at, s, up): &Sample| (*at, s.map(|x| -x), !up);
            let turned: Vec<Sample> = all.iter().map(turn).collect();
            let ((a, k), (b, l)) = (fit(&W0, 0.85, &all), fit(&W0, 0.85, &turned));
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9));
            assert!((k - l).abs() < 1e-6);
        }
    }
}
