//! Requests for several orders at once.

use super::tests::*;
use super::*;
use crate::order::{Leg, Side};
use crate::risk::Pricing;
use hypersentry_model::Price;

/// An entry with a stop and a take.
fn bracket(key: &str, first: u8) -> Submit {
    let mut request = submit(key, 1, first);
    let entry = request.parts[0].clone();
    request.parts[0].leg = Leg::Entry;
    for (name, leg, trigger) in [(1, Leg::TakeProfit, "51000"), (2, Leg::StopLoss, "49500")] {
        let trigger = Price::parse(trigger).unwrap();
        let mut exit = entry.clone();
        exit.cloid = [first + name; 16];
        exit.leg = leg;
        exit.wish.side = Side::Sell;
        exit.wish.reduce_only = true;
        exit.wish.pricing = Pricing::Trigger {
            trigger,
            limit: trigger,
            waits: None,
        };
        request.parts.push(exit);
    }
    request
}

#[test]
fn what_is_asked_for_as_one_is_sent_as_one_when_all_of_it_is_on_disk() {
    let mut relay = Relay::default();
    let request = bracket("b", 1);
    assert_eq!(
        ask(&mut relay, 1, request.clone()),
        Ok(([1; 16], State::RiskPassed))
    );
    for seq in [1, 2] {
        let out = step(&mut relay, 2, Input::Synced { seq });
        assert!(out.is_empty(), "{out:?}");
    }
    let out = step(&mut relay, 3, Input::Synced { seq: 3 });
    let sent: Vec<_> = out
        .iter()
        .filter_map(|o| match o {
            Output::Send { intents } => Some(intents.iter().map(|i| i.leg).collect::<Vec<_>>()),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [[Leg::Entry, Leg::TakeProfit, Leg::StopLoss]]);
    // Repeated, it is the same order, and nothing more is sent.
    assert_eq!(ask(&mut relay, 4, request), Ok(([1; 16], State::Sent)));
}

#[test]
fn a_crash_in_the_middle_of_a_request_sends_nothing_of_it() {
    let mut relay = Relay::default();
    let out = step(&mut relay, 1, Input::Submit(Box::new(bracket("b", 1))));
    let records: Vec<_> = out
        .into_iter()
        .filter_map(|o| match o {
            Output::Log { record, .. } => Some(record),
            _ => None,
        })
        .collect();
    assert_eq!(records.len(), 3);
    let mut back = Relay::recovered(records[..2].to_vec(), at(5));
    step(&mut back, 6, Input::Reconciled { locked: false });
    assert_eq!(back.orders().count(), 2);
    assert_eq!(
        ask(&mut back, 7, bracket("b", 1)),
        Ok(([1; 16], State::Unknown))
    );
    for cloid in [1, 2] {
        let venue_time = at(10_001);
        let out = step(
            &mut back,
            11_000,
            heard(cloid, Event::Absent { venue_time }),
        );
        assert!(!out.iter().any(|o| matches!(o, Output::Send { .. })));
        let state = back.order(&[cloid; 16]).unwrap().state();
        assert_eq!(state, State::Expired);
    }
}

#[test]
fn the_kill_switch_between_request_and_disk_stops_all_of_a_request() {
    let mut relay = Relay::default();
    ask(&mut relay, 1, bracket("b", 1)).unwrap();
    step(&mut relay, 2, Input::Kill { on: true });
    let out = step(&mut relay, 3, Input::Synced { seq: 4 });
    assert!(!out.iter().any(|o| matches!(o, Output::Send { .. })));
    let all = relay.orders().all(|o| o.state() == State::Rejected);
    assert!(all);
    assert_eq!(ask(&mut relay, 4, bracket("c", 7)), Err("kill_switch_on"));
}

#[test]
fn a_key_is_kept_as_long_as_anything_that_it_named_lives() {
    let mut relay = Relay::default();
    ask(&mut relay, 1, bracket("b", 1)).unwrap();
    step(&mut relay, 2, Input::Synced { seq: 3 });
    for (cloid, end) in [(1, 3), (2, 4)] {
        step(&mut relay, end, heard(cloid, plain(Step::Refuse)));
    }
    let day = crate::keys::RETENTION_MS;
    step(&mut relay, 10 + day, Input::Tick);
    assert_eq!(relay.orders().count(), 3);
    step(&mut relay, 20 + day, heard(3, plain(Step::Refuse)));
    step(&mut relay, 21 + 2 * day, Input::Tick);
    assert_eq!(relay.orders().count(), 0);
}

#[test]
fn several_orders_of_one_request_are_checked_together() {
    let mut relay = Relay::default();
    let mut request = submit("s", 1, 1);
    let one = request.parts[0].clone();
    // 500 USD each; 1,000 is the most in a symbol.
    for name in [2, 3] {
        let mut another = one.clone();
        another.cloid = [name; 16];
        request.parts.push(another);
    }
    assert_eq!(ask(&mut relay, 1, request.clone()), Err("risk_refused"));
    assert_eq!(relay.orders().count(), 0);
    request.parts.pop();
    assert!(ask(&mut relay, 1, request.clone()).is_ok());
    request.parts = vec![one; MOST_PARTS + 1];
    request.key = Key::new("t").unwrap();
    assert_eq!(ask(&mut relay, 1, request), Err("order_part_count"));
}
