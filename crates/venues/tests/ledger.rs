//! The ledger of a venue's allowance: what it admits, and what it never does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hypersentry_model::{Timestamp, Venue};
use hypersentry_venues::ledger::{Admission, Ask, Ledger, Limits, Told, Window, meaning};
use hypersentry_venues::session::RequestClass::{self, Account, Books, Metadata, Orders};
use proptest::prelude::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + ms)
}

/// 100 a second, of which 20 are kept for orders.
fn small() -> Ledger {
    Ledger::new(Limits {
        requests: vec![Window {
            max: 100,
            ms: 1_000,
        }],
        connects: vec![Window { max: 3, ms: 1_000 }],
        connections: 2,
        subscriptions: 5,
        messages: vec![Window { max: 4, ms: 1_000 }],
        ..Limits::default()
    })
}

fn admitted(ledger: &mut Ledger, now: Timestamp, class: RequestClass, weight: u32) -> bool {
    ledger.ask(now, Ask::Request(class, weight)) == Admission::Now
}

#[test]
fn classes_have_ceilings_and_orders_a_reserve() {
    let mut ledger = small();
    // Half for metadata, six tenths for books, eight tenths together.
    assert!(admitted(&mut ledger, at(0), Metadata, 50));
    assert!(!admitted(&mut ledger, at(0), Metadata, 1));
    assert!(admitted(&mut ledger, at(0), Books, 30));
    assert!(!admitted(&mut ledger, at(0), Account, 1));
    assert!(admitted(&mut ledger, at(0), Orders, 20));
    let Admission::At(later) = ledger.ask(at(0), Ask::Request(Orders, 1)) else {
        panic!("the window is full");
    };
    assert!(later > at(1_000));
    assert!(admitted(&mut ledger, later, Orders, 1));
    // What can never fit is refused, not put off.
    assert_eq!(
        ledger.ask(later, Ask::Request(Metadata, 51)),
        Admission::Refused
    );
}

/// Asks for a class, so heavy each time, until no more is admitted at that moment; how much was.
fn fill(ledger: &mut Ledger, now: Timestamp, class: RequestClass, weight: u32) -> u32 {
    let mut used = 0;
    while admitted(ledger, now, class, weight) {
        used += weight;
    }
    used
}

#[test]
fn history_leaves_to_accounts_what_it_takes_to_open_one() {
    for market in [&[Metadata][..], &[Books], &[Metadata, Books]] {
        let mut ledger = Ledger::new(Limits::of(Venue::Hyperliquid));
        let history: u32 = market
            .iter()
            .map(|class| fill(&mut ledger, at(0), *class, 1))
            .sum();
        assert_eq!(history, 480, "{market:?}");
        assert_eq!(fill(&mut ledger, at(0), Account, 1), 480);
        assert_eq!(fill(&mut ledger, at(0), Orders, 1), 240);
    }
    // What history leaves, accounts may use up to their own ceiling, and not beyond it.
    let mut ledger = Ledger::new(Limits::of(Venue::Hyperliquid));
    assert_eq!(fill(&mut ledger, at(0), Account, 20), 720);
    assert_eq!(fill(&mut ledger, at(0), Metadata, 20), 240);
}

#[test]
fn what_an_account_waits_for_goes_to_no_list_candle_or_book() {
    let mut ledger = small();
    // Half a second apart, so that it is given back in two parts: 40 each.
    assert!(admitted(&mut ledger, at(0), Metadata, 40));
    assert!(admitted(&mut ledger, at(500), Account, 40));
    let Admission::At(first) = ledger.ask(at(600), Ask::Request(Account, 20)) else {
        panic!("the window is full");
    };
    ledger.wait(20);
    let Admission::At(second) = ledger.ask(at(600), Ask::Request(Metadata, 25)) else {
        panic!("the window is full");
    };
    assert!(second > first, "{second:?} {first:?}");
    // Whoever asks first then: 40 are free, of which the account's 20 are left to it.
    assert!(!admitted(&mut ledger, first, Metadata, 25));
    assert!(!admitted(&mut ledger, first, Books, 25));
    assert!(admitted(&mut ledger, first, Metadata, 20));
    assert!(admitted(&mut ledger, first, Account, 20));
    ledger.waited(20);
    assert!(admitted(&mut ledger, second, Metadata, 25));

    // Accounts beyond their own ceiling hold nobody up: nothing would come of it.
    let mut ledger = small();
    assert!(admitted(&mut ledger, at(0), Account, 60));
    ledger.wait(30);
    assert!(admitted(&mut ledger, at(0), Metadata, 20));
    // Orders wait for nobody.
    assert!(admitted(&mut ledger, at(0), Orders, 20));
}

#[test]
fn the_venues_own_count_is_believed_where_it_is_higher() {
    let mut ledger = small();
    assert!(admitted(&mut ledger, at(0), Books, 10));
    let header = |name: &str| (name == "x-mbx-used-weight-1m").then_some("75");
    ledger.told(at(10), Told::read(header));
    assert!(!admitted(&mut ledger, at(20), Books, 10));
    assert!(admitted(&mut ledger, at(20), Books, 5));
    let others = ledger.usage(at(20));
    let others = others.iter().find(|b| b.class == "others").unwrap();
    assert_eq!((others.used, others.limit), (65, 100));
    // A lower count changes nothing: ours has requests that are still under way.
    ledger.told(
        at(30),
        Told {
            used: Some(1),
            exhausted_until: None,
        },
    );
    assert!(!admitted(&mut ledger, at(30), Books, 1));
}

#[test]
fn an_exhausted_allowance_closes_until_its_reset() {
    let mut ledger = small();
    let reset = at(5_000).ms().to_string();
    let told = Told::read(|name| match name {
        "x-bapi-limit-status" => Some("0"),
        "x-bapi-limit-reset-timestamp" => Some(&reset),
        _ => None,
    });
    ledger.told(at(0), told);
    assert_eq!(
        ledger.ask(at(0), Ask::Request(Orders, 1)),
        Admission::At(at(5_000))
    );
}

#[test]
fn refusals_double_the_pause_and_calm_forgets_them() {
    let mut ledger = small();
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..4 {
        ledger.answered(now, 429, None);
        // Another answer of the same burst is the same refusal.
        ledger.answered(now, 429, None);
        let until = ledger.cooldown_until(now).unwrap();
        pauses.push(until.ns_since(now) / 1_000_000);
        assert!(!admitted(&mut ledger, now, Metadata, 1));
        // Our caution does not hold back cancels.
        assert!(admitted(&mut ledger, now, Orders, 1));
        now = until;
    }
    assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000]);
    let calm = now.plus_ms(700_000);
    ledger.answered(calm, 429, Some(30));
    // What the venue asks for binds all.
    assert_eq!(
        ledger.ask(calm, Ask::Request(Orders, 1)),
        Admission::At(calm.plus_ms(30_000))
    );
}

#[test]
fn a_ban_closes_every_door() {
    let mut ledger = small();
    ledger.answered(at(0), 418, None);
    for ask in [Ask::Request(Orders, 1), Ask::Connect(0)] {
        assert_eq!(
            ledger.ask(at(1), ask),
            Admission::At(at(120_000)),
            "{ask:?}"
        );
    }
    // A second ban is longer; a third that names its end is believed.
    ledger.answered(at(120_000), 418, None);
    assert_eq!(ledger.cooldown_until(at(120_000)), Some(at(360_000)));
    ledger.answered(at(360_000), 418, Some(100_000));
    assert_eq!(ledger.cooldown_until(at(360_000)), Some(at(100_360_000)));
    // 403 is a ban only where the venue says so.
    let mut bybit = Ledger::new(Limits::of(Venue::Bybit));
    bybit.answered(at(0), 403, None);
    assert_eq!(bybit.cooldown_until(at(1)), Some(at(600_000)));
    let mut okx = Ledger::new(Limits::of(Venue::Okx));
    okx.answered(at(0), 403, None);
    assert_eq!(okx.cooldown_until(at(1)), None);
}

#[test]
fn connections_subscriptions_and_messages_are_counted() {
    let mut ledger = small();
    assert_eq!(ledger.ask(at(0), Ask::Message(0, 1)), Admission::Refused);
    assert_eq!(ledger.ask(at(0), Ask::Connect(0)), Admission::Now);
    assert_eq!(ledger.ask(at(0), Ask::Connect(1)), Admission::Now);
    assert_eq!(ledger.ask(at(0), Ask::Connect(2)), Admission::Refused);
    ledger.closed(1);
    assert_eq!(ledger.ask(at(0), Ask::Connect(2)), Admission::Now);
    ledger.closed(2);
    // Three attempts within the second.
    assert!(matches!(
        ledger.ask(at(0), Ask::Connect(2)),
        Admission::At(_)
    ));
    assert_eq!(ledger.ask(at(0), Ask::Message(0, 5)), Admission::Now);
    assert_eq!(ledger.ask(at(0), Ask::Message(0, 1)), Admission::Refused);
    assert_eq!(ledger.ask(at(0), Ask::Message(0, -2)), Admission::Now);
    assert_eq!(ledger.ask(at(0), Ask::Message(0, 2)), Admission::Now);
    assert_eq!(ledger.ask(at(0), Ask::Message(0, 0)), Admission::Now);
    assert!(matches!(
        ledger.ask(at(0), Ask::Message(0, 0)),
        Admission::At(_)
    ));
    let usage = ledger.usage(at(0));
    let of = |class: &str| {
        let found = usage.iter().find(|b| b.class == class).unwrap();
        (found.used, found.limit)
    };
    assert_eq!(of("connections"), (1, 2));
    assert_eq!(of("connects"), (3, 3));
    assert_eq!(of("subscriptions"), (5, 5));
    assert_eq!(of("messages"), (4, 4));
    // A new connection starts without any.
    ledger.closed(0);
    assert_eq!(ledger.ask(at(2_000), Ask::Connect(0)), Admission::Now);
    assert_eq!(ledger.ask(at(2_000), Ask::Message(0, 5)), Admission::Now);
}

#[test]
fn bybit_says_with_status_200_that_there_were_too_many() {
    let refusal = br#"{"retCode":10006,"retMsg":"Too many visits!","result":{},"time":1}"#;
    assert_eq!(meaning(Venue::Bybit, 200, refusal), 429);
    assert_eq!(meaning(Venue::Okx, 200, refusal), 200);
    let good = br#"{"retCode":0,"retMsg":"OK","result":{},"time":1}"#;
    assert_eq!(meaning(Venue::Bybit, 200, good), 200);
    assert_eq!(meaning(Venue::Bybit, 403, refusal), 403);
}

#[test]
fn subscriptions_an_hour_do_not_count_pings() {
    let mut ledger = Ledger::new(Limits::of(Venue::Okx));
    assert_eq!(ledger.ask(at(0), Ask::Connect(0)), Admission::Now);
    let mut now = at(0);
    for _ in 0..480 {
        now = now.plus_ms(200);
        assert_eq!(ledger.ask(now, Ask::Message(0, 1)), Admission::Now);
    }
    now = now.plus_ms(1_000);
    let Admission::At(later) = ledger.ask(now, Ask::Message(0, 1)) else {
        panic!("480 an hour");
    };
    assert!(later.ns_since(now) > 3_400_000_000_000);
    assert_eq!(ledger.ask(now, Ask::Message(0, 0)), Admission::Now);
}

#[test]
fn production_limits_are_sound() {
    for venue in Venue::ALL {
        assert_eq!(Limits::of(venue).fault(), None, "{venue}");
        assert!(!Limits::of(venue).requests.is_empty(), "{venue}");
    }
    let none = Limits {
        connections: 0,
        ..Limits::default()
    };
    assert!(none.fault().is_some());
}

#[derive(Clone, Debug)]
enum Move {
    Wait(i64),
    Ask(RequestClass, u32),
    Refused(u16, Option<u32>),
}

fn moves() -> impl Strategy<Value = Move> {
    let class = prop::sample::select(vec![Metadata, Books, Account, Orders]);
    prop_oneof![
        3 => (0i64..400).prop_map(Move::Wait),
        8 => (class, 1u32..30).prop_map(|(c, w)| Move::Ask(c, w)),
        1 => (prop::sample::select(vec![429u16, 418, 403, 500]), prop::option::of(0u32..3))
            .prop_map(|(s, r)| Move::Refused(s, r)),
    ]
}

proptest! {
    /// Whatever is asked in whatever order: no window of the venue's length, wherever it begins, holds more than it may; orders get their
    /// reserve; what the venue asked for is kept; and whoever waits as told is admitted, if nobody else came.
    #[test]
    fn the_allowance_is_never_exceeded(moves in prop::collection::vec(moves(), 1..300)) {
        let mut ledger = small();
        let mut now = at(0);
        let mut done: Vec<(Timestamp, RequestClass, u32)> = Vec::new();
        let mut asked_to_wait = at(-1);
        for step in moves {
            match step {
                Move::Wait(ms) => now = now.plus_ms(ms),
                Move::Refused(status, after) => {
                    ledger.answered(now, status, after);
                    if matches!(status, 429 | 418) {
                        asked_to_wait = asked_to_wait.max(now.plus_ms(1_000 * i64::from(after.unwrap_or(0))));
                    }
                }
                Move::Ask(class, weight) => {
                    let recent = |only: Option<RequestClass>| -> u32 {
                        done.iter()
                            .filter(|(t, c, _)| now.ns_since(*t) <= 2_000_000_000 && only.is_none_or(|o| o == *c))
                            .map(|(_, _, w)| *w)
                            .sum()
                    };
                    match ledger.ask(now, Ask::Request(class, weight)) {
                        Admission::Now => {
                            prop_assert!(now >= asked_to_wait);
                            done.push((now, class, weight));
                        }
                        Admission::At(later) => {
                            prop_assert!(later > now);
                            let mut patient = ledger.clone();
                            let mut when = later;
                            // Each window and each pause may put it off once.
                            for _ in 0..4 {
                                match patient.ask(when, Ask::Request(class, weight)) {
                                    Admission::At(t) => when = t,
                                    answer => {
                                        prop_assert_eq!(answer, Admission::Now);
                                        break;
                                    }
                                }
                            }
                            if class == Orders {
                                // Only the venue's own wish, or orders themselves, may delay an order within the reserve.
                                let orders = recent(Some(Orders));
                                let wished = ledger.cooldown_until(now).is_some();
                                prop_assert!(wished || orders + weight > 20, "{orders} {weight}");
                            }
                        }
                        Admission::Refused => prop_assert!(false, "{class:?} {weight} fits"),
                    }
                }
            }
        }
        for (from, ..) in &done {
            let within = done.iter().filter(|(t, ..)| t >= from && t.ns_since(*from) < 1_000_000_000);
            let all: u32 = within.clone().map(|(_, _, w)| *w).sum();
            prop_assert!(all <= 100);
            let others: u32 = within.filter(|(_, c, _)| *c != Orders).map(|(_, _, w)| *w).sum();
            prop_assert!(others <= 80);
        }
    }
}
