//! How a trade's orders stand.

use super::*;
use crate::account::bench::{Bench, btc, px, size};
use hypersentry_execution::auto::Conviction;
use hypersentry_execution::order::{Event, Step};
use hypersentry_venues::hyperliquid::account::MarginMode;

#[tokio::test]
async fn an_exit_that_was_filled_is_told_of_its_trade() {
    for at in [1, 2] {
        let mut bench = Bench::new();
        let mode = MarginMode {
            isolated: false,
            leverage: 10,
        };
        let now = bench.now();
        bench.account.figures.margins.set(btc(), mode, now);
        let slice = |delay_ms| Slice {
            px: px("100.2"),
            size: size("1"),
            takes: true,
            delay_ms,
        };
        let trade = Trade {
            symbol: btc(),
            side: Side::Buy,
            conviction: Conviction::default(),
            score: 80,
            plan: Plan {
                stop: px("95"),
                target: px("110"),
                slices: vec![slice(0), slice(60_000)],
            },
            began: now,
            sent: 1,
            ended: None,
            filled: false,
            held: false,
        };
        bench.account.send_slice(&trade, 0).await.unwrap();
        let legs = bench.account.legs(&trade, 0);
        bench.leaves(&legs[0]).await;
        let whole = Event::Resting { filled: size("1") };
        bench.hears(&legs[0], whole);
        for exit in &legs[1..] {
            bench.hears(exit, Event::Plain { step: Step::Ack });
        }
        let facts = bench.account.trade_facts(&trade);
        assert!(facts.filled && facts.alive && !facts.exited);
        let part = Event::Resting {
            filled: size("0.4"),
        };
        bench.hears(&legs[at], part);
        assert!(bench.account.trade_facts(&trade).exited);
        // Of another trade nothing was filled.
        let other = Trade {
            conviction: Conviction {
                seq: 2,
                ..Conviction::default()
            },
            ..trade
        };
        assert!(!bench.account.trade_facts(&other).exited);
    }
}
