//! Fees, funding, margin and liquidation.

use super::*;

/// What an account is worth, as the venue shows it.
fn value(desk: &Desk, user: Address) -> String {
    let state = desk.ask(user, "clearinghouseState");
    state["marginSummary"]["accountValue"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn leverage(desk: &mut Desk, user: Address, is_cross: bool, value: u32) -> Value {
    desk.send(
        user,
        json!({"type": "updateLeverage", "asset": 0, "isCross": is_cross, "leverage": value}),
    )
}

#[test]
fn takers_and_makers_pay_the_base_tier() {
    let mut desk = Desk::open();
    desk.order(BOB, limit(false, "100.05", "10", "Alo"));
    desk.order(ANN, limit(true, "100.05", "10", "Ioc"));
    // 1000.5 dollars: 0.045 % and 0.015 %.
    let fee = |desk: &Desk, user| desk.ask(user, "userFills")[0]["fee"].clone();
    assert_eq!(fee(&desk, ANN), "0.450225");
    assert_eq!(fee(&desk, BOB), "0.150075");
    assert_eq!(desk.venue.house(), 600_300);
    // Half a dollar above the mark was paid, or won.
    assert_eq!(value(&desk, ANN), "9999.049775");
    assert_eq!(value(&desk, BOB), "10000.349925");
    desk.sound();
}

#[test]
fn positions_show_entry_profit_and_margin() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    desk.venue.mark(0, 1_100_000, 1_100_000);
    let state = desk.ask(ANN, "clearinghouseState");
    let position = &state["assetPositions"][0]["position"];
    assert_eq!(position["szi"], "10.0");
    assert_eq!(position["entryPx"], "100.1");
    assert_eq!(position["positionValue"], "1100.0");
    assert_eq!(position["unrealizedPnl"], "99.0");
    assert_eq!(position["marginUsed"], "55.0");
    assert_eq!(position["leverage"], json!({"type": "cross", "value": 20}));
    // No fall of one small position takes ten thousand dollars.
    assert_eq!(position["liquidationPx"], Value::Null);
    assert_eq!(state["crossMaintenanceMarginUsed"], "27.5");
    // A tenth of the position stays.
    let value: f64 = state["crossMarginSummary"]["accountValue"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let free: f64 = state["withdrawable"].as_str().unwrap().parse().unwrap();
    assert!((value - free - 110.0).abs() < 1e-6, "{value} {free}");
    desk.order(ANN, limit(false, "99.9", "4", "Ioc"));
    let fill = &desk.ask(ANN, "userFills")[0];
    assert_eq!(
        (fill["closedPnl"].as_str(), fill["dir"].as_str()),
        (Some("-0.8"), Some("Close Long"))
    );
    assert_eq!(fill["startPosition"], "10.0");
    desk.sound();
}

#[test]
fn an_order_needs_margin_and_resting_orders_hold_it() {
    let mut desk = Desk::open();
    // 10,000 dollars at 20 times carry less than 2,000 SOL at 100.
    let status = desk.order(ANN, limit(true, "99", "2001", "Gtc"));
    assert_eq!(status["error"], "Insufficient margin to place order.");
    let oid = oid(&desk.order(ANN, limit(true, "99", "1500", "Gtc")));
    let status = desk.order(ANN, limit(true, "99", "600", "Gtc"));
    assert_eq!(status["error"], "Insufficient margin to place order.");
    // The other way is as far as the first.
    assert!(desk.order(ANN, limit(false, "101", "1500", "Gtc"))["resting"].is_object());
    desk.send(
        ANN,
        json!({"type": "cancel", "cancels": [{"a": 0, "o": oid}]}),
    );
    assert!(desk.order(ANN, limit(true, "99", "1500", "Gtc"))["resting"].is_object());
    // Less leverage would need more margin than there is.
    assert_eq!(leverage(&mut desk, ANN, true, 10)["status"], "err");
    assert_eq!(leverage(&mut desk, ANN, true, 17)["status"], "ok");
}

#[test]
fn funding_goes_from_longs_to_shorts() {
    let mut desk = Desk::open();
    desk.order(BOB, limit(false, "100.05", "10", "Alo"));
    desk.order(ANN, limit(true, "100.05", "10", "Ioc"));
    desk.venue.mark(0, MARK, 1_010_000);
    // 10 SOL at an oracle price of 101 and 0.0125 % are 0.12625 dollars.
    desk.venue.fund(0, 1_250_000);
    let paid = |desk: &Desk, user| desk.ask(user, "userFunding")[0]["delta"]["usdc"].clone();
    assert_eq!(paid(&desk, ANN), "-0.12625");
    assert_eq!(paid(&desk, BOB), "0.12625");
    let state = desk.ask(ANN, "clearinghouseState");
    let funding = &state["assetPositions"][0]["position"]["cumFunding"];
    assert_eq!(funding["sinceOpen"], "0.12625");
    desk.sound();
}

#[test]
fn an_isolated_position_has_its_own_margin() {
    let mut desk = Desk::open();
    assert_eq!(leverage(&mut desk, ANN, false, 10)["status"], "ok");
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    let position =
        |desk: &Desk| desk.ask(ANN, "clearinghouseState")["assetPositions"][0]["position"].clone();
    // A tenth of 1001 dollars, less the dollar by which the mark is lower.
    assert_eq!(position(&desk)["marginUsed"], "99.1");
    assert_eq!(
        position(&desk)["leverage"],
        json!({"type": "isolated", "value": 10, "rawUsd": "-900.9"})
    );
    assert_eq!(
        leverage(&mut desk, ANN, true, 10)["response"],
        "Cannot switch leverage type with open position."
    );
    let margin = |desk: &mut Desk, amount: i64| {
        desk.send(
            ANN,
            json!({"type": "updateIsolatedMargin", "asset": 0, "isBuy": true, "ntli": amount}),
        )["status"]
            .clone()
    };
    assert_eq!(margin(&mut desk, 50_000_000), "ok");
    assert_eq!(position(&desk)["marginUsed"], "149.1");
    assert_eq!(margin(&mut desk, -50_000_000), "err");
    assert_eq!(margin(&mut desk, -49_000_000), "ok");
    assert_eq!(margin(&mut desk, 20_000_000_000), "err");
    // Lower leverage takes the difference from the account.
    assert_eq!(leverage(&mut desk, ANN, false, 5)["status"], "ok");
    assert_eq!(position(&desk)["marginUsed"], "200.0");
    // Half closed gives half back.
    desk.order(ANN, limit(false, "99.9", "5", "Ioc"));
    assert_eq!(position(&desk)["marginUsed"], "100.0");
    desk.order(ANN, limit(false, "99.8", "5", "Ioc"));
    assert_eq!(
        desk.ask(ANN, "clearinghouseState")["assetPositions"],
        json!([])
    );
    desk.sound();
}

#[test]
fn an_isolated_position_is_liquidated_alone() {
    let mut desk = Desk::open();
    leverage(&mut desk, ANN, false, 10);
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    let px = desk.ask(ANN, "clearinghouseState")["assetPositions"][0]["position"]["liquidationPx"]
        .clone();
    // 900.9 dollars owed for ten SOL, a fortieth of their worth as maintenance margin.
    assert_eq!(px, "92.4");
    desk.venue.street_level(0, Side::Buy, 999_000, 0);
    desk.venue.street_level(0, Side::Buy, 998_000, 0);
    desk.venue.street_level(0, Side::Buy, 923_000, 5_000);
    desk.venue.mark(0, 924_000, 924_000);
    assert_eq!(desk.szi(ANN), 1_000);
    desk.venue.mark(0, 923_900, 923_900);
    assert_eq!(desk.szi(ANN), 0);
    let fill = &desk.ask(ANN, "userFills")[0];
    assert_eq!(fill["liquidation"]["method"], "market");
    assert_eq!(fill["liquidation"]["liquidatedUser"], ANN.to_string());
    assert_eq!(fill["px"], "92.3");
    desk.sound();
}

#[test]
fn a_large_position_is_sold_in_two_steps() {
    let mut desk = Desk::open();
    desk.venue.street_level(0, Side::Sell, 1_001_000, 200_000);
    desk.order(ANN, limit(true, "100.1", "1800", "Ioc"));
    assert_eq!(desk.szi(ANN), 180_000);
    let resting = oid(&desk.order(ANN, reduce(limit(false, "120", "1", "Gtc"))));
    for px in [999_000, 998_000] {
        desk.venue.street_level(0, Side::Buy, px, 0);
    }
    desk.venue.street_level(0, Side::Buy, 966_000, 500_000);
    // 1800 SOL cost 180,180 and 81 of fees: at 96.8 they are worth 174,240 and ask for 4,356.
    desk.venue.mark(0, 968_000, 968_000);
    assert_eq!(desk.szi(ANN), 144_000);
    assert_eq!(desk.status(ANN, resting), "liquidatedCanceled");
    let events = desk.venue.take_output().events;
    assert!(
        events
            .iter()
            .any(|(user, event)| *user == ANN && matches!(event, UserEvent::Liquidation { .. }))
    );
    // Within 30 s all of it.
    desk.venue.advance(NOW + 10_000);
    desk.venue.mark(0, 964_000, 964_000);
    assert_eq!(desk.szi(ANN), 0);
    desk.sound();
}

#[test]
fn the_backstop_takes_what_fell_too_far() {
    let mut desk = Desk::open();
    desk.venue.street_level(0, Side::Sell, 1_001_000, 200_000);
    desk.order(ANN, limit(true, "100.1", "1800", "Ioc"));
    desk.venue.mark(0, 940_000, 940_000);
    assert_eq!(desk.szi(ANN), 0);
    assert_eq!(value(&desk, ANN), "0.0");
    assert_eq!(
        desk.ask(ANN, "userFills")[0]["liquidation"]["method"],
        "backstop"
    );
    desk.sound();
}

#[test]
fn no_more_leaves_than_is_withdrawable() {
    let mut desk = Desk::open();
    desk.order(ANN, limit(true, "100.1", "10", "Ioc"));
    let free = desk.venue.withdrawable(ANN);
    assert_eq!(desk.venue.pay_in(ANN, -free - 1), Err(Refusal::PerpMargin));
    assert_eq!(desk.venue.pay_in(ANN, -free), Ok(()));
    assert_eq!(desk.venue.withdrawable(ANN), 0);
    desk.sound();
}
