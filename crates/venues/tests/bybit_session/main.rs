//! The session of Bybit against a venue that behaves, and one that does not.
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

use exchange::{Exchange, MARKET};
use hypersentry_model::Payload;
use hypersentry_model::event::Liquidated;
use hypersentry_model::status::Connection;
use hypersentry_venues::session::{Feed, Input, Interval, Output};
use venue_desk::{Desk, symbol};

fn live() -> Desk<Exchange> {
    Desk::live(Exchange::new(), &[MARKET])
}

#[test]
fn a_market_is_subscribed_once_it_is_listed() {
    let desk = live();
    assert_eq!(desk.status().connection, Connection::Live);
    let story = desk.story();
    for expected in [
        "following Trades Unverified",
        "following Book Verified",
        "following Context Unverified",
        "snapshot",
    ] {
        assert!(
            story.contains(&expected.to_owned()),
            "{expected}: {story:?}"
        );
    }
    assert_eq!(desk.venue.topics.len(), 4);
    let listed = desk.out.iter().find_map(|output| match output {
        Output::Listings(listings) => Some(listings.clone()),
        _ => None,
    });
    let listed = listed.unwrap();
    let pepe = listed.iter().find(|l| l.symbol == symbol("1000PEPEUSDT"));
    let pepe = pepe.unwrap();
    assert_eq!((pepe.base, pepe.multiplier), (symbol("PEPE"), 1_000));
    assert!(listed.iter().all(|l| l.quote == symbol("USDT")));
    assert!(
        desk.out
            .iter()
            .any(|o| matches!(o, Output::VenueTime { .. }))
    );
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
}

#[test]
fn a_hole_in_the_updates_withdraws_the_book_until_the_next_snapshot() {
    let mut desk = live();
    let frames = desk.venue.change(99, 5);
    desk.frames(frames);
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
    // One does not come.
    desk.venue.change(98, 5);
    desk.take();
    let frames = desk.venue.change(97, 5);
    desk.frames(frames);
    let story = desk.story();
    assert!(story.contains(&"lost Gap".to_owned()), "{story:?}");
    assert!(story.contains(&"broken Book".to_owned()), "{story:?}");
    desk.wait(2_000);
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
    assert!(desk.story().contains(&"following Book Verified".to_owned()));
    assert_eq!(desk.status().gaps, 1);
    desk.write_down();
}

#[test]
fn a_snapshot_at_any_time_replaces_the_book() {
    let mut desk = live();
    let frames = desk.venue.restart();
    desk.frames(frames);
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
    let frames = desk.venue.change(99, 5);
    desk.frames(frames);
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
    assert_eq!(desk.status().gaps, 0);
}

#[test]
fn pings_go_out_every_twenty_seconds_at_least_and_pongs_prove() {
    let mut desk = live();
    desk.take();
    let mut quiet = 0;
    for _ in 0..60 {
        desk.wait(1_000);
        quiet = if desk.venue.take_pings() > 0 {
            0
        } else {
            quiet + 1
        };
        assert!(quiet < 20);
    }
    assert!(!desk.story().contains(&"close".to_owned()));
    for feed in [
        Feed::Book,
        Feed::Trades,
        Feed::OpenInterest,
        Feed::Liquidations,
    ] {
        let proof = Output::Proof {
            symbol: symbol(MARKET),
            feed,
        };
        assert!(desk.out.contains(&proof), "{feed:?}");
    }
}

fn proof(feed: Feed) -> Output {
    Output::Proof {
        symbol: symbol(MARKET),
        feed,
    }
}

#[test]
fn pongs_alone_prove_neither_books_nor_trades() {
    let mut desk = live();
    desk.answers = false;
    desk.take();
    desk.wait(8_000);
    assert!(desk.out.contains(&proof(Feed::Liquidations)));
    for feed in [Feed::Book, Feed::Trades] {
        assert!(!desk.out.contains(&proof(feed)), "{feed:?}");
    }
}

#[test]
fn a_book_that_falls_silent_is_subscribed_anew() {
    let mut desk = live();
    desk.take();
    let before = desk.now;
    // It changes, and nothing comes.
    desk.venue.change(99, 5);
    desk.wait(3_900);
    let story = desk.story();
    assert!(story.contains(&"lost Disconnected".to_owned()), "{story:?}");
    assert!(story.contains(&"broken Book".to_owned()), "{story:?}");
    assert!(!story.contains(&"close".to_owned()), "{story:?}");
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
    assert!(before.plus_ms(4_000) > desk.now);
    assert_eq!(desk.status().gaps, 1);
    desk.write_down();
}

#[test]
fn a_change_that_is_late_is_no_silence() {
    let mut desk = live();
    desk.take();
    let late = desk.venue.change(99, 5);
    desk.wait(1_700);
    desk.frames(late);
    desk.wait(10_000);
    let story = desk.story();
    assert!(!story.contains(&"broken Book".to_owned()), "{story:?}");
}

#[test]
fn trades_that_fall_silent_are_subscribed_anew_and_fetched() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.take();
    // They happen, and nothing comes.
    for _ in 0..3 {
        desk.venue.trade();
    }
    desk.wait(4_900);
    let story = desk.story();
    let at = |what: &str| story.iter().position(|s| s == what).expect(what);
    assert!(at("broken Trades") < at("following Trades Unverified"));
    assert!(at("past trade t4") < at("repaired Trades"));
    assert!(!story.contains(&"close".to_owned()), "{story:?}");
    assert_eq!(desk.trades.len(), 4);
}

#[test]
fn a_feed_that_stays_silent_is_asked_for_less_and_less() {
    let mut desk = live();
    desk.venue.deaf = true;
    desk.take();
    for _ in 0..120 {
        desk.venue.change(99, 5);
        desk.venue.change(99, 4);
        desk.venue.change(98, 5);
        desk.wait(500);
        desk.venue.change(98, 4);
        desk.wait(500);
    }
    let subscribes = |output: &&Output| matches!(output, Output::Send(_, text) if text.contains(r#""subscribe""#) && text.contains("orderbook"));
    let asked = desk.out.iter().filter(subscribes).count();
    assert!((4..=9).contains(&asked), "{asked} times in two minutes");
    let closes = desk.story().iter().filter(|s| *s == "close").count();
    assert_eq!(closes, 1, "one new connection for it");
    desk.venue.deaf = false;
    desk.wait(100_000);
    assert_eq!(desk.books.get(&symbol(MARKET)), desk.venue.book());
}

#[test]
fn a_venue_that_answers_no_ping_is_left() {
    let mut desk = live();
    desk.venue.mute = true;
    desk.take();
    desk.wait(15_000);
    let story = desk.story();
    assert!(story.contains(&"close".to_owned()), "{story:?}");
    assert!(story.contains(&"broken Trades".to_owned()), "{story:?}");
}

#[test]
fn trades_that_were_missed_shortly_are_fetched() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.cut();
    for _ in 0..3 {
        desk.venue.trade();
    }
    desk.take();
    desk.wait(5_000);
    assert_eq!(desk.trades.len(), 4);
    let story = desk.story();
    let at = |what: &str| story.iter().position(|s| s == what).expect(what);
    assert!(at("past trade t2") < at("past trade t3"));
    assert!(at("past trade t4") < at("repaired Trades"));
    let frames = desk.venue.trade();
    desk.frames(frames);
    assert_eq!(desk.trades.len(), 5);
}

#[test]
fn a_gap_that_the_newest_trades_do_not_span_stays_a_gap() {
    let mut desk = live();
    let frames = desk.venue.trade();
    desk.frames(frames);
    desk.cut();
    for _ in 0..1_500 {
        desk.venue.trade();
    }
    desk.take();
    desk.wait(5_000);
    let story = desk.story();
    assert!(!story.contains(&"repaired Trades".to_owned()));
    assert_eq!(
        desk.trades.len(),
        1_001,
        "what was fetched is real all the same"
    );
}

#[test]
fn figures_and_liquidations_have_feeds_of_their_own() {
    let mut desk = live();
    desk.take();
    desk.frames([
        r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","singleOpenInterest":"6"},"cs":1,"ts":1}"#.to_owned(),
        r#"{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Buy","v":"2","p":"90"},{"T":1,"s":"BTCUSDT","S":"Sell","v":"1","p":"110"}]}"#.to_owned(),
    ]);
    let feeds: Vec<Feed> = desk
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Event { feed, .. } => Some(*feed),
            _ => None,
        })
        .collect();
    assert_eq!(
        feeds,
        [
            Feed::Context,
            Feed::OpenInterest,
            Feed::Liquidations,
            Feed::Liquidations
        ]
    );
    let liquidated: Vec<Liquidated> = desk
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Event { event, .. } => match &event.payload {
                Payload::Liquidation(l) => Some(l.liquidated),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(liquidated, [Liquidated::Long, Liquidated::Short]);
}

#[test]
fn a_refused_topic_gives_up_its_market_alone() {
    let mut desk = Desk::live(Exchange::new(), &[MARKET, "1000PEPEUSDT", "FOOUSDT"]);
    assert!(desk.story().contains(&"unlisted FOOUSDT".to_owned()));
    desk.take();
    desk.frames([
        r#"{"success":false,"ret_msg":"error:handler not found,topic:publicTrade.1000PEPEUSDT","conn_id":"c","op":"subscribe"}"#.to_owned(),
    ]);
    let story = desk.story();
    assert!(
        story.contains(&"unlisted 1000PEPEUSDT".to_owned()),
        "{story:?}"
    );
    desk.wait(15_000);
    assert!(!desk.story().contains(&"close".to_owned()));
    assert_eq!(desk.status().connection, Connection::Live);
}

#[test]
fn candles_come_from_rest() {
    let mut desk = live();
    desk.take();
    desk.step(Input::WantCandles {
        symbol: symbol(MARKET),
        interval: Interval::H4,
        from_ms: 1_723_104_000_000,
        to_ms: 1_723_161_599_999,
    });
    desk.wait(2_000);
    let asked = desk.asked();
    assert!(
        asked.iter().any(|path| path.contains("interval=240")),
        "{asked:?}"
    );
    let candles = desk.out.iter().find_map(|output| match output {
        Output::Candles { candles, .. } => Some(candles.clone()),
        _ => None,
    });
    let candles = candles.expect("candles");
    assert_eq!(candles.len(), 4);
    assert!(candles.iter().all(|c| c.interval == "4h"));
}
