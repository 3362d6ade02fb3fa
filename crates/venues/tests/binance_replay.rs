//! The session is a function of its inputs: it can be written down at any point, and idle ticks change nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::{Symbol, Timestamp, Venue};
use hypersentry_venues::session::{Input, Lane, Output, RequestKey, Session, SessionConfig};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What may happen next.
#[derive(Clone, Debug)]
enum Event {
    Wait(i64),
    Opened,
    Closed,
    Demand(u8),
    Depth { symbol: u8, skip: u64, len: u64 },
    Ticker { symbol: u8, ahead: u64 },
    Trade { symbol: u8, step: u64 },
    AckAll,
    List { complete: bool },
    Answer { status: u16, lag: u64 },
    Resync(u8),
    Other(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let symbol = 0u8..3;
    prop_oneof![
        4 => (0i64..1_500).prop_map(Event::Wait),
        1 => (0i64..40_000).prop_map(Event::Wait),
        3 => Just(Event::Opened),
        1 => Just(Event::Closed),
        1 => (0u8..8).prop_map(Event::Demand),
        8 => (symbol.clone(), prop_oneof![6 => Just(0u64), 1 => 1u64..5], 1u64..4)
            .prop_map(|(symbol, skip, len)| Event::Depth { symbol, skip, len }),
        2 => (symbol.clone(), 0u64..6).prop_map(|(symbol, ahead)| Event::Ticker { symbol, ahead }),
        2 => (symbol.clone(), 0u64..3).prop_map(|(symbol, step)| Event::Trade { symbol, step }),
        3 => Just(Event::AckAll),
        3 => any::<bool>().prop_map(|complete| Event::List { complete }),
        6 => (prop_oneof![8 => Just(200u16), 1 => Just(429), 1 => Just(418), 1 => Just(500), 1 => Just(400)], 0u64..4)
            .prop_map(|(status, lag)| Event::Answer { status, lag }),
        1 => symbol.prop_map(Event::Resync),
        1 => (0u8..4).prop_map(Event::Other),
    ]
}

const NAMES: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/// A session, and what its surroundings would do.
struct Run {
    session: Session,
    now: Timestamp,
    out: Vec<Output>,
    seqs: [u64; 3],
    trades: [u64; 3],
    request: Option<(RequestKey, String)>,
    /// Milliseconds between extra ticks.
    idle_ms: Option<i64>,
    written_down: bool,
}

impl Run {
    fn new(idle_ms: Option<i64>, written_down: bool) -> Self {
        let config = SessionConfig {
            jitter_seed: 3,
            accept_any_symbol: false,
        };
        Self {
            session: Session::new(Venue::BinanceSpot, config),
            now: Timestamp::from_ms(1_000_000),
            out: Vec::new(),
            seqs: [10; 3],
            trades: [10; 3],
            request: None,
            idle_ms,
            written_down,
        }
    }

    fn step(&mut self, input: Input<'_>) {
        let from = self.out.len();
        self.session.step(self.now, input, &mut self.out);
        for output in &self.out[from..] {
            if let Output::Fetch(request) = output {
                self.request = Some((request.key.clone(), request.path.clone()));
            }
        }
        if matches!(input, Input::Due) {
            assert!(self.session.next_due().is_none_or(|due| due > self.now));
        }
        if self.written_down {
            let text = serde_json::to_string(&self.session).unwrap();
            self.session = serde_json::from_str(&text).unwrap();
        }
    }

    fn wait(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        loop {
            let idle = self.idle_ms.map(|ms| self.now.plus_ms(ms));
            let next = [self.session.next_due(), idle].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.step(Input::Due);
        }
        self.now = end;
    }

    fn frame(&mut self, frame: &str) {
        self.step(Input::Frame(Lane::MAIN, frame.as_bytes()));
    }

    fn ids(&self, method: &str) -> Vec<u64> {
        let id = |output: &Output| match output {
            Output::Send(Lane::MAIN, text) => {
                let command: serde_json::Value = serde_json::from_str(text).unwrap();
                (command["method"] == method).then(|| command["id"].as_u64().unwrap())
            }
            _ => None,
        };
        self.out.iter().rev().filter_map(id).take(3).collect()
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Wait(ms) => self.wait(*ms),
            Event::Opened => self.step(Input::Opened(Lane::MAIN)),
            Event::Closed => self.step(Input::Closed {
                lane: Lane::MAIN,
                reason: "reset",
            }),
            Event::Demand(bits) => {
                let wanted: BTreeSet<Symbol> = (0..3)
                    .filter(|i| bits & (1 << i) != 0)
                    .map(|i| Symbol::new(NAMES[i]).unwrap())
                    .collect();
                self.step(Input::Demand(&wanted));
            }
            Event::Depth { symbol, skip, len } => {
                let i = usize::from(*symbol);
                let first = self.seqs[i] + 1 + skip;
                let last = first + len - 1;
                self.seqs[i] = last;
                self.frame(&format!(
                    r#"{{"stream":"x","data":{{"e":"depthUpdate","E":1,"s":"{}","U":{first},"u":{last},"b":[["1.00000000","2.00000000"]],"a":[]}}}}"#,
                    NAMES[i]
                ));
            }
            Event::Ticker { symbol, ahead } => {
                let i = usize::from(*symbol);
                let seq = self.seqs[i] + ahead;
                self.frame(&format!(
                    r#"{{"u":{seq},"s":"{}","b":"1.00000000","B":"2.00000000","a":"3.00000000","A":"4.00000000"}}"#,
                    NAMES[i]
                ));
            }
            Event::Trade { symbol, step } => {
                let i = usize::from(*symbol);
                self.trades[i] += step;
                self.frame(&format!(
                    r#"{{"e":"aggTrade","E":1,"s":"{}","a":{},"p":"1.00000000","q":"2.00000000","f":1,"l":1,"T":1,"m":true,"M":true}}"#,
                    NAMES[i], self.trades[i]
                ));
            }
            Event::AckAll => {
                for id in [self.ids("SUBSCRIBE"), self.ids("UNSUBSCRIBE")].concat() {
                    self.frame(&format!(r#"{{"result":null,"id":{id}}}"#));
                }
            }
            Event::List { complete } => {
                let names = if *complete { &NAMES[..] } else { &NAMES[..1] };
                let streams: Vec<String> = names
                    .iter()
                    .map(|name| name.to_ascii_lowercase())
                    .flat_map(|name| {
                        ["depth@100ms", "aggTrade", "bookTicker"].map(|c| format!("{name}@{c}"))
                    })
                    .collect();
                let streams = serde_json::json!(streams);
                for id in self.ids("LIST_SUBSCRIPTIONS") {
                    self.frame(&format!(r#"{{"result":{streams},"id":{id}}}"#));
                }
            }
            Event::Answer { status, lag } => {
                let Some((key, path)) = self.request.clone() else {
                    return;
                };
                let body = if *status == 400 {
                    r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned()
                } else if path.contains("exchangeInfo") {
                    let listed = NAMES.map(|name| {
                        format!(r#"{{"symbol":"{name}","status":"TRADING","baseAsset":"{name}","quoteAsset":"USDT","filters":[]}}"#)
                    });
                    format!(r#"{{"rateLimits":[],"symbols":[{}]}}"#, listed.join(","))
                } else if path.ends_with("/time") {
                    r#"{"serverTime":1}"#.to_owned()
                } else if let Some((_, from)) = path.split_once("fromId=") {
                    let i = NAMES.iter().position(|name| path.contains(name)).unwrap();
                    let from: u64 = from.split('&').next().unwrap().parse().unwrap();
                    let trade = |id| {
                        format!(
                            r#"{{"a":{id},"p":"1.0","q":"2.0","f":1,"l":1,"T":1,"m":true,"M":true}}"#
                        )
                    };
                    let trades: Vec<String> = (from..=self.trades[i]).map(trade).collect();
                    format!("[{}]", trades.join(","))
                } else {
                    let i = NAMES.iter().position(|name| path.contains(name)).unwrap();
                    let last = self.seqs[i].saturating_sub(*lag);
                    format!(r#"{{"lastUpdateId":{last},"bids":[],"asks":[]}}"#)
                };
                self.step(Input::Answer {
                    key: &key,
                    status: *status,
                    retry_after_s: (*lag == 1).then_some(5),
                    body: body.as_bytes(),
                    sent: None,
                });
            }
            Event::Resync(symbol) => {
                let symbol = Symbol::new(NAMES[usize::from(*symbol)]).unwrap();
                self.step(Input::Resync(symbol));
            }
            Event::Other(kind) => self.frame(
                [
                    r#"{"e":"serverShutdown","E":1}"#,
                    r#"{"error":{"code":2,"msg":"x"},"id":1}"#,
                    "nonsense",
                    r#"{"e":"24hrTicker"}"#,
                ][usize::from(*kind)],
            ),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_inputs_give_the_same_outputs(events in proptest::collection::vec(event(), 1..120), idle_ms in 1i64..400) {
        let mut runs = [
            Run::new(None, false),
            Run::new(None, true),
            Run::new(Some(idle_ms), false),
        ];
        for run in &mut runs {
            for event in [
                Event::Demand(3),
                Event::Opened,
                Event::Answer { status: 200, lag: 0 },
                Event::Wait(400),
                Event::AckAll,
            ] {
                run.apply(&event);
            }
            for event in &events {
                run.apply(event);
            }
        }
        let [plain, written_down, idle] = runs;
        prop_assert_eq!(&plain.out, &written_down.out);
        prop_assert_eq!(&plain.out, &idle.out);
        prop_assert_eq!(plain.session.status(plain.now), idle.session.status(idle.now));
        // A book's first event after a loss is a snapshot, and commands keep their distance.
        let mut books: BTreeSet<Symbol> = BTreeSet::new();
        for output in &plain.out {
            match output {
                Output::Event { event, .. } => match event.payload.event_type().name() {
                    "book_snapshot" => prop_assert!(books.insert(event.symbol)),
                    "book_delta" => prop_assert!(books.contains(&event.symbol)),
                    _ => {}
                },
                Output::BookLost { symbol, .. } => prop_assert!(books.remove(symbol)),
                _ => {}
            }
        }
    }
}
