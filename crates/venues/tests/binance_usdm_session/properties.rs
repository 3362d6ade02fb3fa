//! A thousand ways to lose, double and delay.

use crate::venue::{Desk, agg_trade};
use proptest::prelude::*;

/// What may happen next.
#[derive(Clone, Debug)]
enum Event {
    Wait(i64),
    Change {
        px: u64,
        sz: u64,
        skip: u64,
        arrives: u8,
    },
    Trade {
        arrives: u8,
    },
    Commands,
    Requests {
        lag: usize,
    },
    Fail(u16),
    Open,
    Close(u8),
}

fn event() -> impl Strategy<Value = Event> {
    // 0: lost, 1: doubled, else: arrives.
    let arrives = prop_oneof![1 => Just(0u8), 1 => Just(1), 20 => Just(2)];
    prop_oneof![
        3 => (0i64..1_200).prop_map(Event::Wait),
        1 => (0i64..20_000).prop_map(Event::Wait),
        8 => (any::<u64>(), 0u64..4, 0u64..5, arrives.clone())
            .prop_map(|(px, sz, skip, arrives)| Event::Change { px, sz, skip, arrives }),
        8 => arrives.prop_map(|arrives| Event::Trade { arrives }),
        4 => Just(Event::Commands),
        4 => (0usize..4).prop_map(|lag| Event::Requests { lag }),
        1 => prop_oneof![Just(500u16), Just(429), Just(418), Just(0), Just(404)].prop_map(Event::Fail),
        3 => Just(Event::Open),
        1 => (0u8..2).prop_map(Event::Close),
    ]
}

/// Whether what was lost is little enough to be fetched: more gaps at once are given up.
fn apply(desk: &mut Desk, event: &Event) -> u32 {
    match event {
        Event::Wait(ms) => desk.wait(*ms),
        Event::Change {
            px,
            sz,
            skip,
            arrives,
        } => {
            let frame = desk.change(*px, *sz, *skip);
            for _ in 0..[0, 2, 1][usize::from(*arrives)] {
                desk.frame(0, &frame);
            }
        }
        Event::Trade { arrives } => {
            let frame = desk.trade();
            for _ in 0..[0, 2, 1][usize::from(*arrives)] {
                desk.frame(1, &frame);
            }
            return u32::from(*arrives == 0);
        }
        Event::Commands => desk.answer_commands(),
        Event::Requests { lag } => desk.answer_requests(*lag),
        Event::Fail(status) => {
            let refused = std::mem::take(&mut desk.asked);
            let mut lost = 0;
            for request in &refused {
                lost += u32::from(request.path.contains("aggTrades")) * 100;
                desk.answer(request, *status, "");
            }
            return lost;
        }
        Event::Open => desk.open(),
        Event::Close(lane) => desk.close(*lane),
    }
    0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn no_book_is_wrong_and_no_trade_is_counted_twice(events in proptest::collection::vec(event(), 1..160)) {
        let mut desk = Desk::live();
        // The first trade and book are there before anything goes wrong.
        let frame = desk.trade();
        desk.frame(1, &frame);
        let frame = desk.change(1, 1, 0);
        desk.frame(0, &frame);
        desk.settle();
        prop_assert!(desk.has_book());
        let mut lost = 0;
        for event in &events {
            lost += apply(&mut desk, event);
        }
        // Then all is well again.
        for _ in 0..130 {
            desk.open();
            desk.answer_commands();
            desk.answer_requests(0);
            desk.wait(1_000);
        }
        desk.open();
        desk.settle();
        let frame = desk.change(2, 2, 0);
        desk.frame(0, &frame);
        let frame = desk.trade();
        desk.frame(1, &frame);
        desk.settle();
        prop_assert!(desk.has_book());
        if lost <= 4 {
            let all: Vec<u64> = (1..=desk.trades.len() as u64).collect();
            let seen: Vec<u64> = desk.seen.iter().copied().collect();
            prop_assert_eq!(seen, all, "a complete backfill");
        }
    }
}

#[test]
fn a_thousand_disconnects_lose_nothing() {
    let mut desk = Desk::live();
    let frame = desk.trade();
    desk.frame(1, &frame);
    for i in 0..1_000u64 {
        let lane = (i % 3 == 0) as u8;
        desk.close(lane);
        for j in 0..i % 4 {
            let frame = desk.trade();
            desk.frame(1, &frame);
            let frame = desk.change(i, j, i % 2);
            desk.frame(0, &frame);
        }
        desk.wait(7_000);
        desk.open();
        desk.answer_commands();
        desk.wait(400);
        desk.answer_commands();
        let frame = desk.change(i, 2, 0);
        desk.frame(0, &frame);
        desk.answer_requests((i % 2) as usize);
        let last = desk.trades.len();
        desk.frame(1, &agg_trade(last));
        desk.wait(1_500);
        desk.answer_requests(0);
    }
    desk.settle();
    let frame = desk.trade();
    desk.frame(1, &frame);
    desk.settle();
    assert!(desk.has_book());
    assert_eq!(desk.seen.len(), desk.trades.len());
    assert!(desk.repaired > 100, "{}", desk.repaired);
}
