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
use hypersentry_model::Symbol;
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, OrderView, SignRefused, Signers, TradeError, Trading, World,
};
use hypersentry_venues::hyperliquid::exchange::Address;
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
        restarted.begin().await
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
    async fn begin(self) -> House {
        let world = House::world(&self.simulator, &self.wallets, &self.ears);
        let trading = Arc::new(open(self.dir.path(), world));
        let house = House {
            simulator: self.simulator,
            wallets: self.wallets,
            ears: self.ears,
            dir: self.dir,
            trading,
        };
        house.ready().await;
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
