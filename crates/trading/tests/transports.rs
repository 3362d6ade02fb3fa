//! The two ways of a signed action to the venue: over the account's stream and as a request, and what becomes of an order whose connection
//! is lost between the two ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::{Ears, PATIENCE, Wallet, Way, away, base, open, way};
use hypersentry_execution::order::State;
use hypersentry_model::Symbol;
use hypersentry_sim::{Fault, SimConfig, Simulator, Venue, exchange};
use hypersentry_trading::{AccountState, Asker, Eyes, OrderView, Trading, World};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

struct Bench {
    simulator: Simulator,
    way: Arc<Way>,
    account: String,
    trading: Trading,
    mid: i64,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn start(key: u8) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let account = wallet.address().to_string();
        let user = exchange::Address::parse(&account).unwrap();
        simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        let way = way(base(&simulator));
        let sight = way.look(Symbol::new("BTC").unwrap()).await;
        let mid = (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64;
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            door: Arc::<Way>::clone(&way),
            eyes: Arc::<Way>::clone(&way),
            signers: wallet,
            audience: Arc::<Ears>::default(),
        };
        let bench = Self {
            simulator,
            way,
            account,
            trading: open(dir.path(), world),
            mid,
            _dir: dir,
        };
        bench
            .until(|state| state.ready && state.stream == "open")
            .await;
        bench
    }

    async fn until(&self, holds: impl Fn(&AccountState) -> bool) -> AccountState {
        let began = Instant::now();
        loop {
            let state = self.trading.state(&self.account, None).await.unwrap();
            if holds(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "never: {state:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A limit order below the market.
    async fn order(&self, key: &str) -> OrderView {
        let ticket = json!({
            "account": self.account, "key": key, "symbol": "BTC", "side": "buy", "size": "0.01",
            "kind": "limit", "px": away(self.mid, -8),
        });
        let ticket = serde_json::from_value(ticket).unwrap();
        let orders = self.trading.order(ticket, Asker::default()).await;
        orders.unwrap().remove(0)
    }

    async fn cancel(&self, order: &OrderView) {
        let (key, cloid) = ("c".to_owned(), order.cloid.clone().unwrap());
        let cancelled = self
            .trading
            .cancel(&self.account, key, &cloid, Asker::default());
        cancelled.await.unwrap();
    }

    async fn ends(&self, order: &OrderView, state: State) {
        self.until(|whole| {
            let mut orders = whole.orders.iter().flatten();
            orders.any(|it| it.cloid == order.cloid && it.state == state)
        })
        .await;
    }

    fn requests(&self) -> u64 {
        self.way.requests.load(Ordering::SeqCst)
    }

    /// How often the venue has an order, open or ended.
    async fn at_venue(&self, order: &OrderView) -> usize {
        let mut count = 0;
        for kind in ["frontendOpenOrders", "historicalOrders"] {
            let rows = self.way.info(json!({"type": kind, "user": self.account}));
            let rows = rows.await.unwrap();
            let cloid = |row: &Value| {
                let order = row.get("order").unwrap_or(row);
                order["cloid"].as_str().map(str::to_owned)
            };
            let rows = rows.as_array().unwrap().iter();
            count += rows.filter(|row| cloid(row) == order.cloid).count();
        }
        count
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_over_the_stream_while_that_is_open_and_else_as_a_request() {
    let bench = Bench::start(0x51).await;
    let order = bench.order("a").await;
    bench.ends(&order, State::Acked).await;
    bench.cancel(&order).await;
    bench.ends(&order, State::Cancelled).await;
    assert_eq!(bench.requests(), 0);
    let faults = bench.simulator.faults();
    let venue = Venue::Hyperliquid;
    faults.apply(Fault::RefuseConnections {
        venue,
        for_ms: 600_000,
    });
    faults.apply(Fault::DropConnections { venue });
    bench.until(|state| state.stream != "open").await;
    let order = bench.order("b").await;
    bench.ends(&order, State::Acked).await;
    assert_eq!((bench.requests(), bench.at_venue(&order).await), (1, 1));
}

/// The connection dies while the venue has the action and before it answers: what the venue did is found out, and nothing is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_connection_died_before_its_answer_is_proven_and_not_repeated() {
    let bench = Bench::start(0x52).await;
    let venue = Venue::Hyperliquid;
    for (key, fault, end, times) in [
        (
            "done",
            Fault::LoseAnswers {
                count: 1,
                performed: true,
            },
            State::Acked,
            1,
        ),
        (
            "lost",
            Fault::LoseAnswers {
                count: 1,
                performed: false,
            },
            State::Expired,
            0,
        ),
        (
            "late",
            Fault::LateAnswers {
                count: 1,
                delay_ms: 1_500,
                action_waits: true,
            },
            State::Acked,
            1,
        ),
    ] {
        bench.until(|state| state.stream == "open").await;
        let faults = bench.simulator.faults();
        faults.apply(fault);
        let order = bench.order(key).await;
        bench
            .until(|whole| {
                let mut orders = whole.orders.iter().flatten();
                orders.any(|it| it.cloid == order.cloid && it.state > State::IntentLogged)
            })
            .await;
        // It is at the venue by now, or lost.
        tokio::time::sleep(Duration::from_millis(100)).await;
        faults.apply(Fault::DropConnections { venue });
        bench.ends(&order, end).await;
        assert_eq!(bench.at_venue(&order).await, times, "{key}");
        assert_eq!(bench.requests(), 0, "{key}: it was sent again");
    }
}

/// A socket that is open and dead takes at most what was sent before its silence showed.
#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_takes_no_action_once_its_silence_shows() {
    let bench = Bench::start(0x53).await;
    let venue = Venue::Hyperliquid;
    bench.simulator.faults().apply(Fault::SilenceVenue {
        venue,
        for_ms: 600_000,
    });
    // Longer than a lively connection is silent, and less than it takes to give this one up.
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    let order = bench.order("h").await;
    bench.ends(&order, State::Acked).await;
    assert_eq!((bench.requests(), bench.at_venue(&order).await), (1, 1));
}
