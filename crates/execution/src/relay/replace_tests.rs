use super::tests::{ask, at, heard, plain, sent, step, submit};
use super::*;
use crate::order::{Replaces, Way};
use hypersentry_model::Size;

/// A change of order 1 into order 2, by one of the ways.
fn change(way: Way, size: &str) -> Submit {
    let mut change = submit("m", 9, 2);
    change.parts[0].wish.size = Size::parse(size).unwrap();
    let cloid = [1; 16];
    change.parts[0].replaces = Some(Replaces { cloid, way });
    change
}

fn state(relay: &Relay, cloid: u8) -> State {
    relay.order(&[cloid; 16]).unwrap().state()
}

/// Order 1 rests, and the change is asked for and on disk.
fn changing(way: Way) -> (Relay, Vec<Output>) {
    let mut relay = Relay::default();
    sent(&mut relay, 1);
    step(&mut relay, 3, heard(1, plain(Step::Ack)));
    ask(&mut relay, 4, change(way, "0.01")).unwrap();
    let seq = relay.last_seq;
    let out = step(&mut relay, 5, Input::Synced { seq });
    (relay, out)
}

fn asks(out: &[Output], cloid: u8) -> bool {
    let cloid = [cloid; 16];
    out.contains(&Output::Ask { cloid })
}

#[test]
fn a_change_leaves_once_and_the_old_order_is_asked_for() {
    let (mut relay, out) = changing(Way::Swap);
    assert!(matches!(out.last(), Some(Output::SendChange { intent }) if intent.cloid == [2; 16]));
    assert_eq!(
        (state(&relay, 1), state(&relay, 2)),
        (State::Cancelling, State::Sent)
    );
    assert_eq!(relay.replaced_by(&[1; 16]), Some([2; 16]));
    // The same request again is the same order, and nobody else may take the place meanwhile.
    assert_eq!(
        ask(&mut relay, 6, change(Way::Swap, "0.01")),
        Ok(([2; 16], State::Sent))
    );
    let mut other = change(Way::Swap, "0.01");
    other.key = Key::new("n").unwrap();
    other.parts[0].cloid = [3; 16];
    assert_eq!(ask(&mut relay, 6, other), Err("order_not_resting"));
    let out = step(&mut relay, 7, heard(2, plain(Step::Ack)));
    assert!(asks(&out, 1), "{out:?}");
    let filled = Size::ZERO;
    step(&mut relay, 8, heard(1, Event::Cancelled { filled }));
    assert_eq!(
        (state(&relay, 1), state(&relay, 2)),
        (State::Cancelled, State::Acked)
    );
}

#[test]
fn a_lost_answer_to_a_change_leaves_both_in_doubt_until_each_is_proven() {
    let (mut relay, _) = changing(Way::Swap);
    let out = step(&mut relay, 3_100, Input::Tick);
    assert_eq!(
        (state(&relay, 1), state(&relay, 2)),
        (State::Unknown, State::Unknown)
    );
    let out = [out, step(&mut relay, 3_200, Input::Tick)].concat();
    assert!(asks(&out, 1) && asks(&out, 2), "{out:?}");
    // The old one rests: the change may arrive still, so that the new one's absence proves nothing.
    let filled = Size::ZERO;
    step(&mut relay, 3_300, heard(1, Event::Resting { filled }));
    let early = Event::Absent {
        venue_time: at(9_000),
    };
    step(&mut relay, 3_300, heard(2, early));
    assert_eq!(
        (state(&relay, 1), state(&relay, 2)),
        (State::Acked, State::Unknown)
    );
    let late = Event::Absent {
        venue_time: at(10_001),
    };
    let out = step(&mut relay, 10_100, heard(2, late));
    assert!(asks(&out, 1), "{out:?}");
    assert_eq!(state(&relay, 2), State::Expired);
    // It never took the place, and another change may.
    assert_eq!(relay.replaced_by(&[1; 16]), None);
}

#[test]
fn a_stop_is_cancelled_only_when_the_next_one_stands() {
    let (mut relay, out) = changing(Way::NewFirst);
    assert!(matches!(out.last(), Some(Output::Send { intents }) if intents[0].cloid == [2; 16]));
    assert_eq!(state(&relay, 1), State::Acked);
    let mut refused = relay.clone();
    step(&mut refused, 6, heard(2, plain(Step::Refuse)));
    step(&mut refused, 7, Input::Tick);
    assert_eq!(state(&refused, 1), State::Acked);
    let out = step(&mut relay, 6, heard(2, plain(Step::Ack)));
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    assert_eq!(
        (state(&relay, 1), state(&relay, 2)),
        (State::Cancelling, State::Acked)
    );
}

#[test]
fn what_opens_is_sent_only_when_the_old_one_ended_unfilled() {
    let (relay, out) = changing(Way::OldFirst);
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    assert!(!out.iter().any(|it| matches!(it, Output::Send { .. })));
    for (filled, sends) in [("0", true), ("0.004", false)] {
        let mut relay = relay.clone();
        let filled = Size::parse(filled).unwrap();
        let out = step(&mut relay, 6, heard(1, Event::Cancelled { filled }));
        let sent = out.iter().any(|it| matches!(it, Output::Send { .. }));
        assert_eq!(sent, sends);
        let expected = if sends { State::Sent } else { State::Rejected };
        assert_eq!(state(&relay, 2), expected);
    }
    // It does not wait longer than it may be taken, nor past the kill switch.
    for input in [Input::Tick, Input::Kill { on: true }] {
        let mut relay = relay.clone();
        let ms = if input == Input::Tick { 10_000 } else { 7 };
        step(&mut relay, ms, input);
        assert_eq!(state(&relay, 2), State::Rejected);
    }
}

#[test]
fn a_change_is_found_again_after_a_crash_and_never_sent_again() {
    for way in [Way::Swap, Way::NewFirst, Way::OldFirst] {
        let mut relay = Relay::default();
        let mut out = step(&mut relay, 1, Input::Submit(Box::new(submit("k1", 1, 1))));
        let seq = relay.last_seq;
        out.extend(step(&mut relay, 2, Input::Synced { seq }));
        out.extend(step(&mut relay, 3, heard(1, plain(Step::Ack))));
        let change = change(way, "0.01");
        out.extend(step(&mut relay, 4, Input::Submit(Box::new(change.clone()))));
        let records = out.into_iter().filter_map(|it| match it {
            Output::Log { record, .. } => Some(record),
            _ => None,
        });
        let mut relay = Relay::recovered(records, at(5));
        assert_eq!(
            (state(&relay, 1), state(&relay, 2)),
            (State::Unknown, State::Unknown)
        );
        assert_eq!(
            ask(&mut relay, 6, change),
            Ok(([2; 16], State::Unknown)),
            "{way:?}"
        );
        let filled = Size::ZERO;
        step(&mut relay, 7, heard(1, Event::Resting { filled }));
        let out = step(&mut relay, 8, heard(2, plain(Step::Ack)));
        let cancels = out.contains(&Output::SendCancel { cloid: [1; 16] });
        assert_eq!(cancels, way == Way::NewFirst, "{way:?}");
        assert!(
            !out.iter()
                .any(|it| matches!(it, Output::Send { .. } | Output::SendChange { .. }))
        );
    }
}

#[test]
fn who_cancels_an_order_that_is_being_changed_cancels_its_heir() {
    let (mut relay, _) = changing(Way::Swap);
    let key = Key::new("c").unwrap();
    let (request, body, cloid) = (3, [5; 32], [1; 16]);
    step(
        &mut relay,
        6,
        Input::Cancel {
            request,
            key,
            body,
            cloid,
        },
    );
    let seq = relay.last_seq;
    step(&mut relay, 7, Input::Synced { seq });
    let out = step(&mut relay, 8, heard(2, plain(Step::Ack)));
    assert!(out.contains(&Output::SendCancel { cloid: [2; 16] }));
}
