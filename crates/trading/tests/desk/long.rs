//! What is longer than one record of the log.

use super::common::away;
use super::house::{House, by};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::Symbol;
use hypersentry_trading::ScopeName;
use std::collections::BTreeSet;

/// As many names as an allow-list may have, each as long as a name may be.
fn names(first: usize) -> BTreeSet<Symbol> {
    let long = (first..first + 998).map(|n| Symbol::new(&format!("{n:0>31}")).unwrap());
    long.chain([Symbol::new("BTC").unwrap(), Symbol::new("ETH").unwrap()])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_allow_lists_hold_and_wait_over_restarts() {
    let house = House::start(&[0x6c]).await;
    let account = house.account(0);
    let scopes = [
        ScopeName::Desk,
        ScopeName::Account(account.clone()),
        ScopeName::Strategy(account.clone(), "auto".to_owned()),
    ];
    for scope in &scopes {
        let plain = match scope {
            ScopeName::Desk => house.desk_limits().await,
            _ => house.state(0).await.limits,
        };
        let narrow = Limits {
            symbols: Some(names(0)),
            ..plain.clone()
        };
        let set = house
            .trading
            .set_limits(scope.clone(), narrow.clone(), false, by("ann"))
            .await
            .unwrap();
        assert!(
            set.waiting.is_none(),
            "a list where there was none is tighter"
        );
        let other = Limits {
            symbols: Some(names(500)),
            ..plain
        };
        let set = house
            .trading
            .set_limits(scope.clone(), other, false, by("ann"))
            .await
            .unwrap();
        assert!(set.waiting.is_some(), "another list is looser");
    }
    let house = house.restart().await.restart().await;
    let views = house.trading.limits(&[account], true).await.unwrap();
    assert_eq!(views.len(), scopes.len());
    for view in &views {
        let waiting = view.waiting.as_ref().unwrap();
        assert_eq!(view.limits.0.symbols, Some(names(0)), "{:?}", view.scope);
        assert_eq!(waiting.limits.0.symbols, Some(names(500)));
    }
    // Nothing has stopped.
    let px = away(house.mid().await, -8);
    let order = house.buys(0, "a", &px).await.unwrap().remove(0);
    house.ends(0, &order, State::Acked).await;
    for scope in scopes {
        let agreed = house.trading.agree_limits(scope, by("bob")).await.unwrap();
        assert_eq!(agreed.limits.0.symbols, Some(names(500)));
    }
}
