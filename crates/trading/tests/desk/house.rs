//! A desk of accounts at a simulator of their own.

use super::common::purse::{Purse, wallet};
use super::common::{Ears, PATIENCE, merged, mid, open, world};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::Usd;
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, Asker, EventKind, OrderView, Told, TradeError, Trading, World,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A simulator, and a desk of accounts that trade there.
pub(super) struct House {
    pub(super) simulator: Simulator,
    pub(super) accounts: Vec<String>,
    pub(super) purse: Arc<Purse>,
    pub(super) ears: Arc<Ears>,
    pub(super) dir: tempfile::TempDir,
    pub(super) trading: Arc<Trading>,
}

impl House {
    pub(super) async fn start(keys: &[u16]) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let accounts: Vec<String> = keys
            .iter()
            .map(|key| wallet(*key).address().to_string())
            .collect();
        for account in &accounts {
            let user = exchange::Address::parse(account).unwrap();
            simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        }
        let purse = Arc::new(Purse::of(keys.iter().copied()));
        let ears = Arc::<Ears>::default();
        let dir = tempfile::tempdir().unwrap();
        let trading = Arc::new(open(dir.path(), world(&simulator, &purse, &ears)));
        let house = Self {
            simulator,
            accounts,
            purse,
            ears,
            dir,
            trading,
        };
        house.ready().await;
        house
    }

    /// Ends the process, as it were, and begins another one with the same directory.
    pub(super) async fn restart(self) -> Self {
        let restarted = self.stop().await;
        restarted.begin(|it| it.ready && it.stream == "open").await
    }

    pub(super) async fn stop(self) -> Stopped {
        self.trading.stop().await;
        Stopped {
            simulator: self.simulator,
            accounts: self.accounts,
            purse: self.purse,
            ears: self.ears,
            dir: self.dir,
        }
    }

    pub(super) async fn ready(&self) {
        for n in 0..self.accounts.len() {
            self.until(n, "ready", |it| it.ready && it.stream == "open")
                .await;
        }
    }

    pub(super) fn account(&self, n: usize) -> String {
        self.accounts[n].clone()
    }

    pub(super) async fn state(&self, n: usize) -> AccountState {
        self.trading.state(&self.account(n), None).await.unwrap()
    }

    pub(super) async fn until(
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

    pub(super) async fn mid(&self) -> i64 {
        mid(&*world(&self.simulator, &self.purse, &self.ears).eyes).await
    }

    pub(super) async fn order(
        &self,
        n: usize,
        key: &str,
        rest: Value,
    ) -> Result<Vec<OrderView>, TradeError> {
        let ticket =
            json!({"account": self.account(n), "key": key, "symbol": "BTC", "size": "0.01"});
        let ticket = merged(ticket, &rest);
        self.trading.order(ticket, Asker::default()).await
    }

    pub(super) async fn ends(&self, n: usize, order: &OrderView, state: State) -> OrderView {
        let find = |whole: &AccountState| {
            let mut orders = whole.orders.iter().flatten();
            orders.find(|it| it.cloid == order.cloid).cloned()
        };
        let is = |whole: &AccountState| find(whole).is_some_and(|it| it.state == state);
        find(&self.until(n, &format!("{state:?}"), is).await).unwrap()
    }

    pub(super) async fn desk_limits(&self) -> Limits {
        self.trading.limits(&[], true).await.unwrap()[0]
            .limits
            .0
            .clone()
    }

    pub(super) fn heard(&self, of: impl Fn(&Told) -> bool) -> bool {
        self.ears.0.lock().unwrap().iter().any(of)
    }

    pub(super) fn happened(&self, kind: EventKind, code: &str) -> bool {
        self.heard(|told| matches!(told, Told::Event(it) if it.kind == kind && it.code == code))
    }

    pub(super) async fn buys(
        &self,
        n: usize,
        key: &str,
        px: &str,
    ) -> Result<Vec<OrderView>, TradeError> {
        let ask = json!({"side": "buy", "kind": "limit", "px": px});
        self.order(n, key, ask).await
    }
}

/// A house between two processes.
pub(super) struct Stopped {
    pub(super) simulator: Simulator,
    pub(super) accounts: Vec<String>,
    pub(super) purse: Arc<Purse>,
    pub(super) ears: Arc<Ears>,
    pub(super) dir: tempfile::TempDir,
}

impl Stopped {
    pub(super) fn world(&self) -> World {
        world(&self.simulator, &self.purse, &self.ears)
    }

    pub(super) async fn begin(self, holds: impl Fn(&AccountState) -> bool) -> House {
        let trading = Arc::new(open(self.dir.path(), self.world()));
        let house = House {
            simulator: self.simulator,
            accounts: self.accounts,
            purse: self.purse,
            ears: self.ears,
            dir: self.dir,
            trading,
        };
        for n in 0..house.accounts.len() {
            house.until(n, "as it was", &holds).await;
        }
        house
    }
}

pub(super) fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

pub(super) fn by(user: &str) -> Asker {
    Asker {
        user: Some(user.to_owned()),
        ..Asker::default()
    }
}

pub(super) fn codes(error: &TradeError) -> Vec<&str> {
    error.refusals.iter().map(|it| it.code.as_str()).collect()
}
