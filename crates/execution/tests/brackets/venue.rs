//! The venue: it takes what arrives, fills, fires and sweeps.

use super::{ENTRY, Place, TAKE, There, ToVenue, World, at, count};
use hypersentry_execution::order::{Cloid, Event, Intent, Leg, Side, Step, Terms};

impl World {
    pub(super) fn take(&mut self, what: ToVenue) {
        match what {
            ToVenue::Orders(intents) => {
                let group = intents.len() > 1;
                for intent in intents {
                    if self.now > intent.expires_after.ms()
                        || self.venue.contains_key(&intent.cloid)
                    {
                        continue;
                    }
                    let sleeps = group && intent.leg != Leg::Entry;
                    let place = if sleeps { Place::Sleeps } else { Place::Works };
                    self.hold(intent, place);
                }
            }
            ToVenue::Change(intent) => {
                let old = intent.replaces.unwrap().cloid;
                if self.now > intent.expires_after.ms() {
                    return;
                }
                let place = self.venue.get(&old).map(|it| it.place);
                let Some(place) = place.filter(|place| *place != Place::Gone) else {
                    return;
                };
                self.changed = self.now;
                self.end(old);
                // Now and then the new one is refused, and the old one is gone.
                if self.faulty(20) {
                    let step = Step::LoseReply;
                    self.tell(intent.cloid, Event::Plain { step });
                } else {
                    self.hold(intent, place);
                }
            }
            ToVenue::Cancel(cloid) => {
                if self
                    .venue
                    .get(&cloid)
                    .is_some_and(|it| it.place != Place::Gone)
                {
                    self.end(cloid);
                } else {
                    let step = Step::DoubtCancel;
                    self.tell(cloid, Event::Plain { step });
                }
            }
            ToVenue::Ask(cloid) => match self.state_of(&cloid) {
                Some(_) => self.tell_state(cloid),
                None => {
                    let venue_time = at(self.now);
                    self.tell(cloid, Event::Absent { venue_time });
                }
            },
        }
    }

    fn hold(&mut self, intent: Intent, place: Place) {
        let cloid = intent.cloid;
        let filled = 0;
        let stop = intent.leg == Leg::StopLoss && place == Place::Works;
        let closes = matches!(intent.terms, Terms::Limit { .. });
        let beyond = self.now < self.beyond_until;
        if stop && (closes || beyond) {
            let nobody = closes && self.now < self.dry_until;
            let refused = !closes && self.chance.percent(50);
            if self.position + self.manual == 0 || nobody || refused {
                self.shaken = self.shaken.max(self.now);
                let step = Step::Refuse;
                self.tell(cloid, Event::Plain { step });
                return;
            }
        }
        self.venue.insert(
            cloid,
            There {
                intent,
                place,
                filled,
            },
        );
        if stop && (closes || beyond) {
            self.fire(cloid);
            return;
        }
        self.tell_state(cloid);
        self.sweep();
    }

    /// A stop is set off: filled whole, in part or not at all, and what is left of it is gone.
    fn fire(&mut self, cloid: Cloid) {
        let dry = self.now < self.dry_until;
        let wanted = if dry {
            0
        } else if self.faulty(50) {
            1 + self.chance.below(4)
        } else {
            1_000
        };
        self.fill(cloid, wanted);
        let there = self.venue.get(&cloid);
        if there.is_some_and(|it| it.place == Place::Works) {
            self.counts.in_part += u64::from(wanted > 0);
            self.counts.unfilled += u64::from(wanted == 0);
            self.shaken = self.shaken.max(self.now);
            self.end(cloid);
        }
    }

    /// An order goes, and what hangs on it.
    fn end(&mut self, cloid: Cloid) {
        if let Some(there) = self.venue.get_mut(&cloid) {
            there.place = Place::Gone;
        }
        self.tell_state(cloid);
        if cloid == ENTRY {
            let sleeping: Vec<Cloid> = self
                .venue
                .iter()
                .filter(|(_, it)| it.place == Place::Sleeps)
                .map(|(cloid, _)| *cloid)
                .collect();
            for child in sleeping {
                self.end(child);
            }
        }
    }

    /// What only reduces, and has nothing to reduce, goes.
    pub(super) fn sweep(&mut self) {
        self.changed = self.now;
        if self.position > 0 {
            return;
        }
        let idle: Vec<Cloid> = self
            .venue
            .iter()
            .filter(|(_, it)| it.intent.reduce_only && it.place == Place::Works)
            .map(|(cloid, _)| *cloid)
            .collect();
        for cloid in idle {
            self.end(cloid);
        }
    }

    fn fill(&mut self, cloid: Cloid, wanted: i64) {
        let Some(there) = self.venue.get_mut(&cloid) else {
            return;
        };
        let sells = there.intent.side == Side::Sell;
        let rest = count(there.intent.size) - there.filled;
        let most = if sells { rest.min(self.position) } else { rest };
        let n = wanted.min(most);
        if n <= 0 || there.place != Place::Works {
            return;
        }
        there.filled += n;
        let whole = there.filled == count(there.intent.size);
        if whole {
            there.place = Place::Gone;
        }
        let before = self.position + self.manual;
        self.position += if sells { -n } else { n };
        if sells {
            self.reduced = self.now;
        }
        assert!(self.position >= 0, "an exit turned the position round");
        self.counts.fills += 1;
        self.counts.partial += u64::from(cloid == ENTRY && !whole);
        let side = if sells { Side::Sell } else { Side::Buy };
        self.trade_by(Some(cloid), 0, (side, n, before));
        if whole {
            self.tell_state(cloid);
        }
        if cloid == ENTRY && whole {
            for there in self.venue.values_mut() {
                if there.place == Place::Sleeps {
                    there.place = Place::Works;
                }
            }
        }
        self.sweep();
    }

    /// Chance at the venue: the entry is filled a little, the stops fire, the profit is taken.
    pub(super) fn live(&mut self) {
        if self.chance.percent(6) {
            let n = 1 + self.chance.below(4);
            self.fill(ENTRY, n);
        }
        if self.now > 2_000 && self.chance.below(1_500) == 0 && self.position > 0 {
            self.counts.fired += 1;
            self.beyond_until = self.now + self.chance.below(6_000);
            if self.chance.percent(40) {
                self.dry_until = self.now + self.chance.below(12_000);
            }
            let stops: Vec<Cloid> = self
                .venue
                .iter()
                .filter(|(_, it)| it.intent.leg == Leg::StopLoss && it.place == Place::Works)
                .map(|(cloid, _)| *cloid)
                .collect();
            for stop in stops {
                self.fire(stop);
            }
        }
        if self.chance.below(3_000) == 0 {
            let n = 1 + self.chance.below(20);
            self.fill(TAKE, n);
        }
    }
}
