use super::*;
use hypersentry_model::Price;
use proptest::prelude::*;

fn size(lots: i128) -> Size {
    Size::from_units(lots)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn order(lots: i128) -> Order {
    let intent = Intent {
        cloid: [1; 16],
        group: [1; 16],
        leg: Leg::Single,
        terms: Terms::Limit {
            px: Price::from_units(50_000_000_000_000_000),
            tif: Tif::Gtc,
        },
        symbol: Symbol::new("BTC").unwrap(),
        side: Side::Buy,
        size: size(lots),
        reduce_only: false,
        expires_after: at(1_000),
        replaces: None,
    };
    Order::new(intent, at(0)).unwrap()
}

fn plain(step: Step) -> Event {
    Event::Plain { step }
}

fn sent(lots: i128) -> Order {
    let mut order = order(lots);
    for step in [Step::PassRisk, Step::LogIntent, Step::Send] {
        order.apply(at(1), &plain(step)).unwrap();
    }
    order
}

#[test]
fn the_table_is_a_function_and_ends_where_it_should() {
    for (index, (from, step, _)) in TABLE.iter().enumerate() {
        let twice = TABLE[index + 1..]
            .iter()
            .any(|(state, other, _)| state == from && other == step);
        assert!(!twice, "{from:?} {step:?} has two rows");
    }
    for state in State::ALL {
        let leaves = TABLE
            .iter()
            .any(|(from, _, to)| *from == state && *to != state);
        assert_eq!(leaves, !state.is_terminal(), "{state:?}");
        // Every state is reached but the first.
        let reached = TABLE
            .iter()
            .any(|(from, _, to)| *to == state && *from != state);
        assert_eq!(reached, state != State::Created, "{state:?}");
    }
    for step in Step::ALL {
        assert!(TABLE.iter().any(|(_, taken, _)| *taken == step), "{step:?}");
    }
    // Nothing leaves before the intent is on disk.
    for (from, step, to) in TABLE {
        assert!(*step != Step::Send || *from == State::IntentLogged);
        assert!(*to != State::IntentLogged || *step == Step::LogIntent);
    }
}

#[test]
fn the_document_shows_this_table() {
    let words = |name: String| {
        let mut text = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.extend(c.to_lowercase());
        }
        text
    };
    let document = include_str!("../../../../docs/orders.md");
    for (from, step, to) in TABLE {
        let [from, step, to] =
            [format!("{from:?}"), format!("{step:?}"), format!("{to:?}")].map(words);
        let row = format!("| `{from}` | `{step}` | `{to}` |");
        assert!(document.contains(&row), "docs/orders.md lacks {row}");
    }
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches('|').count() == 4);
    assert_eq!(rows.count(), TABLE.len());
}

#[test]
fn an_order_is_filled_by_distinct_trades() {
    let mut order = sent(5);
    let first = Event::Filled {
        id: 9,
        size: size(2),
    };
    assert_eq!(
        order.apply(at(2), &first).unwrap().to,
        State::PartiallyFilled
    );
    assert_eq!(order.apply(at(3), &first).unwrap().filled, size(2));
    order.apply(at(4), &plain(Step::Ack)).unwrap();
    assert_eq!(order.state(), State::PartiallyFilled);
    let rest = Event::Filled {
        id: 10,
        size: size(3),
    };
    assert_eq!(order.apply(at(5), &rest).unwrap().to, State::Filled);
    assert_eq!(order.since(), at(5));
    let more = order.apply(
        at(6),
        &Event::Filled {
            id: 11,
            size: size(1),
        },
    );
    assert_eq!(more.unwrap_err().code(), "order_fill_mismatch");
    assert_eq!(order.filled(), size(5));
}

#[test]
fn a_trade_that_comes_after_the_cancel_it_went_before_is_counted() {
    let mut order = sent(5);
    order
        .apply(at(2), &Event::Resting { filled: size(0) })
        .unwrap();
    order
        .apply(at(3), &Event::Cancelled { filled: size(2) })
        .unwrap();
    assert_eq!(
        (order.state(), order.filled(), order.uncounted()),
        (State::Cancelled, size(2), size(2))
    );
    order
        .apply(
            at(4),
            &Event::Filled {
                id: 1,
                size: size(2),
            },
        )
        .unwrap();
    assert_eq!(
        (order.state(), order.filled(), order.uncounted()),
        (State::Cancelled, size(2), size(0))
    );
    let more = order.apply(
        at(5),
        &Event::Filled {
            id: 2,
            size: size(1),
        },
    );
    assert_eq!(more.unwrap_err().code(), "order_fill_mismatch");
}

#[test]
fn a_lost_answer_is_unknown_until_a_fact_or_the_proof_of_absence() {
    let mut order = sent(5);
    order.apply(at(2), &plain(Step::LoseReply)).unwrap();
    assert_eq!(order.unknown_until(), Some(at(1_000)));
    let early = Event::Absent {
        venue_time: at(1_000),
    };
    assert_eq!(
        order.apply(at(3), &early).unwrap_err().code(),
        "order_absence_unproven"
    );
    let late = Event::Absent {
        venue_time: at(1_001),
    };
    assert_eq!(order.apply(at(3), &late).unwrap().to, State::Expired);
    assert_eq!(order.unknown_until(), None);
    let lives = order.apply(at(4), &plain(Step::Ack)).unwrap_err();
    assert_eq!(lives.code(), "order_contradiction");
}

#[test]
fn an_error_reply_to_an_order_that_was_seen_to_rest_is_asked_about() {
    let mut order = sent(5);
    order.apply(at(2), &plain(Step::Ack)).unwrap();
    assert_eq!(
        order.apply(at(3), &plain(Step::Refuse)).unwrap().to,
        State::Unknown
    );
    // Said again it is no truer, and that the venue does not know it now is not the proof that it never did.
    assert_eq!(
        order.apply(at(4), &plain(Step::Refuse)).unwrap().to,
        State::Unknown
    );
    let venue_time = at(9_000);
    let absent = order.apply(at(5), &Event::Absent { venue_time });
    assert_eq!(absent.unwrap_err().code(), "order_contradiction");
}

#[test]
fn a_cancel_waits_until_the_order_is_known_to_rest() {
    let mut order = sent(5);
    order.want_cancel();
    assert!(!order.cancel_due());
    order.apply(at(2), &plain(Step::LoseReply)).unwrap();
    assert!(!order.cancel_due());
    order
        .apply(at(3), &Event::Resting { filled: size(1) })
        .unwrap();
    assert!(order.cancel_due());
    order.apply(at(4), &plain(Step::SendCancel)).unwrap();
    assert!(!order.cancel_due());
    // "Never placed, already cancelled, or filled" says too little.
    order.apply(at(5), &plain(Step::DoubtCancel)).unwrap();
    assert_eq!(order.state(), State::Unknown);
    order
        .apply(at(6), &Event::Cancelled { filled: size(1) })
        .unwrap();
    assert_eq!(order.state(), State::Cancelled);
}

#[test]
fn amounts_are_not_left_out_and_nothing_is_ordered_for_nothing() {
    let mut order = sent(5);
    for step in [
        Step::FillAll,
        Step::FillPart,
        Step::Cancel,
        Step::ProveAbsent,
    ] {
        let refused = order.apply(at(2), &plain(step)).unwrap_err();
        assert_eq!(refused.code(), "order_step_illegal");
    }
    let nothing = Intent {
        size: size(0),
        ..order.intent().clone()
    };
    assert_eq!(
        Order::new(nothing, at(0)).unwrap_err().code(),
        "order_size_zero"
    );
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        prop::sample::select(Step::ALL.as_slice()).prop_map(plain),
        (0_u64..6, -1_i128..4).prop_map(|(id, lots)| Event::Filled {
            id,
            size: size(lots)
        }),
        (-1_i128..7).prop_map(|lots| Event::Resting { filled: size(lots) }),
        (-1_i128..7).prop_map(|lots| Event::Cancelled { filled: size(lots) }),
        (0_i64..2_000).prop_map(|ms| Event::Absent { venue_time: at(ms) }),
    ]
}

proptest! {
    /// Whatever is told in whatever order: no more is filled than was ordered, what is filled never shrinks, an end is an end,
    /// and what is refused changes nothing.
    #[test]
    fn any_sequence_keeps_the_order_whole(told in prop::collection::vec(events(), 0..60)) {
        let mut order = order(5);
        for (index, event) in told.iter().enumerate() {
            let before = order.clone();
            match order.apply(at(index as i64), event) {
                Ok(change) => {
                    prop_assert_eq!((change.from, change.to), (before.state(), order.state()));
                    prop_assert_eq!(change.filled, order.filled());
                    prop_assert!(order.filled() >= before.filled() && order.filled() <= size(5));
                    prop_assert!(!before.state().is_terminal() || order.state() == before.state());
                    prop_assert!(order.state() != State::Filled || order.filled() == size(5));
                    prop_assert!(!matches!(order.state(), State::Rejected | State::Expired) || order.filled().is_zero());
                }
                Err(_) => prop_assert_eq!(&before, &order),
            }
        }
    }
}
