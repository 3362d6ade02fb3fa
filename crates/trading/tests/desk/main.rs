//! Scopes beyond one account: labels with limits of their own, accounts that share a desk, the desk's switch.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod cancels;
#[path = "../common/mod.rs"]
mod common;
mod foreign;
mod house;
mod leases;
mod lives;
mod long;
mod margins;
mod signers;
mod traces;
mod twaps;
mod viewers;

use common::{PATIENCE, away};
use house::{House, by, codes, usd};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Symbol, Usd};
use hypersentry_trading::{AccountState, EventKind, KilledDesk, ScopeName, Told};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_label_stays_with_its_orders_over_a_restart() {
    let house = House::start(&[0x61]).await;
    let px = away(house.mid().await, -8);
    let ask = json!({"side": "buy", "kind": "limit", "px": px, "strategy": "auto"});
    let orders = house.order(0, "a", ask).await.unwrap();
    assert_eq!(orders[0].strategy, "auto");
    let plain = json!({"side": "buy", "kind": "limit", "px": px});
    let plain = house.order(0, "b", plain).await.unwrap();
    assert_eq!(plain[0].strategy, "manual");
    house.ends(0, &orders[0], State::Acked).await;
    house.ends(0, &plain[0], State::Acked).await;
    let bad = json!({"side": "buy", "kind": "limit", "px": px, "strategy": "No!"});
    assert_eq!(
        house.order(0, "c", bad).await.unwrap_err().code,
        "bad_request"
    );
    let house = house.restart().await;
    assert_eq!(
        house.ends(0, &orders[0], State::Acked).await.strategy,
        "auto"
    );
    assert_eq!(
        house.ends(0, &plain[0], State::Acked).await.strategy,
        "manual"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_that_ask_at_once_one_gets_what_the_desk_has_left() {
    let house = House::start(&[0x62, 0x63]).await;
    let px = away(house.mid().await, -8);
    let one = usd(&px).units() / 100;
    let limits = Limits {
        symbol_usd: Usd::from_units(one * 3 / 2),
        ..house.desk_limits().await
    };
    // Tighter: one person's word is enough.
    let set = house
        .trading
        .set_limits(ScopeName::Desk, limits, false, by("rita"))
        .await
        .unwrap();
    assert!(set.waiting.is_none());
    for round in 0..6 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let (first, second) = tokio::join!(house.buys(0, &a, &px), house.buys(1, &b, &px));
        let (n, taken, refused) = match (first, second) {
            (Ok(taken), Err(refused)) => (0, taken, refused),
            (Err(refused), Ok(taken)) => (1, taken, refused),
            other => panic!("round {round}: {other:#?}"),
        };
        assert_eq!(
            (refused.code.as_str(), codes(&refused)),
            ("risk_refused", vec!["risk_symbol_exposure"])
        );
        // What the other account has is not told.
        assert!(refused.refusals[0].found.is_none(), "{refused:?}");
        house.ends(n, &taken[0], State::Acked).await;
        let cloid = taken[0].cloid.clone().unwrap();
        let account = house.account(n);
        house
            .trading
            .cancel(&account, format!("c{round}"), &cloid, by("tom"))
            .await
            .unwrap();
        house.ends(n, &taken[0], State::Cancelled).await;
    }
    let total = house.trading.limits(&[], true).await.unwrap();
    let standing = total[0].standing.as_ref().unwrap();
    assert_eq!(standing.gross_usd.v, Some(Usd::ZERO));
    assert_eq!(standing.orders_day, 6);
    // Whoever does not manage risk is told of no sum over accounts.
    assert!(
        house.trading.limits(&[], false).await.unwrap()[0]
            .standing
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn looser_limits_wait_for_a_second_person_over_a_restart() {
    let house = House::start(&[0x64]).await;
    let account = house.account(0);
    let scope = ScopeName::Account(account.clone());
    let before = house.state(0).await.limits;
    let wider = Limits {
        order_usd: usd("30000"),
        ..before.clone()
    };
    let waits = house
        .trading
        .set_limits(scope.clone(), wider.clone(), false, by("ann"))
        .await
        .unwrap();
    let waiting = waits.waiting.clone().unwrap();
    assert_eq!(
        (waiting.by.as_str(), waiting.loosens),
        ("ann", vec!["order_usd".to_owned()])
    );
    assert_eq!(waits.limits.0, before);
    let alone = house
        .trading
        .agree_limits(scope.clone(), by("ann"))
        .await
        .unwrap_err();
    assert_eq!(alone.code, "limits_second_person_needed");
    let house = house.restart().await;
    assert_eq!(house.state(0).await.limits, before);
    let agreed = house
        .trading
        .agree_limits(scope.clone(), by("bob"))
        .await
        .unwrap();
    assert_eq!((agreed.limits.0, agreed.waiting), (wider.clone(), None));
    assert_eq!(house.state(0).await.limits, wider);
    assert!(
        house.heard(|told| matches!(told, Told::Risk(risk) if risk.scopes[0].limits.0 == wider))
    );
    // What waits can be turned down, and a desk's change waits too.
    let desk = Limits {
        gross_usd: usd("5000000"),
        ..house.desk_limits().await
    };
    house
        .trading
        .set_limits(ScopeName::Desk, desk, false, by("ann"))
        .await
        .unwrap();
    let none = house
        .trading
        .withdraw_limits(ScopeName::Desk, by("bob"))
        .await
        .unwrap();
    assert!(none.waiting.is_none());
    let nothing = house
        .trading
        .agree_limits(ScopeName::Desk, by("bob"))
        .await
        .unwrap_err();
    assert_eq!(nothing.code, "limits_nothing_proposed");
    // A strategy has limits once somebody sets some.
    let label = ScopeName::Strategy(account, "auto".to_owned());
    let narrow = Limits {
        order_usd: usd("100"),
        ..wider.clone()
    };
    house
        .trading
        .set_limits(label, narrow, false, by("ann"))
        .await
        .unwrap();
    let house = house.restart().await;
    assert_eq!(house.state(0).await.limits, wider);
    let px = away(house.mid().await, -8);
    let auto = json!({"side": "buy", "kind": "limit", "px": px, "strategy": "auto"});
    let refused = house.order(0, "x", auto).await.unwrap_err();
    assert_eq!(codes(&refused), ["risk_order_size"]);
    assert!(refused.text.contains("of the strategy"), "{}", refused.text);
    let plain = house.buys(0, "y", &px).await.unwrap();
    house.ends(0, &plain[0], State::Acked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_holds_its_own_trades_until_the_account_is_flat() {
    let house = House::start(&[0x65]).await;
    let account = house.account(0);
    let label = ScopeName::Strategy(account.clone(), "auto".to_owned());
    let limits = house.state(0).await.limits;
    house
        .trading
        .set_limits(label, limits, true, by("ann"))
        .await
        .unwrap();
    let market = |strategy: &str| json!({"side": "buy", "kind": "market", "slippage_bps": 80, "strategy": strategy});
    let manual = house.order(0, "m", market("manual")).await.unwrap();
    house.ends(0, &manual[0], State::Filled).await;
    let auto = house.order(0, "a", market("auto")).await.unwrap();
    house.ends(0, &auto[0], State::Filled).await;
    let gross = async |house: &House| {
        let scopes = house
            .trading
            .limits(std::slice::from_ref(&account), true)
            .await
            .unwrap();
        let of = |strategy: Option<&str>| {
            let mut scopes = scopes.iter().filter(|it| it.account.is_some());
            let scope = scopes
                .find(|it| it.strategy.as_deref() == strategy)
                .unwrap();
            scope.standing.as_ref().unwrap().gross_usd.v
        };
        (of(None), of(Some("auto")))
    };
    let until = async |house: &House, what: &str, holds: &dyn Fn(Usd, Usd) -> bool| {
        let began = Instant::now();
        loop {
            if let (Some(account), Some(auto)) = gross(house).await
                && holds(account, auto)
            {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "never: {what}: {:?}",
                gross(house).await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Two equal orders, one of which is the strategy's.
    let half = |account: Usd, auto: Usd| {
        auto.is_positive() && (account.units() - 2 * auto.units()).abs() <= account.units() / 1_000
    };
    until(&house, "half of it", &half).await;
    let house = house.restart().await;
    until(&house, "half of it, still", &half).await;
    let btc = Symbol::new("BTC").unwrap();
    house
        .trading
        .close(&account, "x".into(), btc, 100, by("tom"))
        .await
        .unwrap();
    until(&house, "flat", &|account, auto| {
        account.is_zero() && auto.is_zero()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desks_switch_stops_every_account_and_those_that_come_later() {
    let house = House::start(&[0x66, 0x67]).await;
    let px = away(house.mid().await, -8);
    let market = json!({"side": "buy", "kind": "market", "slippage_bps": 80});
    let held = house.order(0, "m", market.clone()).await.unwrap();
    house.ends(0, &held[0], State::Filled).await;
    let mut resting = Vec::new();
    for n in 0..2 {
        let order = house.buys(n, "r", &px).await.unwrap().remove(0);
        resting.push(house.ends(n, &order, State::Acked).await);
    }
    let drill = house
        .trading
        .kill_desk(true, true, true, by("rita"))
        .await
        .unwrap();
    let counts = |killed: &KilledDesk| {
        let mut counts: Vec<_> = killed
            .accounts
            .iter()
            .map(|it| (it.cancelled, it.flattened))
            .collect();
        counts.sort_unstable();
        counts
    };
    assert_eq!(
        (drill.on, drill.drill, counts(&drill)),
        (false, true, vec![(1, 0), (1, 1)])
    );
    assert!(!house.state(0).await.desk_killed);
    let killed = house
        .trading
        .kill_desk(true, true, false, by("rita"))
        .await
        .unwrap();
    assert_eq!((killed.on, counts(&killed)), (true, vec![(1, 0), (1, 1)]));
    for (n, order) in resting.iter().enumerate() {
        house.ends(n, order, State::Cancelled).await;
        let refused = house.buys(n, "n", &px).await.unwrap_err();
        assert_eq!(codes(&refused), ["kill_switch_on"]);
    }
    house
        .until(0, "flat", |it| {
            it.positions.v.as_ref().is_some_and(Vec::is_empty)
        })
        .await;
    assert!(house.happened(EventKind::Killed, "desk_kill_switch_on"));
    // Nobody is there when the process comes back, and the switch is on; an account that was never seen finds it on.
    let only = |state: &AccountState| {
        let mut locks = state.locks.iter();
        state.desk_killed && locks.all(|it| it.code == "desk_kill_switch_on")
    };
    let house = house.stop().await.begin(only).await;
    let refused = house.buys(1, "n2", &px).await.unwrap_err();
    assert_eq!(codes(&refused), ["kill_switch_on"]);
    let stranger = format!("0x{}", "ab".repeat(20));
    let state = house.trading.state(&stranger, None).await.unwrap();
    assert!(
        state.desk_killed
            && state
                .locks
                .iter()
                .any(|it| it.code == "desk_kill_switch_on")
    );
    house
        .trading
        .kill_desk(false, false, false, by("rita"))
        .await
        .unwrap();
    let began = Instant::now();
    let order = loop {
        // The stranger counts from when it is known: until then the desk's sum is not.
        match house
            .buys(1, &format!("o{}", began.elapsed().as_millis()), &px)
            .await
        {
            Ok(orders) => break orders[0].clone(),
            Err(error) => assert!(
                began.elapsed() < PATIENCE && codes(&error) == ["risk_stale_input"],
                "{error:?}"
            ),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    house.ends(1, &order, State::Acked).await;
}
