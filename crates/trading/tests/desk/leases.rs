//! Dead man's leases, and the venue's own switch.

use super::common::{away, now, open};
use super::house::{House, by, codes};
use hypersentry_execution::order::State;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_trading::{Door, EventKind, Got, Later, ScopeName, World};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_lapses_takes_back_what_adds_risk_and_leaves_stops() {
    let house = House::start(&[0x68]).await;
    let account = house.account(0);
    let mid = house.mid().await;
    let px = away(mid, -8);
    let market = json!({"side": "buy", "kind": "market", "slippage_bps": 80});
    let held = house.order(0, "m", market.clone()).await.unwrap();
    house.ends(0, &held[0], State::Filled).await;
    house
        .until(0, "a position", |it| {
            it.positions.v.as_ref().is_some_and(|rows| rows.len() == 1)
        })
        .await;
    let stop = json!({"side": "sell", "kind": "stop_market", "trigger_px": away(mid, -30), "reduce_only": true});
    let stop = house.order(0, "s", stop).await.unwrap().remove(0);
    house.ends(0, &stop, State::Acked).await;
    let resting = house.buys(0, "r", &px).await.unwrap().remove(0);
    house.ends(0, &resting, State::Acked).await;
    let twap = json!({"side": "buy", "kind": "twap", "size": "0.01", "twap": {"minutes": 30, "randomize": false}});
    house.order(0, "t", twap).await.unwrap();
    let scope = ScopeName::Account(account.clone());
    let lease = house
        .trading
        .lease(scope.clone(), 5, false, by("tom"))
        .await
        .unwrap();
    assert_eq!(
        (lease.len(), lease[0].by.as_str(), lease[0].lapsed),
        (1, "tom", false)
    );
    // Nobody renews it.
    house.ends(0, &resting, State::Cancelled).await;
    let state = house
        .until(0, "lapsed", |it| it.leases[0].lapsed && it.twaps.is_empty())
        .await;
    assert!(state.locks.iter().any(|it| it.code == "lease_lapsed"));
    let orders = state.orders.unwrap();
    let stops = orders.iter().find(|it| it.cloid == stop.cloid).unwrap();
    assert_eq!(stops.state, State::Acked);
    assert!(house.happened(EventKind::Lapsed, "lease_lapsed"));
    let refused = house.buys(0, "n", &px).await.unwrap_err();
    assert_eq!(codes(&refused), ["lease_lapsed"]);
    let btc = Symbol::new("BTC").unwrap();
    house
        .trading
        .close(&account, "half".into(), btc, 50, by("tom"))
        .await
        .unwrap();
    house
        .trading
        .lease(scope.clone(), 60, false, by("tom"))
        .await
        .unwrap();
    assert!(house.happened(EventKind::Renewed, "lease_renewed"));
    let again = house.buys(0, "n2", &px).await.unwrap().remove(0);
    house.ends(0, &again, State::Acked).await;
    // The process is away for longer than the lease.
    house
        .trading
        .lease(scope.clone(), 5, false, by("tom"))
        .await
        .unwrap();
    let stopped = house.stop().await;
    let until = std::time::Duration::from_millis(5_200);
    tokio::time::sleep(until).await;
    let house = stopped
        .begin(|state| state.leases.iter().any(|it| it.lapsed))
        .await;
    house.ends(0, &again, State::Cancelled).await;
    house.ends(0, &stop, State::Acked).await;
    let refused = house.buys(0, "n3", &px).await.unwrap_err();
    assert!(
        codes(&refused).contains(&"lease_lapsed") || refused.code == "trading_locked",
        "{refused:?}"
    );
    assert!(
        house
            .trading
            .lease(scope, 0, false, by("tom"))
            .await
            .unwrap()
            .is_empty()
    );
    house.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategys_lease_and_the_desks_hold_what_they_cover() {
    let house = House::start(&[0x69]).await;
    let account = house.account(0);
    let px = away(house.mid().await, -8);
    let ask =
        |strategy: &str| json!({"side": "buy", "kind": "limit", "px": px, "strategy": strategy});
    let auto = house.order(0, "a", ask("auto")).await.unwrap().remove(0);
    let manual = house.order(0, "m", ask("manual")).await.unwrap().remove(0);
    house.ends(0, &auto, State::Acked).await;
    house.ends(0, &manual, State::Acked).await;
    let label = ScopeName::Strategy(account, "auto".to_owned());
    house
        .trading
        .lease(label.clone(), 5, true, by("rita"))
        .await
        .unwrap();
    // A trader renews what a risk manager set, and neither ends it nor makes it longer.
    for seconds in [0, 6] {
        let refused = house
            .trading
            .lease(label.clone(), seconds, false, by("tom"))
            .await;
        assert_eq!(refused.unwrap_err().code, "lease_held");
    }
    house.ends(0, &auto, State::Cancelled).await;
    assert_eq!(
        codes(&house.order(0, "a2", ask("auto")).await.unwrap_err()),
        ["lease_lapsed"]
    );
    let more = house.order(0, "m2", ask("manual")).await.unwrap().remove(0);
    house.ends(0, &more, State::Acked).await;
    house
        .trading
        .lease(ScopeName::Desk, 5, true, by("rita"))
        .await
        .unwrap();
    for order in [&manual, &more] {
        house.ends(0, order, State::Cancelled).await;
    }
    assert_eq!(
        codes(&house.order(0, "m3", ask("manual")).await.unwrap_err()),
        ["lease_lapsed"]
    );
    house
        .trading
        .lease(ScopeName::Desk, 0, true, by("rita"))
        .await
        .unwrap();
    house.order(0, "m4", ask("manual")).await.unwrap();
}

/// The simulated venue, to whom everybody has traded enough for its own switch.
#[derive(Debug)]
struct Obliging(Arc<dyn Door>);

impl Door for Obliging {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        if body.contains("scheduleCancel") {
            let body = r#"{"status":"ok","response":{"type":"default"}}"#.into();
            return Box::pin(async { Got { status: 200, body } });
        }
        self.0.post(path, body, class, weight)
    }

    fn stream_url(&self) -> String {
        self.0.stream_url()
    }

    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>> {
        self.0.may_stream(account)
    }

    fn stream_ended(&self, account: Address) {
        self.0.stream_ended(account);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_venues_own_switch_is_set_with_its_limits() {
    let house = House::start(&[0x6a]).await;
    let account = house.account(0);
    let soon = |ms: i64| Some(now().ms() + ms);
    let early = house
        .trading
        .schedule_cancel(&account, "e".into(), soon(4_000), by("tom"))
        .await;
    assert_eq!(early.unwrap_err().code, "schedule_too_soon");
    let poor = house
        .trading
        .schedule_cancel(&account, "p".into(), soon(60_000), by("tom"))
        .await
        .unwrap_err();
    assert_eq!(poor.code, "venue_schedule_volume");
    assert!(poor.text.contains("1000000"), "{}", poor.text);
    assert_eq!(house.state(0).await.scheduled_cancel, None);
    let stopped = house.stop().await;
    let plain = stopped.world();
    let world = World {
        door: Arc::new(Obliging(Arc::clone(&plain.door))),
        ..plain
    };
    let trading = open(stopped.dir.path(), world);
    let at = soon(7_000);
    let set = trading
        .schedule_cancel(&account, "s".into(), at, by("tom"))
        .await
        .unwrap();
    assert_eq!((set.at_ms, set.triggers_left), (at, Some(10)));
    let again = trading
        .schedule_cancel(&account, "s".into(), at, by("tom"))
        .await
        .unwrap();
    assert_eq!(again, set);
    let other = trading
        .schedule_cancel(&account, "s".into(), None, by("tom"))
        .await;
    assert_eq!(other.unwrap_err().code, "idempotency_conflict");
    // The next process knows of it, and sees it go off.
    trading.stop().await;
    drop(trading);
    let house = stopped
        .begin(|state| state.scheduled_cancel.is_some())
        .await;
    house
        .until(0, "it went off", |it| it.scheduled_cancel.is_none())
        .await;
    assert!(house.happened(EventKind::Raised, "schedule_fired"));
    let left = house
        .trading
        .schedule_cancel(&account, "s".into(), at, by("tom"))
        .await
        .unwrap();
    assert_eq!((left.at_ms, left.triggers_left), (None, Some(9)));
}
