//! Random disconnects, duplicates, losses and garbage: never a wrong book, no trade twice, none missing in the end.

use crate::exchange::{Exchange, PRODUCT};
use crate::venue_desk::{Desk, symbol};
use hypersentry_venues::session::{Feed, Output};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    /// A trade, and whether its frame comes.
    Trade(bool),
    /// So many trades of which none comes.
    Unseen(u8),
    Change(i128, u32),
    /// A change that comes twice.
    Twice(i128, u32),
    Heartbeat,
    Cut,
    Garbage(Vec<u8>),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::bool::weighted(0.9).prop_map(Act::Trade),
        1 => (1u8..30).prop_map(Act::Unseen),
        6 => (85i128..115, 0u32..5).prop_map(|(px, sz)| Act::Change(px, sz)),
        1 => (85i128..115, 0u32..5).prop_map(|(px, sz)| Act::Twice(px, sz)),
        2 => Just(Act::Heartbeat),
        1 => Just(Act::Cut),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Act::Garbage),
        3 => (1i64..2_500).prop_map(Act::Wait),
    ]
}

fn run(acts: Vec<Act>) -> Desk<Exchange> {
    let mut desk = Desk::live(Exchange::new(), &[PRODUCT]);
    let beat = |desk: &mut Desk<Exchange>| {
        let now = desk.now;
        let frames = desk.venue.heartbeat(now);
        desk.frames(frames);
    };
    for act in acts {
        match act {
            Act::Trade(comes) => {
                let frames = desk.venue.trade();
                if comes {
                    desk.frames(frames);
                }
            }
            Act::Unseen(n) => (0..n).for_each(|_| {
                desk.venue.trade();
            }),
            Act::Change(px, sz) => {
                let frames = desk.venue.change(px, sz);
                desk.frames(frames);
            }
            Act::Twice(px, sz) => {
                let frames = desk.venue.change(px, sz);
                desk.frames(frames.clone());
                desk.frames(frames);
            }
            Act::Heartbeat => beat(&mut desk),
            Act::Cut => desk.cut(),
            Act::Garbage(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                desk.frames([text]);
            }
            Act::Wait(ms) => desk.wait(ms),
        }
        if let Some(book) = desk.books.get(&symbol(PRODUCT)) {
            assert_eq!(*book, desk.venue.book());
        }
    }
    // Time to come back, and to find and fetch what is missing.
    for _ in 0..20 {
        desk.wait(1_000);
        beat(&mut desk);
    }
    desk
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_wrong_twice_or_missing(acts in proptest::collection::vec(act(), 1..60)) {
        let desk = run(acts);
        prop_assert_eq!(&desk.books[&symbol(PRODUCT)], &desk.venue.book());
        let ids: Vec<u64> = desk.trades.keys().map(|(_, id)| id.parse().unwrap()).collect();
        if let Some(first) = ids.first() {
            let all: Vec<u64> = (*first..=desk.venue.last_trade()).collect();
            prop_assert_eq!(ids, all, "trades without holes");
        }
        let of_trades = |output: &&Output| matches!(
            output,
            Output::Broken { feed: Feed::Trades, .. }
        );
        let repaired = |since| desk.out.iter().any(|output| matches!(
            output,
            Output::Repaired { feed: Feed::Trades, from, .. } if *from <= since
        ));
        for broken in desk.out.iter().filter(of_trades) {
            if let Output::Broken { since, .. } = broken {
                prop_assert!(repaired(*since) || desk.trades.is_empty(), "{broken:?}");
            }
        }
    }
}
