//! Where stops may lie.

use super::*;
use hypersentry_model::{Source, Stamp, Symbol, Timestamp, Venue};
use proptest::prelude::*;

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn seen<T>(value: T) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(Timestamp::from_ms(1_000)),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 3_000,
    })
}

/// A resting entry at 50,000 of an account that holds `held`, and what refuses it.
fn refused(held: &str, limits: &Limits, change: impl FnOnce(&mut Wish)) -> Vec<&'static str> {
    let mut wish = Wish {
        symbol: Symbol::new("BTC").unwrap(),
        side: Side::Buy,
        size: Size::parse("0.01").unwrap(),
        pricing: Pricing::Limit { limit: px("50000") },
        reduce_only: false,
        stop: Some(px("49000")),
        liquidation: Liquidation::At(px("30000")),
    };
    change(&mut wish);
    let market = Market {
        now: Timestamp::from_ms(1_000),
        mid: seen(px("50000")),
        against: seen(vec![(px("50010"), Size::parse("1").unwrap())]),
        clock_bound_ms: Some(40),
    };
    let standing = Standing {
        equity: seen(Usd::parse("10000").unwrap()),
        position: seen(Size::parse(held).unwrap()),
        others: seen(Usd::ZERO),
        day_loss: seen(Usd::ZERO),
        ..Standing::default()
    };
    match check(&wish, &market, &[(Scope::Account, limits, &standing)]) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.iter().map(|it| it.check.code()).collect(),
    }
}

/// A trigger at `at` that closes `held`, which is liquidated at `liquidation`.
fn closing(held: &str, at: Price, liquidation: Liquidation) -> Vec<&'static str> {
    refused(held, &Limits::default(), |wish| {
        wish.side = if held.starts_with('-') {
            Side::Buy
        } else {
            Side::Sell
        };
        wish.pricing = Pricing::Trigger {
            trigger: at,
            limit: at,
            waits: None,
        };
        wish.reduce_only = true;
        wish.stop = None;
        wish.liquidation = liquidation;
    })
}

#[test]
fn an_order_with_a_stop_waits_until_the_liquidation_price_is_known() {
    let limits = Limits::default();
    let of = |liquidation, stop: Option<&str>| {
        refused("0", &limits, |wish| {
            wish.liquidation = liquidation;
            wish.stop = stop.map(px);
        })
    };
    assert_eq!(
        of(Liquidation::Unknown, Some("49000")),
        ["risk_stale_input"]
    );
    assert!(of(Liquidation::Never, Some("49000")).is_empty());
    // Without a stop there is nothing to be compared with it.
    assert!(of(Liquidation::Unknown, None).is_empty());
}

#[test]
fn a_stop_that_only_reduces_comes_before_the_liquidation() {
    let at = Liquidation::At;
    assert!(closing("0.01", px("48000"), at(px("47999"))).is_empty());
    assert_eq!(
        closing("0.01", px("48000"), at(px("48000"))),
        ["risk_stop_useless"]
    );
    assert_eq!(
        closing("0.01", px("47000"), at(px("48000"))),
        ["risk_stop_useless"]
    );
    assert_eq!(
        closing("-0.01", px("53000"), at(px("52000"))),
        ["risk_stop_useless"]
    );
    assert!(closing("-0.01", px("51000"), at(px("52000"))).is_empty());
    // A protection is not refused for want of a figure, nor a take, which lies on the other side.
    assert!(closing("0.01", px("48000"), Liquidation::Unknown).is_empty());
    assert!(closing("0.01", px("60000"), at(px("48000"))).is_empty());
}

#[test]
fn a_stop_of_what_takes_at_once_lies_beyond_the_mid_too() {
    // The mid is 50,000: what buys up to 50,100 is filled from there on, and a stop above it would go off with the next mark.
    let limits = Limits::default();
    let of = |side, pricing, stop| {
        refused("0", &limits, |wish| {
            wish.side = side;
            wish.pricing = pricing;
            wish.stop = Some(px(stop));
            wish.liquidation = Liquidation::Never;
        })
    };
    let useless = ["risk_stop_useless"];
    let (taker, limit) = (
        |limit| Pricing::Taker { limit: px(limit) },
        |limit| Pricing::Limit { limit: px(limit) },
    );
    for stop in ["50099", "50050", "50000"] {
        assert_eq!(of(Side::Buy, taker("50100"), stop), useless, "{stop}");
        assert_eq!(of(Side::Buy, limit("50100"), stop), useless, "{stop}");
    }
    for stop in ["49901", "49950", "50000"] {
        assert_eq!(of(Side::Sell, limit("49900"), stop), useless, "{stop}");
    }
    assert!(of(Side::Buy, taker("50100"), "49999").is_empty());
    assert!(of(Side::Sell, limit("49900"), "50001").is_empty());
    // What rests is filled at its own price.
    assert!(of(Side::Buy, limit("49700"), "49699").is_empty());
    assert_eq!(of(Side::Buy, limit("49700"), "49700"), useless);
}

#[test]
fn a_stop_alone_does_not_go_off_at_once() {
    let of = |side, trigger, reduces, waits| {
        refused(
            if reduces { "0.01" } else { "0" },
            &Limits::default(),
            |wish| {
                wish.side = side;
                wish.pricing = Pricing::Trigger {
                    trigger: px(trigger),
                    limit: px(trigger),
                    waits,
                };
                wish.reduce_only = reduces;
                wish.stop = None;
                wish.liquidation = Liquidation::Never;
            },
        )
    };
    let useless = ["risk_stop_useless"];
    let stop = Some(Aim::Stop);
    assert!(of(Side::Sell, "49999", true, stop).is_empty());
    for px in ["50000", "50001"] {
        assert_eq!(of(Side::Sell, px, true, stop), useless);
        // A profit is taken there, and an exit that sleeps waits for another mid.
        assert!(of(Side::Sell, px, true, Some(Aim::Take)).is_empty());
        assert!(of(Side::Sell, px, true, None).is_empty());
    }
    assert!(of(Side::Buy, "50001", false, stop).is_empty());
    assert_eq!(of(Side::Buy, "50000", false, stop), useless);
}

proptest! {
    #[test]
    fn no_stop_passes_that_the_liquidation_would_come_before(
        stop in 30_000_u32..49_999,
        liquidation in 30_000_u32..49_999,
    ) {
        let (stop, liquidation) = (px(&stop.to_string()), px(&liquidation.to_string()));
        let entry = refused("0", &Limits::default(), |wish| {
            wish.stop = Some(stop);
            wish.liquidation = Liquidation::At(liquidation);
        });
        prop_assert_eq!(entry.is_empty(), stop > liquidation);
        let exit = closing("0.01", stop, Liquidation::At(liquidation));
        prop_assert_eq!(exit.is_empty(), stop > liquidation);
    }
}
