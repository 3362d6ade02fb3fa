//! The relay of one account: from a request to the end of its order.
//!
//! A request is checked, its intent is logged, and only when the log is synced its bytes leave. From then on the order lives by what the
//! venue says; where the venue says nothing it is asked, again and again, until a fact ends the order. After a crash the relay is made from its log:
//! orders that had not ended are asked about and never sent again.
//!
//! Deterministic: [`Relay::step`] takes an input and the time, and gives outputs for the rim.

mod bracket;
mod cancel;
#[cfg(test)]
mod cancel_tests;
mod gauge;
#[cfg(test)]
mod group_tests;
mod held;
#[cfg(test)]
mod held_tests;
mod memory;
mod replace;
#[cfg(test)]
mod replace_tests;
mod submit;
#[cfg(test)]
mod tests;
mod trades;
#[cfg(test)]
mod trades_tests;
mod words;

pub use bracket::Cover;
pub use trades::Trade;
pub use words::{Exit, Held, Input, Output, Part, Record, Refused, Request, Submit};

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_model::Timestamp;

use crate::keys::{Key, KeyError, Keys};
use crate::order::{Cloid, Event, Order, OrderError, State, Step};

/// Orders of an account that have not ended: the venue's own cap on resting ones.
pub const MOST_LIVE: usize = 5_000;
/// Records that wait for the disk.
pub const MOST_WAITING: usize = 1_024;

/// Orders of one request.
pub const MOST_PARTS: usize = 20;

/// Requests that may name one order: its own, and cancels.
const MOST_NAMES: usize = 32;
/// After so long without a reply an order is unknown; a cancel is doubtful.
const REPLY_MS: i64 = 3_000;
/// Between two questions about the same order.
const ASK_EVERY_MS: i64 = 1_000;
/// The same for as long after `expiresAfter`, where an answer that would be a proof does not come.
const ASK_OFTEN_MS: (i64, i64) = (200, 2_000);

/// What happens when a record is on disk.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Then {
    Send(Vec<Cloid>),
    Cancel(Cloid),
    Nothing,
}

#[derive(Clone, Debug)]
struct Live {
    order: Order,
    /// All keys that named it: its own, and those of cancels.
    keys: Vec<Key>,
    asked: Option<Timestamp>,
    /// The venue did not have it when it was asked last, and it may arrive still.
    missing: bool,
    /// From then on, by our clock, the same word would prove that it has no such order.
    proof_at: Option<Timestamp>,
    /// The cancels that were sent, while the order stayed as it was.
    cancels: Option<cancel::Sent>,
    /// Whether it is a stop of our own.
    guard: bool,
}

/// The relay of one account.
#[derive(Clone, Debug, Default)]
pub struct Relay {
    keys: Keys,
    /// As many as there are keys: an order is forgotten with its key.
    orders: BTreeMap<Cloid, Live>,
    /// The orders of each request that had several, by the first; as many as there are keys.
    groups: BTreeMap<Cloid, Vec<Cloid>>,
    /// Those that have not ended.
    open: BTreeSet<Cloid>,
    /// Those of them that are to be cancelled as soon as they are known to rest.
    unwanted: BTreeSet<Cloid>,
    /// The newest order that takes another one's place, by the old one.
    replaced: BTreeMap<Cloid, Cloid>,
    /// Those that are sent when the order whose place they take has ended.
    held: BTreeSet<Cloid>,
    /// Brackets with a stop, by their first entry; as many as there are groups.
    brackets: BTreeMap<Cloid, bracket::Bracket>,
    /// Those of which something changed within this step.
    stirred: BTreeSet<Cloid>,
    /// The venue's clock less ours.
    venue_ahead_ms: i64,
    /// The earliest [`Live::proof_at`].
    due: Option<Timestamp>,
    waiting: BTreeMap<u64, Then>,
    last_seq: u64,
    log_broken: bool,
    killed: bool,
    locked: bool,
    /// Made from a log, and no comparison with the venue has found nothing since.
    unmatched: bool,
}

impl Relay {
    /// An order and where it stands.
    pub fn order(&self, cloid: &Cloid) -> Option<&Order> {
        self.orders.get(cloid).map(|live| &live.order)
    }

    /// When the next [`Input::Tick`] is worth more than those that come anyway, by our clock: then the venue's word that it has no such order proves
    /// it.
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// How many orders are remembered.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Every order that is remembered.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().map(|live| &live.order)
    }

    /// Those that have not ended.
    pub fn living(&self) -> impl Iterator<Item = &Order> {
        let open = self.open.iter();
        open.filter_map(|cloid| self.orders.get(cloid).map(|live| &live.order))
    }

    /// The first order of a request that was made before.
    ///
    /// # Errors
    /// [`KeyError::Conflict`].
    pub fn seen(&self, key: &Key, body: [u8; 32]) -> Result<Option<Cloid>, KeyError> {
        self.keys.seen(key, body)
    }

    /// The first order that a key named, whatever was asked for.
    pub fn named(&self, key: &Key) -> Option<Cloid> {
        self.keys.named(key)
    }

    /// Whether new orders are refused until the account matches the venue.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether what only reduces a position is taken all the same: not before the first comparison after a restart, when a close of the process before may
    /// be under way.
    pub fn may_reduce(&self) -> bool {
        !self.locked || !self.unmatched
    }

    /// Takes an input; adds what is to be done.
    pub fn step(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Submit(submit) => {
                let request = submit.request;
                let result = self.submit(now, *submit, out);
                out.push(Output::Answer { request, result });
            }
            Input::Cancel {
                request,
                key,
                body,
                cloid,
            } => {
                let result = self.cancel(now, key, body, cloid, out);
                out.push(Output::Answer { request, result });
            }
            Input::Synced { seq } => self.synced(now, seq, out),
            Input::LogBroken => self.log_broken(now, out),
            Input::Heard { cloid, event } => self.hear(now, cloid, &event, out),
            Input::Tick => self.tick(now, out),
            Input::Kill { on } => self.kill(on, out),
            Input::Withdraw { cloids } => self.withdraw(&cloids),
            Input::Reconciled { locked } => {
                self.locked = locked;
                self.unmatched &= locked;
            }
            Input::VenueAhead { ms } => self.venue_ahead_ms = ms,
            Input::Held(held) => self.held(now, &held),
            Input::Traded(trade) => self.traded(&trade),
        }
        self.tend(now, out);
        self.cancels(now, out);
    }

    /// Cancels do not wait for the disk here: they take risk away, and the switch must work when the disk does not.
    fn kill(&mut self, on: bool, out: &mut Vec<Output>) {
        self.killed = on;
        if on {
            self.take_all_away();
            let open: Vec<Cloid> = self.open.iter().copied().collect();
            self.withdraw(&open);
        }
        if !self.log_broken {
            self.log(Record::Kill { on }, Then::Nothing, out);
        }
    }

    /// The order of a repeated request.
    fn known(&self, key: &Key, body: [u8; 32]) -> Result<Option<(Cloid, State)>, KeyError> {
        let seen = self.keys.seen(key, body)?;
        Ok(seen.and_then(|cloid| Some((cloid, self.orders.get(&cloid)?.order.state()))))
    }

    fn log(&mut self, record: Record, then: Then, out: &mut Vec<Output>) {
        self.last_seq += 1;
        let seq = self.last_seq;
        self.waiting.insert(seq, then);
        out.push(Output::Log { seq, record });
    }

    fn synced(&mut self, now: Timestamp, seq: u64, out: &mut Vec<Output>) {
        let later = self.waiting.split_off(&seq.saturating_add(1));
        for (_, then) in std::mem::replace(&mut self.waiting, later) {
            match then {
                Then::Send(cloids) => self.send(now, &cloids, out),
                Then::Cancel(cloid) => self.unwant(cloid),
                Then::Nothing => {}
            }
        }
    }

    fn send(&mut self, now: Timestamp, cloids: &[Cloid], out: &mut Vec<Output>) {
        let mut intents = Vec::with_capacity(cloids.len());
        for cloid in cloids {
            if let Some(live) = self.orders.get(cloid) {
                intents.push(live.order.intent().clone());
                self.plain(now, *cloid, Step::LogIntent, out);
            }
        }
        // A switch or the clock may have come between the request and the disk. What was asked for as one is sent as one or not at all.
        let killed = self.killed && !intents.iter().all(|intent| intent.reduce_only);
        let killed = killed || cloids.iter().any(|cloid| self.unwanted.contains(cloid));
        let venue = self.venue_time(now);
        let late = intents.iter().any(|intent| venue >= intent.expires_after);
        if let ([intent], false, false) = (intents.as_slice(), killed, late)
            && let Some(replaces) = intent.replaces
        {
            let intent = intent.clone();
            self.send_replacing(now, intent, replaces, out);
            return;
        }
        let step = if killed || late {
            Step::NotSend
        } else {
            Step::Send
        };
        for intent in &intents {
            self.plain(now, intent.cloid, step, out);
        }
        if step == Step::Send && !intents.is_empty() {
            out.push(Output::Send { intents });
        }
    }

    fn log_broken(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.log_broken = true;
        // What waits was never sent, and never will be; a cancel needs no record.
        for (_, then) in std::mem::take(&mut self.waiting) {
            match then {
                Then::Send(cloids) => {
                    for cloid in cloids {
                        self.plain(now, cloid, Step::FailLog, out);
                    }
                }
                Then::Cancel(cloid) => self.unwant(cloid),
                Then::Nothing => {}
            }
        }
    }

    fn hear(&mut self, now: Timestamp, cloid: Cloid, event: &Event, out: &mut Vec<Output>) {
        let Some(live) = self.orders.get_mut(&cloid) else {
            return;
        };
        let before = live.order.filled();
        match live.order.apply(now, event) {
            Ok(change) => {
                if change.from != change.to {
                    live.asked = None;
                }
                live.missing = false;
                out.push(Output::Changed { cloid, change });
                if !change.from.is_terminal() && change.to.is_terminal() {
                    self.end(now, cloid, out);
                }
                self.give_way(now, cloid, change, out);
                self.stir(now, cloid, change, change.filled > before);
            }
            // Asked too early: it is asked again as soon as the answer can be a proof.
            Err(OrderError::AbsenceUnproven { until }) => {
                live.missing = true;
                if let Event::Absent { venue_time } = event {
                    let left = until.ms().saturating_sub(venue_time.ms());
                    let at = now.plus_ms(left.saturating_add(1));
                    live.proof_at = Some(at);
                    self.due = Some(self.due.map_or(at, |due| due.min(at)));
                }
                self.stirred.insert(live.order.intent().group);
            }
            Err(error) => {
                self.locked = true;
                out.push(Output::Raise { cloid, error });
            }
        }
    }

    /// The venue's clock as it is known; what expires there expires by it.
    fn venue_time(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(self.venue_ahead_ms)
    }

    fn plain(&mut self, now: Timestamp, cloid: Cloid, step: Step, out: &mut Vec<Output>) {
        self.hear(now, cloid, &Event::Plain { step }, out);
    }

    fn end(&mut self, now: Timestamp, cloid: Cloid, out: &mut Vec<Output>) {
        let Some(live) = self.orders.get(&cloid) else {
            return;
        };
        let (state, filled) = (live.order.state(), live.order.filled());
        self.end_keys(cloid, now);
        self.open.remove(&cloid);
        self.unwanted.remove(&cloid);
        if !self.log_broken {
            let at = now;
            self.log(
                Record::Ended {
                    cloid,
                    state,
                    filled,
                    at,
                },
                Then::Nothing,
                out,
            );
        }
    }

    fn tick(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.forget(now);
        self.doubt_stops(now, out);
        let mut late = Vec::new();
        self.due = None;
        let venue = self.venue_time(now);
        for cloid in &self.open {
            let Some(live) = self.orders.get_mut(cloid) else {
                continue;
            };
            // A clock that was set back says nothing of how long it has been: long enough.
            let over = |since: Timestamp, ms: i64| now >= since.plus_ms(ms) || now < since;
            let late_reply = over(live.order.since(), REPLY_MS);
            match live.order.state() {
                State::Sent if late_reply => late.push((*cloid, Step::LoseReply)),
                State::Cancelling if late_reply => late.push((*cloid, Step::DoubtCancel)),
                State::Unknown => {
                    let expires = live.order.intent().expires_after;
                    let (often, span) = ASK_OFTEN_MS;
                    let every = if venue >= expires && venue < expires.plus_ms(span) {
                        often
                    } else {
                        ASK_EVERY_MS
                    };
                    let proves = live.proof_at.take_if(|at| now >= *at).is_some();
                    if proves || live.asked.is_none_or(|asked| over(asked, every)) {
                        live.asked = Some(now);
                        out.push(Output::Ask { cloid: *cloid });
                    }
                    self.due = self.due.into_iter().chain(live.proof_at).min();
                }
                _ => {}
            }
        }
        for (cloid, step) in late {
            self.plain(now, cloid, step, out);
        }
    }
}

impl Live {
    fn new(order: Order, key: Key) -> Self {
        Self {
            order,
            keys: vec![key],
            asked: None,
            missing: false,
            proof_at: None,
            cancels: None,
            guard: false,
        }
    }
}
