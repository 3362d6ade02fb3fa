use super::super::reply::Certainty;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn answer(id: u64, kind: &str, payload: &Value) -> Vec<u8> {
    let response = json!({"type": kind, "payload": payload});
    json!({"channel": "post", "data": {"id": id, "response": response}})
        .to_string()
        .into_bytes()
}

fn resting(oid: u64) -> Value {
    json!({"status": "ok", "response": {"type": "order", "data": {"statuses": [{"resting": {"oid": oid}}]}}})
}

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut posts = Posts::default();
    let body = br#"{"nonce":1}"#;
    let (first, frame) = posts.begin(Asked::Orders(1), body, 1_000).unwrap();
    let (second, _) = posts.begin(Asked::Cancels(2), body, 2_000).unwrap();
    assert_eq!(frame, post_frame(first, body));
    assert_ne!(first, second);

    let refused = json!({"status": "err", "response": "Unable to recover signer."});
    let answered = posts.answer(&answer(second, "action", &refused)).unwrap();
    assert_eq!((answered.id, answered.outcomes.len()), (second, 2));
    assert_eq!(answered.outcomes[0].certainty(), Certainty::NothingAccepted);

    let answered = posts.answer(&answer(first, "action", &resting(9))).unwrap();
    assert_eq!(
        answered.outcomes,
        [Outcome::Resting {
            oid: 9,
            cloid: None
        }]
    );
    // A second answer is nobody's.
    assert_eq!(posts.answer(&answer(first, "action", &resting(9))), None);
    assert_eq!(posts.due_ms(), None);
}

#[test]
fn what_is_not_answered_is_unknown() {
    let mut posts = Posts::default();
    let mut begin = |until| posts.begin(Asked::Orders(2), b"{}", until).unwrap().0;
    let (a, b, c, d) = (begin(1_000), begin(500), begin(3_000), begin(3_000));
    assert_eq!(posts.due_ms(), Some(500));
    // Not readable to the venue: there is no number, and nothing is taken for it.
    let error =
        br#"{"channel":"error","data":"Error parsing JSON into valid websocket request: {}"}"#;
    assert_eq!(posts.answer(error), None);
    assert_eq!(posts.expire(499), []);
    let codes = |given: Vec<Answered>| -> Vec<(u64, &'static str)> {
        let code = |outcome: &Outcome| match outcome {
            Outcome::Unknown(told) => told.code,
            _ => "",
        };
        given.iter().map(|a| (a.id, code(&a.outcomes[1]))).collect()
    };
    assert_eq!(
        codes(posts.expire(1_000)),
        [(a, "no_answer"), (b, "no_answer")]
    );
    let failed = posts.answer(&answer(c, "error", &json!("429 Too Many Requests")));
    assert_eq!(failed.as_ref().and_then(|it| it.status), Some(429));
    assert_eq!(codes(failed.into_iter().collect()), [(c, "post_error")]);
    assert_eq!(codes(posts.lost()), [(d, "connection_lost")]);
    assert_eq!(posts.answer(&answer(d, "action", &resting(1))), None);
}

#[test]
fn the_table_is_bounded() {
    let mut posts = Posts::default();
    for _ in 0..MAX_WAITING {
        posts.begin(Asked::Other, b"{}", 1).unwrap();
    }
    let full = posts.begin(Asked::Other, b"{}", 1).unwrap_err();
    assert_eq!(full.code(), "posts_full");
    assert_eq!(posts.lost().len(), MAX_WAITING);
    assert!(posts.begin(Asked::Other, b"{}", 1).is_ok());
}

proptest! {
    #[test]
    fn no_frame_brings_it_down(frame in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..120) {
        let mut posts = Posts::default();
        let (id, _) = posts.begin(Asked::Orders(1), b"{}", 1).unwrap();
        prop_assert_eq!(posts.answer(&frame), None);
        let mut whole = answer(id, "action", &resting(9));
        whole.truncate(cut);
        let read = posts.answer(&whole);
        prop_assert!(read.is_none() && posts.due_ms() == Some(1));
    }
}
