//! How orders are cancelled.
//!
//! To cancel twice does no harm, so that nothing but an order that is not known keeps a cancel from being sent: where its record cannot be written, or no
//! more keys fit, it goes without.

use hypersentry_model::{Size, Timestamp};

use super::words::{Output, Record, Refused};
use super::{Live, MOST_NAMES, MOST_WAITING, Relay, Then};
use crate::keys::Key;
use crate::order::{Cloid, State, Step};

/// A cancel that the venue did not take is sent again after 1, 2, 4, 8, 16 s, and then every 30 s.
const AGAIN_MS: [i64; 6] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/// Cancels of one order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// When the last one was sent.
    at: Timestamp,
    /// How many were.
    count: usize,
    /// What was filled of the order then: when more is, it is not the same order any more.
    filled: Size,
}

impl Live {
    fn may_cancel(&self, now: Timestamp) -> bool {
        self.cancels.is_none_or(|sent| {
            let pause = AGAIN_MS[(sent.count - 1).min(AGAIN_MS.len() - 1)];
            // A clock that was set back says nothing of how long it has been: long enough.
            let over = now >= sent.at.plus_ms(pause) || now < sent.at;
            over || self.order.filled() != sent.filled
        })
    }

    fn cancel_sent(&mut self, now: Timestamp) {
        let filled = self.order.filled();
        let before = self.cancels.filter(|sent| sent.filled == filled);
        self.cancels = Some(Sent {
            at: now,
            count: before.map_or(1, |sent| sent.count + 1),
            filled,
        });
    }
}

impl Relay {
    pub(super) fn cancel(
        &mut self,
        now: Timestamp,
        key: Key,
        body: [u8; 32],
        cloid: Cloid,
        out: &mut Vec<Output>,
    ) -> Result<(Cloid, State), Refused> {
        self.forget(now);
        if let Some(known) = self.known(&key, body)? {
            return Ok(known);
        }
        let live = self.orders.get_mut(&cloid).ok_or(Refused::UnknownOrder)?;
        let state = live.order.state();
        if state.is_terminal() {
            return Ok((cloid, state));
        }
        // Whoever asks anew is not made to wait for what was refused before.
        live.cancels = None;
        let room = live.keys.len() < MOST_NAMES;
        let named = room && self.keys.submit(&key, body, cloid, now).is_ok();
        if named {
            live.keys.push(key.clone());
        }
        let wanted = live.order.cancel_wanted();
        self.take_away(&cloid);
        if self.log_broken || self.waiting.len() >= MOST_WAITING {
            self.unwant(cloid);
        } else if named || !wanted {
            self.log(
                Record::CancelIntent { key, body, cloid },
                Then::Cancel(cloid),
                out,
            );
        }
        Ok((cloid, state))
    }

    /// An order is not wanted any more, nor is whatever is about to stand in its place.
    pub(super) fn unwant(&mut self, cloid: Cloid) {
        self.want_cancel(cloid);
        self.want_cancel(self.heir(&cloid));
    }

    pub(super) fn withdraw(&mut self, cloids: &[Cloid]) {
        for cloid in cloids {
            if self.open.contains(cloid) {
                self.take_away(cloid);
                self.want_cancel(*cloid);
                if let Some(live) = self.orders.get_mut(cloid) {
                    live.cancels = None;
                }
            }
        }
    }

    /// Sends the cancels that are wanted, of orders that are known to rest.
    pub(super) fn cancels(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.drop_held(now, out);
        let due = |cloid: &&Cloid| {
            let live = self.orders.get(*cloid);
            live.is_some_and(|live| live.order.cancel_due() && live.may_cancel(now))
        };
        let due: Vec<Cloid> = self.unwanted.iter().filter(due).copied().collect();
        for cloid in due {
            self.plain(now, cloid, Step::SendCancel, out);
            if let Some(live) = self.orders.get_mut(&cloid) {
                live.cancel_sent(now);
            }
            out.push(Output::SendCancel { cloid });
        }
    }
}
