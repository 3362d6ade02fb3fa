//! Logistic regression by Newton's method (iteratively reweighted least squares), with a quadratic penalty on the weights and none on
//! the intercept. Deterministic: the same rows in the same order give the same bits.

use serde::{Deserialize, Serialize};

/// `1 / (1 + e^-z)`.
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

/// `ln(1 + e^z)` without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
}

/// A fitted line: the logarithm of the odds is `intercept + weights . x`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// Log-odds at the origin.
    pub intercept: f64,
    /// One for each feature.
    pub weights: Vec<f64>,
}

impl Logistic {
    /// The logarithm of the odds.
    pub fn log_odds(&self, x: &[f64]) -> f64 {
        let sum: f64 = self.weights.iter().zip(x).map(|(w, x)| w * x).sum();
        self.intercept + sum
    }
}

/// Newton steps at most; with a penalty some ten are enough.
const MOST_STEPS: usize = 100;
/// Halvings of a step that does not improve.
const MOST_HALVINGS: usize = 40;
/// Gradient, per row, at which the fit stands.
const TOLERANCE: f64 = 1e-9;

/// Fits `targets` (from 0 to 1) to `rows`. `l2` is the penalty `l2 / 2 |w|^2` beside the summed loss. `None` where it does not converge.
pub fn fit<const K: usize>(rows: &[[f64; K]], targets: &[f64], l2: f64) -> Option<Logistic> {
    if rows.is_empty() || rows.len() != targets.len() {
        return None;
    }
    // The intercept first.
    let size = K + 1;
    let mut beta = vec![0.0; size];
    let mut loss = penalised(rows, targets, &beta, l2);
    for _ in 0..MOST_STEPS {
        let (gradient, hessian) = derivatives(rows, targets, &beta, l2);
        let steepest = gradient.iter().fold(0.0f64, |most, g| most.max(g.abs()));
        if steepest <= TOLERANCE * rows.len() as f64 {
            return Some(split(&beta));
        }
        let step = solve(hessian, &gradient, size)?;
        let mut share = 1.0;
        let mut moved = false;
        for _ in 0..MOST_HALVINGS {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b - share * s).collect();
            let reached = penalised(rows, targets, &next, l2);
            if reached.is_finite() && reached <= loss {
                moved = reached < loss;
                (beta, loss) = (next, reached);
                break;
            }
            share *= 0.5;
        }
        if !moved {
            // Nothing is gained any more: the floor of the arithmetic.
            return Some(split(&beta));
        }
    }
    None
}

fn split(beta: &[f64]) -> Logistic {
    let (intercept, weights) = beta.split_first().unwrap_or((&0.0, &[]));
    Logistic {
        intercept: *intercept,
        weights: weights.to_vec(),
    }
}

fn line<const K: usize>(row: &[f64; K], beta: &[f64]) -> f64 {
    let weights = beta.iter().skip(1);
    let sum: f64 = weights.zip(row).map(|(w, x)| w * x).sum();
    beta.first().copied().unwrap_or(0.0) + sum
}

fn penalised<const K: usize>(rows: &[[f64; K]], targets: &[f64], beta: &[f64], l2: f64) -> f64 {
    let loss: f64 = rows
        .iter()
        .zip(targets)
        .map(|(row, y)| {
            let z = line(row, beta);
            softplus(z) - y * z
        })
        .sum();
    let size: f64 = beta.iter().skip(1).map(|w| w * w).sum();
    loss + 0.5 * l2 * size
}

fn derivatives<const K: usize>(
    rows: &[[f64; K]],
    targets: &[f64],
    beta: &[f64],
    l2: f64,
) -> (Vec<f64>, Vec<f64>) {
    let size = K + 1;
    let mut gradient = vec![0.0; size];
    let mut hessian = vec![0.0; size * size];
    let mut x = vec![1.0; size];
    for (row, y) in rows.iter().zip(targets) {
        x[1..].copy_from_slice(row);
        let p = sigmoid(line(row, beta));
        let weight = (p * (1.0 - p)).max(1e-12);
        for i in 0..size {
            gradient[i] += (p - y) * x[i];
            for j in 0..=i {
                hessian[i * size + j] += weight * x[i] * x[j];
            }
        }
    }
    for i in 1..size {
        gradient[i] += l2 * beta[i];
        hessian[i * size + i] += l2;
    }
    (gradient, hessian)
}

/// Solves `a s = b` for a symmetric positive definite `a`, of which the lower half is given, by Cholesky's decomposition.
fn solve(mut a: Vec<f64>, b: &[f64], size: usize) -> Option<Vec<f64>> {
    for i in 0..size {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i * size + k] * a[j * size + k]).sum();
            let rest = a[i * size + j] - dot;
            if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                a[i * size + i] = rest.sqrt();
            } else {
                a[i * size + j] = rest / a[j * size + j];
            }
        }
    }
    let mut s = b.to_vec();
    for i in 0..size {
        let dot: f64 = (0..i).map(|k| a[i * size + k] * s[k]).sum();
        s[i] = (s[i] - dot) / a[i * size + i];
    }
    for i in (0..size).rev() {
        let dot: f64 = (i + 1..size).map(|k| a[k * size + i] * s[k]).sum();
        s[i] = (s[i] - dot) / a[i * size + i];
    }
    Some(s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    fn uniform(rng: &mut ChaCha8Rng) -> f64 {
        (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    #[test]
    fn finds_the_line_that_made_the_data() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let truth = [0.8, -1.5];
        let rows: Vec<[f64; 2]> = (0..20_000)
            .map(|_| [uniform(&mut rng) * 4.0 - 2.0, uniform(&mut rng) * 4.0 - 2.0])
            .collect();
        let targets: Vec<f64> = rows
            .iter()
            .map(|x| {
                let p = sigmoid(-0.4 + truth[0] * x[0] + truth[1] * x[1]);
                f64::from(u8::from(uniform(&mut rng) < p))
            })
            .collect();
        let found = fit(&rows, &targets, 1.0).unwrap();
        assert!((found.intercept + 0.4).abs() < 0.06, "{found:?}");
        for (w, t) in found.weights.iter().zip(truth) {
            assert!((w - t).abs() < 0.06, "{found:?}");
        }
    }

    #[test]
    fn without_features_it_says_the_base_rate() {
        let rows = vec![[0.0]; 100];
        let targets: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 30))).collect();
        let found = fit(&rows, &targets, 1.0).unwrap();
        assert!((sigmoid(found.intercept) - 0.3).abs() < 1e-6);
        assert!(found.weights == [0.0]);
    }

    #[test]
    fn the_penalty_holds_separable_data_together() {
        let rows: Vec<[f64; 1]> = (0..50).map(|i| [f64::from(i) - 24.5]).collect();
        let targets: Vec<f64> = rows
            .iter()
            .map(|x| f64::from(u8::from(x[0] > 0.0)))
            .collect();
        let found = fit(&rows, &targets, 1.0).unwrap();
        assert!(found.weights[0].is_finite() && found.weights[0] > 0.0);
    }

    #[test]
    fn no_rows_no_fit() {
        assert_eq!(fit::<1>(&[], &[], 1.0), None);
    }
}
