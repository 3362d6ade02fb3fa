//! The fast readers agree with the general one, whatever happens to a frame.

use super::{TICKER, TRADE, wrap};
use hypersentry_venues::binance_spot::decode::{fuzz_entry, general_message, message, snapshot};
use proptest::prelude::*;

/// One frame of each fast kind, as the venue writes it.
fn frame() -> impl Strategy<Value = String> {
    let level = r#"\["[0-9]{1,6}\.[0-9]{8}","[0-9]{1,4}\.[0-9]{8}"\]"#;
    let side = format!(r"({level}(,{level}){{0,3}})?");
    let levels = || proptest::string::string_regex(&side).unwrap();
    let depth = (levels(), levels(), 0u64..1000, 0u64..1000).prop_map(|(b, a, u, n)| {
        let last = u + n;
        format!(
            r#"{{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":{u},"u":{last},"b":[{b}],"a":[{a}]}}"#
        )
    });
    let data = prop_oneof![
        2 => depth,
        1 => Just(TRADE.to_owned()),
        1 => Just(TICKER.to_owned()),
    ];
    (data, any::<bool>()).prop_map(|(data, wrapped)| {
        if wrapped {
            wrap("btcusdt@depth@100ms", &data)
        } else {
            data
        }
    })
}

/// What may happen to one byte.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Cut(usize),
    Swap(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let byte = prop_oneof![
        4 => proptest::sample::select(b"\"\\,:{}[]0123456789.-+eE \n\ttrufalsn".to_vec()),
        1 => any::<u8>(),
    ];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(i, b)| Edit::Set(i, b)),
        (any::<usize>(), byte).prop_map(|(i, b)| Edit::Insert(i, b)),
        any::<usize>().prop_map(Edit::Remove),
        any::<usize>().prop_map(Edit::Cut),
        (any::<usize>(), any::<usize>()).prop_map(|(i, j)| Edit::Swap(i, j)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, edits: &[Edit]) {
    for edit in edits {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        match *edit {
            Edit::Set(i, b) => bytes[i % len] = b,
            Edit::Insert(i, b) => bytes.insert(i % len, b),
            Edit::Remove(i) => {
                bytes.remove(i % len);
            }
            Edit::Cut(i) => bytes.truncate(i % len),
            Edit::Swap(i, j) => bytes.swap(i % len, j % len),
        }
    }
}

/// The public entry (fast, else general) and the general reader alone say the same.
fn agree(bytes: &[u8]) {
    assert_eq!(
        message(bytes),
        general_message(bytes),
        "{}",
        String::from_utf8_lossy(bytes)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn fast_and_general_agree(frame in frame(), edits in proptest::collection::vec(edit(), 0..4)) {
        let mut bytes = frame.into_bytes();
        mutate(&mut bytes, &edits);
        agree(&bytes);
        fuzz_entry(&bytes);
    }

    #[test]
    fn fast_and_general_snapshots_agree(edits in proptest::collection::vec(edit(), 0..3)) {
        let mut bytes = br#"{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"]],"asks":[["4.00000200","12.00000000"]]}"#.to_vec();
        mutate(&mut bytes, &edits);
        // A leading blank is beyond the fast reader and nothing to the general one.
        let mut spaced = b" ".to_vec();
        spaced.extend_from_slice(&bytes);
        let (fast, general) = (snapshot(&bytes), snapshot(&spaced));
        prop_assert_eq!(fast.as_ref().ok(), general.as_ref().ok());
        prop_assert_eq!(fast.err().map(|e| e.code), general.err().map(|e| e.code));
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes);
    }
}
