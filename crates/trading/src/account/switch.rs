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

/// Whose switch wants positions closed. Each is taken back with its own switch alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wants {
    pub(crate) account: bool,
    pub(crate) desk: bool,
}

impl Wants {
    pub(crate) const fn any(self) -> bool {
        self.account || self.desk
    }
}

/// A switch that is thrown again without closing goes on with the closing that it began, and put back it ends that.
pub(crate) const fn wanted(before: bool, on: bool, flatten: bool) -> bool {
    on && (flatten || before)
}

/// What is asked of a switch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrown {
    pub(super) on: bool,
    pub(super) flatten: bool,
    pub(super) drill: bool,
    /// Whether who asks manages the account's risk.
    pub(super) manages: bool,
}

/// Positions that are to be closed.
#[derive(Clone, Debug)]
pub(super) struct Flatten {
    wants: Wants,
    by: By,
    tries: u32,
    /// When something was under way last.
    since: Timestamp,
}

impl Flatten {
    /// As the process before left it.
    pub(super) fn recalled(wants: Wants, now: Timestamp) -> Option<Self> {
        wants.any().then(|| Self {
            wants,
            by: By::default(),
            tries: 0,
            since: now,
        })
    }
}

impl Account {
    /// Nothing new, everything that rests is cancelled, and the positions are closed where that is asked for. A drill says what it would do.
    pub(super) async fn kill(&mut self, thrown: Thrown, by: &By) -> Result<Killed, TradeError> {
        let Thrown {
            on,
            flatten,
            drill,
            manages,
        } = thrown;
        if !on && !drill && self.kill_managed && !manages {
            let text = "the kill switch was thrown by somebody who manages the account's risk, and is put back by such a one alone";
            return Err(TradeError::new("kill_held", text));
        }
        let cancelled = if on { self.to_cancel() } else { 0 };
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
        self.kill_managed = on && (manages || self.kill_managed);
        // From here on the switch itself holds.
        self.halt.store(false, Ordering::Release);
        // Before anything that follows from it: who finds one of its traces in the log finds the whole of it.
        let said = Said::Switch {
            on,
            flatten,
            drill,
            managed: self.kill_managed,
        };
        self.note_said(What::Noted, None, by, said);
        if on {
            self.end_twaps(None, "the kill switch is on");
            self.end_natives(None);
            self.end_auto(&wire::why("kill_switch_on", "the kill switch is on"));
        }
        self.step(Input::Kill { on });
        self.sweep_for(by);
        let before = self.wants();
        let wants = Wants {
            account: wanted(before.account, on, flatten),
            ..before
        };
        let flattened = self.flatten(wants, flatten, by).await;
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
        let cancelled = if on { self.to_cancel() } else { 0 };
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
        self.sweep_for(by);
        let before = self.wants();
        let wants = Wants {
            desk: wanted(before.desk, on, flatten),
            ..before
        };
        let flattened = self.flatten(wants, flatten, by).await;
        (cancelled, flattened)
    }

    /// Orders that a switch cancels: ours that have not ended, and what others have resting.
    fn to_cancel(&self) -> usize {
        self.relay.living().count() + self.figures.foreign.len()
    }

    fn to_close(&self, wanted: bool) -> Vec<Symbol> {
        if wanted {
            self.figures.to_close()
        } else {
            Vec::new()
        }
    }

    fn wants(&self) -> Wants {
        let flatten = self.flatten.as_ref();
        flatten.map(|flatten| flatten.wants).unwrap_or_default()
    }

    /// Sees to what the switches want closed from now on, and begins anew where that is asked for; how many positions.
    async fn flatten(&mut self, wants: Wants, begin: bool, by: &By) -> usize {
        if !wants.any() {
            self.flatten = None;
        } else if let (Some(flatten), false) = (&mut self.flatten, begin) {
            flatten.wants = wants;
        } else {
            self.flatten = Some(Flatten {
                wants,
                by: by.clone(),
                tries: 1,
                since: self.now(),
            });
        }
        let held = self.to_close(begin);
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
        let locked = !self.relay.may_reduce();
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
        let held = self.figures.to_close();
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
