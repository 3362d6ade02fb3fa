//! Trading by itself at the simulator: from what an engine says to orders with a stop and a target, and to none without leave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::bench::Bench;
use common::{PATIENCE, away, merged, mid, now, settings};
use hypersentry_execution::auto::{Conviction, Opinion, Plan, Rules, Slice};
use hypersentry_execution::order::{Leg, Side, State};
use hypersentry_model::{Price, Size, Symbol, Usd};
use hypersentry_trading::{
    AccountState, AskViews, Asker, AutoView, EventKind, Eyes, Later, OrderView, SetAuto, Sight,
    Told, TradeError, Views, World,
};
use serde_json::{Value, json};
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
    eyes: Arc<dyn Eyes>,
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
        self.eyes.look(symbol)
    }

    fn opine(&self, ask: AskViews) -> Later<'_, Option<Views>> {
        Box::pin(async move {
            let mid = mid(&*self.eyes).await;
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

/// An account whose engine has an opinion with these slices, and that engine.
async fn start(key: u8, slices: &[(bool, i64, i64)]) -> (Bench, Arc<Oracle>) {
    let says = Says {
        side: Some(Side::Buy),
        wrong: Vec::new(),
        slices: slices.to_vec(),
    };
    let mut oracle = None;
    let bench = Bench::within(key, settings(), 100_000, |world| {
        let eyes = Arc::new(Oracle {
            eyes: Arc::clone(&world.eyes),
            says: Mutex::new(says),
            seq: Mutex::new(0),
        });
        oracle = Some(Arc::clone(&eyes));
        World { eyes, ..world }
    });
    (bench.await, oracle.unwrap())
}

async fn auto_of(bench: &Bench) -> AutoView {
    bench.trading.auto(&bench.account()).await.unwrap()
}

async fn set(bench: &Bench, key: &str, change: Value) -> Result<AutoView, TradeError> {
    let asked = json!({"account": bench.account(), "key": key, "on": true, "minutes": 60, "symbols": ["BTC"],
        "size_usd": "1000", "acknowledge": true});
    let asked: SetAuto = merged(asked, &change);
    let by = Asker {
        user: Some("u1".to_owned()),
        session: Some("s1".to_owned()),
        request: "r1".to_owned(),
        ..Asker::default()
    };
    bench.trading.set_auto(asked, by).await
}

fn events(bench: &Bench) -> Vec<(EventKind, String)> {
    let told = bench.ears.0.lock().unwrap();
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

fn entries(state: &AccountState) -> Vec<OrderView> {
    let orders = state.orders.iter().flatten();
    let entries = orders.filter(|order| order.leg == Leg::Entry);
    entries.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conviction_leads_to_brackets_and_to_none_after_the_kill() {
    let (bench, oracle) = start(0x51, &[(true, 8, 0), (true, 8, 600)]).await;
    assert!(!auto_of(&bench).await.on);
    let given = set(&bench, "on", json!({})).await.unwrap();
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
    let view = auto_of(&bench).await;
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
    let view = auto_of(&bench).await;
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
    let refused = set(&bench, "again", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "kill_switch_on");
    // Every evaluation from now on would lead to a trade.
    let seq = *oracle.seq.lock().unwrap();
    for _ in 0..8 {
        bench.trading.trigger_auto(&account, btc()).await.unwrap();
    }
    assert!(*oracle.seq.lock().unwrap() >= seq + 8);
    assert_eq!(bench.state().await.orders.unwrap().len(), 6);
    let kinds: Vec<EventKind> = events(&bench).into_iter().map(|(kind, _)| kind).collect();
    let count = |kind: EventKind| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!(count(EventKind::AutoOn), 1);
    assert_eq!(count(EventKind::AutoBegun), 1);
    assert_eq!(count(EventKind::AutoOff), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_with_its_conviction_and_what_rests_is_cancelled() {
    // One slice that waits half a percent below, and one that never comes.
    let (bench, oracle) = start(0x52, &[(false, -5, 0), (false, -5, 120_000)]).await;
    set(&bench, "on", json!({})).await.unwrap();
    let resting = |state: &AccountState| {
        let entries = entries(state);
        entries.len() == 1 && entries[0].state == State::Acked
    };
    bench.until("the entry rests", resting).await;
    oracle.says.lock().unwrap().side = None;
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
    assert!(told(&events(&bench), "auto_bias_ended"));
    let began = std::time::Instant::now();
    while !told(&events(&bench), "auto_over") {
        assert!(began.elapsed() < PATIENCE, "{:?}", events(&bench));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The leave stands; within the cooldown nothing follows, whatever the engine says.
    oracle.says.lock().unwrap().side = Some(Side::Sell);
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
    while !held(&auto_of(&bench).await) {
        assert!(began.elapsed() < PATIENCE, "{:#?}", auto_of(&bench).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bench.state().await.orders.unwrap().len(), 3);
    assert!(events(&bench).contains(&(EventKind::AutoSkipped, "auto_cooldown".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_when_another_order_closes_what_it_filled() {
    let (bench, _) = start(0x54, &[(true, 8, 0), (true, 8, 20_000)]).await;
    set(&bench, "on", json!({})).await.unwrap();
    let held = |state: &AccountState| {
        let positions = state.positions.v.as_ref();
        entries(state).len() == 1 && positions.is_some_and(|it| !it.is_empty())
    };
    bench.until("the first slice is held", held).await;
    let out = json!({"side": "sell", "kind": "market", "reduce_only": true});
    bench.order("out", out).await.unwrap();
    let stopped = (EventKind::AutoEnded, "auto_plan_stopped".to_owned());
    let began = std::time::Instant::now();
    while !events(&bench).contains(&stopped) {
        assert!(began.elapsed() < PATIENCE, "{:?}", events(&bench));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(entries(&bench.state().await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_is_explicit_and_does_not_outlive_the_process() {
    let (bench, _) = start(0x53, &[(false, -5, 0)]).await;
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
        let error = set(&bench, "bad", change.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{change}");
    }
    assert!(!auto_of(&bench).await.on);
    set(&bench, "on", json!({})).await.unwrap();
    let other = set(&bench, "on", json!({"minutes": 5})).await.unwrap_err();
    assert_eq!(other.code, "idempotency_conflict");
    let resting = |state: &AccountState| {
        let entries = entries(state);
        entries.len() == 1 && entries[0].state == State::Acked
    };
    bench.until("the entry rests", resting).await;
    let bench = bench.restart().await;
    let view = auto_of(&bench).await;
    assert_eq!(
        (view.on, view.ended.unwrap().code),
        (false, "auto_restart".to_owned())
    );
    // The request of the ended leave gives no second one.
    assert!(!set(&bench, "on", json!({})).await.unwrap().on);
    // What it left resting is taken back, and then nothing of the trade is open.
    let ended = |state: &AccountState| {
        let mut orders = state.orders.iter().flatten();
        orders.all(|order| order.state == State::Cancelled)
    };
    bench.until("what rested is cancelled", ended).await;
    let began = std::time::Instant::now();
    while auto_of(&bench).await.open > 0 {
        assert!(began.elapsed() < PATIENCE, "{:#?}", auto_of(&bench).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A new leave remembers when the market was traded last.
    let view = set(&bench, "more", json!({})).await.unwrap();
    assert!(view.on);
    let cooldown = |view: &AutoView| {
        let gates = view.symbols_state[0].gates.iter();
        gates
            .clone()
            .any(|it| it.code == "auto_cooldown" && !it.holds)
    };
    assert!(cooldown(&view), "{view:#?}");
    let off = set(&bench, "off", json!({"on": false})).await.unwrap();
    assert_eq!(
        (off.on, off.ended.unwrap().code),
        (false, "auto_taken_back".to_owned())
    );
    assert_eq!(entries(&bench.state().await).len(), 1);
}
