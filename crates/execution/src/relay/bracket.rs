//! A bracket as one: an entry, its exits, and stops of our own where the venue has none that works.
//!
//! Hyperliquid puts the exits of a `normalTpsl` group to work when the entry is filled whole. While a part of it rests they sleep, and when the rest is
//! cancelled they go (Hyperliquid docs, Trading > Take profit and stop loss orders). So with the first fill a stop of our own is placed for what
//! was filled, another one for each further fill, and they are given up when the venue's own works. All of them only reduce: two stops for one
//! position close it once.
//!
//! What counts is what the venue is known to hold: an order that is on its way is waited for, and does not protect. What ended of itself, and what was
//! found in the log, is compared with the position first ([`super::held`]).

use hypersentry_model::{Price, Size, Symbol, Timestamp};

use super::gauge::Gauge;
use super::trades::Trades;
use super::words::{Output, Record};
use super::{Live, MOST_LIVE, MOST_WAITING, Relay, Then};
use crate::audit::sha256;
use crate::keys::{Key, Seen};
use crate::order::{Change, Cloid, Event, Intent, Leg, Order, Side, State, Step, Terms, Tif};

/// How long the venue may take a stop of ours, by its clock.
const LIFE_MS: i64 = 15_000;
/// Between two attempts at a stop that is missing.
const RETRY_MS: i64 = 1_000;
/// A stop whose answer does not come is asked about after so long, while something is without one.
const DOUBT_MS: i64 = 700;
/// Shorter than this it is told when it is over, and not before.
const TOLD_AFTER_MS: i64 = 100;
/// Stops of ours that live in one bracket; with one more all of them are made one.
const MOST_GUARDS: usize = 8;
/// The longest between two attempts; it doubles with each that failed.
const PACE_MS: i64 = 8_000;

/// What a bracket's filled size has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cover {
    /// How long something filled was without a stop at the venue, so far, by our clock from when the fill was heard of; nothing where nothing was filled.
    pub naked_ms: Option<i64>,
    /// Whether all that was filled and not closed has one now.
    pub protected: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Bracket {
    /// The stop as it was sent with the entry.
    pub(super) child: Cloid,
    /// Where the stop was asked for last, and before that, should it be refused there.
    pub(super) terms: Terms,
    former: Option<Terms>,
    pub(super) symbol: Symbol,
    /// Of its stop.
    pub(super) side: Side,
    /// Stops of ours so far: their names.
    made: u32,
    /// Attempts in a row that left nothing at the venue.
    pub(super) failed: u32,
    tried: Option<Timestamp>,
    filled: bool,
    pub(super) since: Option<Timestamp>,
    /// Whether it was told that it is naked.
    told: bool,
    naked_ns: i64,
    /// Somebody took the stop away: no other is placed.
    pub(super) taken: bool,
    /// Since when it is not known whether what was filled is still held: a stop ended that nobody took away, or the process began. No other is placed
    /// until the venue's position was seen, as it was later than that.
    pub(super) doubt: Option<Timestamp>,
    /// Found in the log, and its orders and its position were not seen since.
    pub(super) found: bool,
    /// When a leg last changed, or was filled.
    pub(super) changed: Timestamp,
    /// The next attempt closes at this price or better: the market is beyond the trigger.
    pub(super) close: Option<Price>,
    /// What was filled and closed elsewhere, in units.
    pub(super) settled: i128,
    /// How much of that was seen last, and when.
    pub(super) settling: Option<(Timestamp, i128)>,
    /// What the log holds of it: taken, settled.
    pub(super) kept: (bool, i128),
    /// What trades say of it.
    pub(super) trades: Trades,
}

impl Bracket {
    /// Whether the time for another attempt has come.
    pub(super) fn may_try(&self, now: Timestamp) -> bool {
        let pace = RETRY_MS << self.failed.saturating_sub(1).min(4);
        let soon = |at: Timestamp| now < at.plus_ms(pace.min(PACE_MS)) && now >= at;
        !(self.failed > 0 && self.tried.is_some_and(soon))
    }
}

impl Relay {
    /// What the filled size of an entry has, if it was sent with a stop.
    pub fn cover(&self, entry: &Cloid, now: Timestamp) -> Option<Cover> {
        let order = self.order(entry)?;
        if order.intent().leg != Leg::Entry {
            return None;
        }
        let bracket = self.brackets.get(&order.intent().group)?;
        let running = bracket.since.map_or(0, |since| now.ns_since(since).max(0));
        Some(Cover {
            naked_ms: bracket
                .filled
                .then_some((bracket.naked_ns + running) / 1_000_000),
            protected: bracket.since.is_none(),
        })
    }

    /// Takes up a bracket: an order that is a stop of the group that an entry leads.
    pub(super) fn enrol(&mut self, intent: &Intent, is_guard: bool, now: Timestamp) {
        if intent.leg != Leg::StopLoss {
            return;
        }
        let entry = self.order(&intent.group).map(|it| it.intent().leg);
        if entry != Some(Leg::Entry) {
            return;
        }
        match self.brackets.get_mut(&intent.group) {
            None => {
                let bracket = Bracket {
                    child: intent.cloid,
                    terms: intent.terms,
                    former: None,
                    symbol: intent.symbol,
                    side: intent.side,
                    made: 0,
                    failed: 0,
                    tried: None,
                    filled: false,
                    since: None,
                    told: false,
                    naked_ns: 0,
                    taken: false,
                    doubt: None,
                    found: false,
                    changed: now,
                    close: None,
                    settled: 0,
                    settling: None,
                    kept: (false, 0),
                    trades: Trades::default(),
                };
                self.brackets.insert(intent.group, bracket);
            }
            Some(bracket) if is_guard => bracket.made += 1,
            Some(bracket) => {
                bracket.former = Some(bracket.terms).filter(|terms| *terms != intent.terms);
                bracket.terms = intent.terms;
                bracket.taken = false;
                bracket.doubt = bracket.doubt.filter(|_| bracket.found);
            }
        }
        self.stirred.insert(intent.group);
    }

    /// Somebody takes a stop away: that is theirs to decide, and no other is put there.
    pub(super) fn take_away(&mut self, cloid: &Cloid) {
        let intent = self.order(cloid).map(Order::intent);
        let intent = intent.filter(|it| it.leg == Leg::StopLoss);
        let Some(group) = intent.map(|it| it.group) else {
            return;
        };
        if let Some(bracket) = self.brackets.get_mut(&group) {
            bracket.taken = true;
            self.stirred.insert(group);
        }
    }

    /// All stops are taken away with everything else.
    pub(super) fn take_all_away(&mut self) {
        for bracket in self.brackets.values_mut() {
            bracket.taken = true;
        }
        self.stirred.extend(self.brackets.keys());
    }

    /// Looks after the brackets of which something changed.
    pub(super) fn tend(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        for group in std::mem::take(&mut self.stirred) {
            if let Some(bracket) = self.brackets.remove(&group) {
                let bracket = self.tend_one(now, group, bracket, out);
                if self.orders.contains_key(&group) {
                    self.brackets.insert(group, bracket);
                }
            }
        }
    }

    fn tend_one(
        &mut self,
        now: Timestamp,
        group: Cloid,
        mut bracket: Bracket,
        out: &mut Vec<Output>,
    ) -> Bracket {
        let mut gauge = self.gauge(&group, &bracket);
        self.closed_elsewhere(now, &mut bracket, &mut gauge);
        let lacks = gauge.needed - gauge.coming;
        if gauge.needed == 0 && !bracket.found {
            bracket.doubt = None;
        }
        let known = !self.unmatched && bracket.doubt.is_none();
        if lacks > 0 && known && !bracket.taken && self.may_guard(now, &bracket) {
            bracket.tried = Some(now);
            // One stop for all instead of many: the others go when it stands.
            let size = if gauge.living >= MOST_GUARDS && bracket.close.is_none() {
                gauge.needed
            } else {
                lacks
            };
            if gauge.living <= MOST_GUARDS {
                self.guard(now, group, &mut bracket, Size::from_units(size), out);
            }
        }
        bracket.close = None;
        if gauge.needed == 0
            && gauge.ended
            && bracket.trades.most() == Some(0)
            && !bracket.found
            && !gauge.unsure
        {
            // Closed elsewhere. What is opened next in this market is not its own, and must not meet its exits.
            for cloid in &gauge.exits {
                self.want_cancel(*cloid);
            }
        }
        // Of what was found in the log not all is known yet: a stop that seems superfluous may be the one that is needed.
        if gauge.placed >= gauge.needed && !bracket.found {
            for cloid in &gauge.outdated {
                self.want_cancel(*cloid);
            }
            let mut spare = gauge.placed - gauge.needed;
            // The oldest are the smallest: a later one may stand for several.
            for (cloid, left) in &gauge.guards {
                if *left <= spare {
                    spare -= left;
                    self.want_cancel(*cloid);
                }
            }
        }
        self.time_naked(now, group, &mut bracket, &gauge, out);
        self.keep(group, &mut bracket, out);
        bracket
    }

    fn may_guard(&self, now: Timestamp, bracket: &Bracket) -> bool {
        let room = self.open.len() < MOST_LIVE && self.waiting.len() < MOST_WAITING;
        room && bracket.may_try(now) && !self.log_broken
    }

    fn time_naked(
        &self,
        now: Timestamp,
        group: Cloid,
        bracket: &mut Bracket,
        gauge: &Gauge,
        out: &mut Vec<Output>,
    ) {
        let naked = gauge.needed > gauge.proven;
        bracket.filled |= gauge.needed > 0;
        let running = bracket.since.map_or(0, |since| now.ns_since(since).max(0));
        let told = match (bracket.since, naked) {
            (None, true) => {
                bracket.since = Some(now);
                false
            }
            (Some(_), true) => {
                let long = running >= TOLD_AFTER_MS * 1_000_000 && !bracket.told;
                bracket.told |= long;
                long
            }
            (Some(_), false) => {
                bracket.since = None;
                bracket.told = false;
                bracket.naked_ns += running;
                true
            }
            (None, false) => false,
        };
        let so_far = bracket.naked_ns + if naked { running } else { 0 };
        if told {
            let entry = self.heir(&group);
            out.push(Output::Cover {
                entry,
                naked,
                naked_ms: so_far / 1_000_000,
                size: Size::from_units((gauge.needed - gauge.proven).max(0)),
                given_up: bracket.taken,
            });
        }
    }

    /// Places a stop of ours, or closes where the market is beyond it. It was checked with the bracket that it belongs to: it is the stop that was asked
    /// for, for a part of its size.
    fn guard(
        &mut self,
        now: Timestamp,
        group: Cloid,
        bracket: &mut Bracket,
        size: Size,
        out: &mut Vec<Output>,
    ) {
        let number = bracket.made;
        bracket.made += 1;
        // With the time, for the numbers of what was forgotten are given again.
        let time = now.ns().to_be_bytes();
        let digest = sha256(&[b"hypersentry-guard\n", &group, &number.to_be_bytes(), &time]);
        let mut cloid = [0; 16];
        cloid.copy_from_slice(&digest[..16]);
        let entry: String = group.iter().map(|byte| format!("{byte:02x}")).collect();
        let Ok(key) = Key::new(&format!("{GUARD}{entry}-{number}")) else {
            return;
        };
        let terms = bracket
            .close
            .map_or(bracket.terms, |px| Terms::Limit { px, tif: Tif::Ioc });
        let intent = Intent {
            cloid,
            group,
            leg: Leg::StopLoss,
            terms,
            symbol: bracket.symbol,
            side: bracket.side,
            size,
            reduce_only: true,
            expires_after: now.plus_ms(LIFE_MS + self.venue_ahead_ms),
            replaces: None,
        };
        let Ok(mut order) = Order::new(intent.clone(), now) else {
            return;
        };
        let step = Step::PassRisk;
        let passed = order.apply(now, &Event::Plain { step });
        // A trader may have given this name to a request: the next number is tried.
        let free = !self.orders.contains_key(&cloid)
            && self.keys.submit(&key, digest, group, now) == Ok(Seen::First);
        let (Ok(change), true) = (passed, free) else {
            return;
        };
        self.groups.entry(group).or_default().push(cloid);
        self.open.insert(cloid);
        let mut live = Live::new(order, key.clone());
        live.guard = true;
        self.orders.insert(cloid, live);
        let then = Then::Send(vec![cloid]);
        let body = digest;
        let failed = bracket.failed;
        out.push(Output::Guarded { cloid, failed });
        out.push(Output::Changed { cloid, change });
        self.log(Record::Intent { key, body, intent }, then, out);
    }

    /// A leg of a bracket was heard of; whether more of it was filled than was known.
    pub(super) fn stir(&mut self, now: Timestamp, cloid: Cloid, change: Change, grew: bool) {
        let Some(live) = self.orders.get(&cloid) else {
            return;
        };
        let (intent, wanted) = (live.order.intent(), live.order.cancel_wanted());
        let (group, leg, terms) = (intent.group, intent.leg, intent.terms);
        let guard = live.guard;
        let Some(bracket) = self.brackets.get_mut(&group) else {
            return;
        };
        self.stirred.insert(group);
        if grew || change.from != change.to {
            bracket.changed = now;
        }
        if grew && leg != Leg::Entry {
            bracket.unsettle(now);
        }
        let Some(bracket) = self.brackets.get(&group) else {
            return;
        };
        if leg != Leg::StopLoss || change.from == change.to {
            return;
        }
        let child = self.is_child(bracket, &live.order);
        let gauge = self.gauge(&group, bracket);
        // The venue takes its own away with the rest of an entry; and a change takes an old one away.
        let ours = wanted || self.replaced.contains_key(&cloid) || (child && !gauge.whole);
        let Some(bracket) = self.brackets.get_mut(&group) else {
            return;
        };
        let waits = matches!(terms, Terms::Trigger { .. });
        match change.to {
            State::Acked | State::PartiallyFilled if waits => bracket.failed = 0,
            State::Filled => bracket.failed = 0,
            State::Rejected => {
                bracket.failed = bracket.failed.saturating_add(1);
                if terms == bracket.terms
                    && let Some(former) = bracket.former.take()
                {
                    bracket.terms = former;
                }
                if guard {
                    // The price may be beyond it, or nothing may be held: that is looked at first.
                    bracket.doubt = Some(now);
                }
            }
            State::Expired => bracket.failed = bracket.failed.saturating_add(1),
            State::Cancelled if !ours => {
                let before = if change.filled.is_positive() {
                    0
                } else {
                    bracket.failed
                };
                bracket.failed = before.saturating_add(1);
                bracket.doubt = Some(now);
            }
            _ => {}
        }
    }

    /// Asks for stops on their way while something is without one.
    pub(super) fn doubt_stops(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let naked = self.brackets.iter().filter(|(_, it)| it.since.is_some());
        let naked: Vec<Cloid> = naked.map(|(group, _)| *group).collect();
        for group in naked {
            self.stirred.insert(group);
            for cloid in self.groups.get(&group).cloned().unwrap_or_default() {
                let Some(live) = self.orders.get_mut(&cloid) else {
                    continue;
                };
                let waits = live.order.state() == State::Sent
                    && live.order.intent().leg == Leg::StopLoss
                    && now >= live.order.since().plus_ms(DOUBT_MS);
                if waits && live.asked.is_none_or(|at| now >= at.plus_ms(DOUBT_MS)) {
                    live.asked = Some(now);
                    out.push(Output::Ask { cloid });
                }
            }
        }
    }
}

/// How the keys of our own stops begin.
const GUARD: &str = "guard-";

/// Whether what the log holds is a stop of our own. Keys are the asker's to choose and may begin alike; only of ours the request begins with the order's id.
pub(super) fn is_guard(key: &Key, body: &[u8; 32], cloid: &Cloid) -> bool {
    key.as_str().starts_with(GUARD) && body.starts_with(cloid)
}
