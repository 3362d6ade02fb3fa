//! The paper venue, moved by hand: latency, depth, queue, silence, triggers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

mod common;

use common::{Ask, Desk, USER};
use hypersentry_paper::{Answered, Assumptions, Look, Print};
use hypersentry_sim::exchange::Side;
use hypersentry_venues::hyperliquid::exchange::order::Tif;

const BIDS: [(i64, i64); 2] = [(999_990, 100_000), (999_980, 400_000)];
const ASKS: [(i64, i64); 2] = [(1_000_010, 100_000), (1_000_020, 400_000)];

fn ask(side: Side, px: i64, lots: i64, tif: Tif) -> Ask {
    Ask {
        side,
        px,
        lots,
        tif,
    }
}

fn sold(px: i64, lots: i64) -> Print {
    Print {
        px,
        lots,
        taker: Side::Sell,
        at_ms: i64::MAX,
    }
}

#[test]
fn a_taker_gets_a_share_of_each_level_and_what_it_took_is_gone() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    let buy = ask(Side::Buy, 1_000_020, 120_000, Tif::Ioc);
    assert_eq!(desk.place(buy)["filled"]["totalSz"], "1.2");
    let first: Vec<_> = desk.fills().iter().map(|it| (it.0, it.1, it.2)).collect();
    // Half of the touch, the rest a level further: never all of the touch, never at the mid.
    assert_eq!(
        first,
        [(1_000_010, 50_000, true), (1_000_020, 70_000, true)]
    );
    desk.now_ms += 500;
    desk.show(&BIDS, &ASKS, &[]);
    let touch = ask(Side::Buy, 1_000_010, 10_000, Tif::Ioc);
    assert_eq!(
        desk.place(touch)["error"],
        "Order could not immediately match against any resting orders."
    );
    // New size is shown there.
    desk.show(&BIDS, &[(1_000_010, 130_000), ASKS[1]], &[]);
    assert!(desk.place(touch)["filled"].is_object());
    assert_eq!(desk.venue.exchange(USER).unwrap().money_gap(), 0);
}

#[test]
fn a_position_that_was_closed_does_not_bring_the_depth_back() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    let buy = ask(Side::Buy, 1_000_010, 50_000, Tif::Ioc);
    assert!(desk.place(buy)["filled"].is_object());
    let sell = ask(Side::Sell, 999_990, 50_000, Tif::Ioc);
    assert!(desk.place(sell)["filled"].is_object());
    desk.now_ms += 60_000;
    desk.show(&BIDS, &ASKS, &[]);
    assert!(desk.place(buy)["error"].is_string());
}

#[test]
fn an_order_waits_its_latency_and_meets_the_book_of_then() {
    let mut desk = Desk::new(Assumptions::default());
    desk.show(&BIDS, &ASKS, &[]);
    let action = Desk::order_of(ask(Side::Buy, 1_000_020, 50_000, Tif::Ioc));
    let Answered::Later(number) = desk.submit(&action) else {
        panic!("refused");
    };
    desk.now_ms += 149;
    assert_eq!(desk.venue.turn(desk.now_ms), []);
    // Somebody was faster.
    desk.now_ms += 101;
    let look = Look {
        book: Some(hypersentry_paper::Shown::new(BIDS, [ASKS[1]])),
        prices: hypersentry_paper::Prices {
            mark: Some(1_000_000),
            ..hypersentry_paper::Prices::default()
        },
        ..Look::default()
    };
    desk.venue.look(0, look, desk.now_ms);
    let answers = desk.venue.turn(desk.now_ms);
    assert_eq!(answers[0].0, number);
    assert_eq!(desk.fills()[0].0, 1_000_020);
}

#[test]
fn a_resting_order_is_filled_by_prints_in_its_turn() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    let bid = ask(Side::Buy, 999_990, 30_000, Tif::Gtc);
    let oid = desk.place(bid)["resting"]["oid"].as_u64().unwrap();
    assert_eq!(desk.venue.ahead(USER, oid), Some(100_000));
    desk.now_ms += 50;
    desk.show(&BIDS, &ASKS, &[sold(999_990, 90_000)]);
    assert_eq!(desk.fills(), []);
    desk.now_ms += 50;
    desk.show(&BIDS, &ASKS, &[sold(999_990, 15_000)]);
    assert_eq!(desk.fills(), [(999_990, 5_000, false, oid)]);
    desk.now_ms += 50;
    desk.show(&BIDS, &ASKS, &[sold(999_980, 40_000)]);
    assert_eq!(desk.fills(), [(999_990, 25_000, false, oid)]);
}

#[test]
fn offers_that_come_to_an_order_fill_it_at_its_price() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    let oid = desk.place(ask(Side::Buy, 999_990, 30_000, Tif::Gtc))["resting"]["oid"]
        .as_u64()
        .unwrap();
    desk.now_ms += 500;
    desk.show(&[BIDS[1]], &[(999_985, 40_000), ASKS[0]], &[]);
    // Half of what is offered, at the order's price.
    assert_eq!(desk.fills(), [(999_990, 20_000, false, oid)]);
    desk.now_ms += 500;
    desk.show(&[BIDS[1]], &[(999_985, 40_000), ASKS[0]], &[]);
    assert_eq!(desk.fills(), [], "the same offers are not met twice");
}

#[test]
fn post_only_is_judged_by_all_that_is_shown() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    // Its share of the touch is taken.
    desk.place(ask(Side::Buy, 1_000_010, 50_000, Tif::Ioc));
    let post = ask(Side::Buy, 1_000_010, 10_000, Tif::Alo);
    let refused = desk.place(post)["error"].as_str().unwrap().to_owned();
    assert!(
        refused.starts_with("Post only order would have immediately matched"),
        "{refused}"
    );
    assert!(desk.place(ask(Side::Buy, 1_000_000, 10_000, Tif::Alo))["resting"].is_object());
}

#[test]
fn without_a_book_nothing_is_filled_and_orders_wait() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    let oid = desk.place(ask(Side::Buy, 999_990, 30_000, Tif::Gtc))["resting"]["oid"]
        .as_u64()
        .unwrap();
    let blind = Look {
        prints: vec![sold(999_900, 900_000)],
        ..Look::default()
    };
    desk.now_ms += 50;
    desk.venue.look(0, blind, desk.now_ms);
    let action = Desk::order_of(ask(Side::Buy, 1_000_020, 10_000, Tif::Ioc));
    let Answered::Later(number) = desk.submit(&action) else {
        panic!("refused");
    };
    desk.now_ms += 1_000;
    assert_eq!(desk.venue.turn(desk.now_ms), []);
    assert_eq!(desk.fills(), []);
    // A cancel needs no market.
    assert_eq!(desk.cancel(oid), "success");
    let look = Look {
        book: Some(hypersentry_paper::Shown::new(BIDS, ASKS)),
        ..Look::default()
    };
    desk.venue.look(0, look, desk.now_ms);
    let answers = desk.venue.turn(desk.now_ms);
    assert_eq!(answers[0].0, number);
    assert_eq!(desk.fills().len(), 1);
}

#[test]
fn a_request_that_waited_too_long_is_refused_as_expired() {
    let mut desk = Desk::quick();
    let action = Desk::order_of(ask(Side::Buy, 1_000_020, 10_000, Tif::Ioc));
    let expires = u64::try_from(desk.now_ms + 15_000).unwrap();
    let body = desk.key.body(&action, 1_700_000_000_500, Some(expires));
    assert!(matches!(
        desk.venue.submit(&body, desk.now_ms),
        Answered::Later(_)
    ));
    desk.now_ms += 15_000;
    assert_eq!(desk.venue.turn(desk.now_ms), []);
    desk.now_ms += 1;
    let answers = desk.venue.turn(desk.now_ms);
    assert_eq!(answers[0].1.body["status"], "err", "{answers:?}");
    assert_eq!(desk.fills(), []);
}

#[test]
fn a_stop_goes_off_at_the_mark_price_and_walks_the_book() {
    let mut desk = Desk::quick();
    desk.show(&BIDS, &ASKS, &[]);
    desk.place(ask(Side::Buy, 1_000_020, 120_000, Tif::Ioc));
    desk.perform(&Desk::stop_of(Side::Sell, 990_000, 120_000));
    desk.fills();
    desk.now_ms += 500;
    let low = [(989_900, 100_000), (989_800, 400_000)];
    desk.show(&low, &[(989_950, 100_000)], &[]);
    let fills: Vec<_> = desk.fills().iter().map(|it| (it.0, it.1, it.2)).collect();
    assert_eq!(fills, [(989_900, 50_000, true), (989_800, 70_000, true)]);
    let account = desk.venue.exchange(USER).unwrap().account(USER).unwrap();
    assert_eq!(account.szi(0), 0);
}

#[test]
fn a_stranger_and_a_forged_request_are_refused() {
    let mut desk = Desk::quick();
    let action = Desk::order_of(ask(Side::Buy, 1_000_020, 10_000, Tif::Ioc));
    let other = common::Key::new(9).body(&action, 1_700_000_000_500, None);
    let Answered::Now(answer) = desk.venue.submit(&other, desk.now_ms) else {
        panic!("taken");
    };
    assert_eq!(answer.body["status"], "err");
    let mut forged = desk.key.body(&action, 1_700_000_000_501, None);
    forged["action"]["orders"][0]["s"] = "9".into();
    assert!(matches!(
        desk.venue.submit(&forged, desk.now_ms),
        Answered::Now(_)
    ));
}
