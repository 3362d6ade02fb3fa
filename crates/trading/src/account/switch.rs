//! What the kill switches do to an account: nothing new is taken, what rests is cancelled, and where that is asked for what is held is closed, until the
//! account was seen flat. An order that was under way may be filled after the switch was thrown, a close in part, and a process may end in the middle.

use super::Account;
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::view::{EventKind, Killed};
use crate::wire;
use hypersentry_execution::audit::What;
use hypersentry_execution::relay::Input;
use hypersentry_model::{Symbol, Timestamp};
use std::sync::atomic::Ordering;

/// After so many tries it is said that not everything is closed, and tried less often.
const MANY_TRIES: u32 = 10;
/// What was under way last may be missing in positions that were told sooner after it; and between two tries.
const PAUSE_MS: i64 = 2_000;
/// Between two tries once there were many.
const LATER_MS: i64 = 10_000;

/// Positions that are to be closed.
#[derive(Clone, Debug)]
pub(super) struct Flatten {
    by: By,
    tries: u32,
    /// When something was under way last.
    since: Timestamp,
}

impl Flatten {
    /// As the process before left it.
    pub(super) fn recalled(now: Timestamp) -> Self {
        Self {
            by: By::default(),
            tries: 0,
            since: now,
        }
    }
}

impl Account {
    /// Nothing new, everything that rests is cancelled, and the positions are closed where that is asked for. A drill says what it would do.
    pub(super) async fn kill(
        &mut self,
        on: bool,
        flatten: bool,
        drill: bool,
        by: &By,
    ) -> Result<Killed, TradeError> {
        let cancelled = if on { self.relay.living().count() } else { 0 };
        let flatten = on && flatten;
        if drill {
            let flattened = self.to_close(flatten).len();
            let said = Said::Drill {
                cancelled,
                flattened,
            };
            self.note_said(What::Noted, None, by, said);
            let text = format!(
                "a drill: {cancelled} orders would be cancelled, {flattened} positions closed"
            );
            self.tell_event(EventKind::Drill, "kill_switch_drill", &text, None);
            return Ok(Killed {
                on: self.killed,
                cancelled,
                flattened,
                drill,
            });
        }
        self.killed = on;
        // From here on the switch itself holds.
        self.halt.store(false, Ordering::Release);
        // Before anything that follows from it: who finds one of its traces in the log finds the whole of it.
        let said = Said::Switch { on, flatten, drill };
        self.note_said(What::Noted, None, by, said);
        if on {
            self.end_twaps(None, "the kill switch is on");
            self.end_natives(None);
            self.end_auto(&wire::why("kill_switch_on", "the kill switch is on"));
        }
        self.step(Input::Kill { on });
        let flattened = self.flatten(flatten, by).await;
        let (kind, code, text) = if on {
            (EventKind::Killed, "kill_switch_on", "the kill switch is on")
        } else {
            (
                EventKind::Released,
                "kill_switch_off",
                "the kill switch is off",
            )
        };
        self.tell_event(kind, code, text, None);
        self.tell_account();
        Ok(Killed {
            on,
            cancelled,
            flattened,
            drill,
        })
    }

    /// What the desk's kill switch does here: orders that are cancelled, positions that are closed.
    pub(super) async fn desk_kill(
        &mut self,
        on: bool,
        flatten: bool,
        drill: bool,
        by: &By,
    ) -> (usize, usize) {
        let cancelled = if on { self.relay.living().count() } else { 0 };
        let flatten = on && flatten;
        if drill {
            let flattened = self.to_close(flatten).len();
            let text = format!(
                "a drill of the desk's switch: {cancelled} orders would be cancelled, {flattened} positions closed"
            );
            self.tell_event(EventKind::Drill, "desk_kill_switch_drill", &text, None);
            return (cancelled, flattened);
        }
        self.look_out();
        let flattened = self.flatten(flatten, by).await;
        (cancelled, flattened)
    }

    fn to_close(&self, wanted: bool) -> Vec<Symbol> {
        if wanted {
            self.figures.held()
        } else {
            Vec::new()
        }
    }

    /// Closes what is held where that is wanted, and sees to it from then on; how many positions.
    async fn flatten(&mut self, wanted: bool, by: &By) -> usize {
        let held = self.to_close(wanted);
        self.flatten = wanted.then(|| Flatten {
            by: by.clone(),
            tries: 1,
            since: self.now(),
        });
        self.close_each(held, by).await
    }

    async fn close_each(&mut self, held: Vec<Symbol>, by: &By) -> usize {
        let mut closed = 0;
        for symbol in held {
            match self.close_at_once(symbol, by.clone()).await {
                Ok(_) => closed += 1,
                Err(error) => {
                    let text = format!("{symbol} was not closed: {}", error.text);
                    self.tell_event(EventKind::Raised, &error.code, &text, None);
                }
            }
        }
        closed
    }

    /// Looks whether what was to be closed is closed, when nothing is under way any more.
    pub(super) async fn see_closed(&mut self) {
        if self.flatten.is_none() {
            return;
        }
        let now = self.now();
        let busy = self.relay.living().next().is_some() || self.natives.iter().any(|it| it.lives());
        let locked = self.relay.is_locked();
        let told = self.figures.positions.as_ref();
        let told = told.map(|(_, stamp)| stamp.as_of);
        let Some(flatten) = &mut self.flatten else {
            return;
        };
        // A clock that was set back waits for nothing.
        if busy || now < flatten.since {
            flatten.since = now;
            return;
        }
        let many = flatten.tries >= MANY_TRIES;
        let due = flatten
            .since
            .plus_ms(if many { LATER_MS } else { PAUSE_MS });
        if locked || now < due || told.is_none_or(|told| told < due) {
            return;
        }
        let by = flatten.by.clone();
        let held = self.figures.held();
        if held.is_empty() {
            self.flatten = None;
            self.note_said(What::Noted, None, &by, Said::Flat);
            return;
        }
        flatten.since = now;
        flatten.tries = flatten.tries.saturating_add(1);
        if flatten.tries.is_multiple_of(MANY_TRIES) {
            let text = format!(
                "the kill switch has not closed everything in {} tries, and goes on trying",
                flatten.tries
            );
            self.tell_event(EventKind::Raised, "kill_not_flat", &text, None);
        }
        self.close_each(held, &by).await;
    }
}
