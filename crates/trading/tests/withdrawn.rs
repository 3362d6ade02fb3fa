//! What a switch or a lapsed lease cancels stays cancelled: also where the venue was not told before the switch was put back and the process ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::bench::Bench;
use common::{Wallet, away, settings};
use hypersentry_execution::order::{Leg, State};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, ScopeName, SignRefused, Signers, Told, World,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use k256::ecdsa::SigningKey;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Signs nothing while nothing is to leave.
#[derive(Debug)]
struct Mute(Wallet, Arc<AtomicBool>);

impl Signers for Mute {
    fn agent(&self, account: Address, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        self.0.agent(account, user)
    }

    fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        if self.1.load(Ordering::SeqCst) {
            return Err(SignRefused {
                code: "away".into(),
                text: "nothing leaves".into(),
            });
        }
        self.0.sign(account, agent, digest)
    }
}

fn tom() -> Asker {
    Asker {
        user: Some("tom".to_owned()),
        ..Asker::default()
    }
}

#[derive(Clone, Copy, Debug)]
enum By {
    Kill,
    Desk,
    Lease,
}

/// Throws it, and puts it back.
async fn throw(bench: &Bench, by: By) {
    let account = bench.account();
    let trading = &bench.trading;
    match by {
        By::Kill => {
            for on in [true, false] {
                let killed = trading.kill(&account, on, false, false, tom());
                killed.await.unwrap();
            }
        }
        By::Desk => {
            for on in [true, false] {
                trading.kill_desk(on, false, false, tom()).await.unwrap();
                let is = |state: &AccountState| {
                    state
                        .locks
                        .iter()
                        .any(|it| it.code == "desk_kill_switch_on")
                        == on
                };
                bench.until("the desk's switch is seen", is).await;
            }
        }
        By::Lease => {
            let scope = ScopeName::Account(account.clone());
            trading.lease(scope.clone(), 5, true, tom()).await.unwrap();
            let told = |told: &Told| matches!(told, Told::Event(it) if it.code == "lease_lapsed");
            let lapsed = |_: &AccountState| bench.ears.0.lock().unwrap().iter().any(told);
            bench.until("the lease lapsed", lapsed).await;
            trading.lease(scope, 0, true, tom()).await.unwrap();
        }
    }
}

async fn stays_cancelled(key: u8, by: By) {
    let mute = Arc::new(AtomicBool::new(false));
    let wallet = Wallet(SigningKey::from_slice(&[key; 32]).unwrap());
    let signers = Arc::new(Mute(wallet, Arc::clone(&mute)));
    let other = |world: World| World { signers, ..world };
    let bench = Bench::within(key, settings(), 100_000, other).await;
    let mid = bench.mid().await;
    let ask =
        json!({"side": "buy", "kind": "limit", "px": away(mid, -8), "stop_loss": away(mid, -30)});
    let entry = bench.order("e", ask).await.unwrap().remove(0);
    bench.ends(&entry, State::Acked).await;
    mute.store(true, Ordering::SeqCst);
    throw(&bench, by).await;
    bench.trading.stop().await;
    mute.store(false, Ordering::SeqCst);
    let bench = bench.begin().await;
    bench.ends(&entry, State::Cancelled).await;
    let over = |state: &AccountState| {
        let mut stops = state.orders.iter().flatten();
        stops.all(|it| it.leg != Leg::StopLoss || it.state.is_terminal())
    };
    bench.until("nothing of it is left", over).await;
    // What is asked for from now on is not touched.
    let ask = json!({"side": "buy", "kind": "limit", "px": away(mid, -8)});
    let later = bench.order("l", ask).await.unwrap().remove(0);
    bench.ends(&later, State::Acked).await;
    let bench = bench.restart().await;
    bench.until("it is compared", |state| state.ready).await;
    bench.ends(&later, State::Acked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_kill_switch_that_was_put_back() {
    stays_cancelled(0x71, By::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_desks_switch_that_was_put_back() {
    stays_cancelled(0x72, By::Desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_lease_that_was_ended_after_it_lapsed() {
    stays_cancelled(0x73, By::Lease).await;
}
