//! What holds whatever is lost, doubled or cut off.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Trade(u64),
    Change(i64, i64),
    /// The same, and the frame is lost.
    LostTrade(u64),
    LostChange(i64, i64),
    /// The last frame comes again.
    Again,
    Garbage(Vec<u8>),
    Cut,
    Pass(i64),
    /// Requests fail, or no more.
    Status(u16),
}

fn px() -> impl Strategy<Value = i64> {
    prop_oneof![990i64..1_000, 1_001i64..1_010]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1u64..5).prop_map(Act::Trade),
        6 => (px(), 0i64..4).prop_map(|(px, sz)| Act::Change(px, sz)),
        2 => (1u64..5).prop_map(Act::LostTrade),
        2 => (px(), 0i64..4).prop_map(|(px, sz)| Act::LostChange(px, sz)),
        2 => Just(Act::Again),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Act::Garbage),
        1 => Just(Act::Cut),
        4 => prop_oneof![0i64..500, 0i64..9_000].prop_map(Act::Pass),
        1 => prop_oneof![Just(200u16), Just(500), Just(429), Just(0)].prop_map(Act::Status),
    ]
}

fn apply(desk: &mut Desk, act: &Act) {
    match act {
        Act::Trade(fills) => {
            let frame = desk.venue.trade(*fills);
            desk.tell("trades", frame);
        }
        Act::Change(px, sz) => {
            let frame = desk.venue.change(*px, *sz);
            desk.tell("books", frame);
        }
        Act::LostTrade(fills) => drop(desk.venue.trade(*fills)),
        Act::LostChange(px, sz) => drop(desk.venue.change(*px, *sz)),
        Act::Again => {
            if let Some(frame) = desk.venue.last.clone().filter(|_| desk.open) {
                desk.frames.push_back(frame);
            }
        }
        Act::Garbage(bytes) => desk.step(Input::Frame(Lane::MAIN, bytes)),
        Act::Cut => desk.close(),
        Act::Pass(ms) => desk.pass(*ms),
        Act::Status(status) => desk.status = *status,
    }
    desk.deliver();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The desk itself checks that no book is wrong and no fill is given twice.
    #[test]
    fn no_book_is_wrong_and_no_fill_is_given_twice_or_lost(acts in proptest::collection::vec(act(), 0..60)) {
        let mut desk = Desk::live();
        // From this fill on.
        let frame = desk.venue.trade(1);
        desk.tell("trades", frame);
        desk.deliver();
        for act in &acts {
            apply(&mut desk, act);
        }
        // Left alone, it mends what a next frame shows to be broken.
        desk.status = 200;
        desk.pass(90_000);
        let frame = desk.venue.trade(1);
        desk.tell("trades", frame);
        let frame = desk.venue.change(1_001, 5);
        desk.tell("books", frame);
        desk.pass(30_000);
        let expected: BTreeSet<u64> = (101..=desk.venue.newest()).collect();
        prop_assert!(desk.given.is_subset(&expected));
        // Of more gaps at once the oldest are given up, and so are those for which the venue gives no history.
        let gaps = acts.iter().filter(|act| matches!(act, Act::LostTrade(_) | Act::Cut)).count();
        let refused = acts.iter().any(|act| matches!(act, Act::Status(status) if *status != 200));
        if gaps <= 4 && !refused {
            prop_assert_eq!(&desk.given, &expected);
        }
        let (seq, _, _) = desk.book.as_ref().expect("a book in the end");
        prop_assert_eq!(i64::try_from(*seq).unwrap(), desk.venue.seq);
    }

    #[test]
    fn a_checkpoint_changes_nothing(acts in proptest::collection::vec(act(), 0..40), cut in 0usize..40) {
        let (mut whole, mut resumed) = (Desk::live(), Desk::live());
        for (i, act) in acts.iter().enumerate() {
            if i == cut {
                let text = serde_json::to_string(&resumed.session).unwrap();
                resumed.session = serde_json::from_str(&text).unwrap();
            }
            apply(&mut whole, act);
            apply(&mut resumed, act);
            prop_assert_eq!(&whole.out, &resumed.out);
        }
    }
}
