//! The books of an account beside the venue's figures: what comes in and leaves, what happens while nobody looks, and a break.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::{Ears, PATIENCE, Wallet, away, open, world};
use hypersentry_model::{Symbol, Timestamp, Usd};
use hypersentry_sim::{SimConfig, Simulator, exchange};
use hypersentry_trading::{AccountState, Asker, Door, Got, Later, LedgerView, Trading, World};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use k256::ecdsa::SigningKey;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A door behind which transfers are not told while it is `shut`.
#[derive(Debug)]
struct Silent {
    door: Arc<dyn Door>,
    shut: AtomicBool,
}

impl Door for Silent {
    fn now(&self) -> Timestamp {
        self.door.now()
    }

    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        if self.shut.load(Ordering::Relaxed) && body.contains("userNonFundingLedgerUpdates") {
            let body = bytes::Bytes::from_static(b"[]");
            return Box::pin(async { Got { status: 200, body } });
        }
        self.door.post(path, body, class, weight)
    }

    fn stream_url(&self) -> String {
        self.door.stream_url()
    }

    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>> {
        self.door.may_stream(account)
    }

    fn stream_ended(&self, account: Address) {
        self.door.stream_ended(account);
    }
}

struct Run {
    simulator: Simulator,
    wallet: Arc<Wallet>,
    ears: Arc<Ears>,
    silent: Arc<Silent>,
    dir: tempfile::TempDir,
}

impl Run {
    async fn start(key: u8) -> (Self, Trading) {
        let simulator = hypersentry_sim::start(SimConfig::default()).await.unwrap();
        let wallet = Arc::new(Wallet(SigningKey::from_slice(&[key; 32]).unwrap()));
        let ears = Arc::<Ears>::default();
        let door = world(&simulator, &wallet, &ears).door;
        let silent = Arc::new(Silent {
            door,
            shut: AtomicBool::new(false),
        });
        let run = Self {
            simulator,
            wallet,
            ears,
            silent,
            dir: tempfile::tempdir().unwrap(),
        };
        run.pay(100_000);
        let trading = run.open();
        (run, trading)
    }

    fn account(&self) -> String {
        self.wallet.address().to_string()
    }

    fn pay(&self, dollars: i128) {
        let user = exchange::Address::parse(&self.account()).unwrap();
        self.simulator
            .pay_in(user, dollars * exchange::USD)
            .unwrap();
    }

    fn open(&self) -> Trading {
        let world = World {
            door: Arc::<Silent>::clone(&self.silent),
            ..world(&self.simulator, &self.wallet, &self.ears)
        };
        open(self.dir.path(), world)
    }

    async fn until(
        &self,
        trading: &Trading,
        what: &str,
        holds: impl Fn(&AccountState) -> bool,
    ) -> AccountState {
        let began = std::time::Instant::now();
        loop {
            let state = trading.state(&self.account(), None).await.unwrap();
            if holds(&state) {
                return state;
            }
            let (locks, ledger) = (&state.locks, &state.ledger);
            assert!(
                began.elapsed() < 2 * PATIENCE,
                "never: {what}; {locks:?} {ledger:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Buys or sells a hundredth of a bitcoin at once.
    async fn trade(&self, trading: &Trading, key: &str, side: &str) {
        let account = self.account();
        let ticket = json!({"account": account, "key": key, "symbol": "BTC", "side": side, "kind": "market", "size": "0.01",
            "slippage_bps": 30});
        let ticket = serde_json::from_value(ticket).unwrap();
        trading.order(ticket, Asker::default()).await.unwrap();
    }
}

fn books(state: &AccountState) -> LedgerView {
    state.ledger.clone().unwrap()
}

fn usd(dollars: i64) -> Usd {
    Usd::from_units(i128::from(dollars) * 10_i128.pow(12))
}

fn ties(state: &AccountState) -> bool {
    let off = state.ledger.as_ref().and_then(|it| it.off_usd);
    state.ready && off.is_some_and(|off| off.units().abs() <= 10_i128.pow(10))
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_and_goes_is_entered_and_locks_nothing() {
    let (run, trading) = Run::start(0x51).await;
    let state = run.until(&trading, "it is ready", ties).await;
    let began = books(&state).transfers_usd;
    run.trade(&trading, "a", "buy").await;
    run.pay(2_500);
    run.pay(-700);
    let moved = |state: &AccountState| {
        let paid = books(state).transfers_usd.checked_sub(began).unwrap();
        ties(state) && paid == usd(1_800) && books(state).fees_usd != Usd::ZERO
    };
    run.until(&trading, "the money is entered", moved).await;
    let told = run.ears.0.lock().unwrap().iter().any(|told| {
        matches!(told, hypersentry_trading::Told::Event(event) if event.code == "trading_locked")
    });
    assert!(!told, "it was locked on the way");
    trading.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_and_goes_neither_hides_a_loss_nor_makes_one() {
    let (run, trading) = Run::start(0x54).await;
    let state = run.until(&trading, "it is ready", ties).await;
    let began = books(&state).transfers_usd;
    // What was paid in before the day was seen first is no part of it.
    assert_eq!(state.day_loss_usd.v, Some(Usd::ZERO));
    let lost = |state: &AccountState, paid: i64| {
        let loss = state.day_loss_usd.v;
        // At no moment is it a gain; a withdrawal that is not listed yet counts as a loss.
        assert!(loss.is_none_or(|loss| loss >= Usd::ZERO), "{loss:?}");
        let entered = books(state).transfers_usd.checked_sub(began).unwrap();
        ties(state) && entered == usd(paid) && loss == Some(Usd::ZERO)
    };
    run.pay(2_500);
    run.until(&trading, "a deposit is no gain", |it| lost(it, 2_500))
        .await;
    run.pay(-700);
    run.until(&trading, "a withdrawal is no loss", |it| lost(it, 1_800))
        .await;
    run.trade(&trading, "a", "buy").await;
    run.trade(&trading, "b", "sell").await;
    let flat = |state: &AccountState| {
        let loss = state.day_loss_usd.v;
        let paid = books(state).realised_usd.checked_sub(books(state).fees_usd);
        let paid = paid.map(|it| Usd::from_units(-it.units()));
        ties(state) && paid > Some(Usd::ZERO) && loss == paid && state.positions.v == Some(vec![])
    };
    let before = run.until(&trading, "what was lost is lost", flat).await;
    trading.stop().await;
    drop(trading);
    run.pay(900);
    let trading = run.open();
    let same = |it: &AccountState| ties(it) && it.day_loss_usd.v == before.day_loss_usd.v;
    run.until(&trading, "the next process reckons the same", same)
        .await;
    trading.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_go_on_where_the_process_before_ended() {
    let (run, trading) = Run::start(0x52).await;
    run.until(&trading, "it is ready", ties).await;
    run.trade(&trading, "a", "buy").await;
    let held = |state: &AccountState| ties(state) && books(state).fees_usd != Usd::ZERO;
    let state = run.until(&trading, "the trade is entered", held).await;
    let before = books(&state);
    // A limit rests well away, so that it is filled only if somebody does it while nobody looks.
    let eyes = world(&run.simulator, &run.wallet, &run.ears).eyes;
    let sight = eyes.look(Symbol::new("BTC").unwrap()).await;
    let mid = (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64;
    let ticket = json!({"account": run.account(), "key": "rest", "symbol": "BTC", "side": "sell", "kind": "limit", "size": "0.004",
        "px": away(mid, 8)});
    let ticket = serde_json::from_value(ticket).unwrap();
    trading.order(ticket, Asker::default()).await.unwrap();
    // What tied last was written down: a look later than the trade has been.
    let looked = state.reconciled_ms;
    let later = |state: &AccountState| state.reconciled_ms > looked && ties(state);
    run.until(&trading, "another look", later).await;
    trading.stop().await;
    drop(trading);
    run.pay(900);
    let trading = run.open();
    let state = run.until(&trading, "it is ready again", ties).await;
    let after = books(&state);
    assert_eq!(after.since_ms, before.since_ms);
    assert_eq!(
        after.transfers_usd,
        before.transfers_usd.checked_add(usd(900)).unwrap()
    );
    assert!(after.fees_usd >= before.fees_usd);
    run.trade(&trading, "b", "sell").await;
    let closed =
        |state: &AccountState| ties(state) && books(state).realised_usd != before.realised_usd;
    run.until(&trading, "the position is closed and ties", closed)
        .await;
    trading.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_is_shown_and_locks_until_somebody_accepts_it() {
    let (run, trading) = Run::start(0x53).await;
    run.until(&trading, "it is ready", ties).await;
    let by = || Asker {
        user: Some("ann".to_owned()),
        ..Asker::default()
    };
    let refused = trading.accept(&run.account(), by()).await.unwrap_err();
    assert_eq!(refused.code, "nothing_to_accept");
    let held = |state: &AccountState| state.positions.v.as_ref().map_or(0, Vec::len);
    let market = |key: &str| {
        let ticket = json!({"account": run.account(), "key": key, "symbol": "BTC", "side": "buy", "kind": "market", "size": "0.01"});
        serde_json::from_value(ticket).unwrap()
    };
    trading.order(market("in"), Asker::default()).await.unwrap();
    run.until(&trading, "a position that ties", |it| {
        held(it) == 1 && ties(it)
    })
    .await;
    run.silent.shut.store(true, Ordering::Relaxed);
    run.pay(41);
    let broken = |state: &AccountState| {
        let code = |code: &str| state.findings.iter().any(|it| it.code == code);
        !state.ready && code("reconcile_equity_differs")
    };
    let state = run.until(&trading, "the break is shown", broken).await;
    assert_eq!(books(&state).off_usd, Some(usd(41)));
    let locked = |state: &AccountState| state.locks.iter().any(|it| it.code == "trading_locked");
    run.until(&trading, "it is locked", locked).await;
    let refused = trading.order(market("no"), Asker::default()).await;
    assert_eq!(refused.unwrap_err().code, "trading_locked");
    // There is a way out all the same.
    let btc = Symbol::new("BTC").unwrap();
    let account = run.account();
    let out = trading.close(&account, "out".to_owned(), btc, 100, by());
    out.await.unwrap();
    run.until(&trading, "flat, and locked", |it| {
        held(it) == 0 && locked(it)
    })
    .await;
    trading.accept(&run.account(), by()).await.unwrap();
    let state = run.until(&trading, "it ties anew", ties).await;
    assert_eq!(books(&state).realised_usd, Usd::ZERO);
    // The next process begins with the books that were begun anew.
    trading.stop().await;
    drop(trading);
    run.silent.shut.store(false, Ordering::Relaxed);
    let trading = run.open();
    run.until(&trading, "it ties after a restart", ties).await;
    trading.stop().await;
}
