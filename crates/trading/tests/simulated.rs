//! The rim against the simulator over sockets: orders, brackets, switches, lost answers, restarts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::away;
use common::bench::Bench;
use hypersentry_execution::order::{Leg, State};
use hypersentry_model::{Size, Symbol};
use hypersentry_sim::Fault;
use hypersentry_trading::{AccountState, Asker, Told};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_order_rests_and_is_cancelled() {
    let bench = Bench::start(0x21).await;
    let px = away(bench.mid().await, -8);
    let ask = json!({"side": "buy", "kind": "limit", "px": px});
    let orders = bench.order("a", ask.clone()).await.unwrap();
    assert_eq!(orders.len(), 1);
    let order = bench.ends(&orders[0], State::Acked).await;
    assert!(order.oid.is_some());
    // The same request is the same order; another body under its key is refused.
    let again = bench.order("a", ask).await.unwrap();
    assert_eq!(again[0].cloid, order.cloid);
    let other = json!({"side": "buy", "kind": "limit", "px": px, "size": "0.02"});
    assert_eq!(
        bench.order("a", other).await.unwrap_err().code,
        "idempotency_conflict"
    );
    let cloid = order.cloid.clone().unwrap();
    let account = bench.account();
    let cancelled = bench
        .trading
        .cancel(&account, "c".into(), &cloid, Asker::default())
        .await;
    assert_eq!(cancelled.unwrap()[0].cloid, order.cloid);
    let order = bench.ends(&order, State::Cancelled).await;
    assert_eq!(order.filled, Size::ZERO);
    let told = bench.ears.0.lock().unwrap();
    let states: Vec<State> = told
        .iter()
        .filter_map(|told| match told {
            Told::Order(view) if view.cloid == order.cloid => Some(view.state),
            _ => None,
        })
        .collect();
    assert!(
        states.contains(&State::Sent) && states.contains(&State::Cancelling),
        "{states:?}"
    );
    assert_eq!(states.last(), Some(&State::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_opened_and_closed_and_the_ledger_ties() {
    let bench = Bench::start(0x22).await;
    let orders = bench
        .order(
            "m",
            json!({"side": "buy", "kind": "market", "slippage_bps": 80, "size": "0.05"}),
        )
        .await
        .unwrap();
    let order = bench.ends(&orders[0], State::Filled).await;
    assert!(order.average_px.is_some());
    let held = bench
        .until("a position", |it| {
            it.positions.v.as_ref().is_some_and(|rows| rows.len() == 1)
        })
        .await;
    let fills = held.fills.unwrap();
    let sum: i128 = fills.iter().map(|fill| fill.size.units()).sum();
    assert_eq!(Size::from_units(sum), Size::parse("0.05").unwrap());
    assert!(
        fills
            .iter()
            .all(|fill| fill.fee_usd.is_positive() && fill.cloid == order.cloid)
    );
    let (account, btc) = (bench.account(), Symbol::new("BTC").unwrap());
    let closed = bench
        .trading
        .close(&account, "x".into(), btc, 100, Asker::default())
        .await
        .unwrap();
    assert!(closed[0].reduce_only);
    bench.ends(&closed[0], State::Filled).await;
    let flat = bench
        .until("flat", |it| {
            it.positions.v.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    // A look after that finds ledger and venue equal to the cent.
    let after = flat.now_ms;
    let tied = bench
        .until("the ledger ties", |it| {
            it.reconciled_ms.is_some_and(|at| at > after)
        })
        .await;
    assert_eq!(tied.findings, Vec::new());
    let none = bench
        .trading
        .close(&account, "y".into(), btc, 100, Asker::default())
        .await;
    assert_eq!(none.unwrap_err().code, "reduce_only_no_position");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bracket_protects_what_it_opens_and_the_switch_takes_everything_back() {
    let bench = Bench::start(0x23).await;
    let mid = bench.mid().await;
    let (take, stop) = (away(mid, 40), away(mid, -20));
    let ask = json!({"side": "buy", "kind": "market", "slippage_bps": 80, "take_profit": take, "stop_loss": stop});
    let orders = bench.order("b", ask).await.unwrap();
    let legs: Vec<Leg> = orders.iter().map(|order| order.leg).collect();
    assert_eq!(legs, [Leg::Entry, Leg::TakeProfit, Leg::StopLoss]);
    bench.ends(&orders[0], State::Filled).await;
    for exit in &orders[1..] {
        let exit = bench.ends(exit, State::Acked).await;
        assert!(exit.trigger_px.is_some());
    }
    let account = bench.account();
    let drill = bench
        .trading
        .kill(&account, true, true, true, Asker::default())
        .await
        .unwrap();
    assert_eq!((drill.on, drill.cancelled, drill.flattened), (false, 2, 1));
    let killed = bench
        .trading
        .kill(&account, true, true, false, Asker::default())
        .await
        .unwrap();
    assert_eq!((killed.on, killed.flattened), (true, 1));
    for exit in &orders[1..] {
        bench.ends(exit, State::Cancelled).await;
    }
    bench
        .until("flat", |it| {
            it.positions.v.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    let refused = bench
        .order("n", json!({"side": "buy", "kind": "market"}))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "kill_switch_on");
    bench
        .trading
        .kill(&account, false, false, false, Asker::default())
        .await
        .unwrap();
    assert!(
        bench
            .order(
                "o",
                json!({"side": "buy", "kind": "market", "slippage_bps": 80})
            )
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_ends_in_what_the_venue_did() {
    let bench = Bench::start(0x24).await;
    let px = away(bench.mid().await, -8);
    for performed in [true, false] {
        bench.simulator.faults().apply(Fault::LoseAnswers {
            count: 1,
            performed,
        });
        let key = format!("l{performed}");
        let orders = bench
            .order(&key, json!({"side": "buy", "kind": "limit", "px": px}))
            .await
            .unwrap();
        let end = if performed {
            State::Acked
        } else {
            State::Expired
        };
        let order = bench.ends(&orders[0], end).await;
        let told = bench.ears.0.lock().unwrap();
        let unknown = told.iter().any(|told| matches!(told, Told::Order(view)
            if view.cloid == order.cloid && view.state == State::Unknown && view.unknown_until_ms.is_some()));
        // The account's stream may have told it before the answer was missed.
        assert!(unknown || performed, "it was never unknown");
    }
    let open = bench.state().await.orders.unwrap();
    assert_eq!(
        open.iter()
            .filter(|order| order.state == State::Acked)
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_after_the_kill_switch_was_thrown_is_closed_too() {
    let bench = Bench::start(0x27).await;
    bench.simulator.faults().apply(Fault::LateAnswers {
        count: 1,
        delay_ms: 1_500,
        action_waits: true,
    });
    let ask = json!({"side": "buy", "kind": "market", "slippage_bps": 80});
    let order = bench.order("m", ask).await.unwrap().remove(0);
    let left = |state: &AccountState| {
        let orders = state.orders.iter().flatten();
        orders.clone().any(|it| it.state > State::IntentLogged)
    };
    bench.until("it is on its way", left).await;
    let (account, by) = (bench.account(), Asker::default());
    let killed = bench.trading.kill(&account, true, true, false, by);
    assert_eq!(killed.await.unwrap().flattened, 0);
    bench.ends(&order, State::Filled).await;
    let closed = |state: &AccountState| {
        let orders = state.orders.iter().flatten();
        orders.clone().count() == 2
            && orders.clone().all(|it| it.state == State::Filled)
            && state.positions.v.as_ref().is_some_and(Vec::is_empty)
    };
    bench.until("what was filled is closed", closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_what_was_under_way() {
    let bench = Bench::start(0x25).await;
    let px = away(bench.mid().await, -8);
    let ask = json!({"side": "buy", "kind": "limit", "px": px});
    let resting = bench.order("r", ask.clone()).await.unwrap();
    bench.ends(&resting[0], State::Acked).await;
    let bench = bench.restart().await;
    let found = bench.ends(&resting[0], State::Acked).await;
    assert!((found.created_ms - resting[0].created_ms).abs() < 1_000);
    let again = bench.order("r", ask).await.unwrap();
    assert_eq!(again[0].cloid, resting[0].cloid);
    let all = bench
        .trading
        .cancel_all(&bench.account(), "all".into(), None, Asker::default())
        .await;
    assert_eq!(all.unwrap().len(), 1);
    bench.ends(&resting[0], State::Cancelled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_every_reason_and_sends_nothing() {
    let bench = Bench::start(0x26).await;
    let mid = bench.mid().await;
    let far = away(mid, 50);
    let error = bench
        .order(
            "f",
            json!({"side": "buy", "kind": "limit", "px": far, "size": "0.9"}),
        )
        .await
        .unwrap_err();
    assert_eq!(error.code, "risk_refused");
    let codes: Vec<&str> = error.refusals.iter().map(|it| it.code.as_str()).collect();
    assert!(
        codes.contains(&"risk_collar") && codes.contains(&"risk_order_size"),
        "{codes:?}"
    );
    let ticket = bench.ticket(
        "",
        &json!({"side": "buy", "kind": "market", "slippage_bps": 80, "stop_loss": away(mid, -20)}),
    );
    let preview = bench.trading.preview(ticket).await.unwrap();
    assert_eq!(preview.orders.len(), 2);
    assert_eq!(preview.refusals, Vec::new());
    assert!(preview.average_px.is_some());
    // The account is worth far more than the order: no price takes all of it.
    assert_eq!(preview.liquidation_px, None);
    assert_eq!(bench.state().await.orders, Some(Vec::new()));
}
