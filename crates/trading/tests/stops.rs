//! Stops that end without their position, and positions that end without their stop, at the simulator over sockets and over restarts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock"
)]

mod common;

use common::bench::Bench;
use common::{PATIENCE, away};
use hypersentry_execution::order::{Leg, State};
use hypersentry_model::{Size, Symbol};
use hypersentry_trading::{AccountState, Asker, Door, OrderView, Signers, Told};
use hypersentry_venues::hyperliquid::exchange::action::Action;
use hypersentry_venues::hyperliquid::exchange::order::{
    CancelByCloid, CancelsByCloid, Grouping, Order, OrderKind, Orders, Tif,
};
use hypersentry_venues::hyperliquid::exchange::{Cloid, L1, Network, Signature};
use hypersentry_venues::session::RequestClass;
use serde_json::json;

fn stops(state: &AccountState) -> impl Iterator<Item = &OrderView> {
    let all = state.orders.iter().flatten();
    all.filter(|order| order.leg == Leg::StopLoss)
}

fn living(state: &AccountState) -> Size {
    let living = stops(state).filter(|it| it.state == State::Acked);
    Size::from_units(living.map(|it| it.size.units()).sum())
}

fn held(state: &AccountState) -> Size {
    let positions = state.positions.v.as_deref().unwrap_or_default();
    Size::from_units(positions.iter().map(|it| it.size.units()).sum())
}

fn size(text: &str) -> Size {
    Size::parse(text).unwrap()
}

/// Buys 0.01 with a stop three percent below, and waits until that stands.
async fn bracket(bench: &Bench, key: &str) {
    let stop = away(bench.mid().await, -30);
    let ask = json!({"side": "buy", "kind": "market", "slippage_bps": 90, "stop_loss": stop});
    bench.order(key, ask).await.unwrap();
    let covered =
        |state: &AccountState| held(state) == size("0.01") && living(state) == held(state);
    bench.until("it is protected", covered).await;
}

/// The account after it was compared, if it was not yet, and its positions were looked at twice more.
async fn compared(bench: &Bench) -> AccountState {
    let mut state = bench.until("it is compared", |state| state.ready).await;
    for _ in 0..2 {
        let before = state.now_ms;
        let later = |state: &AccountState| state.positions.mark.as_of > Some(before);
        state = bench.until("its positions were seen again", later).await;
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bracket_that_was_closed_by_hand_does_not_come_back_for_the_next_position() {
    let bench = Bench::start(0x61).await;
    bracket(&bench, "b").await;
    let (btc, by) = (Symbol::new("BTC").unwrap(), Asker::default);
    let account = bench.account();
    let closed = bench.trading.close(&account, "x".into(), btc, 100, by());
    closed.await.unwrap();
    let over = |state: &AccountState| {
        held(state).is_zero() && stops(state).all(|it| it.state.is_terminal())
    };
    bench.until("nothing is left", over).await;
    // Seen by a look at the account, and then written down.
    let seen = compared(&bench).await;
    let made = stops(&seen).count();
    let plain = json!({"side": "buy", "kind": "market", "slippage_bps": 90, "size": "0.02"});
    bench.order("n", plain).await.unwrap();
    bench
        .until("the new one is held", |it| held(it) == size("0.02"))
        .await;
    let bench = bench.restart().await;
    let after = compared(&bench).await;
    assert_eq!(held(&after), size("0.02"));
    assert_eq!((stops(&after).count(), living(&after)), (made, Size::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_the_switch_took_stays_away_when_it_was_put_back() {
    let bench = Bench::start(0x62).await;
    bracket(&bench, "b").await;
    let account = bench.account();
    for on in [true, false] {
        let killed = bench
            .trading
            .kill(&account, on, false, false, Asker::default());
        killed.await.unwrap();
        let over = |state: &AccountState| stops(state).all(|it| it.state.is_terminal());
        bench.until("the stop is taken", over).await;
    }
    let bench = bench.restart().await;
    let after = compared(&bench).await;
    assert_eq!((held(&after), living(&after)), (size("0.01"), Size::ZERO));
}

/// BTC's place in the venue's list.
async fn asset(bench: &Bench) -> u32 {
    let meta = common::way(common::base(&bench.simulator));
    let universe = meta.info(json!({"type": "meta"})).await.unwrap();
    let universe = universe["universe"].as_array().unwrap().clone();
    let asset = universe.iter().position(|it| it["name"] == "BTC").unwrap();
    u32::try_from(asset).unwrap()
}

/// As another program with the same wallet does it; `number` tells its actions apart.
async fn elsewhere(bench: &Bench, action: Action, number: u64) {
    let meta = common::way(common::base(&bench.simulator));
    let l1 = L1 {
        action: &action,
        nonce: u64::try_from(common::now().ms()).unwrap() + 777 + number,
        vault: None,
        expires_after: None,
    };
    let digest = l1.digest(Network::Testnet).unwrap();
    let own = bench.wallet.address();
    let signed = bench.wallet.sign(own, own, &digest).unwrap();
    let body = l1.body(&Signature::from_bytes(&signed).unwrap()).unwrap();
    let body = String::from_utf8(body).unwrap();
    let got = meta.post("/exchange", body, RequestClass::Orders, 1).await;
    let told = String::from_utf8_lossy(&got.body).into_owned();
    assert!(
        told.contains("\"ok\"") && !told.contains("error"),
        "{got:?}"
    );
}

async fn cancel_elsewhere(bench: &Bench, cloid: &str) {
    let mut name = [0; 16];
    for (at, byte) in name.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&cloid[2 + 2 * at..4 + 2 * at], 16).unwrap();
    }
    let cancel = CancelByCloid {
        asset: asset(bench).await,
        cloid: Cloid::new(name),
    };
    let action = Action::CancelByCloid(CancelsByCloid {
        cancels: vec![cancel],
        fast: false,
    });
    elsewhere(bench, action, 0).await;
}

/// Takes 0.01 on the venue's own page.
async fn take_elsewhere(bench: &Bench, is_buy: bool, number: u64) {
    let px = away(bench.mid().await, if is_buy { 9 } else { -9 });
    let order = Order {
        asset: asset(bench).await,
        is_buy,
        px: px.parse().unwrap(),
        sz: "0.01".parse().unwrap(),
        reduce_only: false,
        kind: OrderKind::Limit { tif: Tif::Ioc },
        cloid: None,
    };
    let action = Action::Order(Orders {
        orders: vec![order],
        grouping: Grouping::Na,
        builder: None,
    });
    elsewhere(bench, action, number).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_somebody_opened_while_the_process_was_down_is_not_a_brackets() {
    let bench = Bench::start(0x64).await;
    bracket(&bench, "b").await;
    let made = stops(&compared(&bench).await).count();
    bench.trading.stop().await;
    take_elsewhere(&bench, false, 1).await;
    take_elsewhere(&bench, true, 2).await;
    let bench = bench.begin().await;
    let after = compared(&bench).await;
    assert_eq!(held(&after), size("0.01"));
    assert_eq!((stops(&after).count(), living(&after)), (made, Size::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_ended_elsewhere_is_placed_again_for_what_is_held_and_lives_over_a_restart() {
    let bench = Bench::start(0x63).await;
    bracket(&bench, "b").await;
    let state = bench.state().await;
    let first = stops(&state).next().unwrap().cloid.clone().unwrap();
    cancel_elsewhere(&bench, &first).await;
    let again = |state: &AccountState| {
        let other = |it: &OrderView| it.cloid.as_ref() != Some(&first);
        living(state) == size("0.01")
            && stops(state).any(|it| other(it) && it.state == State::Acked)
    };
    bench.until("another one stands", again).await;
    {
        let told = bench.ears.0.lock().unwrap();
        let tried = |told: &Told| matches!(told, Told::Event(it) if it.code == "bracket_again");
        assert!(told.iter().any(tried), "no attempt was told");
    }
    let made = stops(&bench.state().await).count();
    let bench = bench.restart().await;
    let after = compared(&bench).await;
    assert_eq!(
        (stops(&after).count(), living(&after)),
        (made, size("0.01"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_the_venue_cuts_to_the_position_locks_nothing() {
    let bench = Bench::start(0x65).await;
    let buy = json!({"side": "buy", "kind": "market", "slippage_bps": 90, "size": "0.02"});
    bench.order("b", buy).await.unwrap();
    bench
        .until("it is held", |state| held(state) == size("0.02"))
        .await;
    let px = away(bench.mid().await, 8);
    let ask =
        json!({"side": "sell", "kind": "limit", "px": px, "size": "0.02", "reduce_only": true});
    let limit = bench.order("l", ask).await.unwrap().remove(0);
    bench.ends(&limit, State::Acked).await;
    let (btc, account) = (Symbol::new("BTC").unwrap(), bench.account());
    let by = Asker::default();
    let closed = bench.trading.close(&account, "x".into(), btc, 50, by);
    closed.await.unwrap();
    let half = |state: &AccountState| held(state) == size("0.01");
    let mut state = bench.until("half of it is held", half).await;
    // Looked at as a whole, twice.
    for _ in 0..2 {
        let before = state.now_ms;
        let compared = |state: &AccountState| state.reconciled_ms > Some(before);
        let look = bench.until_after(2 * PATIENCE, "it is compared", compared);
        state = look.await;
    }
    bench.ends(&limit, State::Acked).await;
}
