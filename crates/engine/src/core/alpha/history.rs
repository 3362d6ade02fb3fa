//! What was told of a symbol over the last hour, second by second, for charts. A view, not a state: nothing depends on it, and checkpoints
//! have none of it.

use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::conviction::Bias;
use hypersentry_model::Freshness;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::VecDeque;

/// Seconds that are kept: some 200 kB a symbol.
pub const HISTORY_S: usize = 3_600;

/// One second.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Serialize)]
pub struct HistoryRow {
    /// Time of the evaluation, UTC ms: a full second.
    pub ts_ms: i64,
    /// From 0 to 100.
    pub score: u8,
    /// Which way.
    pub bias: Bias,
    /// From 0 to 1.
    pub confidence: f32,
    /// How many components had fresh feeds.
    pub fresh: u8,
    /// Factor of the signal's age.
    pub decay: f32,
    /// What each component adds to the normalised sum, in the order of the weights; rounded for drawing.
    pub contributions: [f32; 5],
}

/// The last seconds, oldest first.
#[derive(Clone, Default)]
pub(super) struct History(VecDeque<HistoryRow>);

/// No part of the state: two states with the same future look the same.
impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("History")
    }
}

impl History {
    /// Takes what was told at a full second.
    pub(super) fn push(&mut self, told: &AlphaConviction) {
        if self.0.len() >= HISTORY_S {
            self.0.pop_front();
        }
        let mut contributions = [0.0; 5];
        for (slot, part) in contributions.iter_mut().zip(&told.components) {
            *slot = part.contribution as f32;
        }
        let fresh = told.components.iter();
        let fresh = fresh.filter(|part| part.state == Freshness::Fresh);
        let row = HistoryRow {
            ts_ms: told.now_ms,
            fresh: fresh.count() as u8,
            score: told.score,
            bias: told.bias,
            confidence: told.confidence as f32,
            decay: told.steps.decay as f32,
            contributions,
        };
        if self.0.capacity() == 0 {
            // The room for the hour, written to once, so that memory does not grow through it.
            self.0 = std::iter::repeat_n(row, HISTORY_S).collect();
            self.0.clear();
        }
        self.0.push_back(row);
    }

    /// All rows, oldest first.
    pub(super) fn rows(&self) -> Vec<HistoryRow> {
        self.0.iter().copied().collect()
    }
}
