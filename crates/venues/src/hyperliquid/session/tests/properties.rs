//! What holds for any inputs.

use super::asks::{CANDLES, SPOT, clock, rest_book};
use super::*;
use crate::session::Interval;
use crate::session::Lane;
use proptest::prelude::*;

/// An input that owns what it names.
#[derive(Clone, Debug)]
enum Act {
    Demand(Vec<&'static str>),
    Opened,
    Closed,
    Frame(Vec<u8>),
    Answer(u32, u16, bool),
    /// Goes on to the next due point.
    Due,
    Resync,
    Candles(i64),
    /// A book, the clock, spot pairs or candles.
    Extra(u8, u16),
}

fn frames() -> impl Strategy<Value = String> {
    let coin = prop_oneof![Just("BTC"), Just("ETH"), Just("OLD"), Just("X")];
    let ms = -1_000i64..100_000;
    prop_oneof![
        (coin.clone(), ms.clone()).prop_map(|(coin, ms)| book(coin, ms)),
        (coin.clone(), ms.clone()).prop_map(|(coin, ms)| fast_book(coin, ms)),
        (coin.clone(), ms.clone()).prop_map(|(coin, ms)| bbo(coin, ms)),
        (coin.clone(), proptest::collection::vec((0u64..20, ms), 0..5))
            .prop_map(|(coin, pairs)| trades(coin, &pairs)),
        (coin.clone(), 1u32..200_000).prop_map(|(coin, px)| context(coin, &px.to_string())),
        (coin, 0usize..5).prop_map(|(coin, i)| acknowledgement(Subscription {
            coin: symbol(coin),
            channel: Channel::OF_COIN[i],
        })),
        Just(acknowledgement(Subscription {
            coin: Symbol::ANY,
            channel: Channel::AllMids,
        })),
        Just(r#"{"channel":"pong"}"#.to_owned()),
        Just(META.to_owned()),
        Just(r#"{"channel":"error","data":"Already subscribed: {\"type\":\"bbo\",\"coin\":\"BTC\"}"}"#.to_owned()),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let wanted = prop_oneof![
        Just(vec![]),
        Just(vec!["BTC"]),
        Just(vec!["BTC", "ETH", "OLD", "NOPE"]),
        Just(vec!["ETH"]),
    ];
    prop_oneof![
        1 => wanted.prop_map(Act::Demand),
        2 => Just(Act::Opened),
        1 => Just(Act::Closed),
        12 => frames().prop_map(|frame| Act::Frame(frame.into_bytes())),
        2 => (frames(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(frame, at, byte)| {
            let mut bytes = frame.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            Act::Frame(bytes)
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Act::Frame),
        2 => (0u32..4, prop_oneof![Just(200u16), Just(429), Just(0)], any::<bool>())
            .prop_map(|(attempt, status, good)| Act::Answer(attempt, status, good)),
        4 => Just(Act::Due),
        1 => Just(Act::Resync),
        1 => (0i64..600_000).prop_map(Act::Candles),
        2 => (0u8..5, prop_oneof![Just(200u16), Just(429), Just(0)])
            .prop_map(|(kind, status)| Act::Extra(kind, status)),
    ]
}

fn script() -> impl Strategy<Value = Vec<(i64, Act)>> {
    proptest::collection::vec((prop_oneof![0i64..300, 0i64..20_000], acts()), 0..60)
}

fn apply(run: &mut Run, pause: i64, act: &Act) -> Vec<String> {
    if let (Act::Due, Some(due)) = (act, run.session.next_due()) {
        // Some way into the millisecond: due points lie between them.
        run.ms = run.ms.max(due.ms() - DAY + 1);
    } else {
        run.ms += pause;
    }
    match act {
        Act::Demand(wanted) => run.demand(wanted),
        Act::Opened => run.input(Input::Opened(Lane::MAIN)),
        Act::Closed => run.close("gone"),
        Act::Frame(bytes) => run.input(Input::Frame(Lane::MAIN, bytes)),
        Act::Answer(attempt, status, good) => {
            run.answer(*attempt, *status, if *good { META } else { "[" })
        }
        Act::Due => run.input(Input::Due),
        Act::Resync => run.input(Input::Resync(symbol("BTC"))),
        Act::Candles(from_ms) => run.want_candles("BTC", *from_ms, 600_000),
        Act::Extra(kind, status) => {
            let (kind, coin, body) = match kind {
                0 => (RequestKind::Book, "BTC", rest_book("BTC", run.ms)),
                1 => (RequestKind::Time, "*", clock(run.ms)),
                2 => (RequestKind::Markets, "spot", SPOT.to_owned()),
                3 => (RequestKind::OpenInterest, "*", META.to_owned()),
                _ => (
                    RequestKind::Candles(Interval::M1),
                    "BTC",
                    CANDLES.to_owned(),
                ),
            };
            run.extra(kind, coin, *status, &body)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_inputs_give_the_same_outputs(script in script(), bare in any::<bool>(), cut in 0usize..60) {
        let fresh = || if bare { Run::bare() } else { Run::new() };
        let (mut whole, mut resumed) = (fresh(), fresh());
        for (i, (pause, act)) in script.iter().enumerate() {
            prop_assert_eq!(&whole.aside, &resumed.aside);
            if i == cut {
                // A checkpoint in the middle changes nothing.
                let text = serde_json::to_string(&resumed.session).expect("serialises");
                resumed.session = serde_json::from_str(&text).expect("reads back");
            }
            prop_assert_eq!(apply(&mut whole, *pause, act), apply(&mut resumed, *pause, act));
        }
        prop_assert_eq!(whole.status(), resumed.status());
    }

    #[test]
    fn due_points_go_on(script in script()) {
        let mut run = Run::new();
        for (pause, act) in &script {
            apply(&mut run, *pause, act);
        }
        // Left alone, it goes on without end, at bounded pace.
        let mut before = at(run.ms);
        for _ in 0..200 {
            let Some(due) = run.session.next_due() else {
                break;
            };
            prop_assert!(due > before);
            let mut out = Vec::new();
            run.session.step(due, Input::Due, &mut out);
            prop_assert!(out.len() <= 96);
            before = due;
        }
    }

    #[test]
    fn idle_ticks_change_nothing(script in script(), idle in proptest::collection::vec(0i64..1_000, 0..4)) {
        let (mut quiet, mut ticked) = (Run::new(), Run::new());
        for (pause, act) in &script {
            let steps: Vec<i64> = idle.iter().copied().filter(|ms| ms <= pause).collect();
            let mut expected = quiet.pass(*pause);
            expected.extend(apply(&mut quiet, 0, act));
            let mut lines = Vec::new();
            let start = ticked.ms;
            for ms in steps {
                if start + ms > ticked.ms {
                    lines.extend(ticked.pass(start + ms - ticked.ms));
                    lines.extend(ticked.input(Input::Due));
                }
            }
            lines.extend(ticked.pass(start + pause - ticked.ms));
            lines.extend(apply(&mut ticked, 0, act));
            prop_assert_eq!(lines, expected);
        }
        prop_assert_eq!(quiet.status(), ticked.status());
        prop_assert_eq!(quiet.aside, ticked.aside);
    }
}
