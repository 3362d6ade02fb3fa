//! Cancels where there is no room for them, and cancels that the venue does not take.

use super::tests::{ask, cancel, heard, plain, sent, step, submit};
use super::*;
use hypersentry_model::Size;

fn sends(out: &[Output]) -> Vec<Cloid> {
    let sent = out.iter().filter_map(|it| match it {
        Output::SendCancel { cloid } => Some(*cloid),
        _ => None,
    });
    sent.collect()
}

fn logged(out: &[Output]) -> bool {
    out.iter().any(|it| matches!(it, Output::Log { .. }))
}

fn taken(out: &[Output]) -> bool {
    let answer = out.iter().find(|it| matches!(it, Output::Answer { .. }));
    matches!(answer, Some(Output::Answer { result: Ok(_), .. }))
}

fn resting() -> Relay {
    let mut relay = Relay::default();
    sent(&mut relay, 1);
    step(&mut relay, 3, heard(1, plain(Step::Ack)));
    relay
}

#[test]
fn an_order_with_all_its_names_is_cancelled_still() {
    let mut relay = resting();
    for n in 0..2 * MOST_NAMES {
        let out = cancel(&mut relay, 4, &format!("c{n}"), 1);
        assert!(taken(&out), "{n}");
        assert_eq!(logged(&out), n < MOST_NAMES - 1, "{n}");
        let seq = relay.last_seq;
        let out = step(&mut relay, 4, Input::Synced { seq });
        assert_eq!(sends(&out).len(), usize::from(n == 0), "{n}");
    }
    assert_eq!(relay.orders[&[1; 16]].keys.len(), MOST_NAMES);
    // The order's names were used up by changes and the like, and nobody has cancelled it yet.
    let mut relay = resting();
    let held = relay.orders.get_mut(&[1; 16]).unwrap();
    held.keys = vec![Key::new("n").unwrap(); MOST_NAMES];
    let out = cancel(&mut relay, 4, "c", 1);
    assert!(taken(&out) && logged(&out));
}

#[test]
fn a_full_set_of_keys_cancels_still() {
    let mut relay = Relay {
        keys: Keys::with_most(1),
        ..Relay::default()
    };
    sent(&mut relay, 1);
    step(&mut relay, 3, heard(1, plain(Step::Ack)));
    assert_eq!(
        ask(&mut relay, 4, submit("b", 1, 2)),
        Err("idempotency_full")
    );
    let out = cancel(&mut relay, 5, "c", 1);
    assert!(taken(&out));
    let seq = relay.last_seq;
    assert_eq!(
        sends(&step(&mut relay, 6, Input::Synced { seq })),
        [[1; 16]]
    );
}

#[test]
fn what_waits_for_the_disk_keeps_no_cancel_waiting() {
    let mut relay = resting();
    for n in 0..MOST_WAITING as u64 {
        relay.waiting.insert(1_000 + n, Then::Nothing);
    }
    assert_eq!(ask(&mut relay, 4, submit("b", 1, 2)), Err("relay_busy"));
    let out = cancel(&mut relay, 5, "c", 1);
    assert!(taken(&out) && !logged(&out));
    assert_eq!(sends(&out), [[1; 16]]);
}

#[test]
fn a_broken_log_keeps_no_cancel_back() {
    let mut relay = resting();
    sent(&mut relay, 2);
    step(&mut relay, 3, heard(2, plain(Step::Ack)));
    // One waits for the disk when it breaks, one is asked for afterwards.
    assert_eq!(sends(&cancel(&mut relay, 4, "c", 1)), [] as [Cloid; 0]);
    assert_eq!(sends(&step(&mut relay, 5, Input::LogBroken)), [[1; 16]]);
    let out = cancel(&mut relay, 6, "d", 2);
    assert!(taken(&out) && !logged(&out));
    assert_eq!(sends(&out), [[2; 16]]);
    assert_eq!(ask(&mut relay, 7, submit("b", 1, 3)), Err("audit_stopped"));
}

/// The venue says each time that it still rests.
fn refused(relay: &mut Relay, ms: i64) -> Vec<Output> {
    let doubted = step(relay, ms, heard(1, plain(Step::DoubtCancel)));
    assert_eq!(sends(&doubted), [] as [Cloid; 0]);
    let filled = relay.order(&[1; 16]).unwrap().filled();
    step(relay, ms, heard(1, Event::Resting { filled }))
}

#[test]
fn a_cancel_that_is_refused_is_sent_again_ever_more_seldom() {
    let mut relay = resting();
    step(
        &mut relay,
        4,
        Input::Withdraw {
            cloids: vec![[1; 16]],
        },
    );
    let mut times = Vec::new();
    let mut ms = 4;
    assert_eq!(sends(&refused(&mut relay, ms)), [] as [Cloid; 0]);
    while ms < 130_000 {
        ms += 100;
        if !sends(&step(&mut relay, ms, Input::Tick)).is_empty() {
            times.push(ms);
            assert_eq!(sends(&refused(&mut relay, ms)), [] as [Cloid; 0]);
        }
    }
    let gaps: Vec<i64> = [4]
        .iter()
        .chain(&times)
        .zip(&times)
        .map(|(a, b)| b - a)
        .collect();
    assert_eq!(
        gaps,
        [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
    );
    // Another order than before, a new wish, a clock that was set back: at once.
    let filled = Size::from_units(1);
    let out = step(&mut relay, ms, heard(1, Event::Resting { filled }));
    assert_eq!(sends(&out), [[1; 16]]);
    assert_eq!(sends(&refused(&mut relay, ms)), [] as [Cloid; 0]);
    let out = step(
        &mut relay,
        ms,
        Input::Withdraw {
            cloids: vec![[1; 16]],
        },
    );
    assert_eq!(sends(&out), [[1; 16]]);
    assert_eq!(sends(&refused(&mut relay, ms)), [] as [Cloid; 0]);
    assert_eq!(
        sends(&step(&mut relay, ms - 50_000, Input::Tick)),
        [[1; 16]]
    );
}
