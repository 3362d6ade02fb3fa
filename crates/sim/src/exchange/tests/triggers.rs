//! Stops and profits, alone and in groups.

use super::*;

fn long(desk: &mut Desk, sz: &str) {
    let status = desk.order(ANN, limit(true, "100.2", sz, "Ioc"));
    assert!(status["filled"].is_object(), "{status}");
}

#[test]
fn a_stop_waits_for_the_mark_price_and_sells_to_the_market() {
    let mut desk = Desk::open();
    long(&mut desk, "10");
    let stop = oid(&desk.order(ANN, trigger(false, "98", "10", "sl")));
    assert_eq!(desk.venue.order(stop).unwrap().place, Place::Waiting);
    let shown = &desk.ask(ANN, "frontendOpenOrders")[0];
    assert_eq!(shown["orderType"], "Stop Market");
    assert_eq!(shown["triggerCondition"], "Price below 98");
    assert_eq!(
        (shown["isTrigger"].as_bool(), shown["tif"].is_null()),
        (Some(true), true)
    );
    desk.venue.mark(0, 981_000, 981_000);
    assert_eq!(desk.szi(ANN), 1_000);
    desk.venue.take_output();
    desk.venue.mark(0, 980_000, 980_000);
    assert_eq!(
        (desk.szi(ANN), desk.status(ANN, stop)),
        (0, json!("filled"))
    );
    let states: Vec<_> = desk
        .venue
        .take_output()
        .events
        .into_iter()
        .filter_map(|(_, event)| match event {
            UserEvent::Order { status, .. } => Some(status),
            _ => None,
        })
        .collect();
    assert_eq!(states, ["triggered", "filled"]);
    desk.sound();
}

#[test]
fn a_market_trigger_takes_no_worse_a_price_than_its_own() {
    for (worst, szi, status) in [
        ("99.9", 0, "filled"),
        ("99.85", 500, "canceled"),
        ("99.95", 1_500, "iocCancelRejected"),
    ] {
        let mut desk = Desk::open();
        long(&mut desk, "15");
        let mut stop = trigger(false, "98", "15", "sl");
        stop["p"] = json!(worst);
        let stop = oid(&desk.order(ANN, stop));
        if worst == "99.9" {
            desk.venue.street_level(0, Side::Buy, 999_000, 5_000);
        }
        desk.venue.mark(0, 980_000, 980_000);
        let ended = (desk.szi(ANN), desk.status(ANN, stop));
        assert_eq!(ended, (szi, json!(status)), "{worst}");
        desk.sound();
    }
}

#[test]
fn a_limit_trigger_rests_at_its_price() {
    let mut desk = Desk::open();
    long(&mut desk, "10");
    let mut profit = trigger(false, "105", "10", "tp");
    profit["t"]["trigger"]["isMarket"] = json!(false);
    profit["p"] = json!("106");
    let oid = oid(&desk.order(ANN, profit));
    desk.venue.mark(0, 1_050_000, 1_050_000);
    let order = desk.venue.order(oid).unwrap();
    assert_eq!((order.place, order.asked.px), (Place::Resting, 1_060_000));
    desk.street_order(0, Side::Buy, 1_060_000, 3_000);
    assert_eq!(desk.status(ANN, oid), "filled");
    assert_eq!(desk.szi(ANN), 0);
}

#[test]
fn a_trigger_is_cut_to_the_position_and_goes_without_one() {
    let mut desk = Desk::open();
    long(&mut desk, "10");
    let stop = oid(&desk.order(ANN, trigger(false, "98", "30", "sl")));
    desk.venue.mark(0, 979_000, 979_000);
    assert_eq!(
        (desk.szi(ANN), desk.status(ANN, stop)),
        (0, json!("filled"))
    );
    // Without a position from the start.
    desk.venue.mark(0, MARK, MARK);
    let stop = oid(&desk.order(ANN, trigger(false, "98", "1", "sl")));
    desk.venue.mark(0, 979_000, 979_000);
    assert_eq!(desk.status(ANN, stop), "reduceOnlyCanceled");
    desk.sound();
}

#[test]
fn an_entry_stop_opens_a_position_if_there_is_margin() {
    let mut desk = Desk::open();
    let entry = |sz: &str| {
        let mut order = trigger(true, "101", sz, "sl");
        order["r"] = json!(false);
        order
    };
    let small = oid(&desk.order(ANN, entry("5")));
    let large = oid(&desk.order(ANN, entry("5000")));
    desk.venue.mark(0, 1_010_000, 1_010_000);
    assert_eq!(desk.status(ANN, small), "filled");
    assert_eq!(desk.status(ANN, large), "perpMarginRejected");
    assert_eq!(desk.szi(ANN), 500);
}

#[test]
fn children_wait_for_their_parent_and_end_each_other() {
    let mut desk = Desk::open();
    let orders = [
        limit(true, "99.5", "10", "Gtc"),
        trigger(false, "105", "10", "tp"),
        trigger(false, "95", "10", "sl"),
    ];
    let statuses = desk.group(ANN, &orders, "normalTpsl");
    assert_eq!(
        (&statuses[1], &statuses[2]),
        (&json!("waitingForFill"), &json!("waitingForFill"))
    );
    // Shown below their parent alone.
    let shown = desk.ask(ANN, "frontendOpenOrders");
    assert_eq!(shown.as_array().map(Vec::len), Some(1));
    assert_eq!(shown[0]["children"].as_array().map(Vec::len), Some(2));
    // Half of it is not enough.
    desk.street_order(0, Side::Sell, 994_000, 3_500);
    desk.venue.mark(0, 1_050_000, 1_050_000);
    assert_eq!(desk.szi(ANN), 500);
    desk.venue.mark(0, MARK, MARK);
    desk.venue.street_level(0, Side::Buy, 990_000, 5_000);
    desk.street_order(0, Side::Sell, 994_000, 500);
    assert_eq!(
        desk.ask(ANN, "openOrders").as_array().map(Vec::len),
        Some(2)
    );
    desk.venue.mark(0, 1_050_000, 1_050_000);
    assert_eq!(desk.szi(ANN), 0);
    let ended: Vec<_> = desk
        .ask(ANN, "historicalOrders")
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["order"]["orderType"].clone(), entry["status"].clone()))
        .collect();
    // The fill that closes the position sweeps the stop before the profit itself is counted as filled.
    assert!(ended.contains(&(json!("Take Profit Market"), json!("filled"))));
    assert!(ended.iter().any(|(kind, status)| kind == "Stop Market"
        && (status == "siblingFilledCanceled" || status == "reduceOnlyCanceled")));
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
    desk.sound();
}

#[test]
fn children_of_a_parent_that_is_filled_at_once_watch_at_once() {
    let mut desk = Desk::open();
    let orders = [
        limit(true, "100.1", "5", "Ioc"),
        trigger(false, "105", "3", "tp"),
        trigger(false, "95", "3", "sl"),
    ];
    let statuses = desk.group(ANN, &orders, "normalTpsl");
    assert!(statuses[0]["filled"].is_object());
    assert_eq!(statuses[1], "waitingForTrigger");
    desk.venue.mark(0, 1_050_000, 1_050_000);
    // Two stay, and the stop went with its sibling.
    assert_eq!(desk.szi(ANN), 200);
    let stop = &desk.ask(ANN, "historicalOrders")[0];
    assert_eq!(stop["status"], "siblingFilledCanceled");
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
}

#[test]
fn children_go_with_a_parent_that_is_cancelled() {
    let mut desk = Desk::open();
    let orders = [
        limit(true, "99", "10", "Gtc"),
        trigger(false, "95", "10", "sl"),
    ];
    let parent = oid(&desk.group(ANN, &orders, "normalTpsl")[0]);
    desk.send(
        ANN,
        json!({"type": "cancel", "cancels": [{"a": 0, "o": parent}]}),
    );
    assert_eq!(desk.venue.account(ANN).unwrap().open.len(), 0);
    assert_eq!(desk.status(ANN, parent + 1), "canceled");
    // A parent that is refused takes the batch with it.
    let orders = [
        limit(true, "99", "5000", "Gtc"),
        trigger(false, "95", "10", "sl"),
    ];
    let statuses = desk.group(ANN, &orders, "normalTpsl");
    for at in [0, 1] {
        assert_eq!(statuses[at]["error"], "Insufficient margin to place order.");
    }
}

#[test]
fn stops_of_a_position_follow_it() {
    let mut desk = Desk::open();
    let orders = [
        trigger(false, "105", "0", "tp"),
        trigger(false, "95", "0", "sl"),
    ];
    let statuses = desk.group(ANN, &orders, "positionTpsl");
    assert_eq!(
        statuses[0]["error"],
        "Reduce only order would increase position."
    );
    long(&mut desk, "5");
    let statuses = desk.group(ANN, &orders, "positionTpsl");
    assert_eq!(statuses, json!(["waitingForTrigger", "waitingForTrigger"]));
    assert_eq!(
        desk.ask(ANN, "frontendOpenOrders")[0]["isPositionTpsl"],
        true
    );
    long(&mut desk, "4");
    desk.venue.mark(0, 949_000, 949_000);
    assert_eq!(desk.szi(ANN), 0);
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
    // Closed by hand, they go too.
    desk.venue.mark(0, MARK, MARK);
    long(&mut desk, "5");
    desk.group(ANN, &orders, "positionTpsl");
    desk.order(ANN, limit(false, "99", "5", "Ioc"));
    assert_eq!(desk.ask(ANN, "historicalOrders")[0]["status"], "filled");
    assert_eq!(
        desk.ask(ANN, "historicalOrders")[1]["status"],
        "reduceOnlyCanceled"
    );
    desk.sound();
}

#[test]
fn a_group_that_is_none_is_refused_as_a_whole() {
    let mut desk = Desk::open();
    let mut stop = trigger(false, "95", "10", "sl");
    stop["r"] = json!(false);
    let statuses = desk.group(ANN, &[limit(true, "99", "10", "Gtc"), stop], "normalTpsl");
    assert_eq!(
        statuses,
        json!([{"error": Refusal::TpslNotReduceOnly.to_string()}])
    );
    let statuses = desk.group(ANN, &[], "na");
    assert_eq!(
        statuses,
        json!([{"error": Refusal::EmptyBatch.to_string()}])
    );
    let same_way = trigger(true, "105", "10", "sl");
    let statuses = desk.group(
        ANN,
        &[limit(true, "99", "10", "Gtc"), same_way],
        "normalTpsl",
    );
    assert_eq!(statuses, json!([{"error": Refusal::Grouping.to_string()}]));
    assert_eq!(desk.ask(ANN, "openOrders"), json!([]));
}
