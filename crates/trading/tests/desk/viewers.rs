//! Whoever only looks keeps nobody from trading.

use super::common::purse::{Purse, wallet};
use super::common::road::{Beside, Road};
use super::common::{Ears, PATIENCE, away, base, mid, open, way, wide, world};
use hypersentry_sim::exchange;
use hypersentry_trading::{Asker, MOST_ACCOUNTS, World};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Later(AtomicI64);

impl Beside for Later {
    fn clock_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_were_only_looked_at_make_room() {
    let simulator = wide().await;
    let trader = wallet(0x7a).address().to_string();
    let user = exchange::Address::parse(&trader).unwrap();
    simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
    let purse = Arc::new(Purse::of([0x7a]));
    let ears = Arc::<Ears>::default();
    let plain = world(&simulator, &purse, &ears);
    let px = away(mid(&*plain.eyes).await, -8);
    let beside = Arc::<Later>::default();
    let moved = || World {
        door: Arc::new(Road::new(way(base(&simulator)), Arc::clone(&beside))),
        ..world(&simulator, &purse, &ears)
    };
    let dir = tempfile::tempdir().unwrap();
    let trading = open(dir.path(), moved());
    let viewer = |n: usize| format!("0x{n:040x}");
    for n in 1..=MOST_ACCOUNTS {
        trading.state(&viewer(n), None).await.unwrap();
    }
    let full = trading.state(&trader, None).await.unwrap_err();
    assert_eq!(
        (full.code.as_str(), full.retryable),
        ("too_many_accounts", true)
    );
    // Eleven minutes in which one of them is looked at again and again.
    let began = Instant::now();
    for _ in 0..3 {
        beside.0.fetch_add(220_000, Ordering::SeqCst);
        trading.state(&viewer(1), None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let open_ones = || trading.open_accounts();
    while open_ones().len() > 1 {
        assert!(
            began.elapsed() < PATIENCE,
            "they stay: {}",
            open_ones().len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(open_ones(), [viewer(1)]);
    beside.0.store(0, Ordering::SeqCst);
    // Somebody who trades comes, and stays.
    let ready = async || trading.state(&trader, None).await.unwrap().ready;
    while !ready().await {
        assert!(began.elapsed() < 2 * PATIENCE, "never ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ticket = json!({"account": trader, "key": "a", "symbol": "BTC", "size": "0.01", "side": "buy", "kind": "limit", "px": px});
    let ticket = serde_json::from_value(ticket).unwrap();
    trading.order(ticket, Asker::default()).await.unwrap();
    trading.stop().await;
    drop(trading);
    // The next process takes up what has something under way, and not who looked.
    let trading = open(dir.path(), moved());
    assert_eq!(trading.open_accounts(), [trader]);
    trading.stop().await;
}
