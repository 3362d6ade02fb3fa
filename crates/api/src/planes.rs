//! What is said to one is heard by nobody else, and what is heard has no hole: the fan-out under random schedules.

use crate::encoded::Encoded;
use crate::hub::Hub;
use crate::message::{Channels, PrivateChannels};
use crate::plane::Access;
use crate::queue::{MAX_MESSAGES, Queue};
use bytes::Bytes;
use hypersentry_engine::account::AccountEvent;
use hypersentry_engine::startup::Relayed;
use hypersentry_engine::{Prepared, Publication};
use hypersentry_model::agg::AggUpdate;
use hypersentry_model::{
    Envelope, EventType, ManualClock, Owner, Private, Public, Source, Symbol, Timestamp, Venue,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Schedules of the test of non-interference.
const SCHEDULES: u64 = 10_000;

/// Steps of each.
const STEPS: usize = 24;

pub(crate) const START_MS: i64 = 1_700_000_000_000;

const SYMBOLS: [&str; 2] = ["BTC", "ETH"];

/// Seeded chance (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn update(symbol: &str, version: u64, kind: &str, at_ms: i64) -> Publication {
    let data = json!({
        "kind": kind, "version": version, "now_ms": at_ms,
        "base_version": (kind == "delta" && version > 1).then(|| version - 1),
        "price": {"v": version.to_string(), "as_of": at_ms, "proved_at": at_ms, "age_limit_ms": 3_000, "state": "fresh"},
    });
    let data: AggUpdate = serde_json::from_value(data).unwrap();
    Publication::Agg(Box::new(Envelope {
        event_type: EventType::AggUpdate,
        symbol: Symbol::new(symbol).unwrap(),
        ts_ms: at_ms,
        source: Source::Venue(Venue::Hyperliquid),
        seq: version,
        data,
    }))
}

/// The market: what was said so far of each symbol.
#[derive(Default)]
struct Market(BTreeMap<&'static str, u64>);

impl Market {
    /// Says so much at once; the last of each symbol with the state after all.
    fn say(&mut self, hub: &Hub, symbols: &[&'static str], at_ms: i64) {
        let mut said: Vec<Relayed> = Vec::new();
        for symbol in symbols {
            let version = self.0.entry(symbol).or_default();
            *version += 1;
            let kind = if *version == 1 { "snapshot" } else { "delta" };
            said.push(Relayed::Told {
                publication: update(symbol, *version, kind, at_ms),
                snapshot: None,
            });
        }
        for (symbol, version) in &self.0 {
            let of_symbol = Symbol::new(symbol).unwrap();
            let last = said.iter_mut().rev().find_map(|r| match r {
                Relayed::Told {
                    publication,
                    snapshot,
                } if publication.stream().symbol == of_symbol => Some(snapshot),
                _ => None,
            });
            if let Some(snapshot) = last {
                *snapshot = Some(update(symbol, *version, "snapshot", at_ms));
            }
        }
        hub.publish(Public(said));
    }
}

fn secret(chance: &mut Chance, symbol: &str, at_ms: i64, seq: u64) -> AccountEvent {
    plan(
        symbol,
        &format!("{}.5", chance.below(1_000_000)),
        at_ms,
        seq,
    )
}

/// A plan for an order of that size in USD.
pub(crate) fn plan(symbol: &str, size: &str, at_ms: i64, seq: u64) -> AccountEvent {
    let data = json!({
        "ts_source": "receive", "now_ms": at_ms, "run_id": "R", "mode": "live", "state": "blocked",
        "direction": "BUY", "strategy": null, "urgency": null, "requested_usd": size, "total_usd": "0", "total_sz": "0",
        "slices": [], "slippage": null, "guard": {"safe": false, "checks": []}, "refusals": [],
    });
    AccountEvent::Plan(Box::new(Envelope {
        event_type: EventType::ExecPlan,
        symbol: Symbol::new(symbol).unwrap(),
        ts_ms: at_ms,
        source: Source::Account,
        seq,
        data: serde_json::from_value(data).unwrap(),
    }))
}

/// A client and all that it heard.
struct Client {
    owner: Option<Owner>,
    seat: Option<(u64, Arc<Queue>)>,
    heard: Vec<Bytes>,
}

impl Client {
    fn new(owner: Option<&str>) -> Self {
        Self {
            owner: owner.map(|name| Owner::User(name.to_owned())),
            seat: None,
            heard: Vec::new(),
        }
    }

    fn join(&mut self, hub: &Hub, symbols: &[&str], logged_in: bool) {
        let (id, queue) = hub.join(self.owner.clone().filter(|_| logged_in)).unwrap();
        for symbol in symbols {
            let symbol = Symbol::new(symbol).unwrap();
            let answer = Encoded::text("{}");
            assert!(hub.watch((id, &queue), symbol, Channels::MARKET, answer));
        }
        let names = json!(["private.execution", "private.account"]);
        let private = PrivateChannels::read(Some(&names)).unwrap();
        let answered = hub.watch_private((id, &queue), (private, None), |_| Encoded::text("{}"));
        assert_eq!(answered.is_ok(), logged_in);
        self.seat = Some((id, queue));
    }

    fn leave(&mut self, hub: &Hub) {
        if let Some((id, _)) = self.seat.take() {
            hub.leave(id);
        }
    }

    fn take(&mut self, hub: &Hub, most: usize) {
        if let Some((_, queue)) = &self.seat {
            let mut out = Vec::new();
            hub.take(queue, &mut out, most);
            let messages = out.iter().flat_map(Encoded::messages);
            self.heard.extend(messages.map(|m| m.frame().clone()));
        }
    }
}

/// Each has an account.
#[derive(Debug)]
struct OneEach;

impl Access for OneEach {
    fn views(&self, user: &str, account: &str) -> bool {
        account == format!("account of {user}")
    }

    fn viewed(&self, user: &str) -> Vec<String> {
        vec![format!("account of {user}")]
    }
}

/// One schedule; what A does and what is A's alone comes from `secrets`. What A, B and somebody without a name heard.
fn world(hub: &Hub, clock: &ManualClock, schedule: u64, secrets: u64) -> [Vec<Bytes>; 3] {
    let (mut chance, mut hidden) = (Chance(schedule), Chance(secrets));
    let mut market = Market::default();
    let mut clients = [
        Client::new(Some("a")),
        Client::new(Some("b")),
        Client::new(None),
    ];
    clients[1].join(hub, &SYMBOLS, true);
    clients[2].join(hub, &SYMBOLS, false);
    let mut seq = 0;
    for _ in 0..STEPS {
        let at_ms = clock_ms(clock);
        // What is A's: its comings and goings, its logins and expiries, its reading, its plans.
        for _ in 0..hidden.below(4) {
            seq += 1;
            let a = &mut clients[0];
            match hidden.below(6) {
                0 => a.leave(hub),
                1 | 2 => {
                    a.leave(hub);
                    a.join(hub, &SYMBOLS[..1], hidden.below(4) > 0);
                }
                3 => a.take(hub, 1 + hidden.below(9) as usize),
                n => {
                    let event = secret(&mut hidden, "BTC", at_ms, seq);
                    let owner = match n {
                        4 => Owner::User("a".to_owned()),
                        _ => Owner::Account("account of a".to_owned()),
                    };
                    hub.deliver(Private { owner, event });
                }
            }
        }
        match chance.below(9) {
            0..=3 => {
                let said: Vec<&str> = (0..=chance.below(4))
                    .map(|_| SYMBOLS[chance.below(2) as usize])
                    .collect();
                market.say(hub, &said, at_ms);
            }
            4 => {
                // It expires, or a new token takes its place.
                let (b, logged_in) = (&mut clients[1], chance.below(2) == 0);
                b.leave(hub);
                b.join(hub, &SYMBOLS, logged_in);
            }
            5 => {
                clients[2].leave(hub);
                clients[2].join(hub, &SYMBOLS, false);
            }
            6 => {
                // In the same stream as what is A's.
                let event = secret(&mut chance, "BTC", at_ms, 1);
                let owner = match chance.below(2) {
                    0 => Owner::User("b".to_owned()),
                    _ => Owner::Account("account of b".to_owned()),
                };
                hub.deliver(Private { owner, event });
            }
            n => clients[n as usize - 6].take(hub, 1 + chance.below(9) as usize),
        }
        let step = Timestamp::from_ms(at_ms + chance.below(30) as i64);
        clock.advance_to(step);
    }
    for client in &mut clients {
        client.take(hub, usize::MAX);
        client.leave(hub);
    }
    clients.map(|client| client.heard)
}

fn clock_ms(clock: &ManualClock) -> i64 {
    hypersentry_model::Clock::now(clock).ms()
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are evidence")]
fn nobody_learns_of_anothers_secrets() {
    let (mut differed, mut private) = (0, 0);
    for schedule in 0..SCHEDULES {
        let run = |secrets: u64| {
            let clock = Arc::new(ManualClock::new(Timestamp::from_ms(START_MS)));
            let hub = fresh(&clock);
            hub.admit(Arc::new(OneEach));
            world(&hub, &clock, schedule, secrets)
        };
        let [one, other] = [run(2 * schedule + 1), run(u64::MAX - schedule)];
        differed += usize::from(one[0] != other[0]);
        for n in [1, 2] {
            assert_eq!(one[n], other[n], "schedule {schedule}, client {n}");
        }
        private += one[1].iter().filter(|m| holds(m, "exec_plan")).count();
        assert!(!one[2].iter().any(|m| holds(m, "exec_plan")));
    }
    // The schedules are no empty ones: A heard other things, and B its own.
    println!(
        "{SCHEDULES} schedules: A's differed in {differed}, B heard {private} private events of its own"
    );
    assert!(differed > SCHEDULES as usize / 2 && private > 1_000);
}

/// A hub as new. The desk of one recording serves all of them: nothing here asks the engine.
pub(crate) fn fresh(clock: &Arc<ManualClock>) -> Hub {
    use std::sync::OnceLock;
    static PREPARED: OnceLock<(hypersentry_engine::Desk, hypersentry_engine::CoreConfig)> =
        OnceLock::new();
    let (desk, core) = PREPARED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hyperliquid_planes.jsonl");
        std::fs::write(&path, "").unwrap();
        let prepared = Prepared::playback(&path).unwrap();
        (prepared.desk(), prepared.core().clone())
    });
    let clock = Arc::clone(clock) as Arc<dyn hypersentry_model::Clock>;
    Hub::new(clock, desk.clone(), core)
}

fn holds(message: &Bytes, text: &str) -> bool {
    message.windows(text.len()).any(|w| w == text.as_bytes())
}

/// However it reads, a client holds after each message what the versions say that it holds.
#[test]
fn no_client_ever_sees_a_hole() {
    let mut replaced = 0;
    for seed in 0..200 {
        let clock = Arc::new(ManualClock::new(Timestamp::from_ms(START_MS)));
        let hub = fresh(&clock);
        let mut chance = Chance(seed);
        let (mut market, mut client) = (Market::default(), Client::new(None));
        client.join(&hub, &SYMBOLS, false);
        for _ in 0..60 {
            match chance.below(8) {
                0..=4 => {
                    // As many as a step that catches up says, and sometimes more than a queue holds.
                    let most = if chance.below(6) == 0 {
                        MAX_MESSAGES as u64 * 2
                    } else {
                        6
                    };
                    let said: Vec<&str> = (0..=chance.below(most))
                        .map(|_| SYMBOLS[chance.below(2) as usize])
                        .collect();
                    market.say(&hub, &said, clock_ms(&clock));
                }
                5 => {
                    let (id, queue) = client.seat.clone().unwrap();
                    let symbol = Symbol::new(SYMBOLS[chance.below(2) as usize]).unwrap();
                    let answer = Encoded::text("{}");
                    assert!(hub.watch((id, &queue), symbol, Channels::MARKET, answer));
                }
                _ => client.take(&hub, 1 + chance.below(300) as usize),
            }
            clock.advance_to(Timestamp::from_ms(
                clock_ms(&clock) + chance.below(40) as i64,
            ));
        }
        client.take(&hub, usize::MAX);
        let mut held: BTreeMap<String, u64> = BTreeMap::new();
        for frame in &client.heard {
            let json = frame.iter().position(|b| *b == b'{').unwrap();
            let event: Value = serde_json::from_slice(&frame[json..]).unwrap();
            let Some(version) = event["seq"].as_u64() else {
                continue;
            };
            let before = held.insert(event["symbol"].to_string(), version);
            if event["data"]["kind"] == "snapshot" {
                replaced += u64::from(before.is_some_and(|b| version > b + 1));
                assert!(
                    before.is_none_or(|b| version >= b),
                    "seed {seed}: back in time"
                );
            } else {
                assert_eq!(
                    event["data"]["base_version"].as_u64(),
                    before,
                    "seed {seed}"
                );
            }
        }
        for (symbol, version) in &market.0 {
            assert_eq!(
                held.get(&format!("\"{symbol}\"")),
                Some(version),
                "seed {seed}"
            );
        }
    }
    assert!(
        replaced > 50,
        "snapshots replaced deltas {replaced} times only"
    );
}
