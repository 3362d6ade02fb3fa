//! What is held is what clients were told; trades are given once, and only to whoever asks for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::Market;
use hypersentry_model::event::{BookSnapshot, Feed, Loss};
use hypersentry_model::{Payload, Side, Timestamp};
use setup::{event, id, level, market, px, trade};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + ms)
}

fn book(market: &mut Market, now: Timestamp) {
    let snapshot = BookSnapshot {
        bids: vec![level(99, 1)],
        asks: vec![level(101, 2)],
        depth: 20,
        last_seq: None,
    };
    let event = event(Payload::BookSnapshot(snapshot));
    market.event(now, id(), Feed::Book, &event, false).unwrap();
}

#[test]
fn nothing_is_held_before_it_was_told() {
    let mut market = market();
    book(&mut market, at(10));
    assert!(market.held(id()).is_none());
    market.publish(at(50), &mut Vec::new());
    let held = market.held(id()).unwrap();
    let seen = held.book().unwrap();
    assert_eq!((seen.bids[0], seen.asks[0]), (level(99, 1), level(101, 2)));
    assert_eq!(seen.stamp.as_of, at(10));
    assert_eq!(held.last_trade(), None);
    assert!(held.open_interest().is_none() && held.funding().is_none());
    assert!(market.has_told(hypersentry_model::Venue::BinanceSpot, id().symbol));
    assert_eq!(market.symbols().collect::<Vec<_>>(), [id().symbol]);
}

#[test]
fn a_lost_connection_keeps_the_book_and_a_gap_does_not() {
    for (loss, kept) in [(Loss::Disconnected, true), (Loss::Gap, false)] {
        let mut market = market();
        book(&mut market, at(10));
        market.publish(at(50), &mut Vec::new());
        market.book_lost(at(60), id(), loss);
        market.publish(at(100), &mut Vec::new());
        let held = market.held(id()).unwrap();
        assert_eq!(held.book().is_some(), kept, "{loss:?}");
        assert!(held.book().is_none_or(|b| b.stamp.as_of == at(10)));
    }
}

#[test]
fn trades_are_given_once_and_history_never() {
    let mut market = market();
    let mut heard = Vec::new();
    let mut take = |market: &mut Market| {
        heard.clear();
        market.take_heard(id(), &mut heard);
        heard.iter().map(|t| (t.px, t.side)).collect::<Vec<_>>()
    };
    let tell = |market: &mut Market, n: u64, p: i64, s: i64, replayed: bool| {
        let event = trade(n, at(n as i64), p, s);
        market
            .event(at(n as i64), id(), Feed::Trades, &event, replayed)
            .unwrap();
    };
    tell(&mut market, 1, 100, 1, false);
    assert_eq!(take(&mut market), [], "nobody had asked");
    tell(&mut market, 2, 101, 1, false);
    tell(&mut market, 3, 55, 1, true);
    tell(&mut market, 4, 102, -1, false);
    let both = [(px(101), Side::Buy), (px(102), Side::Sell)];
    assert_eq!(take(&mut market), both);
    assert_eq!(take(&mut market), []);
    tell(&mut market, 5, 103, 1, false);
    market.hush(id());
    assert_eq!(take(&mut market), [], "what waited is gone");
}
