//! Private events under random schedules: none is lost unsaid, none comes twice or out of order, and numbers count what their recipient was sent.

use super::{Access, Begun, MAX_KEPT};
use crate::encoded::Encoded;
use crate::hub::Hub;
use crate::message::{PrivateChannels, ResumePoint};
use crate::planes::{Chance, START_MS, fresh, plan};
use crate::queue::{MAX_PRIVATE, Queue, Taken};
use hypersentry_model::{ManualClock, Owner, Private, StreamKey, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Which accounts the user may view.
#[derive(Debug, Default)]
struct Granted(Mutex<BTreeSet<&'static str>>);

impl Access for Granted {
    fn views(&self, user: &str, account: &str) -> bool {
        user == "b" && self.0.lock().unwrap().contains(account)
    }

    fn viewed(&self, user: &str) -> Vec<String> {
        let held = self.0.lock().unwrap();
        let held = held.iter().filter(|_| user == "b");
        held.map(|account| (*account).to_owned()).collect()
    }
}

fn channels() -> PrivateChannels {
    let names = json!(["private.execution", "private.account"]);
    PrivateChannels::read(Some(&names)).unwrap()
}

const ACCOUNTS: [&str; 2] = ["one", "two"];

/// What was said last to somebody: its owner, its stream.
type Key = (Owner, StreamKey);

/// Everything that the user was to be sent since it asked first: owner, stream, place, and a number that tells the event.
#[derive(Default)]
struct Truth {
    said: Vec<(Key, u64, u64)>,
    places: BTreeMap<StreamKey, u64>,
    at: BTreeMap<(StreamKey, u64), usize>,
    /// What was said last, whoever may see it.
    newest: BTreeMap<Key, u64>,
    /// Of these, what the user was sent something of.
    told: BTreeSet<Key>,
}

impl Truth {
    fn send(&mut self, key: Key, event: u64) {
        let place = self.places.entry(key.1).or_default();
        *place += 1;
        self.at.insert((key.1, *place), self.said.len());
        self.said.push((key.clone(), *place, event));
        self.told.insert(key);
    }
}

/// A client that checks what it hears against the truth.
struct Reader {
    hub: Hub,
    granted: Arc<Granted>,
    truth: Truth,
    seat: Option<(u64, Arc<Queue>)>,
    /// The last event that it has.
    at: Option<usize>,
    /// Events from here on must follow one by one; those before are states.
    live_from: usize,
    /// It was told that something is missing.
    ended: bool,
    events: u64,
    counts: BTreeMap<&'static str, u64>,
}

impl Reader {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_ms(START_MS)));
        let (hub, granted) = (fresh(&clock), Arc::new(Granted::default()));
        hub.admit(Arc::clone(&granted) as Arc<dyn Access>);
        Self {
            hub,
            granted,
            truth: Truth::default(),
            seat: None,
            at: None,
            live_from: 0,
            ended: true,
            events: 0,
            counts: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn say(&mut self, chance: &mut Chance) {
        let owner = match chance.below(4) {
            0 => Owner::User("b".into()),
            // Of others, whose events leave no trace.
            1 => Owner::User("a".into()),
            n => Owner::Account(ACCOUNTS[n as usize - 2].into()),
        };
        let symbol = ["BTC", "ETH", "SOL"][chance.below(3) as usize];
        self.events += 1;
        let event = plan(symbol, &self.events.to_string(), START_MS, 99);
        let key = (owner.clone(), event.stream());
        if self.sees(&owner) {
            self.truth.send(key.clone(), self.events);
        }
        self.truth.newest.insert(key, self.events);
        self.hub.deliver(Private { owner, event });
    }

    fn sees(&self, owner: &Owner) -> bool {
        match owner {
            Owner::User(user) => user == "b",
            Owner::Account(account) => self.granted.views("b", account),
        }
    }

    /// Takes a grant, or gives it.
    fn turn(&mut self, account: &'static str) {
        let withdrawn = self.granted.0.lock().unwrap().remove(account);
        if !withdrawn {
            self.granted.0.lock().unwrap().insert(account);
        }
        self.hub.recheck();
        if withdrawn {
            let told = std::mem::take(&mut self.truth.told);
            self.truth.told = told.into_iter().filter(|key| self.sees(&key.0)).collect();
        }
    }

    /// Joins, and goes on where it was if it was anywhere.
    fn join(&mut self, chance: &mut Chance) {
        self.leave();
        let (id, queue) = self.hub.join(Some(Owner::User("b".into()))).unwrap();
        let point = self.at.map(|at| ResumePoint {
            run_id: "R".into(),
            stream: self.truth.said[at].0.1,
            seq: self.truth.said[at].1,
        });
        let point = point.filter(|_| chance.below(5) > 0);
        // What it may see by now, and was never sent, is new to it.
        for (key, event) in self.truth.newest.clone() {
            if self.sees(&key.0) && !self.truth.told.contains(&key) {
                self.truth.send(key, event);
            }
        }
        let mut begun = None;
        let asked = (channels(), point.as_ref());
        let answered = self.hub.watch_private((id, &queue), asked, |b| {
            begun = Some(b);
            Encoded::text("{}")
        });
        answered.unwrap();
        let next = self.at.map_or(0, |at| at + 1);
        match begun.unwrap() {
            Begun::Resumed => {
                assert!(point.is_some());
                self.count("resumed");
                self.live_from = next;
            }
            Begun::Gap => {
                let following = self.truth.said[next..].iter();
                let hidden = { following }.any(|((owner, _), ..)| !self.sees(owner));
                let many = self.truth.said.len() - next >= MAX_KEPT;
                assert!(hidden || many, "a gap where there is none");
                self.count(if many { "beyond" } else { "hidden" });
                self.live_from = self.truth.said.len();
                self.at = None;
            }
            Begun::Whole => {
                assert!(point.is_none());
                self.live_from = self.truth.said.len();
                self.at = None;
            }
        }
        self.ended = false;
        self.seat = Some((id, queue));
    }

    fn leave(&mut self) {
        if let Some((id, _)) = self.seat.take() {
            self.hub.leave(id);
        }
        self.ended = true;
    }

    fn take(&mut self, most: usize) {
        let Some((_, queue)) = self.seat.clone() else {
            return;
        };
        let mut out = Vec::new();
        let Taken { lost, .. } = self.hub.take(&queue, &mut out, most);
        for message in &out {
            let value: Value = serde_json::from_slice(&message.payload()).unwrap();
            if value["code"] == "grant_withdrawn" {
                self.ended = true;
                self.count("withdrawn");
            }
            if value["event_type"].is_null() {
                continue;
            }
            assert!(!self.ended, "an event after the end");
            let stream: StreamKey = serde_json::from_value(value.clone()).unwrap();
            let place = value["seq"].as_u64().unwrap();
            // Numbers count what b was sent.
            let n = self.truth.at[&(stream, place)];
            let event = self.truth.said[n].2.to_string();
            assert_eq!(value["data"]["requested_usd"], event.as_str());
            assert!(self.at.is_none_or(|at| at < n), "back in time");
            if n >= self.live_from {
                assert_eq!(n, self.live_from, "an event was left out, or came twice");
                self.live_from = n + 1;
            }
            self.at = Some(n);
            self.count("heard");
        }
        if let Some(lost) = lost {
            self.ended = true;
            self.count("lost");
            // The place that is named is that of the last one which it has.
            let named = lost.after.and_then(|m| m.place());
            let has = self.at.map(|at| &self.truth.said[at]);
            let has = has.map(|(key, place, _)| (key.1, *place));
            assert!(named.is_none() || named == has);
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are evidence")]
fn nothing_private_is_lost_unsaid() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..60 {
        let (mut chance, mut b) = (Chance(seed), Reader::new());
        b.granted.0.lock().unwrap().insert("one");
        b.join(&mut chance);
        for _ in 0..120 {
            match chance.below(16) {
                0..=6 => (0..chance.below(20)).for_each(|_| b.say(&mut chance)),
                7 if chance.below(3) == 0 => {
                    (0..2 * MAX_PRIVATE).for_each(|_| b.say(&mut chance));
                }
                8 if chance.below(8) == 0 => (0..2 * MAX_KEPT).for_each(|_| b.say(&mut chance)),
                9 => {
                    b.turn(ACCOUNTS[chance.below(2) as usize]);
                }
                10 => b.join(&mut chance),
                _ => b.take(1 + chance.below(90) as usize),
            }
            if b.ended && chance.below(3) == 0 {
                b.join(&mut chance);
            }
        }
        // In the end nothing is owed.
        b.take(usize::MAX);
        assert!(b.ended || b.live_from == b.truth.said.len(), "seed {seed}");
        for (what, count) in b.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    println!("{counts:?}");
    for what in ["heard", "resumed", "lost", "withdrawn", "hidden", "beyond"] {
        assert!(
            counts.get(what) > Some(&10),
            "{what} too seldom: {counts:?}"
        );
    }
}

#[test]
fn whoever_resumes_late_or_elsewhere_is_told() {
    let mut chance = Chance(7);
    let mut b = Reader::new();
    b.join(&mut chance);
    let (id, queue) = b.seat.clone().unwrap();
    let stream = plan("BTC", "0", START_MS, 1).stream();
    let point = |seq| ResumePoint {
        run_id: "R".into(),
        stream,
        seq,
    };
    // It has begun.
    let late = point(1);
    let refused = b
        .hub
        .watch_private((id, &queue), (channels(), Some(&late)), |_| {
            Encoded::text("")
        });
    assert_eq!(refused.unwrap_err().code, "bad_request");
    // A place that nothing has yet.
    let (id, queue) = b.hub.join(Some(Owner::User("b".into()))).unwrap();
    let mut begun = None;
    let asked = b
        .hub
        .watch_private((id, &queue), (channels(), Some(&point(5))), |b| {
            begun = Some(b);
            Encoded::text("{}")
        });
    asked.unwrap();
    assert_eq!(begun, Some(Begun::Gap));
}
