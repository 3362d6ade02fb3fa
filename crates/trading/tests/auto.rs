//! Trading by itself at the simulator: from what an engine says to orders with a stop and a target, and to none without leave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::{Ears, PATIENCE, Wallet, Way, away, base, now, open, way};
use hypersentry_execution::auto::{Conviction, Opinion, Plan, Rules, Slice};
use hypersentry_execution::order::{Leg, Side, State};
use hypersentry_model::{Price, Size, Symbol, Usd};
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, AskViews, Asker, AutoView, EventKind, Eyes, Later, OrderView, SetAuto, Sight,
    Told, TradeError, Trading, Views, World,
};
use k256::ecdsa::SigningKey;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the engine says, as a test has it said.
#[derive(Clone, Debug)]
struct Says {
    side: Option<Side>,
    wrong: Vec<String>,
    /// Tenths of a percent from the mid at which its slices wait; those that take take.
    slices: Vec<(bool, i64, i64)>,
}

/// The simulator's book, and an engine that says what it is told to.
#[derive(Debug)]
struct Oracle {
    way: Arc<Way>,
    says: Mutex<Says>,
    seq: Mutex<u64>,
}

fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

fn px(text: String) -> Price {
    Price::parse(&text).unwrap()
}

impl Eyes for Oracle {
    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        self.way.look(symbol)
    }

    fn opine(&self, ask: AskViews) -> Later<'_, Option<Views>> {
        Box::pin(async move {
            let sight = self.way.look(btc()).await;
            let mid = (sight.mid?.value.units() / 10_i128.pow(12)) as i64;
            let says = self.says.lock().unwrap().clone();
            let seq = {
                let mut seq = self.seq.lock().unwrap();
                *seq += 1;
                *seq
            };
            let way = if says.side == Some(Side::Sell) { -1 } else { 1 };
            let slices = says.slices.iter().map(|(takes, tenths, delay_ms)| Slice {
                px: px(away(mid, way * tenths)),
                size: Size::parse("0.01").unwrap(),
                takes: *takes,
                delay_ms: *delay_ms,
            });
            let opinion = Opinion {
                symbol: btc(),
                conviction: Conviction {
                    run_id: "test".to_owned(),
                    seq,
                    hash: "5a".repeat(32),
                },
                at: now(),
                score: if way > 0 { 80 } else { 20 },
                side: says.side,
                streak: 100,
                wrong: says.wrong,
                model: Some("m".to_owned()),
                sized: Ok(ask.size),
                min_order: Usd::parse("10").ok(),
                plan: Ok(Plan {
                    stop: px(away(mid, way * -20)),
                    target: px(away(mid, way * 40)),
                    slices: slices.collect(),
                }),
            };
            Some(Views {
                rules: Rules::default(),
                of: vec![opinion],
            })
        })
    }
}

struct Bench {
    simulator: Simulator,
    wallet: Arc<Wallet>,
    ears: Arc<Ears>,
    oracle: Arc<Oracle>,
    dir: tempfile::TempDir,
    trading: Trading,
}

impl Bench {
    async fn start(key: u8, slices: &[(bool, i64, i64)]) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let user = exchange::Address::parse(&wallet.address().to_string()).unwrap();
        simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        let oracle = Arc::new(Oracle {
            way: way(base(&simulator)),
            says: Mutex::new(Says {
                side: Some(Side::Buy),
                wrong: Vec::new(),
                slices: slices.to_vec(),
            }),
            seq: Mutex::new(0),
        });
        let ears = Arc::<Ears>::default();
        let dir = tempfile::tempdir().unwrap();
        let trading = open(dir.path(), world(&simulator, &wallet, &ears, &oracle));
        let bench = Self {
            simulator,
            wallet,
            ears,
            oracle,
            dir,
            trading,
        };
        bench.until("ready", |state| state.ready).await;
        bench
    }

    async fn restart(self) -> Self {
        let Self {
            simulator,
            wallet,
            ears,
            oracle,
            dir,
            trading,
        } = self;
        trading.stop().await;
        drop(trading);
        let trading = open(dir.path(), world(&simulator, &wallet, &ears, &oracle));
        let bench = Self {
            simulator,
            wallet,
            ears,
            oracle,
            dir,
            trading,
        };
        bench.until("ready again", |state| state.ready).await;
        bench
    }

    fn account(&self) -> String {
        self.wallet.address().to_string()
    }

    async fn state(&self) -> AccountState {
        self.trading.state(&self.account(), None).await.unwrap()
    }

    async fn until(&self, what: &str, holds: impl Fn(&AccountState) -> bool) -> AccountState {
        let began = std::time::Instant::now();
        loop {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            if began.elapsed() > PATIENCE {
                let view = self.view().await;
                panic!("never: {what}; {state:#?} {view:#?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn view(&self) -> AutoView {
        self.trading.auto(&self.account()).await.unwrap()
    }

    async fn set(&self, key: &str, change: serde_json::Value) -> Result<AutoView, TradeError> {
        let mut asked = json!({"account": self.account(), "key": key, "on": true, "minutes": 60, "symbols": ["BTC"],
            "size_usd": "1000", "acknowledge": true});
        for (name, value) in change.as_object().unwrap() {
            asked[name] = value.clone();
        }
        let asked: SetAuto = serde_json::from_value(asked).unwrap();
        let by = Asker {
            user: Some("u1".to_owned()),
            session: Some("s1".to_owned()),
            request: "r1".to_owned(),
        };
        self.trading.set_auto(asked, by).await
    }

    fn events(&self) -> Vec<(EventKind, String)> {
        let told = self.ears.0.lock().unwrap();
        let events = told.iter().filter_map(|told| match told {
            Told::Event(event) => Some((event.kind, event.code.clone())),
            _ => None,
        });
        let of_auto = |kind: &EventKind| {
            use EventKind::{AutoBegun, AutoEnded, AutoOff, AutoOn, AutoSkipped};
            matches!(kind, AutoOn | AutoOff | AutoBegun | AutoEnded | AutoSkipped)
        };
        events.filter(|(kind, _)| of_auto(kind)).collect()
    }
}

fn world(
    simulator: &Simulator,
    wallet: &Arc<Wallet>,
    ears: &Arc<Ears>,
    oracle: &Arc<Oracle>,
) -> World {
    World {
        eyes: Arc::<Oracle>::clone(oracle),
        ..common::world(simulator, wallet, ears)
    }
}

fn entries(state: &AccountState) -> Vec<OrderView> {
    let orders = state.orders.iter().flatten();
    let entries = orders.filter(|order| order.leg == Leg::Entry);
    entries.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conviction_leads_to_brackets_and_to_none_after_the_kill() {
    let bench = Bench::start(0x51, &[(true, 8, 0), (true, 8, 600)]).await;
    assert!(!bench.view().await.on);
    let given = bench.set("on", json!({})).await.unwrap();
    assert!(given.on && given.by.as_deref() == Some("u1"));
    let both = |state: &AccountState| {
        let entries = entries(state);
        entries.len() == 2 && entries.iter().all(|it| it.state == State::Filled)
    };
    let state = bench.until("both slices are filled", both).await;
    assert!(state.auto.is_some_and(|auto| auto.by == "u1"));
    let orders = state.orders.unwrap();
    assert_eq!(orders.len(), 6);
    assert!(orders.iter().all(|order| order.strategy == "auto"));
    // Each slice has a stop and a target of its own.
    for entry in orders.iter().filter(|it| it.leg == Leg::Entry) {
        let exits = orders.iter().filter(|it| it.group == entry.group);
        let mut legs: Vec<Leg> = exits.map(|it| it.leg).collect();
        legs.sort();
        assert_eq!(legs, [Leg::Entry, Leg::TakeProfit, Leg::StopLoss]);
    }
    bench
        .until("the exits wait", |state| {
            let orders = state.orders.iter().flatten();
            let exits = orders.filter(|it| it.reduce_only);
            exits.filter(|it| it.state == State::Acked).count() == 4
        })
        .await;
    // The record says what led to it, and on whose leave.
    let entry = orders.iter().find(|it| it.leg == Leg::Entry).unwrap();
    let cloid = entry.cloid.clone().unwrap();
    let proof = bench.trading.proof(&bench.account(), &cloid).await.unwrap();
    let led = proof
        .records
        .iter()
        .find(|record| record.details.contains(r#""what":"led""#));
    let led = led.unwrap();
    assert!(led.details.contains(&"5a".repeat(32)), "{}", led.details);
    assert!(led.details.contains("test/BTC/"), "{}", led.details);
    assert_eq!(led.user, "u1");
    let view = bench.view().await;
    let flat = view.symbols_state[0].gates.iter();
    let flat = flat
        .clone()
        .find(|gate| gate.code == "auto_flat" && !gate.holds);
    assert!(flat.is_some(), "{view:#?}");
    let killed = bench
        .trading
        .kill(&bench.account(), true, false, false, Asker::default())
        .await;
    assert!(killed.unwrap().on);
    let view = bench.view().await;
    assert_eq!(
        (view.on, view.ended.unwrap().code),
        (false, "kill_switch_on".to_owned())
    );
    let account = bench.account();
    let trigger = bench.trading.trigger_auto(&account, btc()).await.unwrap();
    let mode = trigger
        .gates
        .iter()
        .find(|gate| gate.code == "auto_mode_off");
    assert!(!mode.unwrap().holds);
    let refused = bench.set("again", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "kill_switch_on");
    // Every evaluation from now on would lead to a trade.
    let seq = *bench.oracle.seq.lock().unwrap();
    for _ in 0..8 {
        bench.trading.trigger_auto(&account, btc()).await.unwrap();
    }
    assert!(*bench.oracle.seq.lock().unwrap() >= seq + 8);
    assert_eq!(bench.state().await.orders.unwrap().len(), 6);
    let kinds: Vec<EventKind> = bench.events().into_iter().map(|(kind, _)| kind).collect();
    let count = |kind: EventKind| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!(count(EventKind::AutoOn), 1);
    assert_eq!(count(EventKind::AutoBegun), 1);
    assert_eq!(count(EventKind::AutoOff), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_with_its_conviction_and_what_rests_is_cancelled() {
    // One slice that waits half a percent below, and one that never comes.
    let bench = Bench::start(0x52, &[(false, -5, 0), (false, -5, 120_000)]).await;
    bench.set("on", json!({})).await.unwrap();
    let resting = |state: &AccountState| {
        let entries = entries(state);
        entries.len() == 1 && entries[0].state == State::Acked
    };
    bench.until("the entry rests", resting).await;
    bench.oracle.says.lock().unwrap().side = None;
    let ended = |state: &AccountState| {
        let mut orders = state.orders.iter().flatten();
        orders.all(|order| order.state == State::Cancelled)
    };
    let state = bench.until("entry and exits are cancelled", ended).await;
    assert_eq!(state.orders.unwrap().len(), 3);
    let told = |events: &[(EventKind, String)], code: &str| {
        events
            .iter()
            .any(|(kind, it)| *kind == EventKind::AutoEnded && it == code)
    };
    assert!(told(&bench.events(), "auto_bias_ended"));
    let began = std::time::Instant::now();
    while !told(&bench.events(), "auto_over") {
        assert!(began.elapsed() < PATIENCE, "{:?}", bench.events());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The leave stands; within the cooldown nothing follows, whatever the engine says.
    bench.oracle.says.lock().unwrap().side = Some(Side::Sell);
    let held = |view: &AutoView| {
        let gates = &view.symbols_state[0].gates;
        let shut: Vec<&str> = gates
            .iter()
            .filter(|it| !it.holds)
            .map(|it| it.code)
            .collect();
        shut == ["auto_cooldown", "auto_risk"]
    };
    let began = std::time::Instant::now();
    while !held(&bench.view().await) {
        assert!(began.elapsed() < PATIENCE, "{:#?}", bench.view().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bench.state().await.orders.unwrap().len(), 3);
    assert!(
        bench
            .events()
            .contains(&(EventKind::AutoSkipped, "auto_cooldown".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_is_explicit_and_does_not_outlive_the_process() {
    let bench = Bench::start(0x53, &[(false, -5, 0)]).await;
    for (change, code) in [
        (json!({"acknowledge": false}), "acknowledge_required"),
        (json!({"minutes": 0}), "bad_request"),
        (json!({"minutes": 1441}), "bad_request"),
        (json!({"minutes": null}), "bad_request"),
        (json!({"size_usd": "4.99"}), "bad_request"),
        (json!({"symbols": []}), "bad_request"),
        (json!({"symbols": ["NOSUCH"]}), "unknown_symbol"),
        (json!({"key": ""}), "idempotency_key_invalid"),
    ] {
        let error = bench.set("bad", change.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{change}");
    }
    assert!(!bench.view().await.on);
    bench.set("on", json!({})).await.unwrap();
    let other = bench.set("on", json!({"minutes": 5})).await.unwrap_err();
    assert_eq!(other.code, "idempotency_conflict");
    let resting = |state: &AccountState| {
        let entries = entries(state);
        entries.len() == 1 && entries[0].state == State::Acked
    };
    bench.until("the entry rests", resting).await;
    let bench = bench.restart().await;
    let view = bench.view().await;
    assert_eq!(
        (view.on, view.ended.unwrap().code),
        (false, "auto_restart".to_owned())
    );
    // The request of the ended leave gives no second one.
    assert!(!bench.set("on", json!({})).await.unwrap().on);
    // What it left resting is taken back, and then nothing of the trade is open.
    let ended = |state: &AccountState| {
        let mut orders = state.orders.iter().flatten();
        orders.all(|order| order.state == State::Cancelled)
    };
    bench.until("what rested is cancelled", ended).await;
    let began = std::time::Instant::now();
    while bench.view().await.open > 0 {
        assert!(began.elapsed() < PATIENCE, "{:#?}", bench.view().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A new leave remembers when the market was traded last.
    let view = bench.set("more", json!({})).await.unwrap();
    assert!(view.on);
    let cooldown = |view: &AutoView| {
        let gates = view.symbols_state[0].gates.iter();
        gates
            .clone()
            .any(|it| it.code == "auto_cooldown" && !it.holds)
    };
    assert!(cooldown(&view), "{view:#?}");
    let off = bench.set("off", json!({"on": false})).await.unwrap();
    assert_eq!(
        (off.on, off.ended.unwrap().code),
        (false, "auto_taken_back".to_owned())
    );
    assert_eq!(entries(&bench.state().await).len(), 1);
}
