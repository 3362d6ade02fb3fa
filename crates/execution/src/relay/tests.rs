use super::*;
use crate::order::{Leg, Side, Terms, Tif};
use crate::risk::{Limits, Liquidation, Market, Pricing, Scope, Standing, Wish};
use hypersentry_model::{Price, Size, Source, Stamp, Stamped, Symbol, Usd, Venue};

pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

pub(super) fn seen<T>(value: T) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(at(0)),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 60_000,
    })
}

pub(super) fn submit(key: &str, body: u8, cloid: u8) -> Submit {
    let px = Price::parse("50000").unwrap();
    Submit {
        request: 1,
        key: Key::new(key).unwrap(),
        body: [body; 32],
        expires_after: at(10_000),
        parts: vec![Part {
            cloid: [cloid; 16],
            leg: Leg::Single,
            terms: Terms::Limit { px, tif: Tif::Gtc },
            wish: Wish {
                symbol: Symbol::new("BTC").unwrap(),
                side: Side::Buy,
                size: Size::parse("0.01").unwrap(),
                pricing: Pricing::Limit { limit: px },
                reduce_only: false,
                stop: None,
                liquidation: Liquidation::Never,
            },
            replaces: None,
        }],
        market: Market {
            now: at(0),
            mid: seen(px),
            against: None,
            clock_bound_ms: Some(5),
        },
        scopes: vec![(
            Scope::Account,
            Limits::default(),
            Standing {
                equity: seen(Usd::parse("10000").unwrap()),
                position: seen(Size::ZERO),
                others: seen(Usd::ZERO),
                day_loss: seen(Usd::ZERO),
                ..Standing::default()
            },
        )],
    }
}

pub(super) fn step(relay: &mut Relay, ms: i64, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    relay.step(at(ms), input, &mut out);
    out
}

pub(super) fn ask(
    relay: &mut Relay,
    ms: i64,
    submit: Submit,
) -> Result<(Cloid, State), &'static str> {
    let out = step(relay, ms, Input::Submit(Box::new(submit)));
    match out.last() {
        Some(Output::Answer { result, .. }) => {
            result.as_ref().copied().map_err(|refused| refused.code())
        }
        other => panic!("{other:?}"),
    }
}

pub(super) fn cancel(relay: &mut Relay, ms: i64, key: &str, cloid: u8) -> Vec<Output> {
    let (key, body, cloid) = (Key::new(key).unwrap(), [5; 32], [cloid; 16]);
    let request = 2;
    step(
        relay,
        ms,
        Input::Cancel {
            request,
            key,
            body,
            cloid,
        },
    )
}

pub(super) fn sent(relay: &mut Relay, cloid: u8) {
    ask(relay, 1, submit(&format!("k{cloid}"), 1, cloid)).unwrap();
    let seq = relay.last_seq;
    let out = step(relay, 2, Input::Synced { seq });
    assert!(matches!(out.last(), Some(Output::Send { .. })), "{out:?}");
}

pub(super) fn heard(cloid: u8, event: Event) -> Input {
    let cloid = [cloid; 16];
    Input::Heard { cloid, event }
}

pub(super) fn plain(step: Step) -> Event {
    Event::Plain { step }
}

#[test]
fn one_key_asked_for_many_times_is_one_order() {
    let mut relay = Relay::default();
    let mut sends = 0;
    for round in 0..64 {
        let out = step(
            &mut relay,
            round,
            Input::Submit(Box::new(submit("a", 1, 7))),
        );
        assert_eq!(
            out.iter().any(|o| matches!(o, Output::Log { .. })),
            round == 0
        );
        if round % 8 == 0 {
            let out = step(&mut relay, round, Input::Synced { seq: 1 });
            sends += out
                .iter()
                .filter(|o| matches!(o, Output::Send { .. }))
                .count();
        }
    }
    assert_eq!(sends, 1);
    assert_eq!(
        ask(&mut relay, 70, submit("a", 1, 7)),
        Ok(([7; 16], State::Sent))
    );
    assert_eq!(
        ask(&mut relay, 70, submit("a", 2, 7)),
        Err("idempotency_conflict")
    );
    assert_eq!(
        ask(&mut relay, 70, submit("b", 2, 7)),
        Err("order_id_taken")
    );
}

#[test]
fn nothing_leaves_before_the_disk_says_so_nor_after_it_broke() {
    let mut relay = Relay::default();
    ask(&mut relay, 1, submit("a", 1, 1)).unwrap();
    ask(&mut relay, 1, submit("b", 1, 2)).unwrap();
    let out = step(&mut relay, 2, Input::Synced { seq: 1 });
    let sends: Vec<_> = out
        .iter()
        .filter(|o| matches!(o, Output::Send { .. }))
        .collect();
    assert_eq!(sends.len(), 1);
    step(&mut relay, 3, Input::LogBroken);
    assert_eq!(relay.order(&[2; 16]).unwrap().state(), State::Rejected);
    let late = step(&mut relay, 4, Input::Synced { seq: 9 });
    assert!(late.is_empty(), "{late:?}");
    assert_eq!(ask(&mut relay, 5, submit("c", 1, 3)), Err("audit_stopped"));
    // What was asked before is still answered.
    assert_eq!(
        ask(&mut relay, 5, submit("a", 1, 1)),
        Ok(([1; 16], State::Sent))
    );
}

#[test]
fn the_kill_switch_cancels_what_rests_and_lets_nothing_new_out() {
    let mut relay = Relay::default();
    sent(&mut relay, 1);
    step(&mut relay, 3, heard(1, plain(Step::Ack)));
    sent(&mut relay, 2);
    ask(&mut relay, 4, submit("k3", 1, 3)).unwrap();
    let out = step(&mut relay, 5, Input::Kill { on: true });
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    assert!(!out.contains(&Output::SendCancel { cloid: [2; 16] }));
    // Its fate was not known; as soon as it is, it goes too.
    let out = step(&mut relay, 6, heard(2, plain(Step::Ack)));
    assert!(out.contains(&Output::SendCancel { cloid: [2; 16] }));
    // Between the request and the disk: it never left.
    let seq = relay.last_seq;
    let out = step(&mut relay, 7, Input::Synced { seq });
    assert!(
        !out.iter().any(|o| matches!(o, Output::Send { .. })),
        "{out:?}"
    );
    assert_eq!(relay.order(&[3; 16]).unwrap().state(), State::Rejected);
    assert_eq!(ask(&mut relay, 8, submit("d", 1, 4)), Err("kill_switch_on"));
    step(&mut relay, 9, Input::Kill { on: false });
    assert!(ask(&mut relay, 9, submit("d", 1, 4)).is_ok());
}

#[test]
fn what_is_withdrawn_is_cancelled_where_it_rests_and_never_sent_where_it_waits() {
    let mut relay = Relay::default();
    for cloid in [1, 2] {
        sent(&mut relay, cloid);
        step(&mut relay, 3, heard(cloid, plain(Step::Ack)));
    }
    ask(&mut relay, 4, submit("k3", 1, 3)).unwrap();
    // One that is not known, and one that is over, harm nothing.
    let cloids = vec![[1; 16], [3; 16], [9; 16]];
    let out = step(&mut relay, 5, Input::Withdraw { cloids });
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    assert!(!out.contains(&Output::SendCancel { cloid: [2; 16] }));
    let seq = relay.last_seq;
    let out = step(&mut relay, 6, Input::Synced { seq });
    assert!(!out.iter().any(|o| matches!(o, Output::Send { .. })));
    assert_eq!(relay.order(&[3; 16]).unwrap().state(), State::Rejected);
    assert_eq!(relay.order(&[2; 16]).unwrap().state(), State::Acked);
    // What is asked for afterwards is another matter.
    ask(&mut relay, 7, submit("k4", 1, 4)).unwrap();
    let seq = relay.last_seq;
    let out = step(&mut relay, 8, Input::Synced { seq });
    assert!(matches!(out.last(), Some(Output::Send { .. })));
}

#[test]
fn an_order_that_waited_too_long_for_the_disk_is_not_sent() {
    let mut relay = Relay::default();
    ask(&mut relay, 1, submit("a", 1, 1)).unwrap();
    let out = step(&mut relay, 10_000, Input::Synced { seq: 1 });
    assert!(!out.iter().any(|o| matches!(o, Output::Send { .. })));
    assert_eq!(relay.order(&[1; 16]).unwrap().state(), State::Rejected);
}

#[test]
fn a_cancel_is_logged_sent_when_the_order_rests_and_sent_again_while_it_does() {
    let mut relay = Relay::default();
    sent(&mut relay, 1);
    let out = cancel(&mut relay, 3, "c", 1);
    assert!(matches!(out[0], Output::Log { .. }));
    let seq = relay.last_seq;
    assert!(step(&mut relay, 4, Input::Synced { seq }).is_empty());
    let out = step(&mut relay, 5, heard(1, plain(Step::Ack)));
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    // No answer, so it is asked, and rests still.
    step(&mut relay, 5 + REPLY_MS, Input::Tick);
    let out = step(&mut relay, 6 + REPLY_MS, Input::Tick);
    assert_eq!(out, [Output::Ask { cloid: [1; 16] }]);
    assert!(step(&mut relay, 7 + REPLY_MS, Input::Tick).is_empty());
    let filled = Size::ZERO;
    let out = step(
        &mut relay,
        8 + REPLY_MS,
        heard(1, Event::Resting { filled }),
    );
    assert!(out.contains(&Output::SendCancel { cloid: [1; 16] }));
    let out = step(
        &mut relay,
        9 + REPLY_MS,
        heard(1, Event::Cancelled { filled }),
    );
    assert!(out.iter().any(|o| matches!(
        o,
        Output::Log {
            record: Record::Ended { .. },
            ..
        }
    )));
    let again = cancel(&mut relay, 10 + REPLY_MS, "c", 1);
    assert!(matches!(
        again.as_slice(),
        [Output::Answer {
            result: Ok((_, State::Cancelled)),
            ..
        }]
    ));
    let unknown = cancel(&mut relay, 11 + REPLY_MS, "x", 9);
    assert!(
        matches!(&unknown[0], Output::Answer { result: Err(refused), .. } if refused.code() == "order_unknown")
    );
}

#[test]
fn what_does_not_fit_locks_until_a_comparison_finds_nothing() {
    let mut relay = Relay::default();
    sent(&mut relay, 1);
    step(&mut relay, 3, heard(1, plain(Step::Refuse)));
    let out = step(&mut relay, 4, heard(1, plain(Step::Ack)));
    assert!(
        matches!(&out[0], Output::Raise { error, .. } if error.code() == "order_contradiction")
    );
    assert_eq!(ask(&mut relay, 5, submit("b", 1, 2)), Err("trading_locked"));
    step(&mut relay, 6, Input::Reconciled { locked: true });
    assert_eq!(ask(&mut relay, 7, submit("b", 1, 2)), Err("trading_locked"));
    // What only reduces is looked at all the same; here there is no position.
    let mut closes = submit("c", 1, 3);
    closes.parts[0].wish.reduce_only = true;
    assert_eq!(ask(&mut relay, 7, closes), Err("risk_refused"));
    step(&mut relay, 8, Input::Reconciled { locked: false });
    assert!(ask(&mut relay, 9, submit("b", 1, 2)).is_ok());
}

#[test]
fn a_refused_order_is_not_remembered_and_a_bypass_is_no_limit() {
    let mut relay = Relay::default();
    let mut bare = submit("a", 1, 1);
    bare.scopes.clear();
    assert_eq!(ask(&mut relay, 1, bare), Err("risk_refused"));
    assert!(relay.order(&[1; 16]).is_none() && relay.waiting.is_empty());
    assert!(ask(&mut relay, 2, submit("a", 1, 1)).is_ok());
}

#[test]
fn too_much_under_way_is_refused() {
    let mut relay = Relay::default();
    for n in 0..MOST_WAITING {
        let mut wanted = submit(&format!("k{n}"), 1, 0);
        wanted.parts[0].cloid[..8].copy_from_slice(&(n as u64 + 1).to_le_bytes());
        ask(&mut relay, 1, wanted).unwrap();
    }
    assert_eq!(ask(&mut relay, 2, submit("more", 1, 1)), Err("relay_busy"));
}

#[test]
fn a_relay_made_from_its_log_asks_and_does_not_send() {
    let mut relay = Relay::default();
    let mut log = Vec::new();
    let mut keep = |out: Vec<Output>| {
        log.extend(out.into_iter().filter_map(|o| match o {
            Output::Log { record, .. } => Some(record),
            _ => None,
        }));
    };
    for (key, cloid) in [("a", 1), ("b", 2), ("c", 3)] {
        keep(step(
            &mut relay,
            1,
            Input::Submit(Box::new(submit(key, 1, cloid))),
        ));
    }
    keep(step(&mut relay, 2, Input::Synced { seq: 3 }));
    keep(step(&mut relay, 3, heard(1, plain(Step::Refuse))));
    keep(cancel(&mut relay, 3, "x", 2));
    keep(step(&mut relay, 4, Input::Kill { on: true }));
    let mut again = Relay::recovered(log.clone(), at(100));
    let states: Vec<_> = again.orders().map(Order::state).collect();
    assert_eq!(states, [State::Rejected, State::Unknown, State::Unknown]);
    assert!(again.is_locked() && !again.may_reduce());
    let mut closes = submit("z", 1, 9);
    closes.parts[0].wish.reduce_only = true;
    assert_eq!(ask(&mut again.clone(), 100, closes), Err("trading_locked"));
    let out = step(&mut again, 101, Input::Tick);
    assert_eq!(
        out,
        [
            Output::Ask { cloid: [2; 16] },
            Output::Ask { cloid: [3; 16] }
        ]
    );
    // The same requests find the same orders, and the cancel is still wanted.
    assert_eq!(
        ask(&mut again, 102, submit("a", 1, 1)),
        Ok(([1; 16], State::Rejected))
    );
    assert_eq!(
        ask(&mut again, 102, submit("d", 1, 4)),
        Err("kill_switch_on")
    );
    let out = step(&mut again, 103, heard(2, plain(Step::Ack)));
    assert!(out.contains(&Output::SendCancel { cloid: [2; 16] }));
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_waiting_and_a_proof_is_asked_for_at_once() {
    let mut relay = Relay::default();
    let hour = 3_600_000;
    let mut order = submit("k1", 1, 1);
    order.expires_after = at(hour + 10_000);
    ask(&mut relay, hour, order).unwrap();
    let seq = relay.last_seq;
    step(&mut relay, hour, Input::Synced { seq });
    // The hour is gone; whether three seconds passed is not known.
    let out = step(&mut relay, 5, Input::Tick);
    assert!(matches!(out[..], [Output::Changed { change, .. }] if change.to == State::Unknown));
    let asked = [Output::Ask { cloid: [1; 16] }];
    assert_eq!(step(&mut relay, hour + 9_500, Input::Tick), asked);
    assert!(step(&mut relay, hour + 9_900, Input::Tick).is_empty());
    assert_eq!(step(&mut relay, 100, Input::Tick), asked);
    assert_eq!(step(&mut relay, hour + 9_990, Input::Tick), asked);
    // Its time is over: not a second later, but soon, until the venue's word proves it.
    assert!(step(&mut relay, hour + 10_100, Input::Tick).is_empty());
    assert_eq!(step(&mut relay, hour + 10_190, Input::Tick), asked);
    assert_eq!(step(&mut relay, hour + 10_390, Input::Tick), asked);
    assert_eq!(step(&mut relay, hour + 12_100, Input::Tick), asked);
    assert!(step(&mut relay, hour + 12_900, Input::Tick).is_empty());
}

#[test]
fn a_proof_is_asked_for_at_the_first_moment_at_which_it_is_one() {
    let mut relay = Relay::default();
    let mut order = submit("k1", 1, 1);
    order.expires_after = at(10_000);
    ask(&mut relay, 0, order).unwrap();
    let seq = relay.last_seq;
    step(&mut relay, 0, Input::Synced { seq });
    step(&mut relay, 3_000, Input::Tick);
    let asked = [Output::Ask { cloid: [1; 16] }];
    assert_eq!(step(&mut relay, 9_400, Input::Tick), asked);
    assert_eq!(relay.due(), None);
    // The venue's clock showed 9,333 at the least, by an answer that took 40 ms.
    let absent = |venue_time| Input::Heard {
        cloid: [1; 16],
        event: Event::Absent {
            venue_time: at(venue_time),
        },
    };
    step(&mut relay, 9_440, absent(9_333));
    assert_eq!(relay.due(), Some(at(10_108)));
    // The usual question does not take its place.
    assert_eq!(step(&mut relay, 10_050, Input::Tick), asked);
    assert_eq!(relay.due(), Some(at(10_108)));
    assert!(step(&mut relay, 10_107, Input::Tick).is_empty());
    assert_eq!(step(&mut relay, 10_108, Input::Tick), asked);
    assert_eq!(relay.due(), None);
    let out = step(&mut relay, 10_150, absent(10_001));
    assert!(matches!(out[0], Output::Changed { change, .. } if change.to == State::Expired));
    assert_eq!(relay.due(), None);
}
