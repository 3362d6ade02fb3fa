use super::super::order::{Builder, Tpsl};
use super::super::{Address, Cloid};
use super::*;
use proptest::prelude::*;

const RULES: AssetRules = AssetRules {
    spot: false,
    sz_decimals: 5,
    max_leverage: 40,
    only_isolated: false,
};

fn order(is_buy: bool, px: &str, sz: &str) -> Order {
    Order {
        asset: 0,
        is_buy,
        px: px.parse().unwrap(),
        sz: sz.parse().unwrap(),
        reduce_only: false,
        kind: OrderKind::Limit { tif: Tif::Gtc },
        cloid: Some(Cloid::new([1; 16])),
    }
}

fn trigger(is_buy: bool, px: &str, sz: &str) -> Order {
    Order {
        reduce_only: true,
        kind: OrderKind::Trigger {
            is_market: true,
            trigger_px: px.parse().unwrap(),
            tpsl: Tpsl::Sl,
        },
        ..order(is_buy, px, sz)
    }
}

fn sz(text: &str) -> Size {
    Size::parse(text).unwrap()
}

fn refused(order: &Order, position: Option<&str>) -> (&'static str, String) {
    let error = check_order(order, &RULES, position.map(sz)).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn a_refusal_names_the_nearest_value() {
    let flat = Some("0");
    assert_eq!(
        check_order(&order(true, "97123", "0.01"), &RULES, None),
        Ok(())
    );
    for (px, sz, code, text) in [
        ("97123.5", "0.01", "price_tick", "97123 and 97124"),
        ("0.05", "100", "price_tick", "is 0.1"),
        ("97123", "0.000015", "size_lot", "0.00001 and 0.00002"),
        ("97123", "0.000005", "size_lot", "is 0.00001"),
        ("97123.0", "0.01", "number_not_canonical", "97123"),
        ("97123", "0.0100", "number_not_canonical", "0.01"),
        ("0", "1", "price_not_positive", "more than 0"),
        ("-1", "1", "price_not_positive", "more than 0"),
        ("97123", "0", "size_not_positive", "more than 0"),
        // 10 / 97123 = 0.000102962...
        ("97123", "0.0001", "min_notional", "is 0.00011"),
        ("100000000000", "10000000000", "notional_overflow", "range"),
    ] {
        let (found, message) = refused(&order(true, px, sz), flat);
        assert_eq!(found, code, "{px} {sz}: {message}");
        assert!(message.contains(text), "{message}");
    }
    // What is named passes, also at the very bound.
    assert_eq!(
        check_order(&order(true, "97123", "0.00011"), &RULES, None),
        Ok(())
    );
    assert_eq!(
        check_order(&order(true, "1000", "0.01"), &RULES, None),
        Ok(())
    );
    let mut stop = trigger(false, "97123", "0.01");
    stop.kind = OrderKind::Trigger {
        is_market: false,
        trigger_px: "97123.4".parse().unwrap(),
        tpsl: Tpsl::Sl,
    };
    assert_eq!(refused(&stop, Some("1")).0, "price_tick");
}

#[test]
fn reduce_only_needs_a_position_on_the_other_side() {
    let mut sell = order(false, "97123", "0.01");
    sell.reduce_only = true;
    assert_eq!(refused(&sell, None).0, "position_unknown");
    assert_eq!(refused(&sell, Some("0")).0, "reduce_only_no_position");
    assert_eq!(refused(&sell, Some("-1")).0, "reduce_only_would_increase");
    assert_eq!(check_order(&sell, &RULES, Some(sz("1"))), Ok(()));
    // Worth less than $10: a part may not, the whole may.
    sell.sz = "0.00005".parse().unwrap();
    assert_eq!(refused(&sell, Some("0.00006")).0, "min_notional");
    assert_eq!(check_order(&sell, &RULES, Some(sz("0.00005"))), Ok(()));
}

#[test]
fn orders_are_checked_together() {
    let known = |asset| (asset == 0).then_some((RULES, Some(Size::ZERO)));
    let bracket = |exit: Order| Orders {
        orders: vec![order(true, "97000", "0.01"), exit],
        grouping: Grouping::NormalTpsl,
        builder: Some(Builder {
            address: Address::new([2; 20]),
            fee: 10,
        }),
    };
    let code = |orders: &Orders| check_orders(orders, known).map_err(|(i, e)| (i, e.code()));
    let good = bracket(trigger(false, "95000", "0.01"));
    assert_eq!(code(&good), Ok(()));

    let mut bad = good.clone();
    bad.orders.clear();
    assert_eq!(code(&bad), Err((0, "orders_empty")));
    let mut bad = good.clone();
    bad.orders[1].reduce_only = false;
    assert_eq!(code(&bad), Err((1, "trigger_not_reduce_only")));
    let mut bad = good.clone();
    bad.orders[1].is_buy = true;
    assert_eq!(code(&bad), Err((1, "trigger_side")));
    assert_eq!(
        code(&bracket(order(false, "95000", "0.01"))),
        Err((1, "trigger_side"))
    );
    let mut bad = good.clone();
    bad.orders[1].asset = 1;
    assert_eq!(code(&bad), Err((1, "asset_unknown")));
    // Triggers of a position need one.
    let mut bad = good.clone();
    bad.grouping = Grouping::PositionTpsl;
    bad.orders.remove(0);
    assert_eq!(code(&bad), Err((0, "reduce_only_no_position")));
    // Priority.
    let mut bad = bracket(order(true, "95000", "0.01"));
    bad.grouping = Grouping::Priority(1);
    assert_eq!(code(&bad), Err((0, "priority_mixed")));
    for order in &mut bad.orders {
        order.kind = OrderKind::Limit { tif: Tif::Alo };
    }
    assert_eq!(code(&bad), Ok(()));
    bad.orders[1].reduce_only = true;
    assert_eq!(code(&bad), Err((0, "priority_mixed")));
}

#[test]
fn leverage_twap_and_schedule_have_bounds() {
    let leverage = |leverage, is_cross, only_isolated| {
        let update = UpdateLeverage {
            asset: 0,
            is_cross,
            leverage,
        };
        let rules = AssetRules {
            only_isolated,
            ..RULES
        };
        check_leverage(&update, &rules)
    };
    assert_eq!(leverage(40, true, false), Ok(()));
    assert_eq!(
        leverage(41, true, false),
        Err(CheckError::Leverage { nearest: 40 })
    );
    assert_eq!(
        leverage(0, true, false),
        Err(CheckError::Leverage { nearest: 1 })
    );
    assert_eq!(leverage(3, true, true), Err(CheckError::OnlyIsolated));
    assert_eq!(leverage(3, false, true), Ok(()));

    let twap = |sz: &str, minutes| {
        let twap = Twap {
            asset: 0,
            is_buy: true,
            sz: sz.parse().unwrap(),
            reduce_only: false,
            minutes,
            randomize: true,
        };
        check_twap(&twap, &RULES, Price::parse("97000").unwrap()).map_err(|e| e.to_string())
    };
    assert_eq!(twap("0.01", 30), Ok(()));
    assert!(twap("0.01", 4).unwrap_err().contains("is 5 minutes"));
    assert!(
        twap("0.01", 20_000)
            .unwrap_err()
            .contains("is 10080 minutes")
    );
    // 100 / 97000 = 0.00103092...
    assert!(twap("0.001", 30).unwrap_err().contains("is 0.00104"));

    let schedule = |time| check_schedule(&ScheduleCancel { time }, 1_000);
    assert_eq!(schedule(None), Ok(()));
    assert_eq!(schedule(Some(6_000)), Ok(()));
    let earliest = 6_000;
    assert_eq!(
        schedule(Some(5_999)),
        Err(CheckError::ScheduleTooSoon { earliest })
    );
}

proptest! {
    /// Following what refusals name ends in an order that passes, and soon.
    #[test]
    fn the_nearest_values_lead_to_an_order(
        sz_decimals in 0u32..=5,
        spot in any::<bool>(),
        px in 1i128..1_000_000_000_000_000_000,
        units in 1i128..1_000_000_000_000_000_000,
        up in any::<bool>(),
    ) {
        let rules = AssetRules { spot, sz_decimals, ..RULES };
        let mut order = order(true, "1", "1");
        order.px = Price::from_units(px).into();
        order.sz = Size::from_units(units).into();
        for _ in 0..4 {
            match check_order(&order, &rules, None) {
                Ok(()) => return Ok(()),
                Err(CheckError::PriceTick { below, above }) => {
                    order.px = below.filter(|_| !up).or(above).unwrap().into();
                }
                Err(CheckError::SizeLot { below, above }) => {
                    order.sz = below.filter(|_| !up).or(above).unwrap().into();
                }
                Err(CheckError::MinNotional { size, .. }) => order.sz = size.unwrap().into(),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        prop_assert!(false, "no end: {order:?}");
    }
}
