//! The session of Coinbase against a venue that behaves, and one that does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

#[path = "../venue_desk/mod.rs"]
mod venue_desk;

mod exchange;
mod properties;

use exchange::{Exchange, PRODUCT};
use hypersentry_model::status::Connection;
use hypersentry_model::{Payload, Timestamp};
use hypersentry_venues::session::{Feed, Input, Interval, Output};
use venue_desk::{Desk, symbol};

fn live() -> Desk<Exchange> {
    Desk::live(Exchange::new(), &[PRODUCT])
}

#[test]
fn a_market_is_subscribed_once_it_is_listed() {
    let desk = live();
    assert_eq!(desk.status().connection, Connection::Live);
    let story = desk.story();
    assert!(
        story.contains(&"following Trades Verified".to_owned()),
        "{story:?}"
    );
    assert!(
        story.contains(&"following Book Unverified".to_owned()),
        "{story:?}"
    );
    assert!(story.contains(&"snapshot".to_owned()), "{story:?}");
    assert_eq!(desk.venue.streams.len(), 3);
    let listed = desk.out.iter().find_map(|output| match output {
        Output::Listings(listings) => Some(listings.clone()),
        _ => None,
    });
    let listing = listed.unwrap()[0];
    assert_eq!(
        (listing.base, listing.quote),
        (symbol("BTC"), symbol("USD"))
    );
    assert_eq!((listing.px_decimals, listing.sz_decimals), (2, 8));
    assert!(
        desk.out
            .iter()
            .any(|o| matches!(o, Output::VenueTime { .. }))
    );
    assert_eq!(desk.books[&symbol(PRODUCT)], desk.venue.book());
}

#[test]
fn the_last_match_before_the_subscription_is_no_trade_of_now() {
    let mut desk = live();
    assert!(desk.trades.is_empty());
    let frames = desk.venue.trade();
    desk.frames(frames);
    let ids: Vec<String> = desk.trades.keys().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, [desk.venue.last_trade().to_string()]);
}

#[test]
fn missing_trades_are_fetched_after_the_next_one() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    let first = desk.venue.last_trade();
    // Two do not come.
    desk.venue.trade();
    desk.venue.trade();
    desk.take();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.wait(1_000);
    let story = desk.story();
    let at = |what: String| story.iter().position(|s| *s == what).expect(&what);
    assert!(at("broken Trades".to_owned()) < at("following Trades Verified".to_owned()));
    assert!(at(format!("past trade {}", first + 1)) < at(format!("past trade {}", first + 2)));
    assert!(at(format!("past trade {}", first + 2)) < at("repaired Trades".to_owned()));
    assert_eq!(desk.trades.len(), 4);
}

#[test]
fn a_heartbeat_shows_trades_that_did_not_come() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.venue.trade();
    desk.take();
    for _ in 0..3 {
        let now = desk.now;
        let frames = desk.venue.heartbeat(now);
        desk.frames(frames);
        desk.wait(1_000);
    }
    let story = desk.story();
    assert!(story.contains(&"broken Trades".to_owned()), "{story:?}");
    assert!(story.contains(&"repaired Trades".to_owned()), "{story:?}");
    assert_eq!(desk.trades.len(), 2);
}

#[test]
fn a_heartbeat_that_overtakes_a_trade_breaks_nothing() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.take();
    let late = desk.venue.trade();
    let now = desk.now;
    let frames = desk.venue.heartbeat(now);
    desk.frames(frames);
    desk.frames(late);
    desk.wait(1_000);
    let now = desk.now;
    let frames = desk.venue.heartbeat(now);
    desk.frames(frames);
    desk.wait(1_000);
    let story = desk.story();
    assert!(!story.contains(&"broken Trades".to_owned()), "{story:?}");
}

#[test]
fn heartbeats_prove_quiet_streams() {
    let mut desk = live();
    beats(&mut desk, 4);
    // The book was compared once; from then on a sequence that stands still is enough.
    desk.answers = false;
    desk.take();
    beats(&mut desk, 5);
    for feed in [Feed::Book, Feed::Trades] {
        assert!(desk.out.contains(&proof(feed)), "{feed:?}");
    }
    assert!(!desk.asked().iter().any(|path| path.contains("book")));
    // Something happened: that the book says nothing of it is no proof.
    desk.venue.change(99, 7);
    beats(&mut desk, 1);
    desk.take();
    beats(&mut desk, 5);
    assert!(!desk.out.contains(&proof(Feed::Book)));
    assert!(desk.out.contains(&proof(Feed::Trades)));
}

fn proof(feed: Feed) -> Output {
    Output::Proof {
        symbol: symbol(PRODUCT),
        feed,
    }
}

fn beats(desk: &mut Desk<Exchange>, seconds: u32) {
    for _ in 0..seconds {
        desk.wait(1_000);
        let now = desk.now;
        let frames = desk.venue.heartbeat(now);
        desk.frames(frames);
    }
}

#[test]
fn a_book_that_falls_silent_is_subscribed_anew() {
    let mut desk = live();
    beats(&mut desk, 4);
    desk.take();
    // It changes, and nothing comes.
    desk.venue.change(100, 7);
    beats(&mut desk, 4);
    let story = desk.story();
    assert!(story.contains(&"lost Disconnected".to_owned()), "{story:?}");
    assert!(story.contains(&"broken Book".to_owned()), "{story:?}");
    assert!(!story.contains(&"close".to_owned()), "{story:?}");
    beats(&mut desk, 1);
    assert_eq!(desk.books[&symbol(PRODUCT)], desk.venue.book());
    assert_eq!(desk.status().gaps, 1);
    desk.write_down();
}

#[test]
fn heartbeats_of_a_stream_that_is_given_up_do_not_follow_it() {
    let mut desk = live();
    desk.venue.trade();
    beats(&mut desk, 1);
    desk.venue.trade();
    // The second beat names the first of them; a second later the stream is given up, as the next one names another.
    beats(&mut desk, 20);
    let of_trades = |output: &&Output| matches!(output, Output::Broken { feed, .. } | Output::Repaired { feed, .. } if *feed == Feed::Trades);
    let told: Vec<&Output> = desk.out.iter().filter(of_trades).collect();
    for output in &told {
        if let Output::Broken { since, .. } = output {
            let mended = told
                .iter()
                .any(|other| matches!(other, Output::Repaired { from, .. } if from <= since));
            assert!(mended, "{output:?} in {told:?}");
        }
    }
    assert_eq!(desk.trades.len(), 2);
}

#[test]
fn trades_that_fall_silent_are_subscribed_anew_and_fetched() {
    let mut desk = live();
    beats(&mut desk, 3);
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.take();
    for _ in 0..4 {
        desk.venue.trade();
        beats(&mut desk, 1);
    }
    let sent = desk.out.iter().filter_map(|output| match output {
        Output::Send(_, text) => Some(text.as_str()),
        _ => None,
    });
    let sent: Vec<&str> = sent.filter(|text| text.contains("matches")).collect();
    assert!(
        sent.iter().any(|text| text.contains("unsubscribe")),
        "{sent:?}"
    );
    assert!(
        sent.iter().any(|text| text.contains(r#""subscribe""#)),
        "{sent:?}"
    );
    // Nothing came by the stream all the time, so that it is asked for anew later.
    beats(&mut desk, 15);
    let frames = desk.venue.trade();
    desk.frames(frames);
    beats(&mut desk, 2);
    assert_eq!(desk.trades.len() as u64, desk.venue.last_trade() - 1_000);
    assert!(desk.story().contains(&"repaired Trades".to_owned()));
    desk.take();
    beats(&mut desk, 2);
    assert!(desk.out.contains(&proof(Feed::Trades)));
}

#[test]
fn silence_ends_the_connection_and_the_books_come_back() {
    let mut desk = live();
    desk.take();
    desk.wait(1_500);
    assert!(!desk.story().contains(&"close".to_owned()));
    desk.wait(6_000);
    let story = desk.story();
    assert!(story.contains(&"close".to_owned()), "{story:?}");
    assert!(story.contains(&"lost Disconnected".to_owned()), "{story:?}");
    assert_eq!(desk.books[&symbol(PRODUCT)], desk.venue.book());
}

#[test]
fn what_was_missed_while_disconnected_is_fetched() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.cut();
    assert!(desk.books.is_empty());
    for _ in 0..5 {
        desk.venue.trade();
    }
    desk.take();
    desk.wait(5_000);
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.wait(1_000);
    assert_eq!(desk.trades.len(), 7);
    assert!(desk.story().contains(&"repaired Trades".to_owned()));
    assert_eq!(desk.books[&symbol(PRODUCT)], desk.venue.book());
    desk.write_down();
}

#[test]
fn a_stale_book_is_asked_for_over_rest() {
    let mut desk = live();
    desk.take();
    // Trades come, so that the connection is not silent, but no heartbeat.
    for _ in 0..5 {
        let frames = desk.venue.trade();
        desk.frames(frames);
        desk.wait(1_000);
    }
    assert!(desk.out.contains(&proof(Feed::Book)), "REST says the same");
    // Now nothing comes at all: REST stands in, and the connection's book is over.
    desk.take();
    desk.wait(5_000);
    let story = desk.story();
    let at = |what: &str| story.iter().position(|s| s == what).expect(what);
    assert!(at("lost Disconnected") < at("repair Book"), "{story:?}");
    let repair = desk.out.iter().find_map(|output| match output {
        Output::Repair { feed, event } => Some((*feed, event.clone())),
        _ => None,
    });
    let (feed, event) = repair.expect("a book that stands in");
    assert_eq!(feed, Feed::Book);
    assert!(matches!(event.payload, Payload::BookSnapshot(_)));
}

#[test]
fn a_market_that_the_venue_does_not_list_is_told() {
    let mut desk = Desk::live(Exchange::new(), &[PRODUCT, "FOO-USD"]);
    assert!(desk.story().contains(&"unlisted FOO-USD".to_owned()));
    desk.take();
    desk.frames([
        r#"{"type":"error","message":"Failed to subscribe","reason":"BTC-USD is not a valid product"}"#
            .to_owned(),
    ]);
    assert!(desk.story().contains(&"unlisted BTC-USD".to_owned()));
}

#[test]
fn a_market_that_is_no_longer_wanted_is_given_up() {
    let mut desk = Desk::live(Exchange::new(), &[PRODUCT, "ETH-USD"]);
    assert_eq!(desk.venue.streams.len(), 6);
    desk.demand(&["ETH-USD"]);
    desk.wait(1_000);
    assert!(desk.venue.streams.iter().all(|(_, p)| p == "ETH-USD"));
    // The unsubscription was answered: the connection lasts.
    for _ in 0..15 {
        desk.wait(1_000);
        let now = desk.now;
        let frames = desk.venue.heartbeat_of("ETH-USD", now);
        desk.frames(frames);
    }
    assert!(!desk.story().contains(&"close".to_owned()));
}

#[test]
fn candles_of_four_hours_are_made_of_hours() {
    let mut desk = live();
    desk.take();
    let day = 86_400_000;
    let from_ms = Timestamp::from_ms(1_723_161_600_000).ms() - day;
    desk.step(Input::WantCandles {
        symbol: symbol(PRODUCT),
        interval: Interval::H4,
        from_ms,
        to_ms: from_ms + day - 1,
    });
    desk.wait(2_000);
    let asked = desk.asked();
    assert!(
        asked.iter().any(|path| path.contains("granularity=3600")),
        "{asked:?}"
    );
    let candles = desk.out.iter().find_map(|output| match output {
        Output::Candles { candles, .. } => Some(candles.clone()),
        _ => None,
    });
    let candles = candles.expect("candles");
    assert_eq!(candles.len(), 6);
    assert!(candles.iter().all(|c| c.interval == "4h"));
}
