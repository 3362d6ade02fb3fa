//! From a model's log-odds to probabilities, fitted on rows that the model has not seen: isotonic from a thousand rows on, Platt's sigmoid
//! below (Platt 1999; Zadrozny and Elkan 2002; Niculescu-Mizil and Caruana 2005).

use super::logistic::{fit, sigmoid};
use serde::{Deserialize, Serialize};

/// Rows from which the isotonic form is used.
pub const ISOTONIC_FROM: usize = 1_000;

/// The map.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Calibrator {
    /// `1 / (1 + exp(-(a z + b)))`.
    Platt {
        /// Slope.
        a: f64,
        /// Offset.
        b: f64,
    },
    /// A rising line through points, level beyond the ends.
    Isotonic {
        /// Log-odds, rising.
        z: Vec<f64>,
        /// Probabilities, never falling.
        p: Vec<f64>,
    },
}

impl Calibrator {
    /// Fits `z` (log-odds) to what happened. `None` where it cannot be fitted.
    pub fn fit(z: &[f64], happened: &[bool]) -> Option<Self> {
        if z.len() >= ISOTONIC_FROM {
            isotonic(z, happened)
        } else {
            platt(z, happened)
        }
    }

    /// The probability, strictly between 0 and 1.
    pub fn probability(&self, z: f64) -> f64 {
        match self {
            Self::Platt { a, b } => sigmoid(a * z + b),
            Self::Isotonic { z: at, p } => between(at, p, z),
        }
    }

    /// Whether the figures can be used: finite, within their ranges, rising.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Platt { a, b } => a.is_finite() && b.is_finite(),
            Self::Isotonic { z, p } => {
                let rising =
                    z.windows(2).all(|w| w[0] < w[1]) && p.windows(2).all(|w| w[0] <= w[1]);
                let ranged =
                    z.iter().all(|z| z.is_finite()) && p.iter().all(|p| *p > 0.0 && *p < 1.0);
                !z.is_empty() && z.len() == p.len() && rising && ranged
            }
        }
    }
}

/// With Platt's targets, which keep the sigmoid finite where the classes can be told apart wholly.
fn platt(z: &[f64], happened: &[bool]) -> Option<Calibrator> {
    let yes = happened.iter().filter(|y| **y).count() as f64;
    let no = happened.len() as f64 - yes;
    let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
    let targets: Vec<f64> = happened
        .iter()
        .map(|y| if *y { high } else { low })
        .collect();
    let rows: Vec<[f64; 1]> = z.iter().map(|z| [*z]).collect();
    let line = fit(&rows, &targets, 1e-6)?;
    let a = line.weights.first().copied()?;
    Some(Calibrator::Platt {
        a,
        b: line.intercept,
    })
}

/// A block of neighbours that share one probability.
#[derive(Clone, Copy)]
struct Block {
    z: f64,
    yes: f64,
    rows: f64,
}

/// Pool adjacent violators; each block stands at the mean of its log-odds.
fn isotonic(z: &[f64], happened: &[bool]) -> Option<Calibrator> {
    let mut rows: Vec<(f64, bool)> = z.iter().copied().zip(happened.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut blocks: Vec<Block> = Vec::new();
    let mut last = None;
    for (z, y) in rows {
        let yes = f64::from(u8::from(y));
        // Equal log-odds are one point.
        if last == Some(z)
            && let Some(block) = blocks.last_mut()
        {
            block.z = (block.z * block.rows + z) / (block.rows + 1.0);
            block.yes += yes;
            block.rows += 1.0;
        } else {
            blocks.push(Block { z, yes, rows: 1.0 });
        }
        last = Some(z);
        while let [.., a, b] = blocks.as_slice()
            && a.yes * b.rows >= b.yes * a.rows
        {
            let rows = a.rows + b.rows;
            let pooled = Block {
                z: (a.z * a.rows + b.z * b.rows) / rows,
                yes: a.yes + b.yes,
                rows,
            };
            blocks.truncate(blocks.len() - 2);
            blocks.push(pooled);
        }
    }
    let all = z.len() as f64;
    let (low, high) = (1.0 / (all + 2.0), (all + 1.0) / (all + 2.0));
    let found = Calibrator::Isotonic {
        z: blocks.iter().map(|b| b.z).collect(),
        p: blocks
            .iter()
            .map(|b| (b.yes / b.rows).clamp(low, high))
            .collect(),
    };
    found.is_sound().then_some(found)
}

fn between(at: &[f64], p: &[f64], z: f64) -> f64 {
    let right = at.partition_point(|x| *x < z);
    let point = |i: usize| at.get(i).copied().zip(p.get(i).copied());
    match (right.checked_sub(1).and_then(point), point(right)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((z - x0) / (x1 - x0)),
        (Some((_, y)), None) | (None, Some((_, y))) => y,
        (None, None) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn platt_mends_an_overconfident_model() {
        // Log-odds of ±2 where one in four is wrong.
        let z: Vec<f64> = (0..400)
            .map(|i| if i % 2 == 0 { 2.0 } else { -2.0 })
            .collect();
        let happened: Vec<bool> = (0..400).map(|i| (i % 2 == 0) == (i % 8 < 6)).collect();
        let map = Calibrator::fit(&z, &happened).unwrap();
        assert!(matches!(map, Calibrator::Platt { .. }));
        assert!((map.probability(2.0) - 0.75).abs() < 0.01);
        assert!((map.probability(-2.0) - 0.25).abs() < 0.01);
    }

    #[test]
    fn isotonic_follows_a_bent_truth() {
        let z: Vec<f64> = (0..4_000).map(|i| f64::from(i) / 400.0 - 5.0).collect();
        // Below 0 one in ten, above it nine in ten.
        let happened: Vec<bool> = (0..4_000).map(|i| (i % 10 == 0) != (i >= 2_000)).collect();
        let map = Calibrator::fit(&z, &happened).unwrap();
        assert!(matches!(map, Calibrator::Isotonic { .. }));
        assert!((map.probability(-3.0) - 0.1).abs() < 0.05);
        assert!((map.probability(3.0) - 0.9).abs() < 0.05);
    }

    proptest! {
        #[test]
        fn never_falls_and_stays_within(
            rows in prop::collection::vec((-6.0..6.0f64, any::<bool>()), 1_000..1_200),
            asked in prop::collection::vec(-9.0..9.0f64, 2..20),
        ) {
            let (z, y): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let map = Calibrator::fit(&z, &y).unwrap();
            let mut asked = asked;
            asked.sort_by(f64::total_cmp);
            let told: Vec<f64> = asked.iter().map(|z| map.probability(*z)).collect();
            prop_assert!(told.windows(2).all(|w| w[0] <= w[1] + 1e-12));
            prop_assert!(told.iter().all(|p| *p > 0.0 && *p < 1.0));
        }
    }
}
