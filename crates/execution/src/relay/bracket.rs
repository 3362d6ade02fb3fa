//! A bracket as one: an entry, its exits, and stops of our own where the venue has none that works.
//!
//! Hyperliquid puts the exits of a `normalTpsl` group to work when the entry is filled whole. While a part of it rests they sleep, and when the rest is
//! cancelled they go (Hyperliquid docs, Trading > Take profit and stop loss orders). So with the first fill a stop of our own is placed for what
//! was filled, another one for each further fill, and they are given up when the venue's own works. All of them only reduce: two stops for one
//! position close it once.
//!
//! What counts is what the venue is known to hold: an order that is on its way is waited for, and does not protect.

use hypersentry_model::{Size, Symbol, Timestamp};

use super::gauge::Gauge;
use super::words::{Output, Record};
use super::{Live, MOST_LIVE, MOST_WAITING, Relay, Then};
use crate::audit::sha256;
use crate::keys::{Key, Seen};
use crate::order::{Change, Cloid, Event, Intent, Leg, Order, Side, State, Step, Terms};

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
/// Refusals in a row after which no other stop is tried.
const MOST_REFUSED: u32 = 5;

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
    symbol: Symbol,
    side: Side,
    /// Stops of ours so far: their names.
    made: u32,
    refused: u32,
    tried: Option<Timestamp>,
    filled: bool,
    since: Option<Timestamp>,
    /// Whether it was told that it is naked.
    told: bool,
    naked_ns: i64,
    /// Somebody took the stop away: no other is placed.
    taken: bool,
    /// The venue took a stop away, most likely with its position: no other is placed until more is filled.
    gone: bool,
    /// What was filled and closed elsewhere, in units.
    pub(super) settled: i128,
}

impl Bracket {
    fn given_up(&self) -> bool {
        self.taken || self.gone || self.refused >= MOST_REFUSED
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
    pub(super) fn enrol(&mut self, intent: &Intent, is_guard: bool) {
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
                    refused: 0,
                    tried: None,
                    filled: false,
                    since: None,
                    told: false,
                    naked_ns: 0,
                    taken: false,
                    gone: false,
                    settled: 0,
                };
                self.brackets.insert(intent.group, bracket);
            }
            Some(bracket) if is_guard => bracket.made += 1,
            Some(bracket) => {
                bracket.former = Some(bracket.terms).filter(|terms| *terms != intent.terms);
                bracket.terms = intent.terms;
                (bracket.taken, bracket.gone) = (false, false);
            }
        }
        self.stirred.insert(intent.group);
    }

    /// Somebody takes a stop away: that is theirs to decide, and no other is put there.
    pub(super) fn take_away(&mut self, cloid: &Cloid) {
        let group = self.order(cloid).map(Order::intent);
        let group = group.filter(|it| it.leg == Leg::StopLoss);
        if let Some(bracket) = group
            .map(|it| it.group)
            .and_then(|it| self.brackets.get_mut(&it))
        {
            bracket.taken = true;
        }
    }

    /// All stops are taken away with everything else.
    pub(super) fn take_all_away(&mut self) {
        for bracket in self.brackets.values_mut() {
            bracket.taken = true;
        }
        self.stirred.extend(self.brackets.keys());
    }

    /// There is no position in a market any more: what was opened there and has lost its stop needs none.
    pub(super) fn flat(&mut self, symbol: Symbol) {
        let bare = |it: &Bracket| it.symbol == symbol && it.given_up() && it.since.is_some();
        let bare = self.brackets.iter().filter(|(_, it)| bare(it));
        let settled: Vec<(Cloid, i128)> = bare
            .map(|(group, bracket)| (*group, self.gauge(group, bracket).needed))
            .collect();
        for (group, needed) in settled {
            if let Some(bracket) = self.brackets.get_mut(&group) {
                bracket.settled += needed;
                bracket.gone = false;
                self.stirred.insert(group);
            }
        }
    }

    /// Markets in which something that was filled has lost its stop for good.
    pub fn bare(&self) -> Vec<Symbol> {
        let bare = |it: &&Bracket| it.given_up() && it.since.is_some();
        let bare = self.brackets.values().filter(bare);
        bare.map(|bracket| bracket.symbol).collect()
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
        let gauge = self.gauge(&group, &bracket);
        let lacks = gauge.needed - gauge.coming;
        if lacks > 0 && !bracket.given_up() && self.may_guard(now, &bracket) {
            bracket.tried = Some(now);
            // One stop for all instead of many: the others go when it stands.
            let size = if gauge.living >= MOST_GUARDS {
                gauge.needed
            } else {
                lacks
            };
            if gauge.living <= MOST_GUARDS {
                self.guard(now, group, &mut bracket, Size::from_units(size), out);
            }
        }
        if gauge.placed >= gauge.needed {
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
        bracket
    }

    fn may_guard(&self, now: Timestamp, bracket: &Bracket) -> bool {
        let room = self.open.len() < MOST_LIVE && self.waiting.len() < MOST_WAITING;
        let failed = bracket.refused > 0;
        let soon = bracket
            .tried
            .is_some_and(|at| failed && now < at.plus_ms(RETRY_MS));
        room && !soon && !self.log_broken
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
                given_up: bracket.given_up(),
            });
        }
    }

    /// Places a stop of ours. It was checked with the bracket that it belongs to: it is the stop that was asked for, for a part of its size.
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
        let intent = Intent {
            cloid,
            group,
            leg: Leg::StopLoss,
            terms: bracket.terms,
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
        let passed = order.apply(now, &Event::Plain { step }).is_ok();
        // A trader may have given this name to a request: the next number is tried.
        let free = !self.orders.contains_key(&cloid)
            && self.keys.submit(&key, digest, group, now) == Ok(Seen::First);
        if !passed || !free {
            return;
        }
        self.groups.entry(group).or_default().push(cloid);
        self.open.insert(cloid);
        self.orders.insert(cloid, Live::new(order, key.clone()));
        let then = Then::Send(vec![cloid]);
        let body = digest;
        out.push(Output::Guarded { cloid });
        self.log(Record::Intent { key, body, intent }, then, out);
    }

    /// A leg of a bracket changed.
    pub(super) fn stir(&mut self, cloid: Cloid, change: Change) {
        let Some(live) = self.orders.get(&cloid) else {
            return;
        };
        let (intent, wanted) = (live.order.intent(), live.order.cancel_wanted());
        let (group, leg, terms) = (intent.group, intent.leg, intent.terms);
        if !self.brackets.contains_key(&group) {
            return;
        }
        self.stirred.insert(group);
        let filled = matches!(change.step, Some(Step::FillPart | Step::FillAll));
        if leg == Leg::Entry
            && filled
            && let Some(bracket) = self.brackets.get_mut(&group)
        {
            bracket.gone = false;
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
        match change.to {
            State::Acked | State::PartiallyFilled => bracket.refused = 0,
            State::Rejected => {
                bracket.refused += 1;
                if terms == bracket.terms
                    && let Some(former) = bracket.former.take()
                {
                    bracket.terms = former;
                }
            }
            State::Expired => bracket.refused += 1,
            State::Cancelled if !ours => bracket.gone = true,
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
pub(super) const GUARD: &str = "guard-";
