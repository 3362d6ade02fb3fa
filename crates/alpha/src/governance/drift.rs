//! Whether the model still sees the market that it learned from.
//!
//! Population stability index over bins by the training's own quantiles: `PSI = sum (a - e) ln(a / e)`. For two samples of the same
//! distribution `PSI / (1/n + 1/m)` follows a chi-square distribution with one degree less than there are bins (Yurdakul and
//! Naranjo 2020), so the threshold depends on both numbers of samples. Neighbouring minutes resemble each other: the numbers are
//! those of independent samples with the same uncertainty of the mean, `n (1 - r) / (1 + r)` with the correlation `r` of neighbours.

use super::event::FeatureDrift;
use crate::stats::make_room;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Bins of a feature with enough different values.
const BINS: usize = 10;
/// Samples from which there is a figure.
pub const FROM_SAMPLES: usize = 500;
/// Samples that are remembered: a day of minutes.
const MOST_SAMPLES: usize = 1_440;
/// Shares of a bin below this are taken as this.
const LEAST_SHARE: f64 = 1e-4;
/// One false alarm in a thousand.
const Z_999: f64 = 3.090_232_306_167_813;

/// A feature's distribution in the training.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Upper borders of all bins but the last, rising.
    pub edges: Vec<f64>,
    /// Share of the samples in each bin.
    pub shares: Vec<f64>,
    /// Independent samples that they are worth.
    pub effective: f64,
}

impl Baseline {
    /// From values in order of time. `None` without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (sorted.first()?, sorted.last()?);
        let mut edges: Vec<f64> = Vec::new();
        for i in 1..BINS {
            let edge = sorted[i * sorted.len() / BINS];
            let rises = edges.last().is_none_or(|e| edge > *e);
            if rises && edge >= *first && edge < *last {
                edges.push(edge);
            }
        }
        let shares = shares(&edges, values.iter().copied());
        Some(Self {
            edges,
            shares,
            effective: effective(values),
        })
    }

    /// Whether the figures can be used.
    pub fn is_sound(&self) -> bool {
        let rising = self.edges.windows(2).all(|w| w[0] < w[1]);
        let finite = self.edges.iter().all(|e| e.is_finite());
        let ranged = self.shares.iter().all(|s| (0.0..=1.0).contains(s));
        let sum: f64 = self.shares.iter().sum();
        self.shares.len() == self.edges.len() + 1
            && rising
            && finite
            && ranged
            && (sum - 1.0).abs() < 1e-6
            && self.effective >= 1.0
    }
}

/// Share of the values in each bin; a value on a border belongs below it.
fn shares(edges: &[f64], values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut counts = vec![0.0; edges.len() + 1];
    let mut all = 0.0;
    for value in values {
        counts[edges.partition_point(|e| *e < value)] += 1.0;
        all += 1.0;
    }
    counts
        .iter()
        .map(|c| if all > 0.0 { c / all } else { 0.0 })
        .collect()
}

/// Independent samples that these are worth, at least one.
fn effective(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let variance: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let neighbours: f64 = values
        .windows(2)
        .map(|w| (w[0] - mean) * (w[1] - mean))
        .sum();
    let r = if variance > 0.0 {
        (neighbours / variance).clamp(0.0, 0.999)
    } else {
        0.0
    };
    (n * (1.0 - r) / (1.0 + r)).max(1.0)
}

/// Chi-square quantile at 0.999 (Wilson and Hilferty 1931).
fn chi_square_999(degrees: f64) -> f64 {
    let part = 2.0 / (9.0 * degrees);
    let root = 1.0 - part + Z_999 * part.sqrt();
    degrees * root * root * root
}

/// The last day of a symbol's features, one sample a minute.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Recent {
    /// Features of a row.
    width: usize,
    /// Row after row, at most [`MOST_SAMPLES`] rows: 104 kB of nine features.
    values: VecDeque<f64>,
}

impl Recent {
    /// Adds a minute.
    pub fn push(&mut self, row: &[f64]) {
        if self.width != row.len() {
            (self.width, self.values) = (row.len(), VecDeque::new());
        }
        let most = MOST_SAMPLES * row.len();
        if self.values.len() >= most {
            self.values.drain(..row.len());
        }
        make_room(&mut self.values, most, &0.0);
        self.values.extend(row);
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Against the training. Empty where there is none.
    pub fn against(&self, names: &[String], baselines: &[Baseline]) -> Vec<FeatureDrift> {
        let all = names.iter().zip(baselines).enumerate();
        all.map(|(place, (name, baseline))| {
            let rows = self.values.iter().skip(place).step_by(self.width.max(1));
            let known = place < self.width;
            let values: Vec<f64> = rows.filter(|_| known).copied().collect();
            let found = (values.len() >= FROM_SAMPLES)
                .then(|| judge(baseline, &values))
                .flatten();
            FeatureDrift {
                feature: name.clone(),
                psi: found.map(|f| f.0),
                threshold: found.map(|f| f.1),
                samples: values.len() as u32,
                drifted: found.is_some_and(|(psi, threshold)| psi > threshold),
            }
        })
        .collect()
    }
}

/// Index and threshold. `None` for a feature that had one value in the training: there are no bins to compare.
fn judge(baseline: &Baseline, values: &[f64]) -> Option<(f64, f64)> {
    if baseline.edges.is_empty() {
        return None;
    }
    let actual = shares(&baseline.edges, values.iter().copied());
    let psi = baseline
        .shares
        .iter()
        .zip(&actual)
        .map(|(e, a)| {
            let (e, a) = (e.max(LEAST_SHARE), a.max(LEAST_SHARE));
            (a - e) * libm::log(a / e)
        })
        .sum();
    let spread = 1.0 / baseline.effective + 1.0 / effective(values);
    let degrees = baseline.edges.len() as f64;
    Some((psi, chi_square_999(degrees) * spread))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    /// Sum of twelve uniforms, less six: near enough to a normal variable.
    fn normal(rng: &mut ChaCha8Rng) -> f64 {
        (0..12)
            .map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
            .sum::<f64>()
            - 6.0
    }

    fn drift(baseline: &[f64], recent: &[f64]) -> FeatureDrift {
        let baseline = Baseline::of(baseline).unwrap();
        assert!(baseline.is_sound());
        let mut state = Recent::default();
        recent.iter().for_each(|v| state.push(&[*v]));
        state.against(&["x".to_owned()], &[baseline]).remove(0)
    }

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        // 27.877 for nine degrees, 13.816 for two: the approximation is within one and three percent.
        assert!((chi_square_999(9.0) - 27.877).abs() < 0.28);
        assert!((chi_square_999(2.0) - 13.816).abs() < 0.42);
    }

    #[test]
    fn the_same_distribution_raises_few_alarms_and_a_shift_is_found() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut alarms = 0;
        for _ in 0..200 {
            let a: Vec<f64> = (0..1_000).map(|_| normal(&mut rng)).collect();
            let b: Vec<f64> = (0..600).map(|_| normal(&mut rng)).collect();
            alarms += u32::from(drift(&a, &b).drifted);
        }
        // One in a thousand is meant.
        assert!(alarms <= 2, "{alarms} of 200");
        let a: Vec<f64> = (0..1_000).map(|_| normal(&mut rng)).collect();
        let b: Vec<f64> = (0..600).map(|_| normal(&mut rng) + 0.7).collect();
        assert!(drift(&a, &b).drifted);
    }

    #[test]
    fn samples_that_hang_together_count_for_less() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let mut walk = 0.0;
        let tied: Vec<f64> = (0..1_000)
            .map(|_| {
                walk = 0.95 * walk + normal(&mut rng);
                walk
            })
            .collect();
        assert!(effective(&tied) < 100.0);
    }

    #[test]
    fn too_few_samples_and_constant_features_say_nothing() {
        let values: Vec<f64> = (0..600).map(f64::from).collect();
        let few = drift(&values, &values[..499]);
        assert_eq!((few.psi, few.drifted, few.samples), (None, false, 499));
        let constant = vec![0.0; 600];
        let told = drift(&constant, &constant);
        assert_eq!((told.psi, told.drifted), (None, false));
        // Mostly one value is enough to compare.
        let mostly: Vec<f64> = (0..600)
            .map(|i| if i % 20 == 0 { 1.0 } else { 0.0 })
            .collect();
        let shifted = vec![1.0; 600];
        assert!(drift(&mostly, &shifted).drifted);
        assert!(!drift(&mostly, &mostly).drifted);
    }

    #[test]
    fn is_bounded() {
        let mut state = Recent::default();
        for _ in 0..3_000 {
            state.push(&[0.0]);
        }
        assert_eq!(state.values.len(), MOST_SAMPLES);
    }
}
