//! Slices over time.

use super::super::bench::{Bench, btc, px, size};
use super::*;
use hypersentry_execution::order::{Event, Step};
use hypersentry_venues::hyperliquid::account::MarginMode;
use hypersentry_venues::hyperliquid::exchange::tick::AssetRules;

#[test]
fn slices_are_all_of_the_size_and_none_is_too_small() {
    let size = Size::parse("0.01").unwrap();
    let px = Price::parse("97000").unwrap();
    let rules = AssetRules {
        spot: false,
        sz_decimals: 5,
        max_leverage: 40,
        only_isolated: false,
    };
    assert_eq!(slices(30, size, px, &rules).unwrap(), 60);
    // 970 USD in parts of at least 11.
    assert_eq!(slices(1_440, size, px, &rules).unwrap(), 88);
    assert_eq!(
        slices(5, Size::parse("0.0002").unwrap(), px, &rules)
            .unwrap_err()
            .code,
        "min_notional"
    );
    // A lot that is worth more than the least slice is a slice.
    let whole = AssetRules {
        sz_decimals: 0,
        ..rules
    };
    let (few, one) = (Size::parse("10").unwrap(), Size::parse("1").unwrap());
    let fifty = Price::parse("50").unwrap();
    assert_eq!(slices(30, few, fifty, &whole).unwrap(), 10);
    assert_eq!(slices(30, one, fifty, &whole).unwrap_err().code, "size_lot");
    let mut twap = Twap {
        key: "k".to_owned(),
        strategy: "manual".to_owned(),
        symbol: Symbol::new("BTC").unwrap(),
        side: OrderSide::Buy,
        left: size,
        slices: 7,
        done: 0,
        next: Timestamp::from_ms(0),
        randomize: true,
        reduce_only: false,
        by: By::default(),
        size,
        minutes: 4,
        sent: Vec::new(),
        waits: Vec::new(),
        plan: None,
    };
    let mut sum = 0;
    while twap.done < twap.slices {
        let slice = twap.slice(&rules);
        assert!(slice.is_positive());
        sum += slice.units();
        twap.left = Size::from_units(twap.left.units() - slice.units());
        twap.done += 1;
        let gap = twap.after(Timestamp::from_ms(0)).ms();
        assert!((24_000..=36_000).contains(&gap), "{gap}");
    }
    assert_eq!(sum, size.units());
}

/// A TWAP of ours over so many minutes, each of whose slices is one.
async fn begun(minutes: u32) -> Bench {
    let mut bench = Bench::new();
    let ask = serde_json::json!({"kind": "twap", "size": (minutes * 2).to_string(), "twap": {"minutes": minutes}});
    let (ticket, sight) = (bench.ticket("t", &ask), bench.see().await);
    let begun = bench
        .account
        .begin_twap(&ticket, ticket.body(), &sight, By::default(), None);
    begun.unwrap();
    bench
}

/// The order of the slice that was sent last, and how much it asks for.
fn last(bench: &Bench) -> (Cloid, Size) {
    let cloid = *bench.account.twaps[0].sent.last().unwrap();
    (
        cloid,
        bench.account.relay.order(&cloid).unwrap().intent().size,
    )
}

/// The slice that was sent last takes so much, and the rest of it is gone. Then the next one is due.
async fn takes(bench: &mut Bench, filled: &str) {
    let (cloid, of) = last(bench);
    bench.leaves(&cloid).await;
    let filled = size(filled);
    let event = if filled == of {
        Event::Resting { filled }
    } else {
        Event::Cancelled { filled }
    };
    bench.hears(&cloid, event);
    bench.later(GAP_MS);
    bench.account.slices().await;
}

#[tokio::test]
async fn what_a_slice_does_not_take_is_shared_among_those_that_follow() {
    let mut bench = begun(2).await;
    assert_eq!(last(&bench).1, size("1"));
    takes(&mut bench, "0.1").await;
    assert_eq!(last(&bench).1, size("1.3"));
    takes(&mut bench, "1.3").await;
    assert_eq!(last(&bench).1, size("1.3"));
    takes(&mut bench, "0").await;
    assert_eq!(last(&bench).1, size("2.6"));
    assert_eq!(bench.account.twap_views()[0].filled, size("1.4"));
    // What the last one does not take is told.
    takes(&mut bench, "2").await;
    assert!(bench.account.twaps.is_empty());
    let told = bench.told("twap_ended");
    assert!(told[0].contains("0.6 were not sent"), "{told:?}");
}

#[tokio::test]
async fn no_slice_is_larger_than_three_times_its_share() {
    let mut bench = begun(10).await;
    bench.lock(true);
    takes(&mut bench, "1").await;
    for _ in 0..17 {
        bench.later(GAP_MS);
        bench.account.slices().await;
    }
    assert_eq!(bench.account.twaps[0].sent.len(), 1);
    assert_eq!(bench.account.twaps[0].left, size("19"));
    bench.lock(false);
    bench.later(GAP_MS);
    bench.account.slices().await;
    assert_eq!(last(&bench).1, size("3"));
    takes(&mut bench, "3").await;
    assert!(bench.account.twaps.is_empty());
    let told = bench.told("twap_ended");
    assert!(told[0].contains("16 were not sent"), "{told:?}");
}

#[tokio::test]
async fn what_is_on_its_way_is_not_sent_again_and_is_waited_for() {
    let mut bench = begun(2).await;
    let (first, _) = last(&bench);
    bench.leaves(&first).await;
    for left in ["2", "1", "0"] {
        bench.later(GAP_MS);
        bench.account.slices().await;
        assert_eq!(last(&bench).1, size("1"));
        assert_eq!(bench.account.twaps[0].left, size(left));
        let (cloid, _) = last(&bench);
        bench.leaves(&cloid).await;
    }
    // All of it was sent, and nothing of it is known: that it ends is told when that is known.
    bench.later(GAP_MS);
    bench.account.slices().await;
    assert_eq!(bench.told("twap_ended"), Vec::<String>::new());
    for cloid in bench.account.twaps[0].sent.clone() {
        let filled = size("0.75");
        bench.hears(&cloid, Event::Cancelled { filled });
    }
    bench.account.slices().await;
    assert!(bench.account.twaps.is_empty());
    let told = bench.told("twap_ended");
    assert!(told[0].contains("; 1 were not sent"), "{told:?}");
}

#[tokio::test]
async fn a_plan_whose_stop_was_filled_is_followed_no_further() {
    let mut bench = Bench::new();
    let (now, mode) = (
        bench.now(),
        MarginMode {
            isolated: false,
            leverage: 10,
        },
    );
    bench.account.figures.margins.set(btc(), mode, now);
    let ask =
        serde_json::json!({"kind": "twap", "size": "2", "stop_loss": "95", "twap": {"by": "plan"}});
    let (ticket, sight) = (bench.ticket("p", &ask), bench.see().await);
    let slice = |delay_ms| Slice {
        px: px("100.2"),
        size: size("1"),
        takes: true,
        delay_ms,
    };
    let plan = Planned {
        slices: vec![slice(0), slice(60_000)],
        began: now,
        take_profit: None,
        stop_loss: Some(px("95")),
        again: 0,
    };
    let body = ticket.body();
    let orders = bench
        .account
        .begin_twap(&ticket, body, &sight, By::default(), Some(plan));
    assert_eq!(orders.unwrap().len(), 2);
    let (entry, _) = last(&bench);
    bench.leaves(&entry).await;
    bench.hears(&entry, Event::Resting { filled: size("1") });
    let stop = {
        let mut exits = bench.account.relay.orders().map(|order| order.intent());
        exits.find(|it| it.leg == Leg::StopLoss).unwrap().cloid
    };
    bench.hears(&stop, Event::Plain { step: Step::Ack });
    bench.account.slices().await;
    assert_eq!(bench.account.twaps.len(), 1);
    bench.hears(&stop, Event::Resting { filled: size("1") });
    bench.account.slices().await;
    assert!(bench.account.twaps.is_empty());
    let told = bench.told("twap_ended");
    assert!(
        told[0].contains("a stop or a target of it was filled; 1 were not sent"),
        "{told:?}"
    );
}
