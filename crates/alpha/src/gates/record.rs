//! What the gates said of evaluations that came near to a trade.

use crate::event::{GateName, GateState, Gates, NearVerdict};
use crate::stats::Ring;
use serde::{Deserialize, Serialize};

/// Runs of equal verdicts that are remembered for a symbol: the newest.
const NEAR_RUNS: usize = 128;

/// What the gates said of the evaluations that came near to a trade: the newest runs of equal verdicts, at most 128.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NearRecord {
    runs: Ring<NearVerdict>,
}

impl Default for NearRecord {
    fn default() -> Self {
        Self {
            runs: Ring::new(NEAR_RUNS),
        }
    }
}

impl NearRecord {
    /// Notes the gates of an evaluation. One that is not near is not noted.
    pub fn push(&mut self, now_ms: i64, score: u8, gates: &Gates) {
        let Some(side) = gates.side.filter(|_| gates.near) else {
            return;
        };
        let shut = gates.gates.iter().filter(|g| g.state != GateState::Pass);
        let failed: Vec<GateName> = shut.map(|g| g.name).collect();
        if let Some(run) = self.runs.newest_mut()
            && (run.side, run.would_trade) == (side, gates.would_trade)
            && run.failed == failed
        {
            run.until_ms = now_ms;
            run.evaluations = run.evaluations.saturating_add(1);
            if score.abs_diff(50) > run.score.abs_diff(50) {
                run.score = score;
            }
            return;
        }
        self.runs.push(NearVerdict {
            at_ms: now_ms,
            until_ms: now_ms,
            evaluations: 1,
            side,
            score,
            would_trade: gates.would_trade,
            failed,
        });
    }

    /// The runs, the newest first.
    pub fn recent(&self) -> impl Iterator<Item = &NearVerdict> {
        self.runs.iter().rev()
    }
}
