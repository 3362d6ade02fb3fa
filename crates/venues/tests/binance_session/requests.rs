//! REST: spacing, failures, bans, listings.

use crate::desk::{Desk, START_MS, acts, book, listings};
use hypersentry_model::Timestamp;
use hypersentry_model::status::Connection;
use hypersentry_venues::session::{Input, Lane, Output};
use std::collections::BTreeSet;

#[test]
fn requests_are_spaced_and_commands_are_few() {
    let wanted: Vec<String> = (0..100).map(|i| format!("S{i:03}USDT")).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let mut desk = Desk::new(&wanted);
    desk.step(Input::Opened(Lane::MAIN));
    desk.answer(&listings(&wanted));
    for _ in 0..4 {
        desk.wait(350);
        desk.ack();
    }
    assert_eq!(desk.connection(), Connection::Live);
    for name in &wanted {
        desk.depth(name, 8, 12);
    }
    for _ in 0..30 {
        desk.answer(&book(12));
        desk.wait(300);
    }
    assert!(
        desk.sent
            .windows(2)
            .all(|w| w[1].ns_since(w[0]) >= 340_000_000)
    );
    assert!(
        desk.asked
            .windows(2)
            .all(|w| w[1].ns_since(w[0]) >= 250_000_000)
    );
    assert!(desk.asked.len() > 30);
}

#[test]
fn an_unanswered_book_request_is_repeated_and_its_late_answer_ignored() {
    let mut desk = Desk::live(&["BTCUSDT"]);
    desk.wait(300);
    desk.depth("BTCUSDT", 8, 12);
    let (late, _) = desk.request().unwrap();
    for _ in 0..12 {
        desk.wait(1_000);
        desk.depth("BTCUSDT", 12, 12);
    }
    let (next, _) = desk.request().unwrap();
    assert_ne!(late, next);
    desk.take();
    desk.step(Input::Answer {
        key: &late,
        status: 200,
        retry_after_s: None,
        body: book(12).as_bytes(),
        sent: None,
    });
    assert!(acts(&desk.take()).is_empty());
}

#[test]
fn the_venue_may_ask_for_silence() {
    for (status, told, quiet_ms) in [
        (429, Some(7), 7_000),
        (429, None, 1_000),
        (418, Some(600), 600_000),
        (418, None, 120_000),
    ] {
        let mut desk = Desk::live(&["BTCUSDT", "ETHUSDT"]);
        desk.wait(300);
        desk.depth("BTCUSDT", 8, 12);
        desk.depth("ETHUSDT", 8, 12);
        desk.answer_with(status, told, "");
        let reason = desk.session.status(desk.now).reason.unwrap();
        assert!(reason.contains(&status.to_string()), "{reason}");
        desk.take();
        let end = desk.now.plus_ms(quiet_ms);
        while desk.now.plus_ms(900) < end {
            desk.wait(800);
            desk.depth("BTCUSDT", 12, 12);
            // The connection breaks and comes back: the ban stays.
            if desk.out.contains(&Output::Open(Lane::MAIN)) {
                desk.take();
                desk.step(Input::Opened(Lane::MAIN));
            }
            desk.ack();
            assert_eq!(desk.request(), None, "{status} {told:?} at {:?}", desk.now);
        }
        desk.wait(end.ns_since(desk.now) / 1_000_000 - 1);
        assert_eq!(desk.request(), None);
        desk.wait(1);
        assert!(desk.request().is_some(), "{status} {told:?}");
        assert_ne!(desk.session.status(desk.now).reason, Some(reason));
    }
}

#[test]
fn failures_without_a_word_double_the_delay() {
    let mut desk = Desk::new(&["BTCUSDT"]);
    let mut delays = Vec::new();
    for _ in 0..8 {
        desk.answer_with(0, None, "no route");
        desk.take();
        let from = desk.now;
        while desk.request().is_none() {
            desk.now = desk.session.next_due().unwrap();
            desk.step(Input::Due);
            if desk.out.contains(&Output::Close(Lane::MAIN)) {
                desk.close();
            }
        }
        delays.push(desk.now.ns_since(from) / 1_000_000);
    }
    assert_eq!(
        delays,
        [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    );
}

#[test]
fn unlisted_markets_are_found_by_halving() {
    let mut desk = Desk::new(&["AAAUSDT", "BADUSDT", "CCCUSDT", "HALTUSDT"]);
    desk.step(Input::Opened(Lane::MAIN));
    let error = r#"{"code":-1121,"msg":"Invalid symbol."}"#;
    for _ in 0..8 {
        let Some((_, path)) = desk.request() else {
            break;
        };
        if path.contains("BADUSDT") {
            desk.answer_with(400, None, error);
        } else {
            let mut body = listings(&["AAAUSDT", "CCCUSDT", "HALTUSDT"]);
            let halted = r#""HALTUSDT","status":"BREAK""#;
            body = body.replace(r#""HALTUSDT","status":"TRADING""#, halted);
            desk.answer(&body);
        }
        desk.out.retain(|o| !matches!(o, Output::Fetch(_)));
        desk.wait(250);
    }
    let said = acts(&desk.out);
    for expected in [
        "unlisted BADUSDT",
        "unlisted HALTUSDT",
        "grid AAAUSDT 2 5",
        "grid CCCUSDT 2 5",
    ] {
        assert_eq!(
            said.iter().filter(|n| *n == expected).count(),
            1,
            "{said:?}"
        );
    }
    let mut asked = BTreeSet::new();
    for output in &desk.out {
        if let Output::Send(Lane::MAIN, text) = output {
            for name in ["aaausdt", "badusdt", "cccusdt", "haltusdt"] {
                if text.contains(name) {
                    asked.insert(name);
                }
            }
        }
    }
    assert_eq!(asked, BTreeSet::from(["aaausdt", "cccusdt"]));
    assert!(desk.session.status(desk.now).streams.len() == 6);
    // The list is read again after an hour.
    while desk.request().is_none() {
        desk.now = desk.session.next_due().unwrap();
        desk.step(Input::Due);
        if desk.out.contains(&Output::Open(Lane::MAIN)) {
            desk.out.clear();
            desk.step(Input::Opened(Lane::MAIN));
        }
    }
    let hours = desk.now.ns_since(Timestamp::from_ms(START_MS)) / 3_600_000_000_000;
    assert_eq!(hours, 1);
}
