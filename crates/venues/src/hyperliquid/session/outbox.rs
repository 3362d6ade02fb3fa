//! The pace at which frames are sent.

use crate::hyperliquid::limits;
use crate::hyperliquid::wire::{Method, Subscription};
use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Frames that wait for their turn.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Outbox {
    pub(super) queue: VecDeque<(Method, Subscription)>,
    window: Timestamp,
    in_window: u32,
    minute: Timestamp,
    in_minute: u32,
}

impl Outbox {
    /// Counts a frame that is sent at `now`.
    pub(super) fn count(&mut self, now: Timestamp) {
        self.turn(now);
        self.in_window += 1;
        self.in_minute += 1;
    }

    /// Begins new windows when the old ones are over.
    fn turn(&mut self, now: Timestamp) {
        if self.window.plus_ms(limits::SEND_WINDOW_MS) <= now {
            (self.window, self.in_window) = (now, 0);
        }
        if self.minute.plus_ms(60_000) <= now {
            (self.minute, self.in_minute) = (now, 0);
        }
    }

    /// The next frame, if it may go at `now`.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<(Method, Subscription)> {
        self.turn(now);
        if self.in_window >= limits::SENDS_PER_WINDOW || self.in_minute >= limits::SENDS_PER_MINUTE
        {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.count(now);
        Some(next)
    }

    /// When the next frame may go.
    pub(super) fn due(&self) -> Option<Timestamp> {
        if self.queue.is_empty() {
            None
        } else if self.in_minute >= limits::SENDS_PER_MINUTE {
            Some(self.minute.plus_ms(60_000))
        } else {
            Some(self.window.plus_ms(limits::SEND_WINDOW_MS))
        }
    }
}
