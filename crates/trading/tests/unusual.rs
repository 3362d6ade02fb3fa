//! Looks at the market that come late, show next to nothing, or another time: what the kill switch and a key that is used again make of them.
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
use hypersentry_model::{Size, Symbol};
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, AskPlan, Asker, Eyes, Later, OrderView, PlanAnswer, Sight, Ticket, TradeError,
    Trading, World,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

#[derive(Debug)]
struct Looks {
    eyes: Arc<dyn Eyes>,
    how: Arc<How>,
}

/// How the market is seen.
#[derive(Debug, Default)]
struct How {
    /// So many milliseconds late.
    late_ms: AtomicU64,
    /// Each level holds next to nothing, and there are few.
    thin: AtomicBool,
    /// The venue's clock shows so much more.
    ahead_ms: AtomicI64,
}

/// What a level holds where the book is thin.
const LITTLE: &str = "0.0002";

impl Eyes for Looks {
    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let late = self.how.late_ms.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(late)).await;
            let mut sight = self.eyes.look(symbol).await;
            if let Some(time) = &mut sight.venue_time {
                time.ms += self.how.ahead_ms.load(Ordering::SeqCst);
            }
            if self.how.thin.load(Ordering::SeqCst) {
                let little = Size::parse(LITTLE).unwrap();
                for side in [&mut sight.bids, &mut sight.asks].into_iter().flatten() {
                    side.value.truncate(2);
                    side.value.iter_mut().for_each(|(_, size)| *size = little);
                }
            }
            sight
        })
    }

    fn plan(&self, ask: AskPlan) -> Later<'_, PlanAnswer> {
        self.eyes.plan(ask)
    }
}

struct Run {
    simulator: Simulator,
    wallet: Arc<Wallet>,
    how: Arc<How>,
}

impl Run {
    async fn start(key: u8) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let user = exchange::Address::parse(&wallet.address().to_string()).unwrap();
        simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        Self {
            simulator,
            wallet,
            how: Arc::default(),
        }
    }

    async fn open(&self, dir: &Path) -> Arc<Trading> {
        let ears = Arc::<Ears>::default();
        let real = world(&self.simulator, &self.wallet, &ears);
        let eyes = Arc::new(Looks {
            eyes: Arc::clone(&real.eyes),
            how: Arc::clone(&self.how),
        });
        let trading = open(dir, World { eyes, ..real });
        self.until(&trading, "the account is ready", |it| it.ready)
            .await;
        Arc::new(trading)
    }

    fn account(&self) -> String {
        self.wallet.address().to_string()
    }

    async fn order(
        &self,
        trading: &Trading,
        key: &str,
        rest: Value,
    ) -> Result<OrderView, TradeError> {
        let mut ticket = json!({"account": self.account(), "key": key, "symbol": "BTC",
            "side": "buy", "size": "0.001"});
        for (name, value) in rest.as_object().unwrap() {
            ticket[name] = value.clone();
        }
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        let orders = trading.order(ticket, Asker::default()).await?;
        Ok(orders.into_iter().next().unwrap())
    }

    async fn mid(&self) -> i64 {
        let real = world(&self.simulator, &self.wallet, &Arc::<Ears>::default());
        let sight = real.eyes.look(Symbol::new("BTC").unwrap()).await;
        (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64
    }

    async fn until(
        &self,
        trading: &Trading,
        what: &str,
        holds: impl Fn(&AccountState) -> bool,
    ) -> AccountState {
        let began = tokio::time::Instant::now();
        loop {
            let state = trading.state(&self.account(), None).await.unwrap();
            if holds(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "never: {what}; {state:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn of(state: &AccountState, order: &OrderView) -> State {
    let mut orders = state.orders.iter().flatten();
    orders.find(|it| it.cloid == order.cloid).unwrap().state
}

fn flat(state: &AccountState) -> bool {
    state.positions.v.as_ref().is_some_and(Vec::is_empty)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_has_its_turn_before_orders_that_wait() {
    const WAITING: usize = 20;
    let run = Arc::new(Run::start(0x71).await);
    let dir = tempfile::tempdir().unwrap();
    let trading = run.open(dir.path()).await;
    let px = away(run.mid().await, -9);
    run.how.late_ms.store(300, Ordering::SeqCst);
    let mut asked = JoinSet::new();
    for number in 0..WAITING {
        let (run, trading, px) = (Arc::clone(&run), Arc::clone(&trading), px.clone());
        asked.spawn(async move {
            let rests = json!({"kind": "limit", "px": px});
            run.order(&trading, &format!("w-{number}"), rests).await
        });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (account, by) = (run.account(), Asker::default());
    let killed = trading.kill(&account, true, false, false, by).await;
    assert!(killed.unwrap().on);
    let mut refused = 0;
    while let Some(done) = asked.join_next().await {
        match done.unwrap() {
            Ok(_) => {}
            Err(error) if error.code == "kill_switch_on" => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // One had its turn before, perhaps two.
    assert!(refused >= WAITING - 5, "only {refused} were refused");
    let over = |state: &AccountState| {
        let mut orders = state.orders.iter().flatten();
        orders.all(|it| it.state.is_terminal())
    };
    run.until(&trading, "nothing rests", over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_closes_part_by_part_what_a_thin_book_does_not_hold() {
    let run = Run::start(0x72).await;
    let dir = tempfile::tempdir().unwrap();
    let trading = run.open(dir.path()).await;
    let takes = json!({"kind": "market", "slippage_bps": 80});
    let bought = run.order(&trading, "b", takes).await.unwrap();
    let filled = |it: &AccountState| of(it, &bought) == State::Filled && !flat(it);
    run.until(&trading, "it is held", filled).await;
    run.how.thin.store(true, Ordering::SeqCst);
    // By hand it is refused whole: the trader may wait for a better book.
    let btc = Symbol::new("BTC").unwrap();
    let (account, by) = (run.account(), Asker::default());
    let by_hand = trading.close(&account, "h".into(), btc, 100, by.clone());
    let refused = by_hand.await.unwrap_err();
    assert!(refused.refusals.iter().any(|it| it.code == "risk_depth"));
    let killed = trading.kill(&account, true, true, false, by).await.unwrap();
    assert_eq!(killed.flattened, 1);
    let state = run.until(&trading, "it is flat", flat).await;
    // Two levels of .0002 at a time, of .001.
    let sold = state.orders.iter().flatten();
    let sold = sold.filter(|it| it.state == State::Filled && it.cloid != bought.cloid);
    assert_eq!(sold.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_order_stands_there_since_long_ago_is_no_new_order() {
    let run = Run::start(0x73).await;
    let before = tempfile::tempdir().unwrap();
    let trading = run.open(before.path()).await;
    let px = away(run.mid().await, -9);
    let rests = json!({"kind": "limit", "px": px});
    let old = run.order(&trading, "k", rests.clone()).await.unwrap();
    let acked = |it: &AccountState| of(it, &old) == State::Acked;
    run.until(&trading, "it rests", acked).await;
    let (account, by) = (run.account(), Asker::default());
    let name = old.cloid.clone().unwrap();
    let cancelled = trading.cancel(&account, "c".into(), &name, by).await;
    cancelled.unwrap();
    let ended = |it: &AccountState| of(it, &old) == State::Cancelled;
    run.until(&trading, "it is cancelled", ended).await;
    trading.stop().await;
    // Another process knows nothing of it, as after a day; five minutes do as well.
    run.how.ahead_ms.store(300_000, Ordering::SeqCst);
    let dir = tempfile::tempdir().unwrap();
    let trading = run.open(dir.path()).await;
    let new = run.order(&trading, "k", rests).await.unwrap();
    assert_eq!(new.cloid, old.cloid);
    let ended = |it: &AccountState| of(it, &new).is_terminal();
    let state = run.until(&trading, "it has an end", ended).await;
    assert_eq!(of(&state, &new), State::Expired);
}
