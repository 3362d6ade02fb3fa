//! What disturbs a bracket from outside: the process ends, the position is closed by hand, the switch is thrown.

use super::{World, at};
use hypersentry_execution::order::{Leg, State};
use hypersentry_execution::relay::{Input, Record, Relay};
use hypersentry_model::Size;

/// How long the venue may take a stop of ours.
const LIFE_MS: i64 = 15_000;

impl World {
    pub(super) fn sync(&mut self) {
        let due = self.now;
        let synced = self.unsynced.iter().filter(|(_, at, _)| *at <= due);
        if let Some(seq) = synced.map(|(seq, ..)| *seq).max() {
            while self.unsynced.first().is_some_and(|it| it.0 <= seq) {
                let (_, _, record) = self.unsynced.remove(0);
                self.disk.push(record);
            }
            self.step(Input::Synced { seq });
        }
    }

    /// Of what was not synced a part survives.
    fn restart(&mut self) {
        self.counts.restarts += 1;
        let kept = self.chance.below(self.unsynced.len() as i64 + 1) as usize;
        let rest = self.unsynced.drain(..).take(kept);
        self.disk.extend(rest.map(|(.., record)| record));
        self.to_us.clear();
        self.looks.clear();
        self.trades_to_us.clear();
        self.told = 0;
        if self.position > 0 && self.chance.percent(20) {
            self.counts.anew_while_down += 1;
            self.anew();
            self.trades_to_us.clear();
            self.to_us.clear();
        }
        // As the trading log has it: of the switch whether it is on.
        let switch = |record: &&Record| matches!(record, Record::Kill { .. });
        let on = self.disk.iter().rfind(switch) == Some(&Record::Kill { on: true });
        let lost = self.killed_at.is_some() && !self.disk.iter().any(|it| switch(&it));
        if lost {
            // Nobody was told that it was thrown.
            (self.killed_at, self.over) = (None, false);
        }
        let kill = on.then_some(Record::Kill { on });
        let others = self.disk.iter().filter(|it| !switch(it)).cloned();
        let records: Vec<Record> = kill.into_iter().chain(others).collect();
        self.relay = Relay::recovered(records, at(self.now));
        self.matched = false;
        // An order whose record is there and that never arrived is proven absent when its time ran out, and until then nothing was compared.
        self.shaken = self.now + LIFE_MS;
        self.step(Input::Reconciled { locked: true });
        if on {
            self.step(Input::Kill { on });
        }
    }

    /// A look at the whole account finds nothing: of every order it is known what became of it.
    pub(super) fn compare(&mut self) {
        let unknown = self.relay.orders().any(|it| it.state() == State::Unknown);
        // The rim does not wait for orders that changed within the second before.
        if !self.matched && (!unknown || self.chance.percent(10)) {
            self.matched = true;
            self.step(Input::Reconciled { locked: false });
        }
    }

    pub(super) fn disturb(&mut self) {
        if self.now > 1_000 && self.chance.below(1_500) == 0 {
            self.restart();
        }
        if self.position > 0 && self.chance.below(2_000) == 0 {
            self.close_by_hand();
        }
        if self.killed_at.is_none() && self.now > 1_000 && self.chance.below(9_000) == 0 {
            self.counts.kills += 1;
            self.killed_at = Some(self.now);
            self.step(Input::Kill { on: true });
            self.over = true;
        }
        if self.killed_at.is_some_and(|at| self.now == at + 3_000) {
            self.step(Input::Kill { on: false });
        }
        self.open_another();
    }

    /// The bracket is over, and we know it: from now on the trader holds something else, which none of its stops may close.
    fn open_another(&mut self) {
        let living = |leg: Leg| {
            let mut of = self.relay.orders().filter(|it| it.intent().leg == leg);
            of.any(|it| !it.state().is_terminal())
        };
        let known = self.relay.orders().all(|it| it.state().is_terminal());
        let filled = self.relay.order(&super::ENTRY);
        let filled = filled.is_some_and(|it| it.filled() > Size::ZERO);
        let over = known && filled && !living(Leg::StopLoss) && self.position == 0;
        let cover = self.relay.cover(&super::ENTRY, at(self.now));
        let logged = self.unsynced.is_empty();
        if over && logged && cover.is_some_and(|it| it.protected) && self.manual == 0 {
            self.counts.over += 1;
            self.buy_by_hand();
            self.over = true;
        }
    }
}
