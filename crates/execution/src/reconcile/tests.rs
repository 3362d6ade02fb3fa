use super::*;
use crate::ledger::Fill;
use crate::order::{Aim, Intent, Leg, Step, Tif};
use proptest::prelude::*;

fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

fn size(lots: i128) -> Size {
    Size::from_units(lots)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn order(name: u8, steps: &[Step]) -> (Cloid, Order) {
    let intent = Intent {
        cloid: [name; 16],
        group: [name; 16],
        leg: Leg::Single,
        terms: Terms::Limit {
            px: Price::from_units(50_000_000_000_000_000),
            tif: Tif::Gtc,
        },
        symbol: btc(),
        side: Side::Buy,
        size: size(10),
        reduce_only: false,
        expires_after: at(1_000),
        replaces: None,
    };
    let mut order = Order::new(intent, at(0)).unwrap();
    for step in [Step::PassRisk, Step::LogIntent, Step::Send]
        .iter()
        .chain(steps)
    {
        order.apply(at(1), &Event::Plain { step: *step }).unwrap();
    }
    ([name; 16], order)
}

fn resting(name: u8, filled: i128) -> Resting {
    Resting {
        oid: u64::from(name),
        cloid: Some([name; 16]),
        symbol: btc(),
        side: Side::Buy,
        size: size(10),
        filled: size(filled),
        px: Price::from_units(50_000_000_000_000_000),
        trigger: None,
        reduce_only: false,
    }
}

#[test]
fn what_only_reduces_may_rest_with_less_than_was_sent_and_nothing_else_may() {
    for (reduce_only, rests, found) in [
        (true, 6, None),
        (true, 11, Some(Differs::Size)),
        (false, 6, Some(Differs::Size)),
    ] {
        let (name, limit) = order(1, &[]);
        let intent = Intent {
            reduce_only,
            ..limit.intent().clone()
        };
        let mut order = Order::new(intent, at(0)).unwrap();
        for step in [Step::PassRisk, Step::LogIntent, Step::Send, Step::Ack] {
            order.apply(at(1), &Event::Plain { step }).unwrap();
        }
        let there = Resting {
            size: size(rests),
            reduce_only,
            ..resting(1, 0)
        };
        let differs = match one(&name, &order, Some(&there)) {
            Some(Finding::OrderDiffers { differs, .. }) => Some(differs),
            None => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(differs, found, "{reduce_only} {rests}");
    }
}

#[test]
fn an_order_that_rests_otherwise_than_it_was_sent_differs() {
    let (name, limit) = order(1, &[Step::Ack]);
    let px = |usd: i64| Price::parse(&usd.to_string()).unwrap();
    let stop = |market| {
        let intent = Intent {
            terms: Terms::Trigger {
                trigger: px(49_000),
                px: px(48_000),
                market,
                aim: Aim::Stop,
            },
            side: Side::Sell,
            reduce_only: true,
            ..limit.intent().clone()
        };
        let mut order = Order::new(intent, at(0)).unwrap();
        for step in [Step::PassRisk, Step::LogIntent, Step::Send, Step::Ack] {
            order.apply(at(1), &Event::Plain { step }).unwrap();
        }
        order
    };
    let waits = Resting {
        side: Side::Sell,
        px: px(48_000),
        trigger: Some(px(49_000)),
        reduce_only: true,
        ..resting(1, 0)
    };
    let found = |order: &Order, there: Resting| one(&name, order, Some(&there));
    let wrong = |differs| {
        Some(Finding::OrderDiffers {
            cloid: name,
            differs,
        })
    };
    assert_eq!(found(&limit, resting(1, 0)), None);
    for (differs, there) in [
        (Differs::Side, waits),
        (
            Differs::Size,
            Resting {
                size: size(9),
                ..resting(1, 0)
            },
        ),
        (Differs::Filled, resting(1, 10)),
        (
            Differs::Price,
            Resting {
                px: px(49_999),
                ..resting(1, 0)
            },
        ),
        (
            Differs::Trigger,
            Resting {
                trigger: Some(px(1)),
                ..resting(1, 0)
            },
        ),
        (
            Differs::ReduceOnly,
            Resting {
                reduce_only: true,
                ..resting(1, 0)
            },
        ),
    ] {
        assert_eq!(found(&limit, there), wrong(differs), "{differs:?}");
    }
    // A part of it was filled: the same order, of which more is known.
    let filled = size(3);
    let event = Event::Resting { filled };
    assert_eq!(
        found(&limit, resting(1, 3)),
        Some(Finding::Repair { cloid: name, event })
    );
    for market in [false, true] {
        let stop = stop(market);
        assert_eq!(found(&stop, waits), None);
        // It was triggered.
        assert_eq!(
            found(
                &stop,
                Resting {
                    trigger: None,
                    ..waits
                }
            ),
            None
        );
        let moved = Resting {
            trigger: Some(px(49_001)),
            ..waits
        };
        assert_eq!(found(&stop, moved), wrong(Differs::Trigger));
        let opens = Resting {
            reduce_only: false,
            ..waits
        };
        assert_eq!(found(&stop, opens), wrong(Differs::ReduceOnly));
        // The worst price of what takes at once is the venue's matter.
        let worse = Resting {
            px: px(47_000),
            ..waits
        };
        let differs = if market { None } else { wrong(Differs::Price) };
        assert_eq!(found(&stop, worse), differs);
    }
}

fn codes(orders: &BTreeMap<Cloid, Order>, ledger: &Ledger, venue: &Snapshot) -> Vec<&'static str> {
    let held = Held {
        orders,
        ledger,
        read_to: at(5),
    };
    reconcile(&held, venue).iter().map(Finding::code).collect()
}

#[test]
fn each_difference_has_its_finding() {
    let orders = BTreeMap::from([
        order(1, &[Step::LoseReply]),
        order(2, &[Step::Ack]),
        order(3, &[Step::Refuse]),
        order(4, &[Step::Ack]),
        order(5, &[]),
        order(6, &[Step::Ack]),
    ]);
    let strange = Resting {
        side: Side::Sell,
        ..resting(4, 0)
    };
    let other = Resting {
        cloid: None,
        ..resting(9, 0)
    };
    let venue = Snapshot {
        as_of: at(5),
        resting: vec![other, resting(1, 3), resting(3, 0), strange, resting(6, 0)],
        positions: BTreeMap::from([(btc(), size(4))]),
        equity: Usd::parse("0.02").unwrap(),
        marks: BTreeMap::new(),
    };
    assert_eq!(
        codes(&orders, &Ledger::default(), &venue),
        [
            "reconcile_repair",
            "reconcile_ask_order",
            "reconcile_ghost_order",
            "reconcile_order_differs",
            "reconcile_foreign_order",
            "reconcile_position_differs",
            "reconcile_equity_differs",
        ]
    );
    let later = Snapshot {
        as_of: at(6),
        ..venue
    };
    let found = codes(&orders, &Ledger::default(), &later);
    assert_eq!(found.last(), Some(&"reconcile_ask_history"));
    assert!(!found.contains(&"reconcile_position_differs"));
}

#[test]
fn equity_ties_to_the_cent_and_not_beyond() {
    let mut ledger = Ledger::default();
    ledger.transfer(Usd::parse("100").unwrap()).unwrap();
    ledger
        .fill(&Fill {
            id: 1,
            time: at(1),
            symbol: btc(),
            side: Side::Sell,
            px: Price::parse("50000").unwrap(),
            size: Size::parse("0.001").unwrap(),
            fee: Usd::parse("0.02").unwrap(),
        })
        .unwrap();
    // Sold 50 USD, marked at 51: 100 - 0.02 - 1.
    for (equity, found) in [
        ("98.98", &[][..]),
        ("98.99", &[]),
        ("98.97", &[]),
        ("98.990001", &["reconcile_equity_differs"]),
        ("98.969999", &["reconcile_equity_differs"]),
    ] {
        let venue = Snapshot {
            as_of: at(5),
            positions: BTreeMap::from([(btc(), Size::parse("-0.001").unwrap())]),
            equity: Usd::parse(equity).unwrap(),
            marks: BTreeMap::from([(btc(), Price::parse("51000").unwrap())]),
            ..Snapshot::default()
        };
        assert_eq!(codes(&BTreeMap::new(), &ledger, &venue), found, "{equity}");
        let blind = Snapshot {
            marks: BTreeMap::new(),
            ..venue
        };
        assert_eq!(
            codes(&BTreeMap::new(), &ledger, &blind),
            ["reconcile_equity_differs"]
        );
    }
}

#[test]
fn a_snapshot_beyond_its_bound_is_not_compared() {
    let venue = Snapshot {
        resting: vec![resting(1, 0); MOST_RESTING + 1],
        ..Snapshot::default()
    };
    assert_eq!(
        codes(&BTreeMap::new(), &Ledger::default(), &venue),
        ["reconcile_too_many"]
    );
}

proptest! {
    /// The order of the snapshot does not matter, and repairs are taken, once.
    #[test]
    fn it_says_the_same_twice_and_repairs_once(
        kinds in prop::collection::vec((0_usize..5, prop::option::of(0_i128..12)), 1..12),
        turn in 0_usize..12,
    ) {
        let ways: [&[Step]; 5] = [
            &[],
            &[Step::LoseReply],
            &[Step::Ack],
            &[Step::Ack, Step::SendCancel],
            &[Step::Refuse],
        ];
        let named = |index: usize| index as u8 + 1;
        let mut orders: BTreeMap<Cloid, Order> = kinds
            .iter()
            .enumerate()
            .map(|(index, (kind, _))| order(named(index), ways[*kind]))
            .collect();
        let mut there: Vec<Resting> = kinds
            .iter()
            .enumerate()
            .filter_map(|(index, (_, filled))| filled.map(|filled| resting(named(index), filled)))
            .collect();
        let ledger = Ledger::default();
        let venue = Snapshot { resting: there.clone(), ..Snapshot::default() };
        let first = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &venue);
        if !there.is_empty() {
            let by = turn % there.len();
            there.rotate_left(by);
        }
        let turned = Snapshot { resting: there, ..Snapshot::default() };
        let again = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &turned);
        prop_assert_eq!(&first, &again);
        for finding in &first {
            if let Finding::Repair { cloid, event } = finding {
                let order = orders.get_mut(cloid).unwrap();
                prop_assert!(order.apply(at(2), event).is_ok());
            }
        }
        let after = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &venue);
        prop_assert!(after.iter().all(|finding| !matches!(finding, Finding::Repair { .. })), "{after:?}");
        let kept: Vec<_> = first.into_iter().filter(|finding| finding.locks()).collect();
        let locks: Vec<_> = after.into_iter().filter(|finding| finding.locks()).collect();
        prop_assert_eq!(kept, locks);
    }
}
