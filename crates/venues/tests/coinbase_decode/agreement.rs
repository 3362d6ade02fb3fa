//! The fast reader agrees with the general one, whatever happens to a frame.

use super::edits::{edit, mutate};
use super::{CHANGES, MATCH};
use hypersentry_venues::coinbase::decode::{fuzz_entry, general_message, message};
use proptest::prelude::*;

/// One frame of each fast kind, as the venue writes it.
fn frame() -> impl Strategy<Value = String> {
    let change = r#"\["(buy|sell)","[0-9]{1,6}\.[0-9]{1,8}","[0-9]{1,4}\.[0-9]{1,8}"\]"#;
    let list = proptest::string::string_regex(&format!(r"({change}(,{change}){{0,3}})?")).unwrap();
    let changes = list.prop_map(|changes| {
        format!(
            r#"{{"type":"l2update","product_id":"BTC-USD","changes":[{changes}],"time":"2022-08-04T15:25:05.010758Z"}}"#
        )
    });
    let level = r#"\["[0-9]{1,6}\.[0-9]{1,8}","[0-9]{1,4}\.[0-9]{1,8}"\]"#;
    let side = format!(r"({level}(,{level}){{0,3}})?");
    let levels = || proptest::string::string_regex(&side).unwrap();
    let whole = (levels(), levels(), any::<bool>()).prop_map(|(asks, bids, timed)| {
        let time = if timed {
            r#","time":"2022-08-04T15:25:05.010758Z""#
        } else {
            ""
        };
        format!(
            r#"{{"type":"snapshot","product_id":"BTC-USD","asks":[{asks}],"bids":[{bids}]{time}}}"#
        )
    });
    prop_oneof![
        2 => changes,
        2 => whole,
        1 => Just(MATCH.to_owned()),
        1 => Just(CHANGES.to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn fast_and_general_agree(frame in frame(), edits in proptest::collection::vec(edit(), 0..4)) {
        let mut bytes = frame.into_bytes();
        mutate(&mut bytes, &edits);
        prop_assert_eq!(message(&bytes), general_message(&bytes));
        fuzz_entry(&bytes);
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes);
    }

    #[test]
    fn changed_bodies_do_not_panic(
        body in proptest::sample::select(vec![
            r#"[[1712192400,66055.14,66331.99,66312.4,66181.6,355.8],[1712188800,1,2,3,4,3.5e-7]]"#,
            r#"[{"time":"2021-04-17T16:43:37.089723Z","trade_id":280232,"price":"1","size":"985","side":"buy"}]"#,
            r#"{"bids":[["99","3",2]],"asks":[["101","2",1]],"sequence":13051505638,"time":"1970-01-01T00:00:01.5Z"}"#,
            r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#,
        ]),
        edits in proptest::collection::vec(edit(), 0..4),
    ) {
        let mut bytes = body.as_bytes().to_vec();
        mutate(&mut bytes, &edits);
        fuzz_entry(&bytes);
    }
}
