//! Real kills on the longer paths: an order that is modified, a stop that is moved, a bracket whose entry is filled in part, a TWAP of the venue's, the kill
//! switch; over the account's stream and by requests.
//!
//! As `kills.rs`: each point of each path, counted by a run without a kill; `HYPERSENTRY_KILLS=N` takes each N-th only, `HYPERSENTRY_KILL_PATHS` the
//! paths whose names contain it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::child::{self, Child, PATIENCE};
use common::kill::{self, Job};
use common::purse::wallet;
use common::venue::Fault;
use common::{away, count, merged, way};
use hypersentry_execution::order::{Leg, State};
use hypersentry_trading::{AccountState, Asker, Eyes, OrderView, Ticket, TradeError};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const PATHS: [&str; 10] = [
    "modify",
    "move-stop",
    "partial-bracket",
    "venue-twap",
    "kill-switch",
    "modify by requests",
    "move-stop by requests",
    "partial-bracket by requests",
    "venue-twap by requests",
    "kill-switch by requests",
];

#[test]
#[ignore = "the child of the test beside it"]
fn the_child() {
    child::child(play);
}

fn known(order: &OrderView) -> bool {
    !matches!(
        order.state,
        State::Sent | State::Unknown | State::RiskPassed | State::IntentLogged | State::Cancelling
    )
}

fn all(state: &AccountState) -> impl Iterator<Item = &OrderView> {
    state.orders.iter().flatten()
}

fn over(state: &AccountState) -> bool {
    all(state).all(|order| order.state.is_terminal())
}

fn leg(state: &AccountState, leg: Leg) -> Option<&OrderView> {
    all(state).find(|order| order.leg == leg && order.replaces.is_none())
}

/// Asks as a client that repeats itself, and gives up only where the answer is final.
async fn asked<T, F: Future<Output = Result<T, TradeError>>>(ask: impl Fn() -> F) -> Option<T> {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return Some(answer),
            Err(error)
                if matches!(
                    error.code.as_str(),
                    "order_not_resting" | "kill_switch_on" | "order_unknown"
                ) =>
            {
                return None;
            }
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn settle(child: &Child) -> AccountState {
    child.until(|state| all(state).all(known)).await
}

/// What was decided once by what was seen, and is asked for again as it was; `new` where nothing was.
async fn decided<F: Future<Output = Value>>(child: &Child, new: impl FnOnce() -> F) -> Value {
    let file = child.dir.join("decided");
    if let Ok(text) = std::fs::read_to_string(&file) {
        return serde_json::from_str(&text).unwrap();
    }
    let value = new().await;
    let part = child.dir.join("deciding");
    std::fs::write(&part, value.to_string()).unwrap();
    std::fs::rename(part, file).unwrap();
    value
}

/// Asks for a change of an order with this leg, if there is one; the same order is asked for again.
async fn modify(child: &Child, of: Leg, rest: &Value) {
    let state = settle(child).await;
    let cloid = leg(&state, of).and_then(|order| order.cloid.clone());
    let Some(cloid) = cloid else {
        return;
    };
    let cloid = decided(child, || async { json!(cloid) }).await;
    let body = json!({"account": child.account, "key": "m", "cloid": cloid});
    let ask = || {
        child
            .trading
            .modify(merged(body.clone(), rest), Asker::default())
    };
    asked(ask).await;
}

/// The best offer, and where a stop below it is.
async fn market() -> Value {
    let eyes = way(std::env::var("HS_KILL_URL").unwrap());
    let btc = hypersentry_model::Symbol::new("BTC").unwrap();
    let (px, _) = eyes.look(btc).await.asks.unwrap().value[0];
    let mid = common::mid(&*eyes).await;
    json!({"px": px, "stop": away(mid, -60)})
}

async fn play(child: Child) -> AccountState {
    let mid = child.mid;
    let ending = child.dir.join("ending");
    if ending.exists() {
        // What was cancelled then, stops too, is not to come back.
        child.until(|state| state.ready).await;
        return child.end().await;
    }
    let ticket = json!({"account": child.account, "key": "k", "symbol": "BTC", "side": "buy", "size": "0.01",
        "kind": "market", "slippage_bps": 90, "stop_loss": away(mid, -60)});
    match child.script.trim_end_matches(" by requests") {
        "modify" => modified(&child).await,
        "move-stop" => moved(&child, ticket).await,
        "partial-bracket" => filled_in_part(&child).await,
        "venue-twap" => twap(&child).await,
        _ => return switched(&child, ticket).await,
    }
    std::fs::write(ending, "").unwrap();
    child.end().await
}

async fn modified(child: &Child) {
    child.until(|state| state.ready).await;
    let ticket = json!({"account": child.account, "key": "k", "symbol": "BTC", "side": "buy", "size": "0.01",
        "kind": "limit", "px": away(child.mid, -40)});
    child.order(ticket).await;
    modify(child, Leg::Single, &json!({"px": away(child.mid, -35)})).await;
    settle(child).await;
}

/// Wherever it was killed: what was filled comes to have a stop.
async fn moved(child: &Child, ticket: Value) {
    child.until(|state| state.ready).await;
    child.order(ticket).await;
    modify(
        child,
        Leg::StopLoss,
        &json!({"trigger_px": away(child.mid, -50)}),
    )
    .await;
    settle(child).await;
    child.until(covered).await;
}

/// What an entry has filled has a stop that stands.
fn covered(state: &AccountState) -> bool {
    leg(state, Leg::Entry).is_none_or(|entry| {
        let stops = all(state).filter(|it| it.leg == Leg::StopLoss && it.state == State::Acked);
        let stops: i128 = stops.map(|it| it.size.units()).sum();
        stops >= entry.filled.units()
    })
}

async fn filled_in_part(child: &Child) {
    child.until(|state| state.ready).await;
    let decided = decided(child, market).await;
    let ticket = json!({"account": child.account, "key": "k", "symbol": "BTC", "side": "buy", "size": "0.19",
        "kind": "limit", "px": decided["px"], "stop_loss": decided["stop"]});
    child.order(ticket).await;
    let began = Instant::now();
    child
        .until(|state| {
            let naked = leg(state, Leg::Entry).is_some_and(|it| it.naked_ms.is_some());
            naked && covered(state) || began.elapsed() > Duration::from_secs(2)
        })
        .await;
    let state = settle(child).await;
    if let Some(cloid) = leg(&state, Leg::Entry).and_then(|it| it.cloid.clone()) {
        let (by, key) = (Asker::default, || "e".to_owned());
        let ask = || child.trading.cancel(&child.account, key(), &cloid, by());
        asked(ask).await;
    }
    child
        .until(|state| {
            leg(state, Leg::Entry).is_none_or(|it| it.state.is_terminal()) && covered(state)
        })
        .await;
}

async fn twap(child: &Child) {
    child.until(|state| state.ready).await;
    let ticket = json!({"account": child.account, "key": "k", "symbol": "BTC", "side": "buy", "size": "0.02",
        "kind": "twap", "twap": {"minutes": 10, "by": "venue"}});
    let ticket: Ticket = serde_json::from_value(ticket).unwrap();
    asked(|| child.trading.order(ticket.clone(), Asker::default())).await;
    child
        .until(|state| state.twaps.iter().all(|it| it.state != "unknown"))
        .await;
    let key = |text: &str| text.to_owned();
    let ask = || {
        let by = Asker::default();
        child
            .trading
            .end_twap(&child.account, key("e"), key("k"), by)
    };
    asked(ask).await;
    child.until(|state| state.twaps.is_empty()).await;
}

/// The switch is thrown once: what it was to do is done by whoever takes up the directory, if it is found thrown.
async fn switched(child: &Child, ticket: Value) -> AccountState {
    let found = child.until(|state| state.ready || state.killed).await;
    if !found.killed {
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        asked(|| child.trading.order(ticket.clone(), Asker::default())).await;
        settle(child).await;
        let by = Asker::default;
        let ask = || child.trading.kill(&child.account, true, true, false, by());
        asked(ask).await;
    }
    child
        .until(|state| {
            let flat = state.positions.v.as_ref().is_some_and(Vec::is_empty);
            state.killed && flat && over(state) && state.findings.is_empty()
        })
        .await
}

/// The venue's list has no TWAP twice, and none that runs.
fn twaps(told: &Value) -> Result<(), String> {
    let list = told.as_array().ok_or("no answer")?;
    let ids: BTreeSet<u64> = list.iter().filter_map(|it| it["twapId"].as_u64()).collect();
    let running = ids.iter().filter(|id| {
        let over = |it: &Value| {
            it["twapId"].as_u64() == Some(**id) && it["status"]["status"] != "activated"
        };
        !list.iter().any(over)
    });
    match (ids.len(), running.count()) {
        (0 | 1, 0) => Ok(()),
        (begun, running) => Err(format!("{begun} were begun, {running} run")),
    }
}

#[test]
fn a_process_that_is_killed_on_a_longer_path_doubles_and_loses_nothing() {
    let wanted = std::env::var("HYPERSENTRY_KILL_PATHS").unwrap_or_default();
    let paths: Vec<&str> = PATHS
        .into_iter()
        .filter(|path| path.contains(&wanted))
        .collect();
    let every = count("HYPERSENTRY_KILLS", 31);
    kill::sweep(&paths, (every, 1), |job: &Job, runtime| {
        let account = wallet(job.key).address().to_string();
        let way = way(job.url.clone());
        let told = runtime.block_on(way.info(json!({"type": "twapHistory", "user": account})));
        let told = told.unwrap_or_default();
        twaps(&told).map_err(|text| (Fault::Doubled, text))
    });
}
