//! Price and time, partial fills, times in force, reduce-only and self-trade prevention.

use super::*;

#[test]
fn an_order_takes_the_best_prices_first_and_rests_with_the_remainder() {
    let mut desk = Desk::open();
    let status = desk.order(ANN, limit(true, "100.15", "15", "Gtc"));
    // Ten at 100.1, five rest at 100.15.
    let oid = oid(&status);
    assert!(status["resting"].is_object(), "{status}");
    assert_eq!(desk.szi(ANN), 1_000);
    let order = desk.venue.order(oid).unwrap();
    assert_eq!((order.left, order.place), (500, Place::Resting));
    assert_eq!(
        desk.venue.markets()[0].book.best(Side::Buy),
        Some(1_001_500)
    );
    let out = desk.venue.take_output();
    let take = StreetTake {
        coin: 0,
        side: Side::Sell,
        px: 1_001_000,
        lots: 1_000,
    };
    assert_eq!(out.takes, [take]);
    desk.sound();
}

#[test]
fn the_answer_to_a_filled_order_has_size_and_average_price() {
    let mut desk = Desk::open();
    let status = desk.order(ANN, named(limit(true, "101", "20", "Ioc"), 7));
    assert_eq!(status["filled"]["totalSz"], "20.0");
    assert_eq!(status["filled"]["avgPx"], "100.15");
    assert_eq!(status["filled"]["cloid"], format!("0x{:032x}", 7));
    assert_eq!(desk.status(ANN, format!("0x{:032x}", 7)), "filled");
    desk.sound();
}

#[test]
fn users_at_one_price_are_served_in_time_after_the_street_before_them() {
    let mut desk = Desk::open();
    desk.venue.pay_in(Address([3; 20]), 10_000 * USD).unwrap();
    let first = oid(&desk.order(ANN, limit(true, "99.9", "1", "Alo")));
    let second = oid(&desk.order(BOB, limit(true, "99.9", "1", "Alo")));
    // Ten of the street stand before both.
    let taker = Address([3; 20]);
    desk.order(taker, limit(false, "99.9", "10", "Ioc"));
    assert_eq!((desk.szi(ANN), desk.szi(BOB)), (0, 0));
    desk.order(taker, limit(false, "99.9", "1.5", "Ioc"));
    assert_eq!((desk.szi(ANN), desk.szi(BOB)), (100, 50));
    assert_eq!(desk.status(ANN, first), "filled");
    assert_eq!(desk.status(BOB, second), "open");
    // A better price goes before an earlier time.
    desk.order(ANN, limit(true, "99.95", "1", "Alo"));
    desk.order(taker, limit(false, "99.9", "1", "Ioc"));
    assert_eq!((desk.szi(ANN), desk.szi(BOB)), (200, 50));
    desk.sound();
}

#[test]
fn prints_of_the_street_fill_what_stands_before_them() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(true, "99.9", "2", "Alo"));
    desk.street_order(0, Side::Sell, 999_000, 1_000);
    assert_eq!(desk.szi(ANN), 0);
    desk.street_order(0, Side::Sell, 999_000, 50);
    assert_eq!(desk.szi(ANN), 50);
    // A trade below proves that everything above was reached.
    desk.street_order(0, Side::Sell, 998_000, 500);
    assert_eq!(desk.szi(ANN), 200);
    desk.sound();
}

#[test]
fn a_street_quote_through_an_order_fills_it_at_its_own_price() {
    let mut desk = Desk::open();
    let oid = oid(&desk.order(ANN, limit(true, "100", "2", "Alo")));
    desk.venue.take_output();
    desk.venue.street_level(0, Side::Sell, 999_500, 300);
    assert_eq!(desk.status(ANN, oid), "filled");
    let fill = &desk.ask(ANN, "userFills")[0];
    assert_eq!(
        (fill["px"].as_str(), fill["crossed"].as_bool()),
        (Some("100.0"), Some(false))
    );
    // What the order did not take stands.
    assert_eq!(
        desk.venue.markets()[0].book.street(Side::Sell, 999_500),
        100
    );
    assert_eq!(desk.venue.take_output().takes.len(), 1);
    desk.sound();
}

#[test]
fn an_account_never_trades_with_itself() {
    let mut desk = Desk::open();
    let resting = oid(&desk.order(ANN, limit(false, "100.05", "1", "Gtc")));
    desk.venue.take_output();
    let status = desk.order(ANN, limit(true, "100.1", "2", "Ioc"));
    // The own order went without a trade, the street's lots behind it were bought.
    assert_eq!(status["filled"]["avgPx"], "100.1");
    assert_eq!(desk.status(ANN, resting), "selfTradeCanceled");
    let out = desk.venue.take_output();
    assert_eq!(out.trades.len(), 1);
    assert_eq!(out.trades[0].users, [Some(ANN), None]);
    // Where only the own order stands, nothing is traded.
    let resting = oid(&desk.order(ANN, limit(false, "100.05", "1", "Gtc")));
    let status = desk.order(ANN, limit(true, "100.05", "2", "Ioc"));
    assert_eq!(status["error"], Refusal::IocCancel.to_string());
    assert_eq!(desk.status(ANN, resting), "selfTradeCanceled");
    desk.sound();
}

#[test]
fn an_immediate_order_leaves_nothing_behind() {
    let mut desk = Desk::open();
    let status = desk.order(ANN, limit(true, "100.1", "15", "Ioc"));
    assert_eq!(status["filled"]["totalSz"], "10.0");
    assert_eq!(desk.status(ANN, oid(&status)), "canceled");
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
}

#[test]
fn reduce_only_orders_are_cut_to_the_position_and_go_with_it() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(true, "100.1", "5", "Ioc"));
    let near = oid(&desk.order(ANN, reduce(limit(false, "101", "4", "Gtc"))));
    let far = oid(&desk.order(ANN, reduce(limit(false, "102", "9", "Gtc"))));
    assert_eq!(desk.venue.order(far).unwrap().left, 500);
    // Three are sold: two stay, and no order is larger.
    desk.order(ANN, limit(false, "99.9", "3", "Ioc"));
    for oid in [near, far] {
        assert_eq!(desk.venue.order(oid).unwrap().left, 200);
    }
    desk.street_order(0, Side::Buy, 1_010_000, 2_700);
    assert_eq!(desk.status(ANN, near), "filled");
    assert_eq!(desk.status(ANN, far), "reduceOnlyCanceled");
    assert_eq!(desk.szi(ANN), 0);
    desk.sound();
}

#[test]
fn a_resting_order_that_its_owner_cannot_carry_goes_without_a_fill() {
    let mut desk = Desk::open();
    // Nearly all margin is in the order: 1,900 SOL at 20 times are 9,500 dollars.
    let oid = oid(&desk.order(ANN, limit(true, "99.95", "1900", "Alo")));
    // What is withdrawable leaves, then the mark rises so that the order asks for more.
    let free = desk.venue.withdrawable(ANN);
    desk.venue.pay_in(ANN, -free).unwrap();
    desk.venue.mark(0, 1_050_000, 1_050_000);
    desk.street_order(0, Side::Sell, 999_000, 190_000);
    assert_eq!(desk.status(ANN, oid), "marginCanceled");
    assert_eq!(desk.szi(ANN), 0);
    desk.sound();
}

#[test]
fn a_modification_is_a_new_order_with_the_same_client_id() {
    let mut desk = Desk::open();
    let old = oid(&desk.order(ANN, named(limit(true, "99", "1", "Gtc"), 1)));
    desk.venue.take_output();
    let order = named(limit(true, "99.5", "2", "Gtc"), 1);
    let answer = desk.send(
        ANN,
        json!({"type": "batchModify", "modifies": [{"oid": old, "order": order}]}),
    );
    let new = oid(&answer["response"]["data"]["statuses"][0]);
    assert_ne!(new, old);
    assert_eq!(desk.status(ANN, old), "canceled");
    assert_eq!(desk.status(ANN, format!("0x{:032x}", 1)), "open");
    let states: Vec<_> = desk
        .venue
        .take_output()
        .events
        .into_iter()
        .filter_map(|(_, event)| match event {
            UserEvent::Order { order, status, .. } => Some((order.oid, status)),
            _ => None,
        })
        .collect();
    assert_eq!(states, [(new, "open"), (old, "canceled")]);
    // Without `a` it must not trade, and the old one is gone; with it, it may, whether or not there is an old one.
    let crossing = limit(true, "100.1", "2", "Gtc");
    let modify = json!({"type": "modify", "oid": new, "order": crossing.clone()});
    assert_eq!(desk.send(ANN, modify)["status"], "err");
    assert_eq!(desk.status(ANN, new), "canceled");
    let modify = json!({"type": "modify", "oid": new, "order": crossing, "a": true});
    assert_eq!(
        desk.send(ANN, modify)["response"],
        json!({"type": "default"})
    );
    assert_eq!(
        (desk.szi(ANN), desk.status(ANN, new)),
        (200, json!("canceled"))
    );
    desk.sound();
}
