//! What labels hold.

use super::super::bench::{Bench, btc, px, size, usd};
use super::*;
use crate::log::CarriedLedger;
use hypersentry_execution::ledger::{Carried, Holding};

fn sold(bench: &Bench, tid: u64, before: &str, sold: &str) -> Fill {
    Fill {
        tid,
        oid: 7,
        cloid: None,
        symbol: btc(),
        is_buy: false,
        px: px("100"),
        size: size(sold),
        fee: Usd::ZERO,
        closed_pnl: Usd::ZERO,
        taker: true,
        before: size(before),
        at: bench.now(),
    }
}

#[tokio::test]
async fn a_replayed_trade_flattens_no_label_before_the_account_was_compared() {
    let mut bench = Bench::new();
    let day = bench.now().ms().div_euclid(86_400_000);
    // The books are those of the last tie, with 1 of one label; what a TWAP of the venue's traded for the other since then is in its own line alone.
    for (label, held) in [("one", "1"), ("other", "0.5")] {
        let kept = &mut bench.account.strategies.book(label, day).kept;
        kept.trade(btc(), size(held), px("100"), Usd::ZERO);
    }
    let mut ledger = Carried::default();
    let holding = Holding {
        size: size("1"),
        cost: usd("100"),
    };
    ledger.holdings.insert(btc(), holding);
    ledger.books.position = usd("100");
    ledger.books.notional = usd("-100");
    bench.account.figures.carry(CarriedLedger {
        at: bench.now(),
        since: bench.now(),
        ledger,
    });
    let held = |bench: &Bench, label: &str| {
        let book = &bench.account.strategies.each[label];
        book.kept.held.get(&btc()).copied().unwrap_or_default()
    };
    bench.later(1_000);
    let stop = sold(&bench, 1, "1", "1");
    bench.account.fill(&stop);
    assert_eq!(
        bench.account.figures.position(btc()).unwrap().value,
        Size::ZERO
    );
    assert_eq!(held(&bench, "other"), size("0.5"));
    // Once it was, whatever brings the account to nothing ends what labels hold.
    bench.account.figures.matched = Some(bench.now());
    let bought = Fill {
        is_buy: true,
        ..sold(&bench, 2, "0", "0.5")
    };
    bench.account.fill(&bought);
    assert_eq!(held(&bench, "other"), size("0.5"));
    let closed = sold(&bench, 3, "0.5", "0.5");
    bench.account.fill(&closed);
    assert_eq!(
        (held(&bench, "one"), held(&bench, "other")),
        (Size::ZERO, Size::ZERO)
    );
}

#[tokio::test]
async fn the_orders_of_the_last_minute_are_counted_over_a_restart() {
    let mut bench = Bench::new();
    let mut number = 0;
    for (orders, ms) in [(2, 40_000), (3, 30_000)] {
        for _ in 0..orders {
            number += 1;
            let ask =
                serde_json::json!({"kind": "limit", "px": "95", "size": "1", "strategy": "slow"});
            let (ticket, sight) = (bench.ticket(&format!("k{number}"), &ask), bench.see().await);
            let now = bench.now();
            let (composed, _) = bench.account.made(&ticket, &sight, now).unwrap();
            let cloid = composed.parts[0].cloid;
            let key = ticket.key().unwrap();
            let submitted = bench.account.submit(
                key,
                ticket.body(),
                composed,
                &sight,
                ticket.side,
                By::default(),
            );
            submitted.unwrap();
            bench.leaves(&cloid).await;
        }
        bench.later(ms);
    }
    // The first two were sent 70 s ago, the others 30 s.
    let counts = |bench: &Bench| {
        let now = bench.now();
        let scopes = bench.account.scopes(btc(), "slow", now);
        let label = bench.account.strategy_standing("slow", btc(), now);
        let all = scopes
            .into_iter()
            .map(|(_, _, standing)| standing.orders_in_minute);
        (all.collect::<Vec<u32>>(), label.orders_in_minute)
    };
    assert_eq!(counts(&bench), (vec![3, 3], 3));
    let mut bench = bench.again().await;
    bench.account.publish();
    assert_eq!(counts(&bench), (vec![3, 3], 3));
    bench.later(29_999);
    assert_eq!(counts(&bench), (vec![3, 3], 3));
    bench.later(1);
    assert_eq!(counts(&bench), (vec![0, 0], 0));
}
