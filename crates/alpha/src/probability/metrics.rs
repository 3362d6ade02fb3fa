//! How good forecasts were.

use serde::{Deserialize, Serialize};

/// Forecasts of one target against what happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Forecasts.
    pub rows: u32,
    /// Of those, how many came true.
    pub positives: u32,
    /// The rate that a forecaster without features would have said: that of the training rows.
    pub base_rate: f64,
    /// Mean of `(p - y)^2`.
    pub brier: f64,
    /// `1 - brier / brier of the base rate`; null where the base rate was never wrong.
    pub brier_skill: Option<f64>,
    /// Probability that a row that came true was given more than one that did not, ties by half; null with one class.
    pub auc: Option<f64>,
    /// Mean of |forecast - frequency| over ten bins of equal width, weighted by their rows.
    pub ece: f64,
    /// Mean of `-ln` of the probability of what happened.
    pub log_loss: f64,
}

/// Mean of `(p - y)^2`. Zero without rows.
pub fn brier(p: &[f64], y: &[bool]) -> f64 {
    mean(p.iter().zip(y).map(|(p, y)| square(p - number(*y))))
}

/// `1 - brier(p) / brier(base)`. `None` where the base rate is never wrong.
pub fn brier_skill(p: &[f64], y: &[bool], base_rate: f64) -> Option<f64> {
    let reference = mean(y.iter().map(|y| square(base_rate - number(*y))));
    (reference > 0.0).then(|| 1.0 - brier(p, y) / reference)
}

/// `-ln` of the probability of what happened, finite for forecasts of 0 and 1 too.
pub fn log_loss(p: f64, y: bool) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    -libm::log(if y { p } else { 1.0 - p })
}

/// The area under the receiver operating characteristic, by ranks (Mann and Whitney).
pub fn auc(p: &[f64], y: &[bool]) -> Option<f64> {
    let mut rows: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let yes = rows.iter().filter(|r| r.1).count() as f64;
    let no = rows.len() as f64 - yes;
    if yes == 0.0 || no == 0.0 {
        return None;
    }
    let mut ranks = 0.0;
    let mut begin = 0;
    while begin < rows.len() {
        let value = rows[begin].0;
        let end = begin + rows[begin..].partition_point(|r| r.0 <= value);
        // Ties share the mean of their ranks, which count from 1.
        let rank = (begin + end + 1) as f64 / 2.0;
        ranks += rank * rows[begin..end].iter().filter(|r| r.1).count() as f64;
        begin = end;
    }
    Some((ranks - yes * (yes + 1.0) / 2.0) / (yes * no))
}

/// Bins of the calibration error.
const BINS: usize = 10;

/// Expected calibration error over ten bins `[i/10, (i+1)/10)`; 1 is in the last.
pub fn ece(p: &[f64], y: &[bool]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    for (p, y) in p.iter().zip(y) {
        let bin = ((p * BINS as f64) as usize).min(BINS - 1);
        let (rows, said, came) = bins[bin];
        bins[bin] = (rows + 1.0, said + p, came + number(*y));
    }
    let gaps: f64 = bins.iter().map(|(_, said, came)| (said - came).abs()).sum();
    gaps / (p.len().max(1) as f64)
}

/// All of them.
pub fn scores(p: &[f64], y: &[bool], base_rate: f64) -> Scores {
    Scores {
        rows: y.len() as u32,
        positives: y.iter().filter(|y| **y).count() as u32,
        base_rate,
        brier: brier(p, y),
        brier_skill: brier_skill(p, y, base_rate),
        auc: auc(p, y),
        ece: ece(p, y),
        log_loss: mean(p.iter().zip(y).map(|(p, y)| log_loss(*p, *y))),
    }
}

fn number(y: bool) -> f64 {
    f64::from(u8::from(y))
}

fn square(x: f64) -> f64 {
    x * x
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let (p, y) = ([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);
        assert!((auc(&p, &y).unwrap() - 0.75).abs() < 1e-12);
        assert!((brier(&p, &y) - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        assert!((brier_skill(&p, &y, 0.5).unwrap() - (1.0 - 0.158_125 / 0.25)).abs() < 1e-12);
        // Each in its own bin but for none: |0.1 - 0|, |0.4 - 0|, |0.35 - 1|, |0.8 - 1|.
        assert!((ece(&p, &y) - (0.1 + 0.4 + 0.65 + 0.2) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn ties_count_half_and_one_class_has_no_area() {
        assert_eq!(auc(&[0.5, 0.5], &[true, false]), Some(0.5));
        assert_eq!(auc(&[0.5, 0.5], &[true, true]), None);
        assert_eq!(brier_skill(&[0.2], &[false], 0.0), None);
    }

    #[test]
    fn forecasts_at_the_ends_are_counted() {
        assert!((ece(&[0.0, 1.0], &[true, false]) - 1.0).abs() < 1e-12);
        assert!(log_loss(0.0, true).is_finite());
    }
}
