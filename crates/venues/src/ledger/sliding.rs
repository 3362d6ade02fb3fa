//! Sums over sliding windows, in bounded space.

use super::Window;
use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Our windows are longer than the venue's by a tenth, up to this: what we send later can arrive earlier.
const SLACK_MAX_MS: u32 = 1_000;

/// Entries are merged within this fraction of a window, so that there are never many more of them.
const SLOTS: i64 = 128;

impl Window {
    /// How long what was done counts.
    pub(super) fn span(self) -> i64 {
        i64::from(self.ms) + i64::from((self.ms / 10 + 50).min(SLACK_MAX_MS))
    }
}

/// A sum over a sliding window.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Sliding {
    /// When it was last added to, and how much; oldest first. At most `SLOTS` and two.
    entries: VecDeque<(Timestamp, u64)>,
    pub(super) sum: u64,
}

impl Sliding {
    pub(super) fn expire(&mut self, now: Timestamp, window: Window) {
        while let Some((at, amount)) = self.entries.front().copied()
            && at.plus_ms(window.span()) <= now
        {
            self.entries.pop_front();
            self.sum -= amount;
        }
    }

    pub(super) fn add(&mut self, now: Timestamp, amount: u64, window: Window) {
        self.sum += amount;
        match self.entries.back_mut() {
            // The merged entry leaves with its newest part: late, never early.
            Some((at, held)) if slot(*at, window) == slot(now, window) => {
                *at = now.max(*at);
                *held += amount;
            }
            _ => self.entries.push_back((now, amount)),
        }
    }

    /// When the sum will have fallen to `target`; never, if it is there.
    pub(super) fn falls_to(&self, target: u64, window: Window) -> Option<Timestamp> {
        let mut left = self.sum;
        if left <= target {
            return None;
        }
        self.entries.iter().find_map(|(at, amount)| {
            left -= amount;
            (left <= target).then(|| at.plus_ms(window.span()))
        })
    }

    /// When one more fits into the window.
    pub(super) fn room(&self, now: Timestamp, window: Window) -> Timestamp {
        let target = u64::from(window.max).saturating_sub(1);
        self.falls_to(target, window).unwrap_or(now)
    }
}

fn slot(at: Timestamp, window: Window) -> i64 {
    at.ms().div_euclid(window.span() / SLOTS + 1)
}
