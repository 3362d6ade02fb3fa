//! What a relay remembers: made from its log, and forgotten with its keys.

use hypersentry_model::Timestamp;

use super::bracket::is_guard;
use super::words::Record;
use super::{Live, Relay};
use crate::order::{Cloid, Order};

impl Relay {
    /// A relay from what its log holds. Trading is locked until the account was compared with the venue, unless the log is empty.
    pub fn recovered(records: impl IntoIterator<Item = Record>, now: Timestamp) -> Self {
        let mut relay = Self::default();
        for record in records {
            match record {
                Record::Intent { key, body, intent } => {
                    let (cloid, first) = (intent.cloid, intent.group);
                    let replaces = intent.replaces;
                    let Ok(order) = Order::recovered(intent, now) else {
                        continue;
                    };
                    // A change's key names the new order alone.
                    let named = replaces.map_or(first, |_| cloid);
                    let _ = relay.keys.submit(&key, body, named, now);
                    if let Some(replaces) = replaces {
                        relay.replaced.insert(replaces.cloid, cloid);
                    }
                    if cloid != first {
                        let group = relay.groups.entry(first).or_insert_with(|| vec![first]);
                        group.push(cloid);
                    }
                    relay.open.insert(cloid);
                    let (intent, guard) = (order.intent().clone(), is_guard(&key, &body, &cloid));
                    let mut live = Live::new(order, key);
                    live.guard = guard;
                    relay.orders.insert(cloid, live);
                    relay.enrol(&intent, guard, now);
                }
                Record::CancelIntent { key, body, cloid } => {
                    if let Some(live) = relay.orders.get_mut(&cloid) {
                        // A cancel may have been written without room for its key.
                        let room = live.keys.len() < super::MOST_NAMES;
                        if room && relay.keys.submit(&key, body, cloid, now).is_ok() {
                            live.keys.push(key);
                        }
                        live.order.want_cancel();
                        relay.unwanted.insert(cloid);
                    }
                    relay.take_away(&cloid);
                }
                Record::Kill { on } => {
                    relay.killed = on;
                    if on {
                        relay.take_all_away();
                    }
                }
                Record::Bracket {
                    entry,
                    taken,
                    settled,
                } => {
                    if let Some(bracket) = relay.brackets.get_mut(&entry) {
                        bracket.kept = (taken, settled.units());
                        (bracket.taken, bracket.settled) = bracket.kept;
                    }
                }
                Record::Ended {
                    cloid,
                    state,
                    filled,
                    at,
                } => {
                    if let Some(live) = relay.orders.get_mut(&cloid) {
                        live.order.restore(state, filled, at);
                        relay.open.remove(&cloid);
                        relay.unwanted.remove(&cloid);
                        relay.end_keys(cloid, at);
                    }
                }
            }
        }
        for cloid in relay.unwanted.clone() {
            relay.want_cancel(relay.heir(&cloid));
        }
        if relay.killed {
            relay.take_all_away();
        }
        relay.locked = !relay.orders.is_empty();
        relay.unmatched = relay.locked;
        for bracket in relay.brackets.values_mut() {
            bracket.doubt = Some(now);
            bracket.found = true;
        }
        relay
    }

    /// Begins the retention of the keys that named an order, where nothing that they named lives.
    pub(super) fn end_keys(&mut self, cloid: Cloid, at: Timestamp) {
        let Some(live) = self.orders.get(&cloid) else {
            return;
        };
        let first = live.order.intent().group;
        let over = |cloid: &Cloid| {
            let live = self.orders.get(cloid);
            live.is_none_or(|live| live.order.state().is_terminal())
        };
        let group = self.groups.get(&first);
        let ended = group.is_none_or(|group| group.iter().all(over));
        let legs = group.map_or_else(|| vec![cloid], Clone::clone);
        if ended {
            for live in legs.iter().filter_map(|leg| self.orders.get(leg)) {
                for key in &live.keys {
                    self.keys.end(key, at);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, now: Timestamp) {
        for named in self.keys.forget(now) {
            let legs = self.groups.get(&named).cloned();
            let legs = legs.unwrap_or_else(|| vec![named]);
            let lives = |live: &Live| !live.order.state().is_terminal();
            let lives = |cloid| self.orders.get(cloid).is_some_and(lives);
            // A stop of ours has a key of its own, and needs its entry: all go with the last key.
            if legs.iter().any(lives) {
                continue;
            }
            self.groups.remove(&named);
            for cloid in legs {
                if self.orders.remove(&cloid).is_some() {
                    self.replaced.remove(&cloid);
                    self.brackets.remove(&cloid);
                }
            }
        }
    }
}
