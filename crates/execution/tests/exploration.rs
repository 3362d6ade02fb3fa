//! Every state that an order of two lots can reach together with a venue and a wire that do their worst.
//!
//! The wire loses, delays, reorders and repeats; the venue accepts, refuses, fills, cancels, and answers some orders that it accepted with an
//! error; our process dies at every point and keeps only what was on disk. Breadth first, without chance: each state is visited once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeSet, HashMap, VecDeque};

use hypersentry_execution::order::{Event, Intent, Leg, Order, Side, State, Step, Terms, Tif};
use hypersentry_model::{Price, Size, Symbol, Timestamp};

const LOTS: u8 = 2;
const CRASHES: u8 = 2;
/// Messages that are on their way to us at once; the wire loses what is beyond.
const MOST_ON_THE_WAY: usize = 3;
const EXPIRES_MS: i64 = 1_000;

/// The truth.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
enum AtVenue {
    Nothing,
    Resting { filled: u8 },
    Filled,
    Cancelled { filled: u8 },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
enum Told {
    Ack,
    Refusal,
    /// An error that says nothing: a 502, or words that no document has.
    Error,
    Fill(u8),
    Cancelled(u8),
    CancelDoubt,
}

#[derive(Clone, Debug, Eq, PartialEq, Hash)]
struct World {
    /// Nothing when the process died before the intent was on disk.
    order: Option<Order>,
    on_disk: bool,
    request: bool,
    cancel: bool,
    on_the_way: BTreeSet<Told>,
    venue: AtVenue,
    accepted: u8,
    expired: bool,
    crashes: u8,
}

fn size(lots: u8) -> Size {
    Size::from_units(i128::from(lots))
}

fn intent() -> Intent {
    Intent {
        cloid: [3; 16],
        group: [3; 16],
        leg: Leg::Single,
        terms: Terms::Limit {
            px: Price::from_units(50_000_000_000_000_000),
            tif: Tif::Gtc,
        },
        symbol: Symbol::new("BTC").unwrap(),
        side: Side::Sell,
        size: size(LOTS),
        reduce_only: false,
        expires_after: Timestamp::from_ms(EXPIRES_MS),
        replaces: None,
    }
}

fn at() -> Timestamp {
    Timestamp::from_ms(1)
}

impl World {
    fn start() -> Self {
        Self {
            order: Some(Order::new(intent(), at()).unwrap()),
            on_disk: false,
            request: false,
            cancel: false,
            on_the_way: BTreeSet::new(),
            venue: AtVenue::Nothing,
            accepted: 0,
            expired: false,
            crashes: 0,
        }
    }

    fn state(&self) -> Option<State> {
        self.order.as_ref().map(Order::state)
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    /// One event; nothing that this wire and this venue can say may be refused.
    fn heard(&self, events: &[Event]) -> Self {
        self.with(|next| {
            if let Some(order) = &mut next.order {
                for event in events {
                    let taken = order.apply(at(), event);
                    taken.unwrap_or_else(|refused| panic!("{refused} {event:?}\n{self:#?}"));
                }
            }
        })
    }

    fn step(&self, step: Step) -> Self {
        self.heard(&[Event::Plain { step }])
    }

    fn says(&self, told: Told) -> Self {
        self.with(|next| {
            if next.on_the_way.len() < MOST_ON_THE_WAY {
                next.on_the_way.insert(told);
            }
        })
    }

    fn ours(&self, out: &mut Vec<Self>) {
        match self.state() {
            Some(State::Created) => {
                out.extend([self.step(Step::PassRisk), self.step(Step::FailRisk)]);
            }
            Some(State::RiskPassed) => {
                out.push(self.step(Step::FailLog));
                out.push(self.step(Step::LogIntent).with(|next| next.on_disk = true));
            }
            Some(State::IntentLogged) => {
                out.push(self.step(Step::NotSend));
                out.push(self.step(Step::Send).with(|next| next.request = true));
            }
            Some(State::Sent) => out.push(self.step(Step::LoseReply)),
            Some(State::Acked | State::PartiallyFilled) => {
                out.push(self.step(Step::SendCancel).with(|next| next.cancel = true));
            }
            Some(State::Cancelling) => out.push(self.step(Step::DoubtCancel)),
            Some(State::Unknown) => out.extend(self.asked()),
            _ => {}
        }
        if self.crashes < CRASHES && self.order.is_some() {
            out.push(self.with(|next| {
                next.crashes += 1;
                // Connections die with us; what is on its way to the venue may still get there.
                next.on_the_way.clear();
                next.order = next
                    .on_disk
                    .then(|| Order::recovered(intent(), at()).unwrap());
            }));
        }
    }

    /// What the venue answers when it is asked for the order by its id.
    fn asked(&self) -> Option<Self> {
        let fills = |filled: u8| {
            (0..filled).map(|id| Event::Filled {
                id: u64::from(id),
                size: size(1),
            })
        };
        match self.venue {
            AtVenue::Nothing => {
                let past = i64::from(self.expired);
                let venue_time = Timestamp::from_ms(EXPIRES_MS + past);
                let mut order = self.order.clone()?;
                // Taken too early it would end an order that still arrives; `check` would see that.
                order
                    .apply(at(), &Event::Absent { venue_time })
                    .is_ok()
                    .then(|| self.with(|next| next.order = Some(order)))
            }
            AtVenue::Resting { filled } => Some(self.heard(&[Event::Resting {
                filled: size(filled),
            }])),
            AtVenue::Filled => Some(self.heard(&fills(LOTS).collect::<Vec<_>>())),
            AtVenue::Cancelled { filled } => Some(self.heard(&[Event::Cancelled {
                filled: size(filled),
            }])),
        }
    }

    fn venues(&self, out: &mut Vec<Self>) {
        if self.request {
            let arrived = self.with(|next| next.request = false);
            out.push(arrived.clone());
            out.push(arrived.says(Told::Refusal));
            if !self.expired {
                let taken = arrived.with(|next| {
                    next.accepted += 1;
                    next.venue = AtVenue::Resting { filled: 0 };
                });
                out.extend([
                    taken.clone(),
                    taken.says(Told::Ack),
                    taken.says(Told::Error),
                ]);
            }
        }
        if let AtVenue::Resting { filled } = self.venue {
            let more = filled + 1;
            let traded = self.with(|next| {
                next.venue = if more == LOTS {
                    AtVenue::Filled
                } else {
                    AtVenue::Resting { filled: more }
                };
            });
            out.extend([traded.says(Told::Fill(filled)), traded]);
            // By our cancel, or by the venue's own will.
            let gone = self.with(|next| next.venue = AtVenue::Cancelled { filled });
            out.extend([gone.says(Told::Cancelled(filled)), gone]);
        }
        if self.cancel {
            let arrived = self.with(|next| next.cancel = false);
            match self.venue {
                AtVenue::Resting { filled } => {
                    let gone = arrived.with(|next| next.venue = AtVenue::Cancelled { filled });
                    out.push(gone.says(Told::Cancelled(filled)));
                }
                _ => out.push(arrived.says(Told::CancelDoubt)),
            }
            out.push(arrived);
        }
        if !self.expired {
            out.push(self.with(|next| next.expired = true));
        }
    }

    fn wires(&self, out: &mut Vec<Self>) {
        for told in &self.on_the_way {
            let lost = self.with(|next| {
                next.on_the_way.remove(told);
            });
            let event = match *told {
                Told::Ack => Event::Plain { step: Step::Ack },
                Told::Refusal => Event::Plain { step: Step::Refuse },
                Told::Error => Event::Plain {
                    step: Step::LoseReply,
                },
                Told::Fill(id) => Event::Filled {
                    id: u64::from(id),
                    size: size(1),
                },
                Told::Cancelled(filled) => Event::Cancelled {
                    filled: size(filled),
                },
                Told::CancelDoubt => Event::Plain {
                    step: Step::DoubtCancel,
                },
            };
            // Once, and once more later.
            out.extend([lost.heard(&[event]), self.heard(&[event]), lost]);
        }
    }

    fn check(&self) {
        assert!(self.accepted <= 1, "two orders: {self:#?}");
        let Some(order) = &self.order else {
            let never = !self.request && self.venue == AtVenue::Nothing;
            assert!(never, "an order that nobody knows of: {self:#?}");
            return;
        };
        let same = match order.state() {
            State::Created | State::RiskPassed | State::IntentLogged => {
                self.venue == AtVenue::Nothing && !self.request
            }
            State::Filled => self.venue == AtVenue::Filled && order.filled() == size(LOTS),
            State::Cancelled => {
                matches!(self.venue, AtVenue::Cancelled { filled } if order.filled() == size(filled))
            }
            // And it can no longer come to be.
            State::Rejected | State::Expired => {
                self.venue == AtVenue::Nothing && (!self.request || self.expired)
            }
            _ => true,
        };
        assert!(same, "the venue knows better: {self:#?}");
    }
}

#[test]
fn nothing_is_doubled_lost_or_wrong_in_any_reachable_state() {
    let mut worlds = vec![World::start()];
    let mut numbers = HashMap::from([(World::start(), 0_usize)]);
    let mut came_from: Vec<Vec<usize>> = vec![vec![]];
    let mut seen = BTreeSet::new();
    let mut at = 0;
    let mut steps = 0_usize;
    while at < worlds.len() {
        let world = worlds[at].clone();
        world.check();
        seen.extend(world.state());
        let mut next = Vec::new();
        world.ours(&mut next);
        world.venues(&mut next);
        world.wires(&mut next);
        for world in next {
            steps += 1;
            let number = *numbers.entry(world.clone()).or_insert_with(|| {
                worlds.push(world);
                came_from.push(vec![]);
                worlds.len() - 1
            });
            came_from[number].push(at);
        }
        at += 1;
    }
    // From an end backwards: everything must lie on a way to one.
    let mut ends: VecDeque<usize> = (0..worlds.len())
        .filter(|number| worlds[*number].state().is_none_or(State::is_terminal))
        .collect();
    let mut can_end = vec![false; worlds.len()];
    while let Some(number) = ends.pop_front() {
        if !std::mem::replace(&mut can_end[number], true) {
            ends.extend(&came_from[number]);
        }
    }
    let stuck = can_end.iter().position(|ends| !ends);
    assert!(
        stuck.is_none(),
        "no way out: {:#?}",
        worlds[stuck.unwrap_or(0)]
    );
    println!("{} states, {steps} steps, every one checked", worlds.len());
    assert_eq!(
        seen,
        BTreeSet::from(State::ALL),
        "not every state was reached"
    );
}
