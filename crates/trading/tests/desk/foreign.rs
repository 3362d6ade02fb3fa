//! Orders that another program sent.

use super::common::{away, open, world};
use super::house::{House, by};
use hypersentry_execution::order::State;
use hypersentry_trading::{AccountState, Asker, EventKind};
use std::sync::Arc;

fn foreign(state: &AccountState) -> usize {
    let orders = state.orders.iter().flatten();
    orders.filter(|order| order.foreign).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_switch_leaves_nothing_of_others_resting_and_cancel_all_leaves_it() {
    let house = House::start(&[0x78]).await;
    let account = house.account(0);
    let px = away(house.mid().await, -8);
    // Before the other one: both sign with one key, and the venue takes a nonce once.
    let ours = house.buys(0, "ours", &px).await.unwrap().remove(0);
    house.ends(0, &ours, State::Acked).await;
    // Another program with the same wallet, which knows nothing of this one.
    let dir = tempfile::tempdir().unwrap();
    let ears = Arc::default();
    let other = open(dir.path(), world(&house.simulator, &house.purse, &ears));
    let ready = async || other.state(&account, None).await.unwrap().ready;
    while !ready().await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for key in ["a", "b", "c"] {
        let ticket = serde_json::json!({"account": account, "key": key, "symbol": "BTC", "size": "0.01", "side": "buy", "kind": "limit", "px": px});
        let ticket = serde_json::from_value(ticket).unwrap();
        other.order(ticket, Asker::default()).await.unwrap();
    }
    house
        .until(0, "three of another", |it| foreign(it) == 3)
        .await;
    let all = house
        .trading
        .cancel_all(&account, "all".to_owned(), None, by("tom"));
    assert_eq!(all.await.unwrap().len(), 1);
    house.ends(0, &ours, State::Cancelled).await;
    assert_eq!(foreign(&house.state(0).await), 3);
    // A drill says so, and does nothing.
    let drill = house.trading.kill(&account, true, false, true, by("tom"));
    assert_eq!(drill.await.unwrap().cancelled, 3);
    let killed = house.trading.kill(&account, true, false, false, by("tom"));
    assert_eq!(killed.await.unwrap().cancelled, 3);
    house
        .until(0, "none of another", |it| foreign(it) == 0)
        .await;
    assert!(house.happened(EventKind::Raised, "foreign_cancelled"));
    // What comes while it is on goes too.
    let ticket = serde_json::json!({"account": account, "key": "d", "symbol": "BTC", "size": "0.01", "side": "buy", "kind": "limit", "px": px});
    let late = other.order(serde_json::from_value(ticket).unwrap(), Asker::default());
    let late = late.await.unwrap().remove(0);
    let ended = async || {
        let state = other.state(&account, None).await.unwrap();
        let mut orders = state.orders.into_iter().flatten();
        orders.any(|it| it.cloid == late.cloid && it.state == State::Cancelled)
    };
    while !ended().await {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    other.stop().await;
}
