//! What a bracket has, by its legs.

use super::bracket::Bracket;
use super::{Live, Relay};
use crate::order::{Cloid, Leg, Order, State, Terms, Way};

/// Sizes of a bracket at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauge {
    /// Filled and not closed by an exit.
    pub(super) needed: i128,
    /// Of stops that work at the venue, wherever their trigger is.
    pub(super) proven: i128,
    /// Of those at the trigger that is wanted.
    pub(super) placed: i128,
    /// Of those and the ones on their way.
    pub(super) coming: i128,
    /// Whether the entry is filled whole.
    pub(super) whole: bool,
    /// Our stops that work at the wanted trigger.
    pub(super) guards: Vec<(Cloid, i128)>,
    /// Stops that work at another trigger.
    pub(super) outdated: Vec<Cloid>,
    /// Stops of ours that have not ended, without those that the venue did not have when it was asked.
    pub(super) living: usize,
    /// Whether it is not known of a leg what became of it.
    pub(super) unsure: bool,
    /// Whether more of a leg was filled than was told trade by trade.
    pub(super) uncounted: bool,
    /// Whether nothing more can be filled of the entry.
    pub(super) ended: bool,
    /// Exits that have not ended.
    pub(super) exits: Vec<Cloid>,
}

pub(super) fn left(order: &Order) -> i128 {
    (order.intent().size.units() - order.filled().units()).max(0)
}

impl Relay {
    /// Whether an exit waits at the venue for its entry, which may be filled still.
    pub fn sleeps(&self, cloid: &Cloid) -> bool {
        let Some(order) = self.order(cloid) else {
            return false;
        };
        let group = order.intent().group;
        let entry = self.order(&self.heir(&group));
        let waits = entry
            .is_some_and(|entry| entry.intent().leg == Leg::Entry && !entry.state().is_terminal());
        let sent = self.sent_as(order);
        waits
            && match order.intent().leg {
                Leg::TakeProfit => sent.is_some(),
                Leg::StopLoss => sent == self.brackets.get(&group).map(|it| it.child),
                _ => false,
            }
    }

    /// The order that stood in this one's place at first, where the venue's own changes lead back to it.
    fn sent_as(&self, order: &Order) -> Option<Cloid> {
        let mut order = order;
        while let Some(replaces) = order.intent().replaces {
            if replaces.way != Way::Swap {
                return None;
            }
            order = self.order(&replaces.cloid)?;
        }
        Some(order.intent().cloid)
    }

    pub(super) fn is_child(&self, bracket: &Bracket, order: &Order) -> bool {
        self.sent_as(order) == Some(bracket.child)
    }

    pub(super) fn gauge(&self, group: &Cloid, bracket: &Bracket) -> Gauge {
        let mut gauge = Gauge::default();
        let heir = self.order(&self.heir(group));
        gauge.whole = heir.is_some_and(|entry| entry.state() == State::Filled);
        gauge.ended = heir.is_some_and(|entry| entry.state().is_terminal());
        let legs = self.groups.get(group).map(Vec::as_slice);
        for cloid in legs.unwrap_or_default() {
            let Some(live) = self.orders.get(cloid) else {
                continue;
            };
            let order = &live.order;
            gauge.unsure |= order.state() == State::Unknown;
            gauge.uncounted |= order.uncounted().is_positive();
            if order.intent().leg != Leg::Entry && !order.state().is_terminal() {
                gauge.exits.push(*cloid);
            }
            match order.intent().leg {
                Leg::Entry => gauge.needed += order.filled().units(),
                Leg::TakeProfit => gauge.needed -= order.filled().units(),
                Leg::StopLoss => {
                    gauge.needed -= order.filled().units();
                    self.weigh_stop(&mut gauge, bracket, live);
                }
                Leg::Single | Leg::Scale | Leg::Slice => {}
            }
        }
        gauge.needed = (gauge.needed - bracket.settled).max(0);
        gauge
    }

    fn weigh_stop(&self, gauge: &mut Gauge, bracket: &Bracket, live: &Live) {
        let order = &live.order;
        let (state, cloid) = (order.state(), order.intent().cloid);
        let child = self.is_child(bracket, order);
        if state.is_terminal() {
            return;
        }
        gauge.living += usize::from(!child && !live.missing);
        // The venue's own sleeps until the entry is filled whole.
        if child && !gauge.whole {
            return;
        }
        // What closes at market takes at once or ends: it never stands there as a stop does.
        if matches!(order.intent().terms, Terms::Limit { .. }) {
            gauge.coming += if live.missing { 0 } else { left(order) };
            return;
        }
        let wanted = order.intent().terms == bracket.terms;
        match state {
            State::Acked | State::PartiallyFilled if !order.cancel_wanted() => {
                gauge.proven += left(order);
                if wanted {
                    gauge.placed += left(order);
                    gauge.coming += left(order);
                    if !child {
                        gauge.guards.push((cloid, left(order)));
                    }
                } else {
                    gauge.outdated.push(cloid);
                }
            }
            State::Cancelling | State::Acked | State::PartiallyFilled => {}
            _ if wanted && !live.missing => gauge.coming += left(order),
            _ => {}
        }
    }
}
