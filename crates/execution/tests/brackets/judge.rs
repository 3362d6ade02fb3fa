//! What must hold at every moment, and at the end.

use super::{ENTRY, Place, STOP, World, at, count};
use hypersentry_execution::order::{Leg, State, Way};

/// The longest pause between two attempts, a question that is lost, and the way there.
const PATIENCE_MS: i64 = 14_000;

impl World {
    /// Everything that we know to be filled, and not to be closed, has a stop at the venue, or one is on its way.
    pub(super) fn check(&mut self, seed: u64) {
        let legs: Vec<_> = self.relay.orders().cloned().collect();
        let (mut needed, mut on_its_way) = (0, 0);
        for order in &legs {
            let it = order.intent();
            let filled = count(order.filled());
            match it.leg {
                Leg::Entry => needed += filled,
                _ => needed -= filled,
            }
            let flying = matches!(
                order.state(),
                State::RiskPassed | State::IntentLogged | State::Sent | State::Unknown
            );
            if it.leg == Leg::StopLoss && flying {
                on_its_way += count(it.size);
            }
        }
        let works: i64 = self
            .venue
            .values()
            .filter(|it| it.intent.leg == Leg::StopLoss && it.place == Place::Works)
            .map(|it| count(it.intent.size) - it.filled)
            .sum();
        // News of what was filled and closed may be behind the venue.
        let needed = needed.min(self.position);
        let cover = self.relay.cover(&ENTRY, at(self.now));
        let given_up = self.over || !self.relay.bare().is_empty();
        // What a stop left waits for a look at the position, and where nobody takes it for the next attempt.
        let shaken = self.now < self.shaken.max(self.dry_until) + PATIENCE_MS;
        if !shaken && needed > works + on_its_way && !given_up {
            // That a change took a stop away is heard late, or only when it is looked for.
            assert!(
                self.now < self.changed + 5_000,
                "seed {seed} at {}: {needed} filled, {works} protected, {on_its_way} on their way; {cover:?}",
                self.now
            );
        }
        if let Some(cover) = cover {
            let naked = cover.naked_ms.unwrap_or_default();
            self.counts.longest_naked_ms = self.counts.longest_naked_ms.max(naked);
        }
    }

    /// When everything was heard: what is left of the position has its stop, and no stop of ours stands for nothing.
    pub(super) fn settled(&mut self, seed: u64) {
        let given_up = self.over || !self.relay.bare().is_empty();
        let works: i64 = self
            .venue
            .values()
            .filter(|it| it.intent.leg == Leg::StopLoss && it.place == Place::Works)
            .map(|it| count(it.intent.size) - it.filled)
            .sum();
        let cover = self.relay.cover(&ENTRY, at(self.now)).unwrap();
        if !given_up {
            assert!(
                works >= self.position,
                "seed {seed}: {works} protected of {}",
                self.position
            );
            assert!(cover.protected, "seed {seed}: {cover:?}");
        }
        self.nothing_for_others(seed);
        // None of ours is superfluous.
        for (cloid, there) in &self.venue {
            let of_venue =
                *cloid == STOP || there.intent.replaces.is_some_and(|it| it.way == Way::Swap);
            let guard = there.intent.leg == Leg::StopLoss && there.place == Place::Works;
            if guard && !of_venue && !given_up {
                let left = count(there.intent.size) - there.filled;
                assert!(
                    works - left < self.position,
                    "seed {seed}: {works} protected of {}, and {left} of that for nothing",
                    self.position
                );
            }
        }
    }
}
