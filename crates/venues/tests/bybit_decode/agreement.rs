//! The fast reader agrees with the general one, whatever happens to a frame.

use super::edits::{edit, mutate};
use super::{DELTA, TICKER, TRADES, result};
use hypersentry_venues::bybit::decode::{fuzz_entry, general_message, message};
use proptest::prelude::*;

/// One frame of each fast kind, as the venue writes it.
fn frame() -> impl Strategy<Value = String> {
    let level = r#"\["[0-9]{1,6}\.[0-9]{1,8}","[0-9]{1,4}\.[0-9]{1,8}"\]"#;
    let side = format!(r"({level}(,{level}){{0,3}})?");
    let levels = || proptest::string::string_regex(&side).unwrap();
    let delta = (levels(), levels(), 0u64..5).prop_map(|(b, a, u)| {
        format!(
            r#"{{"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1733011200693,"data":{{"s":"BTCUSDT","b":[{b}],"a":[{a}],"u":{u},"seq":130020239261}},"cts":1733011200691}}"#
        )
    });
    let whole = (levels(), levels(), 0u64..5, any::<bool>()).prop_map(|(b, a, u, kind_first)| {
        let head = if kind_first {
            r#""type":"snapshot","ts":1733011200693"#
        } else {
            r#""ts":1733011200693,"type":"snapshot""#
        };
        format!(
            r#"{{"topic":"orderbook.200.BTCUSDT",{head},"data":{{"s":"BTCUSDT","b":[{b}],"a":[{a}],"u":{u},"seq":130020239261}},"cts":1733011200691}}"#
        )
    });
    prop_oneof![
        2 => delta,
        2 => whole,
        1 => Just(DELTA.to_owned()),
        1 => Just(TRADES.to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn fast_and_general_agree(frame in frame(), edits in proptest::collection::vec(edit(), 0..4)) {
        let mut bytes = frame.into_bytes();
        mutate(&mut bytes, &edits);
        let (mut fast, mut general) = (Vec::new(), Vec::new());
        prop_assert_eq!(message(&bytes, &mut fast), general_message(&bytes, &mut general));
        prop_assert_eq!(fast, general);
        fuzz_entry(&bytes);
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes);
    }

    #[test]
    fn changed_bodies_do_not_panic(
        body in proptest::sample::select(vec![
            TICKER.to_owned(),
            result(r#"{"s":"BTCUSDT","b":[["27450.50","1.5"]],"a":[["27451","1.2"]],"ts":1709891679000,"u":1234567}"#),
            result(r#"{"category":"linear","symbol":"BTCUSDT","list":[["1672325700000","3","5","2","4","7","8"],["1672325400000","1","4","1","3","6","7"]]}"#),
            result(r#"{"category":"linear","list":[{"execId":"20f43950-d8dd","symbol":"BTCUSDT","price":"1","size":"0.001","side":"Buy","time":"1672304486865","isBlockTrade":false}]}"#),
            result(r#"{"timeSecond":"1688639403","timeNano":"1688639403423213947"}"#),
        ]),
        edits in proptest::collection::vec(edit(), 0..4),
    ) {
        let mut bytes = body.into_bytes();
        mutate(&mut bytes, &edits);
        fuzz_entry(&bytes);
    }
}
