//! Every state that requests under keys can reach with the real relay: each key of each user is at most one order at the venue, whatever is asked
//! again, lost, answered with an error, or killed.
//!
//! Clients repeat their requests at any time, in every state also with another body. The log is synced late. The venue accepts, refuses, or answers with
//! an error what it accepted; requests and replies are lost; orders fill with or without a word; the process of all users dies with any prefix of what
//! was not synced. Each state is visited once. Users have a relay each and share nothing but the process, so that two keys of one user
//! and one key of each of two users are explored. `HYPERSENTRY_EXPLORED_CRASHES` is how often the process dies at most.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test tells what it saw, and is told how far to look"
)]

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use hypersentry_execution::keys::Key;
use hypersentry_execution::order::{Cloid, Event, Leg, Side, State, Step, Terms, Tif};
use hypersentry_execution::relay::{Input, Output, Part, Record, Relay, Submit};
use hypersentry_execution::risk::{Limits, Liquidation, Market, Pricing, Scope, Standing, Wish};
use hypersentry_model::{Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};

const EXPIRES_MS: i64 = 1_000;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum AtVenue {
    Nothing,
    Resting,
    Filled,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Reply {
    Ack,
    Refusal,
    Error,
}

/// One key of one user, as the world outside has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Outside {
    user: usize,
    key: u8,
    sent: u8,
    request: bool,
    accepted: u8,
    venue: AtVenue,
    reply: Option<Reply>,
    expired: bool,
}

#[derive(Clone, Debug)]
struct World {
    relays: Vec<Relay>,
    disk: Vec<Vec<Record>>,
    unsynced: Vec<Vec<(u64, Record)>>,
    orders: Vec<Outside>,
    crashes: u64,
}

fn at() -> Timestamp {
    Timestamp::from_ms(1)
}

fn one() -> Size {
    Size::parse("0.01").unwrap()
}

fn seen<T>(value: T) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(at()),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 60_000,
    })
}

impl Outside {
    fn cloid(&self) -> Cloid {
        [16 * self.user as u8 + self.key + 1; 16]
    }

    fn key(&self) -> Key {
        // The same words for both users: keys are an account's own.
        Key::new(&format!("key-{}", self.key)).unwrap()
    }

    fn submit(&self, body: u8) -> Submit {
        let px = Price::parse("50000").unwrap();
        let usd = |text| seen(Usd::parse(text).unwrap());
        Submit {
            request: 1,
            key: self.key(),
            body: [body; 32],
            expires_after: Timestamp::from_ms(EXPIRES_MS),
            parts: vec![Part {
                cloid: self.cloid(),
                leg: Leg::Single,
                terms: Terms::Limit { px, tif: Tif::Gtc },
                replaces: None,
                wish: Wish {
                    symbol: Symbol::new("BTC").unwrap(),
                    side: Side::Buy,
                    size: one(),
                    pricing: Pricing::Limit { limit: px },
                    reduce_only: false,
                    stop: None,
                    liquidation: Liquidation::Never,
                },
            }],
            market: Market {
                now: at(),
                mid: seen(px),
                against: None,
                clock_bound_ms: Some(5),
            },
            scopes: vec![(
                Scope::Account,
                Limits::default(),
                Standing {
                    equity: usd("10000"),
                    position: seen(Size::ZERO),
                    others: usd("0"),
                    day_loss: usd("0"),
                    ..Standing::default()
                },
            )],
        }
    }
}

impl World {
    fn start(orders: &[(usize, u8)]) -> Self {
        let users = 1 + orders.iter().map(|(user, _)| *user).max().unwrap();
        let outside = |(user, key): &(usize, u8)| Outside {
            user: *user,
            key: *key,
            sent: 0,
            request: false,
            accepted: 0,
            venue: AtVenue::Nothing,
            reply: None,
            expired: false,
        };
        Self {
            relays: vec![Relay::default(); users],
            disk: vec![Vec::new(); users],
            unsynced: vec![Vec::new(); users],
            orders: orders.iter().map(outside).collect(),
            crashes: 0,
        }
    }

    /// Two hashes of everything: two states that differ and agree in both do not come by.
    fn digest(&self) -> (u64, u64) {
        let text = format!("{self:?}");
        let hash = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            text.hash(&mut hasher);
            hasher.finish()
        };
        (hash(1), hash(2))
    }

    /// A step of a user's relay; what it answers, if it was asked.
    fn step(&mut self, user: usize, input: Input) -> Option<Result<Cloid, &'static str>> {
        let (mut out, mut answer) = (Vec::new(), None);
        self.relays[user].step(at(), input, &mut out);
        for output in out {
            match output {
                Output::Log { seq, record } => self.unsynced[user].push((seq, record)),
                Output::Send { intents } => {
                    for intent in intents {
                        let mut orders = self.orders.iter_mut();
                        let order = orders.find(|order| order.cloid() == intent.cloid).unwrap();
                        assert_eq!(order.user, user);
                        order.sent += 1;
                        order.request = true;
                    }
                }
                Output::Answer { result, .. } => {
                    let result = result.map(|(cloid, _)| cloid);
                    answer = Some(result.map_err(|refused| refused.code()));
                }
                Output::Raise { cloid, error } => panic!("{cloid:?}: {error}\n{self:#?}"),
                other @ (Output::SendChange { .. }
                | Output::Guarded { .. }
                | Output::Cover { .. }) => {
                    panic!("nobody changes an order or has it guarded here: {other:?}")
                }
                Output::SendCancel { .. } | Output::Ask { .. } | Output::Changed { .. } => {}
            }
        }
        answer
    }

    fn hear(&mut self, number: usize, event: Event) {
        let (user, cloid) = (self.orders[number].user, self.orders[number].cloid());
        self.step(user, Input::Heard { cloid, event });
    }

    fn state(&self, order: &Outside) -> Option<State> {
        let held = self.relays[order.user].order(&order.cloid());
        held.map(|order| order.state())
    }

    fn sync(&mut self, user: usize) {
        let Some((seq, _)) = self.unsynced[user].last() else {
            return;
        };
        let seq = *seq;
        let records = std::mem::take(&mut self.unsynced[user]);
        self.disk[user].extend(records.into_iter().map(|(_, record)| record));
        self.step(user, Input::Synced { seq });
    }

    fn ask(&mut self, number: usize) {
        let order = self.orders[number];
        let venue_ms = EXPIRES_MS + if order.expired { 1 } else { -1 };
        let event = match order.venue {
            AtVenue::Nothing => Event::Absent {
                venue_time: Timestamp::from_ms(venue_ms),
            },
            AtVenue::Resting => Event::Resting { filled: Size::ZERO },
            AtVenue::Filled => Event::Resting { filled: one() },
        };
        self.hear(number, event);
    }

    /// The process dies, and each user's log keeps so many of its records that were not synced.
    fn crash(&mut self, kept: &[usize]) {
        self.crashes += 1;
        for (user, kept) in kept.iter().enumerate() {
            let records = self.unsynced[user].drain(..).take(*kept);
            self.disk[user].extend(records.map(|(_, record)| record));
            self.relays[user] = Relay::recovered(self.disk[user].clone(), at());
        }
        for order in &mut self.orders {
            order.reply = None;
        }
        for user in 0..self.relays.len() {
            self.step(user, Input::Reconciled { locked: false });
        }
    }

    fn next(&self, crashes: u64) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut next = self.clone();
            change(&mut next);
            all.push(next);
        };
        for (number, order) in self.orders.iter().enumerate() {
            with(&|next| {
                let answer = next.step(order.user, Input::Submit(Box::new(order.submit(1))));
                assert_eq!(answer, Some(Ok(order.cloid())), "{next:#?}");
            });
            if order.request {
                with(&|next| next.orders[number].request = false);
                for reply in [Some(Reply::Ack), Some(Reply::Error), None] {
                    if order.expired {
                        break;
                    }
                    with(&|next| {
                        let order = &mut next.orders[number];
                        order.request = false;
                        order.accepted += 1;
                        order.venue = AtVenue::Resting;
                        order.reply = reply;
                    });
                }
                with(&|next| {
                    next.orders[number].request = false;
                    next.orders[number].reply = Some(Reply::Refusal);
                });
            }
            if let Some(reply) = order.reply {
                with(&|next| next.orders[number].reply = None);
                with(&|next| {
                    next.orders[number].reply = None;
                    let step = match reply {
                        Reply::Ack => Step::Ack,
                        Reply::Refusal => Step::Refuse,
                        Reply::Error => Step::LoseReply,
                    };
                    next.hear(number, Event::Plain { step });
                });
            }
            if !order.expired {
                with(&|next| next.orders[number].expired = true);
            }
            if order.venue == AtVenue::Resting {
                with(&|next| next.orders[number].venue = AtVenue::Filled);
            }
            match self.state(order) {
                // So long without a reply that it is given up.
                Some(State::Sent) => with(&|next| {
                    let step = Step::LoseReply;
                    next.hear(number, Event::Plain { step });
                }),
                Some(State::Unknown) => with(&|next| next.ask(number)),
                // The stream, or a look at the account.
                Some(State::Acked) if order.venue == AtVenue::Filled => {
                    with(&|next| next.ask(number));
                }
                _ => {}
            }
        }
        for user in 0..self.relays.len() {
            if !self.unsynced[user].is_empty() {
                with(&|next| next.sync(user));
            }
        }
        if self.crashes < crashes {
            let mut kept = vec![0; self.relays.len()];
            loop {
                with(&|next| next.crash(&kept));
                let Some(user) =
                    (0..kept.len()).find(|user| kept[*user] < self.unsynced[*user].len())
                else {
                    break;
                };
                kept[user] += 1;
                kept[..user].fill(0);
            }
        }
        all
    }

    /// What holds in every state.
    fn check(&self) {
        for order in &self.orders {
            assert!(order.sent <= 1, "sent again\n{self:#?}");
            assert!(order.accepted <= 1, "doubled\n{self:#?}");
            let state = self.state(order);
            if order.sent > 0 {
                assert!(state.is_some(), "forgotten\n{self:#?}");
            }
            let right = match state {
                Some(State::Filled) => order.venue == AtVenue::Filled,
                Some(State::Rejected | State::Expired) => order.accepted == 0,
                Some(State::Cancelled) => false,
                _ => true,
            };
            assert!(right, "{state:?}\n{self:#?}");
            // Another body under the key is a conflict as long as the key is known.
            if self.relays[order.user].named(&order.key()).is_some() {
                let mut asked = self.clone();
                let answer = asked.step(order.user, Input::Submit(Box::new(order.submit(2))));
                assert_eq!(answer, Some(Err("idempotency_conflict")));
                assert_eq!(asked.unsynced, self.unsynced);
            }
        }
    }

    /// From here an end can be reached that only facts decide.
    fn check_end(&self) {
        let mut end = self.clone();
        for user in 0..end.relays.len() {
            end.sync(user);
        }
        for number in 0..end.orders.len() {
            let order = &mut end.orders[number];
            (order.request, order.expired, order.reply) = (false, true, None);
            if end.state(&self.orders[number]) == Some(State::Sent) {
                let step = Step::LoseReply;
                end.hear(number, Event::Plain { step });
            }
            if end.state(&self.orders[number]) == Some(State::Unknown) {
                end.ask(number);
            }
            let state = end.state(&self.orders[number]);
            let known = match end.orders[number].venue {
                AtVenue::Nothing => {
                    matches!(state, None | Some(State::Rejected | State::Expired))
                }
                AtVenue::Resting => state == Some(State::Acked),
                AtVenue::Filled => matches!(state, Some(State::Acked | State::Filled)),
            };
            assert!(known, "{state:?}\n{end:#?}");
        }
    }
}

fn explore(name: &str, orders: &[(usize, u8)], crashes: u64) {
    let start = World::start(orders);
    let mut visited = HashSet::from([start.digest()]);
    let mut queue = VecDeque::from([start]);
    let (mut steps, mut doubtful) = (0_u64, 0_u64);
    while let Some(world) = queue.pop_back() {
        world.check();
        world.check_end();
        let unknown = |order: &Outside| world.state(order) == Some(State::Unknown);
        doubtful += u64::from(world.orders.iter().any(unknown));
        for next in world.next(crashes) {
            steps += 1;
            if visited.insert(next.digest()) {
                queue.push_back(next);
            }
        }
    }
    println!(
        "{name}, {crashes} crashes: {} states, {steps} steps, {doubtful} states with an unknown order; no key was two orders",
        visited.len()
    );
    assert!(doubtful > 0);
}

fn crashes() -> u64 {
    let text = std::env::var("HYPERSENTRY_EXPLORED_CRASHES");
    text.map_or(1, |text| text.parse().unwrap())
}

#[test]
fn two_keys_of_one_user_are_two_orders_at_most() {
    explore("one user, two keys", &[(0, 0), (0, 1)], crashes());
}

#[test]
fn one_key_of_two_users_is_an_order_each_at_most() {
    explore("two users, one key each", &[(0, 0), (1, 0)], crashes());
}

#[test]
fn one_key_is_one_order_over_three_crashes() {
    explore("one user, one key", &[(0, 0)], 3);
}
