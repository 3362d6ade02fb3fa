//! Orders that take the place of others.
//!
//! Hyperliquid's change of an order is a cancel and a new order in one action. What it does when the new one is refused is not documented, and was seen to
//! leave neither; so it is used for limits, where nothing is lost by that. A stop has to stand until the next one does, and an order that waits to open
//! must never be there twice: those are replaced in two actions, and what comes second waits for the proof of what came first.

use hypersentry_model::Timestamp;

use super::words::Output;
use super::{Refused, Relay};
use crate::order::{Change, Cloid, Event, Intent, Replaces, State, Step, Way};

/// Whether the venue is known to hold it, or held it until it was filled.
const fn stood(state: State) -> bool {
    matches!(
        state,
        State::Acked | State::PartiallyFilled | State::Cancelling | State::Filled
    )
}

const fn rests(state: State) -> bool {
    matches!(state, State::Acked | State::PartiallyFilled)
}

impl Relay {
    /// The order that took, or is about to take, an order's place. One that never came to stand did not.
    pub fn replaced_by(&self, cloid: &Cloid) -> Option<Cloid> {
        let new = self.replaced.get(cloid)?;
        let state = self.orders.get(new)?.order.state();
        (!matches!(state, State::Rejected | State::Expired)).then_some(*new)
    }

    /// The order that stands in an order's place now: itself, where none took it.
    pub fn heir(&self, cloid: &Cloid) -> Cloid {
        let mut heir = *cloid;
        // Each is newer than the one before, so that this ends.
        while let Some(next) = self.replaced_by(&heir) {
            heir = next;
        }
        heir
    }

    /// Whether an order may give up its place; the group that its successor belongs to.
    pub(super) fn may_be_replaced(&self, old: &Cloid) -> Result<Cloid, Refused> {
        let order = self.order(old).ok_or(Refused::UnknownOrder)?;
        let state = order.state();
        let busy = self.unwanted.contains(old) || self.replaced_by(old).is_some();
        if rests(state) && !busy {
            Ok(order.intent().group)
        } else {
            Err(Refused::NotResting)
        }
    }

    /// Sends an order that takes another one's place; its record is on disk. Nothing is sent if the old one has ended since.
    pub(super) fn send_replacing(
        &mut self,
        now: Timestamp,
        intent: Intent,
        replaces: Replaces,
        out: &mut Vec<Output>,
    ) {
        let (new, old) = (intent.cloid, replaces.cloid);
        let state = self.order(&old).map(|order| order.state());
        if !state.is_some_and(rests) {
            self.plain(now, new, Step::NotSend, out);
            return;
        }
        match replaces.way {
            Way::Swap => {
                self.plain(now, new, Step::Send, out);
                // For the old one it is a cancel.
                self.plain(now, old, Step::SendCancel, out);
                out.push(Output::SendChange { intent });
            }
            Way::NewFirst => {
                self.plain(now, new, Step::Send, out);
                let intents = vec![intent];
                out.push(Output::Send { intents });
            }
            Way::OldFirst => {
                self.held.insert(new);
                self.want_cancel(old);
            }
        }
    }

    pub(super) fn want_cancel(&mut self, cloid: Cloid) {
        if let Some(live) = self.orders.get_mut(&cloid)
            && !live.order.state().is_terminal()
        {
            live.order.want_cancel();
            self.unwanted.insert(cloid);
        }
    }

    /// What a change of one order means for the one whose place it takes, or that takes its place.
    pub(super) fn give_way(
        &mut self,
        now: Timestamp,
        cloid: Cloid,
        change: Change,
        out: &mut Vec<Output>,
    ) {
        if change.from == change.to {
            return;
        }
        let replaces = self.order(&cloid).and_then(|it| it.intent().replaces);
        match replaces {
            Some(Replaces {
                cloid: old,
                way: Way::NewFirst,
            }) if stood(change.to) => self.want_cancel(old),
            Some(Replaces {
                cloid: old,
                way: Way::Swap,
            }) => self.ask_swapped(now, old, change, out),
            _ => {}
        }
        if change.to.is_terminal() {
            self.release(now, cloid, change, out);
        }
    }

    /// Whatever is said of the new one, the old one is asked for: only its own state proves what became of it.
    fn ask_swapped(&mut self, now: Timestamp, old: Cloid, change: Change, out: &mut Vec<Output>) {
        let told = change.from == State::Sent || change.from == State::Unknown;
        let Some(state) = self.order(&old).map(|order| order.state()) else {
            return;
        };
        if !told || state.is_terminal() {
            return;
        }
        if state == State::Cancelling && !stood(change.to) {
            self.plain(now, old, Step::DoubtCancel, out);
        } else {
            out.push(Output::Ask { cloid: old });
        }
    }

    /// The old one has ended: what waited for that is sent, if nothing of the old one was filled.
    fn release(&mut self, now: Timestamp, old: Cloid, change: Change, out: &mut Vec<Output>) {
        let new = self.replaced.get(&old).copied();
        let Some(new) = new.filter(|new| self.held.remove(new)) else {
            return;
        };
        let Some(intent) = self.order(&new).map(|order| order.intent().clone()) else {
            return;
        };
        let clear = change.to == State::Cancelled && change.filled.is_zero();
        let expired = self.venue_time(now) >= intent.expires_after;
        let late = expired || self.killed || self.log_broken;
        if !clear || late || self.unwanted.contains(&new) {
            self.plain(now, new, Step::NotSend, out);
            return;
        }
        self.plain(now, new, Step::Send, out);
        let intents = vec![intent];
        out.push(Output::Send { intents });
    }

    /// Gives up what waits too long, or is not wanted any more.
    pub(super) fn drop_held(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let venue = self.venue_time(now);
        let over = |cloid: &&Cloid| {
            let late = |live: &super::Live| venue >= live.order.intent().expires_after;
            self.unwanted.contains(*cloid) || self.orders.get(*cloid).is_none_or(late)
        };
        let over: Vec<Cloid> = self.held.iter().filter(over).copied().collect();
        for cloid in over {
            self.held.remove(&cloid);
            let step = Step::NotSend;
            self.hear(now, cloid, &Event::Plain { step }, out);
        }
    }
}
