//! Everything is cancelled once for each request.

use super::common::away;
use super::house::{House, by};
use hypersentry_execution::order::State;
use hypersentry_model::Symbol;
use hypersentry_trading::OrderView;

fn names(orders: &[OrderView]) -> Vec<Option<String>> {
    let mut names: Vec<_> = orders.iter().map(|it| it.cloid.clone()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cancels_everything_names_the_same_orders_when_it_is_repeated() {
    let house = House::start(&[0x6d]).await;
    let account = house.account(0);
    let px = away(house.mid().await, -8);
    let mut first = Vec::new();
    for key in ["a", "b", "c"] {
        let order = house.buys(0, key, &px).await.unwrap().remove(0);
        house.ends(0, &order, State::Acked).await;
        first.push(order);
    }
    let all = async |house: &House, key: &str, symbol: Option<&str>| {
        let symbol = symbol.map(|it| Symbol::new(it).unwrap());
        let asked = house
            .trading
            .cancel_all(&account, key.to_owned(), symbol, by("tom"));
        asked.await
    };
    // A market in which nothing rests; it names nothing for ever.
    assert!(all(&house, "eth", Some("ETH")).await.unwrap().is_empty());
    let cancelled = all(&house, "all", None).await.unwrap();
    assert_eq!(names(&cancelled), names(&first));
    for order in &first {
        house.ends(0, order, State::Cancelled).await;
    }
    let later = house.buys(0, "d", &px).await.unwrap().remove(0);
    house.ends(0, &later, State::Acked).await;
    let mut house = house;
    for round in 0..2 {
        let again = all(&house, "all", None).await.unwrap();
        assert_eq!(names(&again), names(&first), "round {round}");
        assert!(again.iter().all(|it| it.state == State::Cancelled));
        for (key, symbol) in [("all", Some("BTC")), ("eth", None), ("a", None)] {
            let other = all(&house, key, symbol).await.unwrap_err();
            assert_eq!(other.code, "idempotency_conflict", "{key}");
        }
        // Nor does another request take its key.
        let taken = house.buys(0, "all", &px).await.unwrap_err();
        assert_eq!(taken.code, "idempotency_conflict");
        let cloid = later.cloid.clone().unwrap();
        let one = house
            .trading
            .cancel(&account, "all".to_owned(), &cloid, by("tom"));
        assert_eq!(one.await.unwrap_err().code, "idempotency_conflict");
        let found = house.trading.find(&account, "all".to_owned()).await;
        assert_eq!(names(&found.unwrap()), names(&first));
        // What came since still rests.
        house.ends(0, &later, State::Acked).await;
        if round == 0 {
            house = house.restart().await;
        }
    }
    let rest = all(&house, "rest", Some("BTC")).await.unwrap();
    assert_eq!(names(&rest), names(&[later]));
}
