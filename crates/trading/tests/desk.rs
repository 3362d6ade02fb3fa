//! Scopes beyond one account: labels with limits of their own, and accounts that share a desk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::{Ears, PATIENCE, Wallet, away, open, world};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Symbol, Timestamp, Usd};
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, Door, EventKind, Got, KilledDesk, Later, OrderView, ScopeName,
    SignRefused, Signers, Told, TradeError, Trading, World,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Several wallets, each for its own account.
#[derive(Debug)]
struct Wallets(Vec<Arc<Wallet>>);

impl Wallets {
    fn of(&self, account: Address) -> Result<&Wallet, SignRefused> {
        let wallet = self.0.iter().find(|it| it.address() == account);
        wallet.map(Arc::as_ref).ok_or_else(|| SignRefused {
            code: "agent_required".into(),
            text: "no wallet".into(),
        })
    }
}

impl Signers for Wallets {
    fn agent(&self, account: Address, by: Option<&str>) -> Result<AgentKind, SignRefused> {
        self.of(account)?.agent(account, by)
    }

    fn sign(
        &self,
        account: Address,
        by: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        self.of(account)?.sign(account, by, digest)
    }
}

/// A simulator, and a desk of accounts that trade there.
struct House {
    simulator: Simulator,
    wallets: Arc<Wallets>,
    ears: Arc<Ears>,
    dir: tempfile::TempDir,
    trading: Arc<Trading>,
}

impl House {
    async fn start(keys: &[u8]) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let keys = keys
            .iter()
            .map(|key| SigningKey::from_slice(&[*key; 32]).unwrap());
        let wallets = Arc::new(Wallets(keys.map(|key| Arc::new(Wallet(key))).collect()));
        for wallet in &wallets.0 {
            let user = exchange::Address::parse(&wallet.address().to_string()).unwrap();
            simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        }
        let ears = Arc::<Ears>::default();
        let dir = tempfile::tempdir().unwrap();
        let trading = Arc::new(open(dir.path(), Self::world(&simulator, &wallets, &ears)));
        let house = Self {
            simulator,
            wallets,
            ears,
            dir,
            trading,
        };
        house.ready().await;
        house
    }

    fn world(simulator: &Simulator, wallets: &Arc<Wallets>, ears: &Arc<Ears>) -> World {
        World {
            signers: Arc::<Wallets>::clone(wallets),
            ..world(simulator, &wallets.0[0], ears)
        }
    }

    /// Ends the process, as it were, and begins another one with the same directory.
    async fn restart(self) -> Self {
        let restarted = self.stop().await;
        restarted.begin(|it| it.ready && it.stream == "open").await
    }

    async fn stop(self) -> Stopped {
        self.trading.stop().await;
        Stopped {
            simulator: self.simulator,
            wallets: self.wallets,
            ears: self.ears,
            dir: self.dir,
        }
    }

    async fn ready(&self) {
        for n in 0..self.wallets.0.len() {
            self.until(n, "ready", |it| it.ready && it.stream == "open")
                .await;
        }
    }

    fn account(&self, n: usize) -> String {
        self.wallets.0[n].address().to_string()
    }

    async fn state(&self, n: usize) -> AccountState {
        self.trading.state(&self.account(n), None).await.unwrap()
    }

    async fn until(
        &self,
        n: usize,
        what: &str,
        holds: impl Fn(&AccountState) -> bool,
    ) -> AccountState {
        let began = Instant::now();
        loop {
            let state = self.state(n).await;
            if holds(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "never: {what}; {state:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn mid(&self) -> i64 {
        let eyes = world(&self.simulator, &self.wallets.0[0], &self.ears).eyes;
        let sight = eyes.look(Symbol::new("BTC").unwrap()).await;
        (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64
    }

    async fn order(&self, n: usize, key: &str, rest: Value) -> Result<Vec<OrderView>, TradeError> {
        let mut ticket =
            json!({"account": self.account(n), "key": key, "symbol": "BTC", "size": "0.01"});
        for (name, value) in rest.as_object().unwrap() {
            ticket[name] = value.clone();
        }
        let ticket = serde_json::from_value(ticket).unwrap();
        self.trading.order(ticket, Asker::default()).await
    }

    async fn ends(&self, n: usize, order: &OrderView, state: State) -> OrderView {
        let find = |whole: &AccountState| {
            let mut orders = whole.orders.iter().flatten();
            orders.find(|it| it.cloid == order.cloid).cloned()
        };
        let is = |whole: &AccountState| find(whole).is_some_and(|it| it.state == state);
        find(&self.until(n, &format!("{state:?}"), is).await).unwrap()
    }
}

/// A house between two processes.
struct Stopped {
    simulator: Simulator,
    wallets: Arc<Wallets>,
    ears: Arc<Ears>,
    dir: tempfile::TempDir,
}

impl Stopped {
    async fn begin(self, holds: impl Fn(&AccountState) -> bool) -> House {
        let world = House::world(&self.simulator, &self.wallets, &self.ears);
        let trading = Arc::new(open(self.dir.path(), world));
        let house = House {
            simulator: self.simulator,
            wallets: self.wallets,
            ears: self.ears,
            dir: self.dir,
            trading,
        };
        for n in 0..house.wallets.0.len() {
            house.until(n, "as it was", &holds).await;
        }
        house
    }
}

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

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

fn by(user: &str) -> Asker {
    Asker {
        user: Some(user.to_owned()),
        ..Asker::default()
    }
}

impl House {
    async fn desk_limits(&self) -> Limits {
        self.trading.limits(&[], true).await.unwrap()[0]
            .limits
            .0
            .clone()
    }

    fn heard(&self, of: impl Fn(&Told) -> bool) -> bool {
        self.ears.0.lock().unwrap().iter().any(of)
    }

    fn happened(&self, kind: EventKind, code: &str) -> bool {
        self.heard(|told| matches!(told, Told::Event(it) if it.kind == kind && it.code == code))
    }

    async fn buys(&self, n: usize, key: &str, px: &str) -> Result<Vec<OrderView>, TradeError> {
        let ask = json!({"side": "buy", "kind": "limit", "px": px});
        self.order(n, key, ask).await
    }
}

fn codes(error: &TradeError) -> Vec<&str> {
    error.refusals.iter().map(|it| it.code.as_str()).collect()
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
    let soon = |ms: i64| Some(common::now().ms() + ms);
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
    let plain = House::world(&stopped.simulator, &stopped.wallets, &stopped.ears);
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
