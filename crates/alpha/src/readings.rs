//! What spans several ticks: how long the bias has stood, and the mean of the last ten. A reading is a tick of the pipeline; asking changes
//! nothing.

use crate::conviction::{Bias, bias};
use crate::event::{Average, Streak};
use crate::evidence::Verdict;
use crate::params::ConvictionParams;
use crate::stats::Ring;
use serde::{Deserialize, Serialize};

/// Readings in the mean. Specification, "Two Conviction Paths".
const READINGS: usize = 10;
/// Ticks that are closer than the grid's step are one reading.
const STEP_MS: i64 = 200;

/// The last readings of a symbol.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Readings {
    last: Ring<(u8, f64)>,
    streak: Option<Streak>,
    at_ms: Option<i64>,
}

impl Default for Readings {
    fn default() -> Self {
        Self {
            last: Ring::new(READINGS),
            streak: None,
            at_ms: None,
        }
    }
}

impl Readings {
    /// Takes the verdict of the tick at `now_ms`. One that comes less than a step after the last is not counted.
    pub fn push(&mut self, now_ms: i64, verdict: &Verdict) {
        let too_soon = |at: i64| now_ms.saturating_sub(at) < STEP_MS;
        if self.at_ms.is_some_and(too_soon) {
            return;
        }
        self.at_ms = Some(now_ms);
        let bias = verdict.conviction.bias;
        self.last
            .push((verdict.conviction.score, verdict.confidence));
        let ticks = match self.streak {
            Some(streak) if streak.bias == bias => streak.ticks.saturating_add(1),
            _ => 1,
        };
        self.streak = Some(Streak { bias, ticks });
    }

    /// How long the bias has stood: nothing before the first reading.
    pub fn streak(&self) -> Streak {
        self.streak.unwrap_or(Streak {
            bias: Bias::Neutral,
            ticks: 0,
        })
    }

    /// The mean of the last readings: no opinion before the first.
    pub fn average(&self, params: &ConvictionParams) -> Average {
        let readings = self.last.len();
        let count = readings.max(1) as f64;
        let (scores, confidences) = self.last.iter().fold((0.0, 0.0), |sum, (score, sure)| {
            (sum.0 + f64::from(*score), sum.1 + sure)
        });
        let score = match readings {
            0 => 50,
            _ => (scores / count).round_ties_even() as u8,
        };
        Average {
            score,
            bias: bias(score, params),
            confidence: confidences / count,
            readings: readings as u32,
        }
    }
}
