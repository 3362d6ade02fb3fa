//! The engine's plan asked for by hand: its slices at its prices and times, and what becomes of them when it ends early.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::{Ears, PATIENCE, Wallet, away, open, world};
use hypersentry_execution::auto::Slice;
use hypersentry_execution::order::{Leg, Side, State};
use hypersentry_model::{Price, Size, Symbol, Timestamp};
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{
    AccountState, AskPlan, Asker, EventKind, Eyes, Kind, Later, OrderView, PlanAnswer, PlanTold,
    Sight, Ticket, Told, TradeError, Trading, TwapBy, World,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Plans that take a third, let a third rest far from the market, and take the rest.
#[derive(Debug)]
struct Planner {
    eyes: Arc<dyn Eyes>,
    /// Between slices.
    gap_ms: i64,
    old_ms: i64,
    /// The look of a slice that rests shows the other side as the touch.
    lies: Arc<AtomicBool>,
}

impl Planner {
    fn lies(&self) -> bool {
        self.lies.load(Ordering::SeqCst)
    }
}

impl Eyes for Planner {
    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let sight = self.eyes.look(symbol).await;
            if !self.lies() {
                return sight;
            }
            // As if the market came to meet it while it was on its way.
            let ahead = |levels: Vec<(Price, Size)>| {
                let up =
                    |(px, size): (Price, Size)| (Price::from_units(px.units() / 100 * 101), size);
                levels.into_iter().map(up).collect()
            };
            Sight {
                bids: sight.asks.clone().map(|asks| asks.map(ahead)),
                ..sight
            }
        })
    }

    fn plan(&self, ask: AskPlan) -> Later<'_, PlanAnswer> {
        Box::pin(async move {
            let sight = self.eyes.look(ask.symbol).await;
            let mid = (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64;
            let px = |tenths: i64| Price::parse(&away(mid, tenths)).unwrap();
            let mid = sight.mid.unwrap().value.units();
            // A lot less than the worth pays for, as it comes out of a plan at other prices.
            let lots = ask.worth.units() * 100_000 / mid / 3 - 1;
            let size = Size::from_units(lots * 10_i128.pow(Size::SCALE - 5));
            let (near, far) = match ask.side {
                Side::Buy => (px(3), px(if self.lies() { 3 } else { -20 })),
                Side::Sell => (px(-3), px(20)),
            };
            let slice = |n: i64, px, takes| Slice {
                px,
                size,
                takes,
                delay_ms: n * self.gap_ms,
            };
            let slices = vec![
                slice(0, near, true),
                slice(1, far, false),
                slice(2, near, true),
            ];
            Ok(PlanTold {
                at: Timestamp::from_ms(common::now().ms() - self.old_ms),
                slices,
            })
        })
    }
}

struct Run {
    simulator: Simulator,
    wallet: Arc<Wallet>,
    ears: Arc<Ears>,
    dir: tempfile::TempDir,
    gap_ms: i64,
    old_ms: i64,
    lies: Arc<AtomicBool>,
}

impl Run {
    async fn start(key: u8, gap_ms: i64) -> Self {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let user = exchange::Address::parse(&wallet.address().to_string()).unwrap();
        simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
        Self {
            simulator,
            wallet,
            ears: Arc::default(),
            dir: tempfile::tempdir().unwrap(),
            gap_ms,
            old_ms: 0,
            lies: Arc::default(),
        }
    }

    async fn open(&self) -> Trading {
        let real = world(&self.simulator, &self.wallet, &self.ears);
        let eyes = Arc::new(Planner {
            eyes: Arc::clone(&real.eyes),
            gap_ms: self.gap_ms,
            old_ms: self.old_ms,
            lies: Arc::clone(&self.lies),
        });
        let trading = open(self.dir.path(), World { eyes, ..real });
        let ready = |it: &AccountState| it.ready && it.stream == "open";
        self.until(&trading, "the account is ready", ready).await;
        trading
    }

    fn account(&self) -> String {
        self.wallet.address().to_string()
    }

    fn ticket(&self, key: &str, rest: Value) -> Ticket {
        let mut ticket = json!({
            "account": self.account(), "key": key, "symbol": "BTC", "side": "buy",
            "kind": "twap", "size": "0.01", "twap": {"by": "plan"},
        });
        for (name, value) in rest.as_object().unwrap() {
            ticket[name] = value.clone();
        }
        serde_json::from_value(ticket).unwrap()
    }

    async fn order(
        &self,
        trading: &Trading,
        key: &str,
        rest: Value,
    ) -> Result<Vec<OrderView>, TradeError> {
        let ticket = self.ticket(key, rest);
        trading.order(ticket, Asker::default()).await
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

fn slices(state: &AccountState) -> Vec<&OrderView> {
    let orders = state.orders.iter().flatten();
    let slices = orders.filter(|it| matches!(it.leg, Leg::Slice | Leg::Entry));
    slices.collect()
}

fn size(text: &str) -> Size {
    Size::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_slices_are_sent_and_what_rests_goes_with_its_end() {
    let run = Run::start(0x61, 300).await;
    let trading = run.open().await;
    let first = run.order(&trading, "p", json!({})).await.unwrap();
    assert_eq!(
        (first.len(), first[0].leg, first[0].kind),
        (1, Leg::Slice, Some(Kind::Ioc))
    );
    let done = |it: &AccountState| {
        let sent = slices(it);
        let count = |state| sent.iter().filter(|it| it.state == state).count();
        sent.len() == 3 && count(State::Filled) == 2 && count(State::Acked) == 1
    };
    let state = run.until(&trading, "all slices are there", done).await;
    let sum: i128 = slices(&state).iter().map(|it| it.size.units()).sum();
    assert_eq!(Size::from_units(sum), size("0.01"));
    let rests = slices(&state)
        .into_iter()
        .find(|it| it.state == State::Acked)
        .unwrap();
    assert_eq!(rests.kind, Some(Kind::PostOnly));
    let twap = &state.twaps[0];
    assert_eq!((twap.by, twap.slices_left), (TwapBy::Plan, 0));
    assert_eq!((twap.left, twap.size), (Size::ZERO, size("0.01")));
    // Again it is the same request, with another size another one.
    let again = run.order(&trading, "p", json!({})).await.unwrap();
    assert_eq!(again[0].cloid, first[0].cloid);
    let other = run.order(&trading, "p", json!({"size": "0.02"})).await;
    assert_eq!(other.unwrap_err().code, "idempotency_conflict");
    let ended = trading
        .end_twap(&run.account(), "e".into(), "p".into(), Asker::default())
        .await;
    assert_eq!(ended.unwrap().left, Size::ZERO);
    let over = |it: &AccountState| {
        it.twaps.is_empty() && slices(it).iter().all(|it| it.state.is_terminal())
    };
    let state = run.until(&trading, "nothing rests", over).await;
    let cancelled = slices(&state)
        .into_iter()
        .filter(|it| it.state == State::Cancelled);
    assert_eq!(cancelled.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_slice_has_the_exits_that_were_asked_for() {
    let run = Run::start(0x62, 300).await;
    let trading = run.open().await;
    let sight = world(&run.simulator, &run.wallet, &run.ears)
        .eyes
        .look(Symbol::new("BTC").unwrap())
        .await;
    let mid = (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64;
    let ask = json!({"stop_loss": away(mid, -60), "take_profit": away(mid, 60)});
    let preview = trading.preview(run.ticket("", ask.clone())).await.unwrap();
    assert_eq!(preview.refusals, Vec::new());
    let after: Vec<Option<i64>> = preview.orders.iter().map(|it| it.after_ms).collect();
    let each = [Some(0), Some(300), Some(600)];
    let each: Vec<Option<i64>> = each.into_iter().flat_map(|it| [it; 3]).collect();
    assert_eq!(after, each);
    assert!(preview.fee_usd.is_some() && preview.fee_bps.is_none());
    let orders = run.order(&trading, "b", ask).await.unwrap();
    assert_eq!(orders.len(), 3);
    // What rests has its exits too: the venue holds them until it is filled.
    let covered = |it: &AccountState| {
        let stops = it.orders.iter().flatten();
        let stops = stops.filter(|it| it.leg == Leg::StopLoss && it.state == State::Acked);
        let sent = slices(it);
        let filled = sent.iter().filter(|it| it.state == State::Filled);
        (sent.len(), filled.count(), stops.count()) == (3, 2, 3)
    };
    run.until(&trading, "what was filled is protected", covered)
        .await;
    let account = run.account();
    trading
        .kill(&account, true, true, false, Asker::default())
        .await
        .unwrap();
    let over = |it: &AccountState| {
        let mut orders = it.orders.iter().flatten();
        let flat = it.positions.v.as_ref().is_some_and(Vec::is_empty);
        it.twaps.is_empty() && flat && orders.all(|it| it.state.is_terminal())
    };
    run.until(&trading, "the switch has ended it", over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_with_the_process_and_nothing_of_it_rests() {
    let run = Run::start(0x63, 400).await;
    let trading = run.open().await;
    run.order(&trading, "r", json!({})).await.unwrap();
    let rests = |it: &AccountState| slices(it).iter().any(|it| it.state == State::Acked);
    run.until(&trading, "a slice rests", rests).await;
    trading.stop().await;
    drop(trading);
    let trading = run.open().await;
    let over = |it: &AccountState| {
        it.twaps.is_empty() && slices(it).iter().all(|it| it.state.is_terminal())
    };
    run.until(&trading, "nothing rests", over).await;
    let told = run.ears.0.lock().unwrap();
    let ended = told.iter().any(
        |told| matches!(told, Told::Event(it) if it.kind == EventKind::Raised && it.code == "twap_ended"),
    );
    assert!(ended);
}

fn refused(state: &AccountState) -> usize {
    let sent = slices(state);
    let refused = sent.iter().filter(|it| it.state == State::Rejected);
    refused.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slice_that_would_have_matched_is_placed_anew_at_the_touch() {
    let run = Run::start(0x65, 2_000).await;
    run.lies.store(true, Ordering::SeqCst);
    let trading = run.open().await;
    let exits = json!({"stop_loss": "60000", "take_profit": "150000"});
    run.order(&trading, "v", exits).await.unwrap();
    run.until(&trading, "the venue refuses it", |it| refused(it) > 0)
        .await;
    run.lies.store(false, Ordering::SeqCst);
    let sent = |it: &AccountState| it.twaps.iter().all(|it| it.slices_left == 0);
    let state = run.until(&trading, "all slices are sent", sent).await;
    let sent = slices(&state);
    let (ended, again) = (refused(&state), sent.len());
    assert_eq!(again - ended, 3, "each slice is there once: {sent:#?}");
    let sizes = sent.iter().filter(|it| it.state != State::Rejected);
    let units: i128 = sizes.map(|it| it.size.units()).sum();
    assert_eq!(Size::from_units(units), size("0.01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_where_the_market_comes_to_meet_it_again_and_again() {
    let run = Run::start(0x66, 1_000).await;
    run.lies.store(true, Ordering::SeqCst);
    let trading = run.open().await;
    run.order(&trading, "v", json!({})).await.unwrap();
    let over = |it: &AccountState| it.twaps.is_empty();
    let state = run.until(&trading, "the plan has ended", over).await;
    // Once, and twenty times anew. The third may have been sent meanwhile.
    let all = slices(&state).len();
    assert!(refused(&state) == 21 && (22..=23).contains(&all), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plan_is_refused() {
    let mut run = Run::start(0x64, 300).await;
    run.old_ms = 3_500;
    let trading = run.open().await;
    let code = async |rest: Value| run.order(&trading, "n", rest).await.unwrap_err().code;
    assert_eq!(code(json!({})).await, "market_stale");
    let asks = [
        json!({"twap": {"by": "plan", "minutes": 5}}),
        json!({"twap": {"by": "plan", "randomize": true}}),
        json!({"twap": {"by": "here"}}),
        json!({"twap": {"minutes": 5}, "stop_loss": "1"}),
        json!({"px": "100"}),
    ];
    for ask in asks {
        assert_eq!(code(ask.clone()).await, "bad_request", "{ask}");
    }
    trading.stop().await;
    drop(trading);
    run.old_ms = 0;
    let trading = run.open().await;
    // A third of it is less than the venue takes.
    let small = run.order(&trading, "s", json!({"size": "0.0002"})).await;
    assert_eq!(small.unwrap_err().code, "min_notional");
    let state = trading.state(&run.account(), None).await.unwrap();
    assert!(state.twaps.is_empty() && slices(&state).is_empty());
}
