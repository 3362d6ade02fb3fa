//! How the forecasts of this run turned out.

use super::event::{Calibration, CalibrationStatus};
use crate::probability::metrics;
use crate::stats::make_room;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Outcomes that are remembered.
const MOST: usize = 500;
/// Outcomes from which there is a judgement.
pub const FROM: usize = 50;
/// Skill from which the forecasts are good.
const GOOD: f64 = 0.0;
/// Skill below which they are worse than the base rate by more than chance explains.
const STALE: f64 = -0.05;

/// A forecast and what happened.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Judged {
    p_up: f64,
    p_down: f64,
    up: bool,
    down: bool,
}

/// The newest outcomes of one symbol.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Judgements {
    /// At most [`MOST`].
    all: VecDeque<Judged>,
}

impl Judgements {
    /// Adds an outcome.
    pub fn push(&mut self, (p_up, p_down): (f64, f64), (up, down): (bool, bool)) {
        if self.all.len() >= MOST {
            self.all.pop_front();
        }
        let judged = Judged {
            p_up,
            p_down,
            up,
            down,
        };
        make_room(&mut self.all, MOST, &judged);
        self.all.push_back(judged);
    }

    /// Forgets them: another model forecasts now.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// The judgement. The base rate is that of the outcomes themselves, which knows more than any forecaster could.
    pub fn judge(&self) -> Calibration {
        let outcomes = self.all.len() as u32;
        if self.all.len() < FROM {
            return Calibration {
                status: CalibrationStatus::Unknown,
                outcomes,
                brier_skill: None,
            };
        }
        let (mut p, mut y) = (Vec::new(), Vec::new());
        for j in &self.all {
            p.extend([j.p_up, j.p_down]);
            y.extend([j.up, j.down]);
        }
        let base = y.iter().filter(|y| **y).count() as f64 / y.len() as f64;
        let skill = metrics::brier_skill(&p, &y, base);
        let status = match skill {
            Some(skill) if skill >= GOOD => CalibrationStatus::Good,
            Some(skill) if skill >= STALE => CalibrationStatus::Stale,
            Some(_) => CalibrationStatus::Degraded,
            // All alike: the base rate is never wrong, and nobody has skill against it. The distance of the mean forecast is left.
            None => {
                let mean = p.iter().sum::<f64>() / p.len() as f64;
                match (mean - base).abs() {
                    d if d <= 0.1 => CalibrationStatus::Good,
                    d if d <= 0.2 => CalibrationStatus::Stale,
                    _ => CalibrationStatus::Degraded,
                }
            }
        };
        Calibration {
            status,
            outcomes,
            brier_skill: skill,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcomes: usize, p: impl Fn(bool) -> f64) -> Calibration {
        let mut all = Judgements::default();
        for i in 0..outcomes {
            let came = i % 4 == 0;
            all.push((p(came), p(came)), (came, came));
        }
        all.judge()
    }

    #[test]
    fn fifty_outcomes_are_needed() {
        assert_eq!(after(49, |_| 0.25).status, CalibrationStatus::Unknown);
        assert_ne!(after(50, |_| 0.25).status, CalibrationStatus::Unknown);
    }

    #[test]
    fn knowing_is_good_and_misleading_is_degraded() {
        assert_eq!(
            after(100, |came| if came { 0.8 } else { 0.1 }).status,
            CalibrationStatus::Good
        );
        assert_eq!(after(100, |_| 0.33).status, CalibrationStatus::Stale);
        assert_eq!(after(100, |_| 0.9).status, CalibrationStatus::Degraded);
    }

    #[test]
    fn one_class_alone_is_judged_by_distance() {
        let alone = |p: f64| {
            let mut all = Judgements::default();
            (0..60).for_each(|_| all.push((p, p), (false, false)));
            all.judge()
        };
        assert_eq!(
            (alone(0.05).status, alone(0.05).brier_skill),
            (CalibrationStatus::Good, None)
        );
        assert_eq!(alone(0.5).status, CalibrationStatus::Degraded);
    }

    #[test]
    fn is_bounded() {
        assert_eq!(after(2_000, |_| 0.25).outcomes, MOST as u32);
    }
}
