//! What is refused, and that nothing panics.

use super::*;
use proptest::prelude::*;

#[test]
fn unknown_messages_are_named() {
    for (frame, named) in [
        (r#"{"channel":"weather","data":{}}"#, "weather"),
        (r#"{"foo":1,"bar":2}"#, "foo, bar"),
        (r#"{}"#, "no keys"),
        ("7", "bare value"),
        (r#""hello""#, "bare value"),
        ("[1,2]", "bare values"),
        (r#"[{"foo":1}]"#, "foo"),
    ] {
        let Err(error) = read(frame).0 else {
            panic!("{frame}");
        };
        assert_eq!(error.code, "unknown_message", "{frame}");
        assert!(error.detail.contains(named), "{}", error.detail);
    }
    let Err(error) = read(&format!(r#"{{"channel":"{}"}}"#, "ü".repeat(100_000))).0 else {
        panic!("known");
    };
    assert!(error.detail.len() < 300, "the frame is not repeated");
}

#[test]
fn refused_frames() {
    let with = |frame: &str, from: &str, to: &str| {
        let changed = frame.replacen(from, to, 1);
        assert_ne!(changed, frame, "{from}");
        changed
    };
    for (frame, expected) in [
        (String::new(), "malformed_json"),
        ("{".to_owned(), "malformed_json"),
        (BOOK[..100].to_owned(), "malformed_json"),
        (format!("{BOOK}x"), "malformed_json"),
        (with(BOOK, r#""sz":"1""#, r#""sz":"1",,"#), "malformed_json"),
        ("Websocket connection".to_owned(), "malformed_json"),
        (with(BOOK, "97437.0", "1e5"), "decimal_exponent"),
        (with(BOOK, "97437.0", ""), "decimal_empty"),
        (with(BOOK, "97437.0", "NaN"), "decimal_not_a_number"),
        (with(BOOK, "97437.0", "Infinity"), "decimal_not_a_number"),
        (with(BOOK, "97437.0", "1.2.3"), "decimal_malformed"),
        (with(BOOK, "97437.0", "1000000000000000000"), "decimal_overflow"),
        (with(BOOK, "97437.0", "0.0000000000001"), "decimal_too_precise"),
        (with(BOOK, r#""97437.0""#, "97437.0"), "malformed_message"),
        (with(BOOK, r#""97437.0""#, "null"), "malformed_message"),
        (with(BOOK, r#""px":"97437.0","#, ""), "malformed_message"),
        (with(BOOK, r#""px":"97437.0","#, r#""px":"1","px":"2","#), "malformed_message"),
        (with(BOOK, r#""time":1750000000000,"#, ""), "malformed_message"),
        (with(BOOK, "1750000000000", "\"1750000000000\""), "malformed_message"),
        (with(BOOK, "1750000000000", "-1"), "malformed_message"),
        (with(BOOK, "1750000000000", "18446744073709551615"), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":null"#), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":"""#), "malformed_message"),
        (with(BOOK, r#""coin":"BTC""#, r#""coin":"B\nC""#), "malformed_message"),
        (with(BOOK, r#",[{"px":"97438.0","sz":"0.5","n":2}]"#, ""), "malformed_message"),
        (with(BOOK, "]]}}", "],[]]}}"), "malformed_message"),
        (with(BOOK, r#""l2Book""#, "5"), "malformed_message"),
        (r#"{"channel":"l2Book"}"#.to_owned(), "malformed_message"),
        (r#"{"channel":"bbo","data":null}"#.to_owned(), "malformed_message"),
        (with(BBO, ",null]", "]"), "malformed_message"),
        (with(BBO, ",null]", ",null,null]"), "malformed_message"),
        (with(TRADES, r#""side":"A""#, r#""side":"S""#), "malformed_message"),
        (with(TRADES, r#""tid":8821,"#, ""), "malformed_message"),
        (with(TRADES, r#""sz":"1""#, r#""sz":"x""#), "decimal_malformed"),
        (with(CONTEXT, r#""funding":"-0.0000125","#, ""), "malformed_message"),
        (with(CONTEXT, "605822.2557999999", "6e5"), "decimal_exponent"),
        (with(MIDS, r#""BTC":"97437.5""#, r#""BTC":97437.5"#), "malformed_message"),
        (with(MIDS, "@107", "kPEPE"), "malformed_message"),
        (with(MIDS, "@107", "a blank"), "malformed_message"),
        (with(CANDLE, r#""i":"1m""#, r#""i":"7m""#), "malformed_message"),
        (with(CANDLE, r#""o":"1""#, r#""o":1"#), "malformed_message"),
        (r#"{"BTC":"1","ETH":"1e5"}"#.to_owned(), "decimal_exponent"),
        (r#"{"channel":"subscriptionResponse","data":{"method":"x","subscription":{"type":"bbo"}}}"#.to_owned(), "malformed_message"),
        (format!("{{\"channel\":\"l2Book\",\"data\":{}}}", "[".repeat(100_000)), "malformed_json"),
        ("[".repeat(100_000), "malformed_json"),
    ] {
        assert_eq!(code(&frame), expected, "{}", &frame[..frame.len().min(300)]);
    }
    let mut events = Vec::new();
    let refused = decode(Venue::Hyperliquid, b"\xff\xfe", None, &mut events);
    assert_eq!(refused.map_err(|error| error.code), Err("not_utf8"));
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = format!(
        r#"{{"channel":"post","data":{}{}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    assert_eq!(skipped(&deep), "post");
    let deep = format!("[{}{}]", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(code(&deep), "unknown_message");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn changed_frames_never_panic(
        which in 0usize..6,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..5),
    ) {
        let mut frame = [BOOK, BBO, TRADES, CONTEXT, MIDS, CANDLE][which].as_bytes().to_vec();
        for (at, byte, kind) in changes {
            let at = at.index(frame.len());
            match kind {
                0 => frame[at] = byte,
                1 => frame.insert(at, byte),
                _ => drop(frame.remove(at)),
            }
        }
        fuzz_entry(&frame);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_entry(&bytes);
    }

    #[test]
    fn any_text_never_panics(text in "[\\[\\]{}\",:a-z0-9. ]{0,80}") {
        fuzz_entry(text.as_bytes());
    }
}
