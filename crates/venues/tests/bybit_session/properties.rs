//! Random disconnects, duplicates, losses, reorders and garbage: never a wrong book, no trade twice, and none missing without being told.

use crate::exchange::{Exchange, MARKET};
use crate::venue_desk::{Desk, START_MS, symbol};
use hypersentry_model::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Act {
    Trade,
    TwiceTraded,
    Change(i128, u32),
    /// A change that does not come.
    Lost(i128, u32),
    Twice(i128, u32),
    /// Two changes in the wrong order.
    Turned(i128, u32),
    Restart,
    Cut,
    /// A trade whose frame is on its way when the connection ends.
    CutShort,
    /// REST is answered from now on, or not.
    Rest(bool),
    Garbage(Vec<u8>),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let level = || (85i128..115, 0u32..5);
    prop_oneof![
        4 => Just(Act::Trade),
        1 => Just(Act::TwiceTraded),
        6 => level().prop_map(|(px, sz)| Act::Change(px, sz)),
        1 => level().prop_map(|(px, sz)| Act::Lost(px, sz)),
        1 => level().prop_map(|(px, sz)| Act::Twice(px, sz)),
        1 => level().prop_map(|(px, sz)| Act::Turned(px, sz)),
        1 => Just(Act::Restart),
        1 => Just(Act::Cut),
        1 => Just(Act::CutShort),
        1 => any::<bool>().prop_map(Act::Rest),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Act::Garbage),
        3 => (1i64..2_500).prop_map(Act::Wait),
    ]
}

fn run(acts: Vec<Act>, before: bool, wait: i64) -> (Desk<Exchange>, Vec<Timestamp>) {
    let mut venue = Exchange::new();
    // When each trade happened, by its number less one.
    let mut happened = Vec::new();
    if before {
        venue.trade();
        happened.push(Timestamp::from_ms(START_MS));
    }
    let mut desk = Desk::new(venue, &[MARKET]);
    desk.wait(wait);
    for act in acts {
        let trades = matches!(act, Act::Trade | Act::TwiceTraded | Act::CutShort);
        happened.extend(trades.then_some(desk.now));
        match act {
            Act::CutShort => {
                desk.venue.trade();
                desk.cut();
            }
            Act::Rest(answers) => desk.answers = answers,
            Act::Trade => {
                let frames = desk.venue.trade();
                desk.frames(frames);
            }
            Act::TwiceTraded => {
                let frames = desk.venue.trade();
                desk.frames(frames.clone());
                desk.frames(frames);
            }
            Act::Change(px, sz) => {
                let frames = desk.venue.change(px, sz);
                desk.frames(frames);
            }
            Act::Lost(px, sz) => {
                desk.venue.change(px, sz);
            }
            Act::Twice(px, sz) => {
                let frames = desk.venue.change(px, sz);
                desk.frames(frames.clone());
                desk.frames(frames);
            }
            Act::Turned(px, sz) => {
                let first = desk.venue.change(px, sz);
                let second = desk.venue.change(px, sz + 1);
                desk.frames(second);
                desk.frames(first);
            }
            Act::Restart => {
                let frames = desk.venue.restart();
                desk.frames(frames);
            }
            Act::Cut => desk.cut(),
            Act::Garbage(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                desk.frames([text]);
            }
            Act::Wait(ms) => desk.wait(ms),
        }
        // It may be behind, where a change was lost, and never wrong.
        if let Some(book) = desk.books.get(&symbol(MARKET)) {
            let then = book.seq.and_then(|seq| desk.venue.history.get(&seq));
            assert_eq!(Some(book), then);
        }
    }
    desk.answers = true;
    // A change shows whether one before it was lost.
    let frames = desk.venue.change(99, 7);
    desk.frames(frames);
    desk.wait(30_000);
    (desk, happened)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_wrong_twice_or_untold(
        acts in proptest::collection::vec(act(), 1..60),
        before in any::<bool>(),
        wait in 0i64..3_000,
    ) {
        let (mut desk, happened) = run(acts, before, wait);
        prop_assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
        // Never a trade that was not, and none twice.
        let number = |(_, id): &(_, String)| id.trim_start_matches('t').parse::<u64>().unwrap();
        let told: BTreeSet<u64> = desk.trades.keys().map(number).collect();
        prop_assert_eq!(told.len(), desk.trades.len());
        prop_assert!(told.last().is_none_or(|last| *last <= desk.venue.last_trade()));
        // One that was not told falls into time that is told as missing.
        let seen = desk.seen.get(&symbol(MARKET)).cloned().unwrap_or_default();
        for (number, at) in (1..).zip(&happened) {
            prop_assert!(
                told.contains(&number) || !seen.covers(*at),
                "trade {} at {} is missing, and nobody says so: {:?}", number, at.ms() - START_MS, seen
            );
        }
        // In the end everything is followed, and what happens is told.
        desk.wait(2_000);
        prop_assert!(seen.covers(desk.now));
        desk.write_down();
    }
}
