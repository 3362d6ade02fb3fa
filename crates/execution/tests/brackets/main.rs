//! Seeded runs of brackets at a venue as Hyperliquid documents it: exits sleep until their entry is filled whole, and go with an entry that is cancelled.
//!
//! The entry is filled bit by bit, or cancelled in the middle; answers and news are lost, late and doubled; stops fire, and are filled whole, in part or
//! not at all; exits are taken, the stop is moved, the position is closed by hand, the switch is thrown, and the process ends and begins anew from what
//! was on disk. At every moment everything that the relay has heard to be filled has a stop that works at the venue, or a request for one is
//! on its way; what a stop left is covered or closed within a bounded time once there is somebody to trade with; no stop ever turns the position round;
//! after a restart none is sent before the account was compared; and none for a bracket that was closed by hand, or whose stop was taken away, also where a
//! position on the same side was opened anew at once, while the process was there or was not.
//!
//! `HYPERSENTRY_BRACKET_RUNS` sets how many runs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test tells what it saw, and is told how long to look"
)]

#[path = "../common/mod.rs"]
mod common;
mod hand;
mod judge;
mod restart;
mod trader;
mod venue;

use common::{Chance, at, lots, seen};
use hypersentry_execution::keys::Key;
use hypersentry_execution::order::{Aim, Cloid, Event, Intent, Leg, Side, State, Terms, Tif};
use hypersentry_execution::relay::{Input, Output, Part, Record, Relay, Submit, Trade};
use hypersentry_execution::risk::{Limits, Liquidation, Market, Pricing, Scope, Standing, Wish};
use hypersentry_model::{Price, Size, Symbol, Usd};
use std::collections::BTreeMap;

const END_MS: i64 = 60_000;
const FAULTS_MS: i64 = 30_000;
const TICK_MS: i64 = 100;
/// Until then everything is known that happened: what is lost comes with the next look.
const KNOWN_MS: i64 = 3_000;

fn count(size: Size) -> i64 {
    i64::try_from(size.units() / 1_000_000_000).unwrap()
}

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Waits for its entry.
    Sleeps,
    /// Rests, or waits for its trigger.
    Works,
    Gone,
}

#[derive(Clone, Debug)]
struct There {
    intent: Intent,
    place: Place,
    filled: i64,
}

enum ToVenue {
    Orders(Vec<Intent>),
    Change(Intent),
    Cancel(Cloid),
    Ask(Cloid),
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    fills: u64,
    partial: u64,
    guards: u64,
    moved: u64,
    lost: u64,
    doubled: u64,
    fired: u64,
    in_part: u64,
    unfilled: u64,
    closed: u64,
    by_hand: u64,
    anew: u64,
    anew_while_down: u64,
    stood: u64,
    restarts: u64,
    kills: u64,
    over: u64,
    cancelled: u64,
    longest_naked_ms: i64,
    most_guards: u64,
}

struct World {
    chance: Chance,
    now: i64,
    relay: Relay,
    disk: Vec<Record>,
    unsynced: Vec<(u64, i64, Record)>,
    /// Looks at the position on their way: when it was asked for, what there was, and whether the market was beyond the stop.
    looks: BTreeMap<(i64, u64), hand::Look>,
    /// What was traded, by whomever; how much of it this process was told in looks; and what is on its way.
    trades: Vec<Trade>,
    told: usize,
    trades_to_us: BTreeMap<(i64, u64), usize>,
    looked: i64,
    /// Whether the account was compared since the process began.
    matched: bool,
    killed_at: Option<i64>,
    /// The switch, or nothing of the bracket's is left: no stop is placed any more.
    over: bool,
    closed_by_hand: bool,
    /// When less of the bracket's was held last.
    reduced: i64,
    /// What the trader holds beside the bracket.
    manual: i64,
    /// Until then nobody takes what a stop sells.
    dry_until: i64,
    /// Until then the price is beyond the stop.
    beyond_until: i64,
    /// When a stop last left something, was refused or lost, or the process had begun and known its orders.
    shaken: i64,
    venue: BTreeMap<Cloid, There>,
    to_venue: BTreeMap<(i64, u64), ToVenue>,
    to_us: BTreeMap<(i64, u64), (Cloid, Event)>,
    number: u64,
    trade: u64,
    position: i64,
    size: i64,
    /// When the venue last changed an order: a stop that was refused then is told late.
    changed: i64,
    counts: Counts,
}

const ENTRY: Cloid = [1; 16];
const TAKE: Cloid = [2; 16];
const STOP: Cloid = [3; 16];

fn exit(cloid: Cloid, leg: Leg, aim: Aim, trigger: &str, size: i64) -> Part {
    let trigger = px(trigger);
    let limit = px("48000");
    Part {
        cloid,
        leg,
        terms: Terms::Trigger {
            trigger,
            px: limit,
            market: true,
            aim,
        },
        wish: Wish {
            symbol: Symbol::new("BTC").unwrap(),
            side: Side::Sell,
            size: lots(size),
            pricing: Pricing::Trigger {
                trigger,
                limit: trigger,
                waits: None,
            },
            reduce_only: true,
            stop: None,
            liquidation: Liquidation::Never,
        },
        replaces: None,
    }
}

fn submit(key: &str, parts: Vec<Part>, now: i64, position: i64) -> Submit {
    let usd = |text: &str| Usd::parse(text).unwrap();
    let limits = Limits {
        order_usd: usd("100000000"),
        symbol_usd: usd("100000000"),
        gross_usd: usd("100000000"),
        leverage_percent: 100_000,
        concentration_bps: 1_000_000,
        orders_per_minute: 10_000,
        orders_per_day: 10_000,
        ..Limits::default()
    };
    Submit {
        request: 1,
        key: Key::new(key).unwrap(),
        body: [7; 32],
        expires_after: at(now + 15_000),
        parts,
        market: Market {
            now: at(now),
            mid: seen(px("50000"), now),
            against: None,
            clock_bound_ms: Some(20),
        },
        scopes: vec![(
            Scope::Account,
            limits,
            Standing {
                equity: seen(usd("1000000"), now),
                position: seen(lots(position), now),
                others: seen(usd("0"), now),
                day_loss: seen(usd("0"), now),
                ..Standing::default()
            },
        )],
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            chance: Chance(seed),
            now: 0,
            relay: Relay::default(),
            disk: Vec::new(),
            unsynced: Vec::new(),
            looks: BTreeMap::new(),
            trades: Vec::new(),
            told: 0,
            trades_to_us: BTreeMap::new(),
            looked: 0,
            matched: true,
            killed_at: None,
            over: false,
            closed_by_hand: false,
            reduced: 0,
            manual: 0,
            dry_until: 0,
            beyond_until: 0,
            shaken: -100_000,
            venue: BTreeMap::new(),
            to_venue: BTreeMap::new(),
            to_us: BTreeMap::new(),
            number: 0,
            trade: 0,
            position: 0,
            size: 0,
            changed: -10_000,
            counts: Counts::default(),
        };
        world.size = 1 + world.chance.below(20);
        world
    }

    fn later(&mut self, most: i64) -> (i64, u64) {
        self.number += 1;
        let away = 1 + self.chance.below(most);
        (self.now + away, self.number)
    }

    fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        self.relay.step(at(self.now), input, &mut out);
        for output in out {
            match output {
                Output::Log { seq, record } => {
                    if let Record::Intent { intent, .. } = &record
                        && intent.leg == Leg::StopLoss
                    {
                        self.counts.most_guards += 1;
                    }
                    let due = self.now + 1 + self.chance.below(20);
                    self.unsynced.push((seq, due, record));
                }
                Output::Send { intents } => self.send(ToVenue::Orders(intents)),
                Output::SendChange { intent } => self.send(ToVenue::Change(intent)),
                Output::SendCancel { cloid } => self.send(ToVenue::Cancel(cloid)),
                Output::Ask { cloid } => self.send(ToVenue::Ask(cloid)),
                Output::Guarded { cloid, .. } => {
                    self.counts.guards += 1;
                    assert!(self.matched, "a stop before the account was compared");
                    assert!(!self.over, "a stop for a bracket that is over");
                    let intent = self.relay.order(&cloid).unwrap().intent();
                    // What was traded may be on its way.
                    assert!(
                        count(intent.size) <= self.position || self.now < self.reduced + KNOWN_MS,
                        "at {}: a stop of {} for what others hold beside {}",
                        self.now,
                        count(intent.size),
                        self.position
                    );
                    let closes = matches!(intent.terms, Terms::Limit { .. });
                    self.counts.closed += u64::from(closes);
                }
                Output::Raise { cloid, error } => panic!("{cloid:?}: {error}"),
                Output::Answer { result, .. } => {
                    if let Err(refused) = result {
                        let code = refused.code();
                        let locked = code == "trading_locked" && !self.matched;
                        assert!(locked || code == "order_not_resting", "{refused}");
                    }
                }
                Output::Changed { .. } | Output::Cover { .. } => {}
            }
        }
    }

    fn faulty(&mut self, percent: i64) -> bool {
        self.now < FAULTS_MS && self.chance.percent(percent)
    }

    fn send(&mut self, what: ToVenue) {
        if self.faulty(10) {
            self.counts.lost += 1;
            self.shaken = self.shaken.max(self.now);
            return;
        }
        let when = self.later(80);
        self.to_venue.insert(when, what);
    }

    /// News may be late, doubled and in another order; of what is lost the answers to questions tell again.
    fn tell(&mut self, cloid: Cloid, event: Event) {
        if self.faulty(10) {
            self.counts.lost += 1;
            return;
        }
        let when = self.later(120);
        self.to_us.insert(when, (cloid, event));
        if self.faulty(10) {
            self.counts.doubled += 1;
            let when = self.later(400);
            self.to_us.insert(when, (cloid, event));
        }
    }

    fn state_of(&self, cloid: &Cloid) -> Option<Event> {
        let there = self.venue.get(cloid)?;
        let filled = lots(there.filled);
        Some(match there.place {
            Place::Gone if there.filled < count(there.intent.size) => Event::Cancelled { filled },
            _ => Event::Resting { filled },
        })
    }

    fn tell_state(&mut self, cloid: Cloid) {
        if let Some(event) = self.state_of(&cloid) {
            self.tell(cloid, event);
        }
    }

    fn run(&mut self, seed: u64) {
        let entry_px = px("49990");
        let entry = Part {
            cloid: ENTRY,
            leg: Leg::Entry,
            terms: Terms::Limit {
                px: entry_px,
                tif: Tif::Gtc,
            },
            wish: Wish {
                symbol: Symbol::new("BTC").unwrap(),
                side: Side::Buy,
                size: lots(self.size),
                pricing: Pricing::Limit { limit: entry_px },
                reduce_only: false,
                stop: Some(px("49000")),
                liquidation: Liquidation::Never,
            },
            replaces: None,
        };
        let take = exit(TAKE, Leg::TakeProfit, Aim::Take, "52000", self.size);
        let stop = exit(STOP, Leg::StopLoss, Aim::Stop, "49000", self.size);
        let submit = submit("b", vec![entry, take, stop], 0, 0);
        self.step(Input::Submit(Box::new(submit)));
        while self.now < END_MS {
            self.now += 10;
            let due = self.now;
            self.sync();
            self.hear_looks();
            while let Some(entry) = self.to_venue.first_entry() {
                if entry.key().0 > due {
                    break;
                }
                let what = entry.remove();
                self.take(what);
            }
            while let Some(entry) = self.to_us.first_entry() {
                if entry.key().0 > due {
                    break;
                }
                let (cloid, event) = entry.remove();
                self.hear(cloid, event);
            }
            self.hear_trades();
            if self.now < FAULTS_MS {
                self.live();
                self.trade();
                self.disturb();
            }
            if self.now % TICK_MS == 0 {
                self.step(Input::Tick);
                self.ask_position();
                // What a look at the whole account says now and then.
                if self.now % 2_000 == 0 {
                    self.look();
                }
            }
            self.check(seed);
        }
        self.settled(seed);
    }

    fn hear(&mut self, cloid: Cloid, event: Event) {
        // The rim leaves out what is older than what is known.
        let order = self.relay.order(&cloid);
        if let (Event::Resting { filled }, Some(order)) = (event, order)
            && filled < order.filled()
        {
            return;
        }
        self.step(Input::Heard { cloid, event });
    }

    fn look(&mut self) {
        self.tell_trades(self.trades.len());
        let known: Vec<Cloid> = self.relay.orders().map(|it| it.intent().cloid).collect();
        for cloid in known {
            let state = self.relay.order(&cloid).map(|it| it.state());
            let asked = matches!(
                state,
                Some(State::Acked | State::PartiallyFilled | State::Cancelling)
            );
            if let (true, Some(event)) = (asked, self.state_of(&cloid)) {
                self.hear(cloid, event);
            }
        }
        self.compare();
        self.see_whole();
    }
}

#[test]
fn what_is_filled_is_never_without_a_stop_but_while_one_is_on_its_way() {
    let runs = std::env::var("HYPERSENTRY_BRACKET_RUNS").ok();
    let runs: u64 = runs.and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let mut sum = Counts::default();
    for seed in 0..runs {
        let caught = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            world.run(seed);
            world.counts
        });
        let it = caught.unwrap_or_else(|_| panic!("seed {seed}"));
        sum.fills += it.fills;
        sum.partial += it.partial;
        sum.guards += it.guards;
        sum.moved += it.moved;
        sum.lost += it.lost;
        sum.doubled += it.doubled;
        sum.fired += it.fired;
        sum.in_part += it.in_part;
        sum.unfilled += it.unfilled;
        sum.closed += it.closed;
        sum.by_hand += it.by_hand;
        sum.anew += it.anew;
        sum.anew_while_down += it.anew_while_down;
        sum.stood += it.stood;
        sum.restarts += it.restarts;
        sum.kills += it.kills;
        sum.over += it.over;
        sum.cancelled += it.cancelled;
        sum.longest_naked_ms = sum.longest_naked_ms.max(it.longest_naked_ms);
        sum.most_guards = sum.most_guards.max(it.most_guards);
    }
    println!("{runs} brackets: {sum:?}");
    assert!(sum.guards > 0 && sum.moved > 0 && sum.fired > 0);
    for seen in [
        sum.in_part,
        sum.unfilled,
        sum.closed,
        sum.by_hand,
        sum.anew,
        sum.anew_while_down,
        sum.stood,
        sum.restarts,
        sum.kills,
        sum.over,
    ] {
        assert!(seen > runs / 100, "{sum:?}");
    }
}
