//! How completely feeds are said to be followed.

use super::*;

#[test]
fn feeds_are_followed_when_acknowledged_and_books_when_they_come() {
    let mut run = Run::live(&["BTC"]);
    let aside = run.said_aside();
    let followed: Vec<&String> = aside.iter().filter(|l| l.starts_with("follow")).collect();
    assert_eq!(
        followed,
        [
            "following Bbo BTC Unverified",
            "following Trades BTC Unverified",
            "following Context BTC Unverified"
        ]
    );
    run.frame(&book("BTC", 0));
    run.frame(&book("BTC", 5));
    assert_eq!(run.said_aside(), ["following Book BTC Unverified"]);
    run.frame(&fast_book("BTC", 0));
    assert_eq!(run.said_aside(), ["following BookTop BTC Unverified"]);
}

#[test]
fn a_lost_connection_breaks_them_where_they_were_last_proved() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&fast_book("BTC", 0));
    run.frame(&context("BTC", "97437"));
    run.said_aside();
    let start = run.ms;
    run.pass(500);
    run.frame(&bbo("BTC", 600));
    run.pass(400);
    run.close("1006");
    assert_eq!(
        run.said_aside(),
        [
            format!("broken BookTop BTC {start}"),
            format!("broken Bbo BTC {}", start + 500),
            format!("broken Trades BTC {start}"),
            format!("broken Context BTC {start}"),
        ]
    );
    run.close("1006");
    assert!(run.said_aside().is_empty(), "once");
}

#[test]
fn a_market_that_is_dropped_is_followed_no_more() {
    let mut run = Run::live(&["BTC", "ETH"]);
    run.said_aside();
    run.demand(&["ETH"]);
    let aside = run.said_aside();
    assert!(
        aside
            .iter()
            .all(|l| l.starts_with("broken") && l.contains("BTC"))
    );
    assert_eq!(aside.len(), 3);
    run.demand(&[]);
    let broken = run.said_aside();
    assert_eq!(broken.len(), 3, "{broken:?}");
}

#[test]
fn a_book_that_is_subscribed_anew_is_broken_meanwhile() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    run.frame(&fast_book("BTC", 0));
    run.said_aside();
    run.input(Input::Resync(symbol("BTC")));
    let broken = run.said_aside();
    assert_eq!(broken.len(), 2, "{broken:?}");
    run.acknowledge("BTC", &[Channel::Book, Channel::BookFast]);
    assert!(run.said_aside().is_empty());
    run.frame(&book("BTC", 500));
    assert_eq!(run.said_aside(), ["following Book BTC Unverified"]);
}

#[test]
fn in_a_recording_what_speaks_is_followed() {
    let mut run = Run::bare();
    run.frame(&trades("DOGE", &[(1, 0)]));
    run.frame(&bbo("DOGE", 0));
    run.close("end of file");
    let aside = run.said_aside();
    assert_eq!(
        aside[..2],
        [
            "following Trades DOGE Unverified",
            "following Bbo DOGE Unverified"
        ]
    );
    assert!(aside[2].starts_with("broken Bbo DOGE"), "{aside:?}");
}
