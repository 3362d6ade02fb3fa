//! An account at a simulator of its own.

use super::{Ears, PATIENCE, Wallet, merged, mid, open_with, settings, wide, world};
use hypersentry_execution::order::State;
use hypersentry_model::{Price, Size, Symbol};
use hypersentry_sim::{Simulator, exchange};
use hypersentry_trading::{
    AccountState, Asker, OrderView, Settings, Ticket, TradeError, Trading, World,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    pub(crate) wallet: Arc<Wallet>,
    pub(crate) ears: Arc<Ears>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) trading: Trading,
    world: World,
    settings: Settings,
}

impl Bench {
    pub(crate) async fn start(key: u8) -> Self {
        Self::with(key, settings(), 100_000).await
    }

    pub(crate) async fn with(key: u8, settings: Settings, dollars: i128) -> Self {
        Self::within(key, settings, dollars, |world| world).await
    }

    /// In a world that is made of the usual one.
    pub(crate) async fn within(
        key: u8,
        settings: Settings,
        dollars: i128,
        other: impl FnOnce(World) -> World,
    ) -> Self {
        let simulator = wide().await;
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let address = wallet.address().to_string();
        let user = exchange::Address::parse(&address).unwrap();
        simulator.pay_in(user, dollars * exchange::USD).unwrap();
        let ears = Arc::<Ears>::default();
        let dir = tempfile::tempdir().unwrap();
        let world = other(world(&simulator, &wallet, &ears));
        let trading = open_with(dir.path(), settings.clone(), world.clone());
        let bench = Self {
            simulator,
            wallet,
            ears,
            dir,
            trading,
            world,
            settings,
        };
        bench
            .until("the account is ready", |state| {
                state.ready && state.stream == "open"
            })
            .await;
        bench
    }

    /// Ends the process, as it were, and begins another one with the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.trading.stop().await;
        self.begin().await
    }

    /// Begins another process where one was stopped.
    pub(crate) async fn begin(mut self) -> Self {
        drop(self.trading);
        let (settings, world) = (self.settings.clone(), self.world.clone());
        self.trading = open_with(self.dir.path(), settings, world);
        self.until("the account is ready again", |state| state.ready)
            .await;
        self
    }

    pub(crate) fn account(&self) -> String {
        self.wallet.address().to_string()
    }

    pub(crate) async fn state(&self) -> AccountState {
        self.trading.state(&self.account(), None).await.unwrap()
    }

    pub(crate) async fn until(
        &self,
        what: &str,
        holds: impl Fn(&AccountState) -> bool,
    ) -> AccountState {
        self.until_after(PATIENCE, what, holds).await
    }

    /// For what takes as long as the usual patience: a look at the whole account comes every 30 s.
    pub(crate) async fn until_after(
        &self,
        patience: Duration,
        what: &str,
        holds: impl Fn(&AccountState) -> bool,
    ) -> AccountState {
        let began = std::time::Instant::now();
        loop {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            if began.elapsed() > patience {
                let auto = self.trading.auto(&self.account()).await;
                panic!("never: {what}; {state:#?} {auto:#?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn mid(&self) -> i64 {
        mid(&*self.world.eyes).await
    }

    /// The best offer: its price, and how much rests there.
    pub(crate) async fn first_ask(&self) -> (Price, Size) {
        let sight = self.world.eyes.look(Symbol::new("BTC").unwrap()).await;
        sight.asks.unwrap().value[0]
    }

    pub(crate) fn ticket(&self, key: &str, rest: &Value) -> Ticket {
        let ticket =
            json!({"account": self.account(), "key": key, "symbol": "BTC", "size": "0.01"});
        merged(ticket, rest)
    }

    pub(crate) async fn order(&self, key: &str, rest: Value) -> Result<Vec<OrderView>, TradeError> {
        self.trading
            .order(self.ticket(key, &rest), Asker::default())
            .await
    }

    pub(crate) async fn ends(&self, key: &OrderView, state: State) -> OrderView {
        let cloid = key.cloid.clone();
        let find = |whole: &AccountState| {
            let orders = whole.orders.iter().flatten();
            orders.clone().find(|order| order.cloid == cloid).cloned()
        };
        let is = |whole: &AccountState| find(whole).is_some_and(|order| order.state == state);
        let whole = self.until(&format!("{cloid:?} is {state:?}"), is).await;
        find(&whole).unwrap()
    }
}
