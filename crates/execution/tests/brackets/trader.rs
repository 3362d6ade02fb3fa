//! The trader: cancels the entry, moves a stop.

use super::{ENTRY, World, count, exit, submit};
use hypersentry_execution::keys::Key;
use hypersentry_execution::order::{Aim, Cloid, Leg, Replaces, State, Terms, Way};
use hypersentry_execution::relay::Input;
use hypersentry_model::Size;

impl World {
    /// Chance at the trader's: the entry is cancelled, the stop is moved.
    pub(super) fn trade(&mut self) {
        if self.chance.below(800) == 0 {
            self.counts.cancelled += 1;
            let request = 2;
            let key = Key::new(&format!("c{}", self.now)).unwrap();
            let body = [5; 32];
            let cloid = ENTRY;
            self.step(Input::Cancel {
                request,
                key,
                body,
                cloid,
            });
        }
        // To move a stop is to ask for one.
        if self.chance.below(500) == 0 && !self.over {
            self.move_stop();
        }
    }

    fn move_stop(&mut self) {
        let stops = self.relay.orders().filter(|order| {
            let rests = matches!(order.state(), State::Acked | State::PartiallyFilled);
            order.intent().leg == Leg::StopLoss && rests
        });
        let stops: Vec<(Cloid, Size, Terms)> = stops
            .map(|order| {
                let it = order.intent();
                let left = it.size.checked_sub(order.filled()).unwrap();
                (it.cloid, left, it.terms)
            })
            .collect();
        if stops.is_empty() {
            return;
        }
        let at = self.chance.below(stops.len() as i64) as usize;
        let (old, size, _) = stops[at];
        let way = if self.relay.sleeps(&old) {
            Way::Swap
        } else {
            Way::NewFirst
        };
        let trigger = (48_500 + self.chance.below(1_000)).to_string();
        let mut cloid = [9; 16];
        cloid[..8].copy_from_slice(&self.number.to_be_bytes());
        let mut part = exit(cloid, Leg::StopLoss, Aim::Stop, &trigger, count(size));
        part.replaces = Some(Replaces { cloid: old, way });
        self.counts.moved += 1;
        let key = format!("m{}", self.number);
        self.number += 1;
        // The checks take the position as the entry will make it.
        let submit = submit(&key, vec![part], self.now, self.size.max(1));
        self.step(Input::Submit(Box::new(submit)));
    }
}
