use super::words::{KNOWN, Proves};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn told(code: &'static str, text: &str) -> Told {
    Told {
        code,
        text: text.to_owned(),
    }
}

fn read_json(asked: Asked, body: &Value) -> Vec<Outcome> {
    read(asked, 200, body.to_string().as_bytes())
}

fn statuses(asked: Asked, statuses: Value) -> Vec<Outcome> {
    let kind = match asked {
        Asked::Cancels(_) => "cancel",
        _ => "order",
    };
    let data = json!({"statuses": statuses});
    read_json(
        asked,
        &json!({"status": "ok", "response": {"type": kind, "data": data}}),
    )
}

#[test]
fn each_order_has_its_status() {
    let cloid = "0x1e60610f0b3d420597c88c1fed2ad5ee";
    let outcomes = statuses(
        Asked::Orders(5),
        json!([
            {"resting": {"oid": 77738308, "cloid": cloid}},
            {"filled": {"totalSz": "0.02", "avgPx": "1891.4", "oid": 77747314}},
            "waitingForFill",
            "waitingForTrigger",
            {"error": "Order must have minimum value of $10."},
        ]),
    );
    let expected = vec![
        Outcome::Resting {
            oid: 77_738_308,
            cloid: cloid.parse().ok(),
        },
        Outcome::Filled {
            oid: 77_747_314,
            cloid: None,
            total_sz: Size::parse("0.02").unwrap(),
            avg_px: Price::parse("1891.4").unwrap(),
        },
        Outcome::WaitingForFill,
        Outcome::WaitingForTrigger,
        Outcome::Refused(told(
            "venue_min_notional",
            "Order must have minimum value of $10.",
        )),
    ];
    assert_eq!(outcomes, expected);
    let proven: Vec<Certainty> = outcomes.iter().map(Outcome::certainty).collect();
    assert_eq!(proven[..4], [Certainty::Accepted; 4]);
    assert_eq!(proven[4], Certainty::NothingAccepted);
}

#[test]
fn success_of_each_kind_of_action() {
    assert_eq!(
        statuses(Asked::Cancels(2), json!(["success", "success"])),
        vec![Outcome::Done; 2]
    );
    let default = json!({"status": "ok", "response": {"type": "default"}});
    assert_eq!(read_json(Asked::Other, &default), [Outcome::Done]);
    assert_eq!(read_json(Asked::Change, &default), [Outcome::Done]);
    // Of orders it says nothing.
    let unknown = read_json(Asked::Orders(1), &default);
    assert_eq!(unknown[0].certainty(), Certainty::Unknown);
    let twap = |kind: &str, status: Value| json!({"status": "ok", "response": {"type": kind, "data": {"status": status}}});
    assert_eq!(
        read_json(
            Asked::Twap,
            &twap("twapOrder", json!({"running": {"twapId": 77}}))
        ),
        [Outcome::TwapRunning { twap_id: 77 }]
    );
    assert_eq!(
        read_json(Asked::TwapCancel, &twap("twapCancel", json!("success"))),
        [Outcome::Done]
    );
    let short = "Invalid TWAP duration: 1 min(s)";
    assert_eq!(
        read_json(Asked::Twap, &twap("twapOrder", json!({"error": short}))),
        [Outcome::Refused(told("venue_twap_duration", short))]
    );
    let missing = "TWAP was never placed, already canceled, or filled.";
    assert_eq!(
        read_json(
            Asked::TwapCancel,
            &twap("twapCancel", json!({"error": missing}))
        ),
        [Outcome::Refused(told("venue_missing_twap", missing))]
    );
}

#[test]
fn an_error_for_the_batch_is_for_each_of_it() {
    let words = "Price must be divisible by tick size.";
    let one = statuses(Asked::Orders(3), json!([{ "error": words }]));
    assert_eq!(one, vec![Outcome::Refused(told("venue_tick", words)); 3]);
    // Anything else of another length tells nothing of any.
    for odd in [
        json!(["waitingForFill"]),
        json!([]),
        json!([{"error": "a"}, {"error": "b"}]),
    ] {
        for outcome in statuses(Asked::Orders(3), odd) {
            assert!(matches!(outcome, Outcome::Unknown(told) if told.code == "answer_count"));
        }
    }
}

#[test]
fn every_documented_error_has_a_code_and_others_prove_nothing() {
    for known in KNOWN {
        let words = format!("{} and more.", known.begins);
        let whole = read_json(
            Asked::Orders(2),
            &json!({"status": "err", "response": words}),
        );
        let item = statuses(
            Asked::Orders(2),
            json!([{ "error": words }, "waitingForFill"]),
        );
        assert_eq!(whole.len(), 2);
        for outcome in [&whole[0], &whole[1], &item[0]] {
            let refused = known.proves != Proves::Nothing;
            match outcome {
                Outcome::Refused(told) => assert!(refused && told.code == known.code, "{words}"),
                Outcome::Unknown(told) => assert!(!refused && told.code == known.code, "{words}"),
                other => panic!("{words}: {other:?}"),
            }
        }
        // That a change's new order was not placed leaves the old one open.
        let change = statuses(Asked::Changes(1), json!([{ "error": words }]));
        let proven = change[0].certainty() == Certainty::NothingAccepted;
        assert_eq!(proven, known.proves == Proves::NotTaken, "{words}");
    }
    for words in [
        "",
        "Order was accepted with a warning",
        "price must be divisible by tick size",
    ] {
        let outcome = &read_json(Asked::Other, &json!({"status": "err", "response": words}))[0];
        assert_eq!(*outcome, Outcome::Unknown(told("venue_error", words)));
    }
}

#[test]
fn no_status_of_http_proves_anything() {
    for (status, code) in [
        (429, "too_many_requests"),
        (422, "http_client_error"),
        (502, "http_server_error"),
        (302, "http_status"),
    ] {
        let body = br#"{"status":"err","response":"Price must be divisible by tick size."}"#;
        for outcome in read(Asked::Cancels(2), status, body) {
            assert!(
                matches!(outcome, Outcome::Unknown(told) if told.code == code),
                "{status}"
            );
        }
    }
}

#[test]
fn a_fill_that_cannot_be_read_is_not_refused() {
    for status in [
        json!({"filled": {"totalSz": "x", "avgPx": "1", "oid": 1}}),
        json!({"filled": {"totalSz": "1", "avgPx": "1"}}),
        json!({"resting": {"oid": -1}}),
        json!({"resting": {"oid": 1, "cloid": "0x1"}}),
        json!({"novel": {}}),
        json!("novel"),
        json!(null),
    ] {
        let text = status.to_string();
        let outcome = &statuses(Asked::Orders(1), json!([status]))[0];
        let expected = Outcome::unknown("answer_malformed", &text);
        assert_eq!(*outcome, expected);
    }
}

#[test]
fn long_words_are_cut_between_letters() {
    let words = "é".repeat(MAX_TEXT);
    let outcome = &read_json(Asked::Other, &json!({"status": "err", "response": words}))[0];
    assert!(matches!(outcome, Outcome::Unknown(told) if told.text.len() == MAX_TEXT));
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        (0usize..50).prop_map(Asked::Orders),
        (0usize..50).prop_map(Asked::Changes),
        (0usize..50).prop_map(Asked::Cancels),
        Just(Asked::Change),
        Just(Asked::Twap),
        Just(Asked::TwapCancel),
        Just(Asked::Other),
    ]
}

/// Answers that are nearly right: the venue's words and keys in any order and place.
fn nearly() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "ok",
            "err",
            "order",
            "cancel",
            "default",
            "twapOrder",
            "success",
            "waitingForFill",
            "status",
            "statuses",
            "response",
            "type",
            "data",
            "error",
            "resting",
            "filled",
            "oid",
            "cloid",
            "totalSz",
            "avgPx",
            "running",
            "twapId",
            "1",
            "-1",
            "1e9",
        ])
        .prop_map(str::to_owned),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        word.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_give_an_outcome_an_item(asked in asked(), status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(read(asked, status, &body).len(), asked.items());
        prop_assert_eq!(read(asked, 200, &body).len(), asked.items());
    }

    #[test]
    fn nearly_right_answers_give_an_outcome_an_item(asked in asked(), inner in nearly(), at in 0u8..3, kind in "order|cancel|default|twapOrder") {
        let body = match at {
            0 => inner,
            1 => json!({"status": "ok", "response": inner}),
            _ => json!({"status": "ok", "response": {"type": kind, "data": {"statuses": inner, "status": inner}}}),
        };
        prop_assert_eq!(read_json(asked, &body).len(), asked.items());
    }

    #[test]
    fn a_cut_or_changed_answer_never_refuses_what_was_taken(cut in 0usize..200, at in 0usize..200, to in any::<u8>()) {
        let whole = br#"{"status":"ok","response":{"type":"order","data":{"statuses":[{"resting":{"oid":77738308}},{"filled":{"totalSz":"0.02","avgPx":"1891.4","oid":77747314}}]}}}"#;
        let mut body = whole.to_vec();
        if let Some(byte) = body.get_mut(at) {
            *byte = to;
        }
        body.truncate(cut.max(1));
        for outcome in read(Asked::Orders(2), 200, &body) {
            prop_assert_ne!(outcome.certainty(), Certainty::NothingAccepted);
        }
    }
}
