//! Seeded runs of the relay with a venue, a wire, a disk and a client, all of them bad.
//!
//! At a crash only what was synced survives, and a random part of what was not. Then the same relay is made from its log. The venue may refuse,
//! accept and answer with 429 or 5xx, answer so without accepting, lose replies, answer late, tell its stream late, twice or in another order, leave the
//! stream half-open, and be away for maintenance. After 20 s the faults end; a client that repeats its requests all the while must find each of its
//! orders once, in the state in which the venue has it.
//!
//! `HYPERSENTRY_CRASH_RUNS` sets how many runs; a hundred thousand take a minute.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test tells what it saw, and is told how long to look"
)]

mod common;

use common::{Chance, at, lots, seen};
use std::collections::{BTreeMap, BTreeSet};

use hypersentry_execution::keys::Key;
use hypersentry_execution::order::{Cloid, Event, Intent, Leg, Side, State, Step, Terms, Tif};
use hypersentry_execution::relay::{Input, Output, Part, Record, Relay, Submit};
use hypersentry_execution::risk::{Limits, Liquidation, Market, Pricing, Scope, Standing, Wish};
use hypersentry_model::{Price, Size, Symbol, Usd};

const FAULTS_MS: i64 = 20_000;
const END_MS: i64 = 120_000;
const TICK_MS: i64 = 100;
const LIFE_MS: i64 = 15_000;
/// When the relay gives a reply up.
const REPLY_MS: i64 = 3_000;

/// How the venue's word comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Reply,
    Stream,
}

/// What the venue holds of an order.
struct There {
    intent: Intent,
    filled: i64,
    gone: bool,
}

enum ToVenue {
    Order(Intent),
    Cancel(Cloid),
    Ask(Cloid),
}

#[derive(Default, Debug, Clone, Copy)]
struct Counts {
    orders: u64,
    crashes: u64,
    lost: u64,
    doubled: u64,
    doubled_fills: u64,
    reordered: u64,
    /// Replies that came after the relay had given them up.
    late_replies: u64,
    /// Words of the stream that a half-open connection kept.
    half_open: u64,
    /// Orders that the venue had and answered with an error.
    false_errors: u64,
    too_many: u64,
    server_errors: u64,
    maintenance: u64,
    unknown: u64,
    longest_unknown_ms: i64,
    ends: [u64; 4],
    resting: u64,
}

struct Wanted {
    key: Key,
    cloid: Cloid,
    size: i64,
    from: i64,
    cancel_at: Option<i64>,
    expires: i64,
    /// Whether a request was ever answered with an order.
    taken: bool,
}

struct World {
    chance: Chance,
    now: i64,
    relay: Relay,
    disk: Vec<Record>,
    unsynced: Vec<(u64, Record)>,
    sync_at: Option<i64>,
    venue: BTreeMap<Cloid, There>,
    sent: BTreeMap<Cloid, u32>,
    /// By time and a number, so that nothing is overwritten and ties have an order.
    to_venue: BTreeMap<(i64, u64), ToVenue>,
    to_us: BTreeMap<(i64, u64), (Cloid, Event)>,
    /// The newest of what was told us.
    newest: u64,
    number: u64,
    wanted: Vec<Wanted>,
    away_until: i64,
    half_open_until: i64,
    unknown_since: BTreeMap<Cloid, i64>,
    counts: Counts,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let orders = 1 + chance.below(3);
        let wanted = (0..orders)
            .map(|n| {
                let from = chance.below(8_000);
                Wanted {
                    key: Key::new(&format!("key-{n}")).unwrap(),
                    cloid: [n as u8 + 1; 16],
                    size: 1 + chance.below(4),
                    from,
                    cancel_at: chance.percent(60).then(|| from + chance.below(12_000)),
                    expires: from + LIFE_MS,
                    taken: false,
                }
            })
            .collect();
        Self {
            chance,
            now: 0,
            relay: Relay::default(),
            disk: vec![],
            unsynced: vec![],
            sync_at: None,
            venue: BTreeMap::new(),
            sent: BTreeMap::new(),
            to_venue: BTreeMap::new(),
            to_us: BTreeMap::new(),
            newest: 0,
            number: 0,
            wanted,
            away_until: 0,
            half_open_until: 0,
            unknown_since: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    fn faults(&self) -> bool {
        self.now < FAULTS_MS
    }

    fn delay(&mut self) -> i64 {
        let most = if self.faults() && self.chance.percent(10) {
            6_000
        } else {
            120
        };
        self.now + 1 + self.chance.below(most)
    }

    /// Tells us of an order: late, not at all, or twice.
    fn tell(&mut self, cloid: Cloid, event: Event, by: By) {
        if by == By::Stream && self.now < self.half_open_until {
            self.counts.half_open += 1;
            return;
        }
        if self.faults() && self.chance.percent(15) {
            self.counts.lost += 1;
            return;
        }
        // A request has one answer; a stream may repeat itself.
        let copies = if by == By::Stream && self.faults() && self.chance.percent(20) {
            2
        } else {
            1
        };
        self.counts.doubled += copies - 1;
        if matches!(event, Event::Filled { .. }) {
            self.counts.doubled_fills += copies - 1;
        }
        for _ in 0..copies {
            let at = self.delay();
            self.counts.late_replies += u64::from(by == By::Reply && at > self.now + REPLY_MS);
            self.number += 1;
            self.to_us.insert((at, self.number), (cloid, event));
        }
    }

    fn post(&mut self, message: ToVenue) {
        if self.faults() && self.chance.percent(12) {
            self.counts.lost += 1;
            return;
        }
        let at = self.delay();
        self.number += 1;
        self.to_venue.insert((at, self.number), message);
    }

    fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        self.relay.step(at(self.now), input, &mut out);
        for output in out {
            match output {
                Output::Log { seq, record } => {
                    self.unsynced.push((seq, record));
                    if self.sync_at.is_none() {
                        self.sync_at = Some(self.now + 1 + self.chance.below(20));
                    }
                }
                Output::Send { intents } => {
                    for intent in intents {
                        *self.sent.entry(intent.cloid).or_default() += 1;
                        let logged = self.disk.iter().any(
                        |record| matches!(record, Record::Intent { intent: kept, .. } if kept.cloid == intent.cloid),
                    );
                        assert!(logged, "sent before it was on disk");
                        self.post(ToVenue::Order(intent));
                    }
                }
                Output::SendCancel { cloid } => self.post(ToVenue::Cancel(cloid)),
                Output::Ask { cloid } => self.post(ToVenue::Ask(cloid)),
                Output::Changed { cloid, change } => {
                    if change.to == State::Unknown {
                        self.unknown_since.entry(cloid).or_insert(self.now);
                    } else if let Some(since) = self.unknown_since.remove(&cloid) {
                        self.counts.unknown += 1;
                        let lasted = self.now - since;
                        self.counts.longest_unknown_ms = self.counts.longest_unknown_ms.max(lasted);
                    }
                }
                Output::Raise { cloid, error } => panic!("{cloid:?}: {error}"),
                Output::Answer { .. } | Output::Guarded { .. } | Output::Cover { .. } => {}
                Output::SendChange { .. } => panic!("nobody changes an order here"),
            }
        }
    }

    fn client(&mut self) {
        for index in 0..self.wanted.len() {
            let wanted = &self.wanted[index];
            if self.now >= wanted.from && self.chance.percent(5) {
                let cloid = wanted.cloid;
                let submit = submit(wanted, self.now);
                let known = self.relay.order(&cloid).is_some();
                // A late request would only be refused by the venue.
                if known || self.now < wanted.expires {
                    self.step(Input::Submit(Box::new(submit)));
                }
                self.wanted[index].taken |= self.relay.order(&cloid).is_some();
            }
            let wanted = &self.wanted[index];
            if wanted.cancel_at.is_some_and(|at| self.now >= at) && self.chance.percent(5) {
                let key = Key::new(&format!("cancel-{index}")).unwrap();
                let (cloid, body) = (wanted.cloid, [9; 32]);
                let request = 0;
                self.step(Input::Cancel {
                    request,
                    key,
                    body,
                    cloid,
                });
            }
        }
    }

    fn crash(&mut self) {
        self.counts.crashes += 1;
        let kept = self.chance.below(self.unsynced.len() as i64 + 1) as usize;
        self.disk
            .extend(self.unsynced.drain(..).take(kept).map(|(_, record)| record));
        self.sync_at = None;
        self.to_us.clear();
        self.unknown_since.clear();
        let down = self.chance.below(3_000);
        self.now += down;
        self.relay = Relay::recovered(self.disk.clone(), at(self.now));
        let unknown = self
            .relay
            .orders()
            .filter(|order| order.state() == State::Unknown);
        self.unknown_since = unknown
            .map(|order| (order.intent().cloid, self.now))
            .collect();
        // The comparison with the venue is another room's matter; here it finds nothing.
        self.step(Input::Reconciled { locked: false });
    }

    fn at_venue(&mut self, message: ToVenue) {
        let away = self.now < self.away_until;
        match message {
            ToVenue::Order(intent) => {
                let cloid = intent.cloid;
                let ends = at(self.now) > intent.expires_after;
                // A refusal is documented; every other error says nothing.
                let faulty = self.faults();
                let (refuse, counted) = if away {
                    (Step::LoseReply, Some(&mut self.counts.maintenance))
                } else if ends || self.chance.percent(5) {
                    (Step::Refuse, None)
                } else if faulty && self.chance.percent(5) {
                    (Step::LoseReply, Some(&mut self.counts.too_many))
                } else if faulty && self.chance.percent(5) {
                    (Step::LoseReply, Some(&mut self.counts.server_errors))
                } else {
                    (Step::Ack, None)
                };
                if let Some(counted) = counted {
                    *counted += 1;
                }
                if refuse != Step::Ack {
                    self.tell(cloid, Event::Plain { step: refuse }, By::Reply);
                    return;
                }
                let before = self.venue.insert(
                    cloid,
                    There {
                        intent,
                        filled: 0,
                        gone: false,
                    },
                );
                assert!(before.is_none(), "the venue has two orders of one intent");
                let step = if self.faults() && self.chance.percent(15) {
                    self.counts.false_errors += 1;
                    Step::LoseReply
                } else {
                    Step::Ack
                };
                self.tell(cloid, Event::Plain { step }, By::Reply);
                // What rests is on the stream too.
                let filled = Size::ZERO;
                self.tell(cloid, Event::Resting { filled }, By::Stream);
            }
            ToVenue::Cancel(cloid) => {
                let there = self
                    .venue
                    .get_mut(&cloid)
                    .filter(|there| !there.gone && !away);
                if let Some(there) = there {
                    there.gone = true;
                    let filled = lots(there.filled);
                    self.tell(cloid, Event::Cancelled { filled }, By::Reply);
                    self.tell(cloid, Event::Cancelled { filled }, By::Stream);
                } else {
                    let step = Step::DoubtCancel;
                    self.tell(cloid, Event::Plain { step }, By::Reply);
                }
            }
            ToVenue::Ask(cloid) if !away => {
                let event = match self.venue.get(&cloid) {
                    None => Event::Absent {
                        venue_time: at(self.now),
                    },
                    Some(there) if there.gone && lots(there.filled) < there.intent.size => {
                        Event::Cancelled {
                            filled: lots(there.filled),
                        }
                    }
                    Some(there) => Event::Resting {
                        filled: lots(there.filled),
                    },
                };
                self.tell(cloid, event, By::Reply);
            }
            ToVenue::Ask(_) => {}
        }
    }

    fn market(&mut self) {
        let cloids: Vec<Cloid> = self.venue.keys().copied().collect();
        for cloid in cloids {
            if !self.chance.percent(2) {
                continue;
            }
            let Some(there) = self.venue.get_mut(&cloid).filter(|there| !there.gone) else {
                continue;
            };
            there.filled += 1;
            let all = lots(there.filled) == there.intent.size;
            there.gone = all;
            let id = u64::from(cloid[0]) * 100 + there.filled.unsigned_abs();
            self.tell(cloid, Event::Filled { id, size: lots(1) }, By::Stream);
        }
    }

    fn run(mut self) -> Counts {
        while self.now < END_MS {
            self.now += TICK_MS;
            while let Some(entry) = self
                .to_venue
                .first_entry()
                .filter(|entry| entry.key().0 <= self.now)
            {
                let message = entry.remove();
                self.at_venue(message);
            }
            while let Some(entry) = self
                .to_us
                .first_entry()
                .filter(|entry| entry.key().0 <= self.now)
            {
                let number = entry.key().1;
                let (cloid, event) = entry.remove();
                self.counts.reordered += u64::from(number < self.newest);
                self.newest = self.newest.max(number);
                self.step(Input::Heard { cloid, event });
            }
            if self.sync_at.is_some_and(|at| at <= self.now) {
                self.sync_at = None;
                if let Some((seq, _)) = self.unsynced.last() {
                    let seq = *seq;
                    self.disk
                        .extend(self.unsynced.drain(..).map(|(_, record)| record));
                    self.step(Input::Synced { seq });
                }
            }
            self.market();
            self.client();
            self.step(Input::Tick);
            if self.faults() && self.chance.percent(2) {
                self.crash();
            }
            if self.faults() && self.chance.percent(1) {
                self.away_until = self.now + self.chance.below(4_000);
            }
            if self.faults() && self.chance.percent(1) {
                self.half_open_until = self.now + self.chance.below(8_000);
            }
            if self.now > FAULTS_MS + LIFE_MS && self.settled() {
                break;
            }
        }
        self.judge();
        self.counts
    }

    fn settled(&self) -> bool {
        self.to_us.is_empty()
            && self.to_venue.is_empty()
            && self.unsynced.is_empty()
            && self.relay.orders().all(|order| {
                order.state().is_terminal()
                    || (order.state() != State::Unknown && !order.cancel_due())
            })
    }

    /// Zero duplicates, zero lost, zero wrong ends.
    fn judge(&mut self) {
        for (cloid, times) in &self.sent {
            assert_eq!(*times, 1, "{cloid:?} was sent {times} times");
        }
        for cloid in self.venue.keys() {
            assert!(
                self.relay.order(cloid).is_some(),
                "the venue has an order that is forgotten"
            );
        }
        let mut ids = BTreeSet::new();
        for wanted in &self.wanted {
            let Some(order) = self.relay.order(&wanted.cloid) else {
                // Its request died before the disk, and was not repeated in time.
                assert!(!self.sent.contains_key(&wanted.cloid));
                continue;
            };
            self.counts.orders += 1;
            assert!(ids.insert(order.intent().cloid));
            let there = self.venue.get(&wanted.cloid);
            let filled = there.map_or(0, |there| there.filled);
            let gone = there.is_some_and(|there| there.gone);
            let (index, right) = match order.state() {
                State::Filled => (0, there.is_some() && filled == wanted.size),
                State::Cancelled => (1, gone && filled < wanted.size),
                State::Rejected => (2, there.is_none()),
                State::Expired => (3, there.is_none()),
                State::Acked | State::PartiallyFilled => {
                    self.counts.resting += 1;
                    // What was lost of its fills is for the comparison with the venue to find.
                    assert!(
                        there.is_some(),
                        "{wanted:?} rests nowhere",
                        wanted = wanted.cloid
                    );
                    continue;
                }
                state => panic!("{:?} is {state:?} at the end", wanted.cloid),
            };
            assert!(
                right,
                "{:?} is {:?}, and the venue has {filled}, gone {gone}",
                wanted.cloid,
                order.state()
            );
            assert_eq!(order.filled(), lots(filled), "{:?}", wanted.cloid);
            self.counts.ends[index] += 1;
        }
    }
}

fn submit(wanted: &Wanted, now: i64) -> Submit {
    let px = Price::parse("50000").unwrap();
    let usd = |text| Usd::parse(text).unwrap();
    Submit {
        request: 1,
        key: wanted.key.clone(),
        body: [7; 32],
        expires_after: at(wanted.expires),
        parts: vec![Part {
            cloid: wanted.cloid,
            leg: Leg::Single,
            terms: Terms::Limit { px, tif: Tif::Gtc },
            wish: Wish {
                symbol: Symbol::new("BTC").unwrap(),
                side: Side::Buy,
                size: lots(wanted.size),
                pricing: Pricing::Limit { limit: px },
                reduce_only: false,
                stop: None,
                liquidation: Liquidation::Never,
            },
            replaces: None,
        }],
        market: Market {
            now: at(now),
            mid: seen(px, now),
            against: None,
            clock_bound_ms: Some(20),
        },
        scopes: vec![(
            Scope::Account,
            Limits::default(),
            Standing {
                equity: seen(usd("10000"), now),
                position: seen(Size::ZERO, now),
                others: seen(usd("0"), now),
                day_loss: seen(usd("0"), now),
                ..Standing::default()
            },
        )],
    }
}

#[test]
fn crashes_and_a_bad_venue_double_and_lose_nothing() {
    let runs = std::env::var("HYPERSENTRY_CRASH_RUNS");
    let runs: u64 = runs
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(20_000);
    let mut sum = Counts::default();
    for seed in 0..runs {
        let caught = std::panic::catch_unwind(|| World::new(seed).run());
        let counts = caught.unwrap_or_else(|_| panic!("seed {seed}"));
        sum.orders += counts.orders;
        sum.crashes += counts.crashes;
        sum.lost += counts.lost;
        sum.doubled += counts.doubled;
        sum.doubled_fills += counts.doubled_fills;
        sum.reordered += counts.reordered;
        sum.late_replies += counts.late_replies;
        sum.half_open += counts.half_open;
        sum.false_errors += counts.false_errors;
        sum.too_many += counts.too_many;
        sum.server_errors += counts.server_errors;
        sum.maintenance += counts.maintenance;
        sum.unknown += counts.unknown;
        sum.resting += counts.resting;
        sum.longest_unknown_ms = sum.longest_unknown_ms.max(counts.longest_unknown_ms);
        for (all, one) in sum.ends.iter_mut().zip(counts.ends) {
            *all += one;
        }
    }
    println!("{runs} runs: {sum:?}; ends are filled, cancelled, rejected, expired");
    // A test in which nothing went wrong shows nothing.
    assert!(sum.crashes > runs && sum.lost > runs && sum.doubled > runs / 4);
    for seen in [
        sum.doubled_fills,
        sum.reordered,
        sum.late_replies,
        sum.half_open,
        sum.too_many,
        sum.server_errors,
        sum.maintenance,
    ] {
        assert!(seen > runs / 100, "{sum:?}");
    }
    assert!(sum.false_errors > 0 && sum.unknown > 0 && sum.ends.iter().all(|count| *count > 0));
}
