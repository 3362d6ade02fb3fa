//! Who may sign is one thing, who may stop is another.

use super::common::{away, merged};
use super::house::{House, by};
use hypersentry_execution::order::State;
use hypersentry_trading::{Asker, OrderView, TradeError};
use serde_json::{Value, json};

async fn order(house: &House, user: &str, key: &str, rest: Value) -> Result<OrderView, TradeError> {
    let ticket = json!({"account": house.account(0), "key": key, "symbol": "BTC", "size": "0.01"});
    let placed = house.trading.order(merged(ticket, &rest), by(user)).await;
    placed.map(|mut orders| orders.remove(0))
}

/// A position, and an order that rests, both of Tom's.
async fn begun(key: u16) -> (House, OrderView) {
    let house = House::start(&[key]).await;
    let bought = json!({"side": "buy", "kind": "market"});
    let bought = order(&house, "tom", "in", bought).await.unwrap();
    house.ends(0, &bought, State::Filled).await;
    house.until(0, "a position", |it| holds(it) == 1).await;
    let px = away(house.mid().await, -8);
    let rests = json!({"side": "buy", "kind": "limit", "px": px});
    let rests = order(&house, "tom", "rest", rests).await.unwrap();
    let rests = house.ends(0, &rests, State::Acked).await;
    (house, rests)
}

fn holds(state: &hypersentry_trading::AccountState) -> usize {
    state.positions.v.as_ref().map_or(0, Vec::len)
}

fn rita() -> Asker {
    Asker {
        manages: true,
        ..by("rita")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gets_out_of_risk_is_signed_by_whoever_may_sign() {
    let (house, rests) = begun(0x71).await;
    // Tom's right ends while his order rests; Rita, who manages risk, never had an agent; Ann has one.
    house.purse.owned_by(&["ann"]);
    let px = away(house.mid().await, -8);
    let more = json!({"side": "buy", "kind": "limit", "px": px});
    for user in ["tom", "rita"] {
        let refused = order(&house, user, user, more.clone()).await.unwrap_err();
        assert_eq!(refused.code, "agent_required");
    }
    // A key that two users chose is one's alone.
    let taken = order(&house, "ann", "rest", more).await.unwrap_err();
    assert_eq!(taken.code, "idempotency_conflict");
    let account = house.account(0);
    let all = house
        .trading
        .cancel_all(&account, "all".to_owned(), None, rita());
    assert_eq!(all.await.unwrap().len(), 1);
    house.ends(0, &rests, State::Cancelled).await;
    let killed = house.trading.kill(&account, true, true, false, rita());
    assert_eq!(killed.await.unwrap().flattened, 1);
    house.until(0, "flat", |it| holds(it) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_the_risk_manager_threw_is_put_back_by_one() {
    let (house, rests) = begun(0x72).await;
    let account = house.account(0);
    let kill = async |house: &House, on: bool, who: Asker| {
        let killed = house.trading.kill(&account, on, false, false, who).await;
        killed.map(|it| it.on).map_err(|it| it.code)
    };
    // Whoever threw it puts it back.
    assert_eq!(kill(&house, true, by("tom")).await, Ok(true));
    house.ends(0, &rests, State::Cancelled).await;
    assert_eq!(kill(&house, false, by("tom")).await, Ok(false));
    assert_eq!(kill(&house, true, rita()).await, Ok(true));
    let held = Err("kill_held".to_owned());
    assert_eq!(kill(&house, false, by("tom")).await, held);
    // To throw it again does not make it one's own.
    assert_eq!(kill(&house, true, by("tom")).await, Ok(true));
    let stopped = house.stop().await;
    let house = stopped.begin(|it| it.killed && it.stream == "open").await;
    assert_eq!(kill(&house, false, by("tom")).await, held);
    assert_eq!(kill(&house, false, rita()).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_closes_nothing_leaves_the_other_ones_closing_alone() {
    for restarts in [false, true] {
        let (house, _) = begun(0x73 + u16::from(restarts)).await;
        let account = house.account(0);
        // Nobody can sign: nothing is closed as yet.
        house.purse.owned_by(&[]);
        let killed = house.trading.kill(&account, true, true, false, rita());
        assert_eq!(killed.await.unwrap().flattened, 1);
        for on in [true, false] {
            let desk = house.trading.kill_desk(on, false, false, rita()).await;
            assert_eq!(desk.unwrap().accounts[0].flattened, 0);
        }
        let again = house.trading.kill(&account, true, false, false, by("tom"));
        assert_eq!(again.await.unwrap().flattened, 0);
        let house = if restarts {
            let stopped = house.stop().await;
            stopped.begin(|it| it.killed && it.stream == "open").await
        } else {
            house
        };
        assert_eq!(holds(&house.state(0).await), 1);
        house.purse.owned_by(&["ann"]);
        house.until(0, "flat", |it| holds(it) == 0).await;
    }
}
