//! Orders that change, brackets whose entry is filled in part, and TWAPs of the venue's, at the simulator over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock and a report"
)]

mod common;

use common::bench::Bench;
use common::{away, count, merged, settings};
use hypersentry_execution::order::{Leg, State};
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Size, Symbol, Usd};
use hypersentry_sim::Fault;
use hypersentry_trading::{
    AccountState, Asker, EventKind, ModifyOrder, OrderView, Settings, Told, TradeError,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn modify(
    bench: &Bench,
    key: &str,
    order: &OrderView,
    rest: Value,
) -> Result<Vec<OrderView>, TradeError> {
    let asked = json!({"account": bench.account(), "key": key, "cloid": order.cloid});
    let asked: ModifyOrder = merged(asked, &rest);
    bench.trading.modify(asked, Asker::default()).await
}

fn all(state: &AccountState) -> impl Iterator<Item = &OrderView> {
    state.orders.iter().flatten()
}

fn roomy() -> Settings {
    let usd = |text: &str| Usd::parse(text).unwrap();
    Settings {
        limits: Limits {
            order_usd: usd("3000000"),
            symbol_usd: usd("6000000"),
            gross_usd: usd("6000000"),
            leverage_percent: 3_000,
            concentration_bps: 300_000,
            orders_per_minute: 1_000_000,
            orders_per_day: 1_000_000,
            daily_loss_usd: usd("90000"),
            ..Limits::default()
        },
        ..settings()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_gets_another_price_and_keeps_one_place() {
    let bench = Bench::start(0x41).await;
    let mid = bench.mid().await;
    let ask = json!({"side": "buy", "kind": "limit", "px": away(mid, -9)});
    let old = bench.order("a", ask).await.unwrap().remove(0);
    bench.ends(&old, State::Acked).await;
    let change = json!({"px": away(mid, -8)});
    let pair = modify(&bench, "m", &old, change.clone()).await.unwrap();
    assert_eq!((pair.len(), &pair[1].replaces), (2, &old.cloid));
    let new = bench.ends(&pair[1], State::Acked).await;
    let gone = bench.ends(&old, State::Cancelled).await;
    assert_eq!((&gone.replaced_by, new.size), (&new.cloid, old.size));
    // The same request is the same order; another body under its key is refused, and what ended has no place to give.
    let again = modify(&bench, "m", &old, change).await.unwrap();
    assert_eq!(again[1].cloid, new.cloid);
    let other = modify(&bench, "m", &old, json!({"px": away(mid, -7)})).await;
    assert_eq!(other.unwrap_err().code, "idempotency_conflict");
    let ended = modify(&bench, "n", &old, json!({"px": away(mid, -7)})).await;
    assert_eq!(ended.unwrap_err().code, "order_not_resting");
    let crosses = modify(&bench, "o", &new, json!({"px": away(mid, 6)})).await;
    assert_eq!(crosses.unwrap_err().code, "modify_crosses");
    // A lost answer ends in what the venue did, for both.
    for (performed, price) in [(true, -7), (false, -6)] {
        bench.simulator.faults().apply(Fault::LoseAnswers {
            count: 1,
            performed,
        });
        let state = bench.state().await;
        let standing = all(&state).find(|it| it.state == State::Acked).unwrap();
        let key = format!("l{performed}");
        let pair = modify(&bench, &key, standing, json!({"px": away(mid, price)})).await;
        let pair = pair.unwrap();
        let (end, kept) = if performed {
            (State::Acked, State::Cancelled)
        } else {
            (State::Expired, State::Acked)
        };
        bench.ends(&pair[1], end).await;
        bench.ends(&pair[0], kept).await;
    }
    let state = bench.state().await;
    assert_eq!(all(&state).filter(|it| !it.state.is_terminal()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_is_moved_is_never_missing() {
    let bench = Bench::start(0x42).await;
    let mid = bench.mid().await;
    let (take, stop) = (away(mid, 40), away(mid, -20));
    let ask = json!({"side": "buy", "kind": "market", "slippage_bps": 80, "take_profit": take, "stop_loss": stop});
    let orders = bench.order("b", ask).await.unwrap();
    bench.ends(&orders[0], State::Filled).await;
    let stop = bench.ends(&orders[2], State::Acked).await;
    let moved = json!({"trigger_px": away(mid, -15)});
    let pair = modify(&bench, "m", &stop, moved).await.unwrap();
    assert_eq!((pair[1].leg, &pair[1].group), (Leg::StopLoss, &stop.group));
    bench.ends(&pair[1], State::Acked).await;
    bench.ends(&stop, State::Cancelled).await;
    // In the order in which it was told: the new one stood before the old one was cancelled.
    let told = bench.ears.0.lock().unwrap();
    let place = |cloid: &Option<String>, state: State| {
        let is = |told: &Told| matches!(told, Told::Order(it) if it.cloid == *cloid && it.state == state);
        told.iter().position(is).unwrap()
    };
    let stands = place(&pair[1].cloid, State::Acked);
    assert!(stands < place(&stop.cloid, State::Cancelling));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_filled_has_a_stop_while_the_rest_rests() {
    let bench = Bench::with(0x43, roomy(), 5_000_000).await;
    let mid = bench.mid().await;
    let (px, size) = bench.first_ask().await;
    // More than rests at the best price: the part is filled at once, and the rest rests.
    let more = size.checked_add(Size::parse("0.5").unwrap()).unwrap();
    let ask = json!({"side": "buy", "kind": "limit", "px": px, "size": more, "stop_loss": away(mid, -20)});
    let orders = bench.order("p", ask).await.unwrap();
    let covered = |it: &AccountState| {
        let entry = all(it).find(|order| order.leg == Leg::Entry);
        entry.is_some_and(|entry| entry.naked_ms.is_some() && entry.protected == Some(true))
    };
    let state = bench.until("what was filled is protected", covered).await;
    let entry = all(&state).find(|it| it.leg == Leg::Entry).unwrap();
    let guards: Vec<&OrderView> = all(&state)
        .filter(|it| it.leg == Leg::StopLoss && it.cloid != orders[1].cloid)
        .collect();
    if entry.state == State::PartiallyFilled {
        let sum: i128 = guards
            .iter()
            .filter(|it| it.state == State::Acked)
            .map(|it| it.size.units())
            .sum();
        assert_eq!(Size::from_units(sum), entry.filled);
        assert!(
            guards
                .iter()
                .all(|it| it.reduce_only && it.group == entry.group)
        );
    }
    let account = bench.account();
    let cloid = entry.cloid.clone().unwrap();
    bench
        .trading
        .cancel(&account, "c".into(), &cloid, Asker::default())
        .await
        .unwrap();
    // The venue takes its own exits away with the rest of the entry; ours stays, for what was filled.
    let done = bench
        .until("the entry has ended and its part is protected", |it| {
            covered(it)
                && all(it).any(|it| it.leg == Leg::Entry && it.state.is_terminal())
                && all(it).any(|it| it.leg == Leg::StopLoss && it.state == State::Acked)
        })
        .await;
    let entry = all(&done).find(|it| it.leg == Leg::Entry).unwrap();
    let stops = all(&done).filter(|it| it.leg == Leg::StopLoss && it.state == State::Acked);
    let sum: i128 = stops.map(|it| it.size.units()).sum();
    assert_eq!(Size::from_units(sum), entry.filled);
    let btc = Symbol::new("BTC").unwrap();
    bench
        .trading
        .close(&account, "x".into(), btc, 100, Asker::default())
        .await
        .unwrap();
    bench
        .until("nothing is left", |it| {
            all(it).all(|it| it.state.is_terminal())
                && it.positions.v.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    let told = bench.ears.0.lock().unwrap();
    let protected = told.iter().any(
        |told| matches!(told, Told::Event(it) if it.kind == EventKind::Protected && it.code == "bracket_protected"),
    );
    assert!(protected);
}

/// How long what brackets have filled lacks a stop that is known to stand, over sockets. `HYPERSENTRY_NAKED_BRACKETS` of each kind.
#[tokio::test(flavor = "multi_thread")]
async fn brackets_that_are_filled_whole_and_in_part_come_to_be_protected() {
    let bench = Bench::with(0x46, roomy(), 5_000_000).await;
    let account = bench.account();
    for part in [false, true] {
        let wanted = count("HYPERSENTRY_NAKED_BRACKETS", 1);
        let (mut naked, mut number) = (Vec::new(), 0);
        while naked.len() < wanted {
            number += 1;
            assert!(number < 10 * wanted, "none is filled");
            let key = |what: &str| format!("{what}-{part}-{number}");
            let stop = away(bench.mid().await, -20);
            let ask = if part {
                let (px, size) = bench.first_ask().await;
                let more = size.checked_add(Size::parse("0.5").unwrap()).unwrap();
                json!({"side": "buy", "kind": "limit", "px": px, "size": more, "stop_loss": stop})
            } else {
                json!({"side": "buy", "kind": "market", "slippage_bps": 80, "stop_loss": stop})
            };
            let first = bench.order(&key("b"), ask).await.unwrap().remove(0).cloid;
            let entry = |state: &AccountState| {
                let mut orders = all(state);
                orders.find(|it| it.cloid == first).cloned()
            };
            let covered = |state: &AccountState| {
                entry(state).is_some_and(|it| it.naked_ms.is_some() && it.protected == Some(true))
            };
            // The market may have gone away from the price: such a one is cancelled, and another one is tried.
            let began = Instant::now();
            let misses = |state: &AccountState| {
                began.elapsed() > Duration::from_secs(3)
                    && entry(state).is_some_and(|it| it.filled.is_zero())
            };
            let either = |state: &AccountState| covered(state) || misses(state);
            let state = bench.until("what was filled is protected", either).await;
            naked.extend(entry(&state).unwrap().naked_ms);
            let by = Asker::default;
            let cancelled = bench.trading.cancel_all(&account, key("c"), None, by());
            cancelled.await.unwrap();
            let over = |state: &AccountState| all(state).all(|it| it.state.is_terminal());
            bench.until("nothing rests", over).await;
            let btc = Symbol::new("BTC").unwrap();
            let closed = bench.trading.close(&account, key("x"), btc, 100, by());
            if let Err(error) = closed.await {
                assert_eq!(error.code, "reduce_only_no_position");
            }
            let flat = |state: &AccountState| {
                over(state) && state.positions.v.as_ref().is_some_and(Vec::is_empty)
            };
            bench.until("nothing is left", flat).await;
        }
        naked.sort_unstable();
        let (least, middle, most) = (naked[0], naked[naked.len() / 2], naked[naked.len() - 1]);
        let how = if part { "in part" } else { "whole" };
        println!(
            "{} brackets filled {how}: naked for {least} to {most} ms, {middle} ms in the middle",
            naked.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_venues_twap_is_found_whatever_becomes_of_the_answer() {
    let bench = Bench::start(0x44).await;
    for (number, lose) in [(1, None), (2, Some(true)), (3, Some(false))] {
        if let Some(performed) = lose {
            bench.simulator.faults().apply(Fault::LoseAnswers {
                count: 1,
                performed,
            });
        }
        let key = format!("t{number}");
        let ask = json!({"side": "buy", "kind": "twap", "size": "0.02", "twap": {"minutes": 10 + number, "by": "venue"}});
        assert_eq!(bench.order(&key, ask.clone()).await.unwrap(), Vec::new());
        let mine = |it: &AccountState| it.twaps.iter().find(|it| it.key == key).cloned();
        if lose == Some(false) {
            bench.until("it never ran", |it| mine(it).is_none()).await;
            continue;
        }
        let runs = bench
            .until("it runs and has traded", |it| {
                mine(it).is_some_and(|it| it.state == "running" && it.filled.is_positive())
            })
            .await;
        assert!(mine(&runs).unwrap().left < Size::parse("0.02").unwrap());
        // Again the same request, and another one under its key.
        assert_eq!(bench.order(&key, ask.clone()).await.unwrap(), Vec::new());
        let mut other = ask.clone();
        other["size"] = json!("0.03");
        let other = bench.order(&key, other).await.unwrap_err();
        assert_eq!(other.code, "idempotency_conflict");
        if number == 1 {
            let account = bench.account();
            let ended = bench
                .trading
                .end_twap(&account, "e".into(), key.clone(), Asker::default())
                .await;
            assert!(ended.unwrap().left.is_positive());
            bench.until("it has ended", |it| mine(it).is_none()).await;
        }
    }
    assert_eq!(bench.state().await.twaps.len(), 1);
    let account = bench.account();
    bench
        .trading
        .kill(&account, true, true, false, Asker::default())
        .await
        .unwrap();
    bench
        .until("the switch has ended it, and the ledger ties", |it| {
            it.twaps.is_empty() && it.positions.v.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    let after = bench.state().await.now_ms;
    let tied = bench
        .until("it was compared", |it| {
            it.reconciled_ms.is_some_and(|at| at > after)
        })
        .await;
    assert_eq!(tied.findings, Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_twap_of_ours_is_ended_alone() {
    let bench = Bench::start(0x45).await;
    for key in ["x", "y"] {
        let ask = json!({"side": "buy", "kind": "twap", "size": "0.02", "twap": {"minutes": 10}});
        bench.order(key, ask).await.unwrap();
    }
    let account = bench.account();
    let end = |key: &'static str, twap: &'static str| {
        let account = account.clone();
        let trading = &bench.trading;
        async move {
            trading
                .end_twap(&account, key.into(), twap.into(), Asker::default())
                .await
        }
    };
    let left = end("e", "x").await.unwrap().left;
    assert!(left.is_positive());
    assert_eq!(end("e", "x").await.unwrap().left, left);
    assert_eq!(
        end("e", "y").await.unwrap_err().code,
        "idempotency_conflict"
    );
    assert_eq!(end("f", "z").await.unwrap_err().code, "order_unknown");
    let state = bench.state().await;
    let keys: Vec<&str> = state.twaps.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, ["y"]);
}
