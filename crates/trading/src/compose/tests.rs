use super::*;
use hypersentry_model::{Source, Stamp, Stamped, Venue};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn seen<T>(value: T) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(at(0)),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 3_000,
    })
}

fn btc() -> Asset {
    Asset {
        place: 0,
        rules: AssetRules {
            spot: false,
            sz_decimals: 5,
            max_leverage: 40,
            only_isolated: false,
        },
        delisted: false,
        mark: None,
    }
}

fn ticket(json: &str) -> Ticket {
    let whole = format!(
        r#"{{"account":"0x0000000000000000000000000000000000000001","key":"k","symbol":"BTC","size":"0.01",{json}}}"#
    );
    serde_json::from_str(&whole).unwrap()
}

fn made(json: &str) -> Result<Vec<Part>, String> {
    let sight = Sight {
        mid: seen(px("97001")),
        ..Sight::default()
    };
    let composed = compose(
        &ticket(json),
        &btc(),
        Some(Size::ZERO),
        &sight,
        &Limits::default(),
        at(5),
    );
    composed.map(|it| it.parts).map_err(|error| error.code)
}

#[test]
fn a_market_order_is_an_ioc_that_never_goes_beyond_its_slippage() {
    let buy = made(r#""side":"buy","kind":"market","slippage_bps":30"#).unwrap();
    // 97001 * 1.003 = 97292.003, and whole dollars are this price's tick.
    assert_eq!(
        buy[0].terms,
        Terms::Limit {
            px: px("97292"),
            tif: Tif::Ioc
        }
    );
    let sell = made(r#""side":"sell","kind":"market","slippage_bps":30"#).unwrap();
    assert_eq!(sell[0].terms.px(), px("96710"));
    assert_eq!(
        made(r#""side":"buy","kind":"market","slippage_bps":101"#),
        Err("bad_request".into())
    );
}

#[test]
fn without_a_fresh_mid_there_is_no_market_order() {
    let old = Sight {
        mid: seen(px("97001")),
        ..Sight::default()
    };
    let market = ticket(r#""side":"buy","kind":"market""#);
    let made =
        |sight: &Sight, now| compose(&market, &btc(), None, sight, &Limits::default(), at(now));
    for sight in [&old, &Sight::default()] {
        let error = made(sight, 3_001).unwrap_err();
        assert_eq!(error.code, "market_stale");
        assert!(error.retryable);
    }
    assert!(made(&old, 3_000).is_ok());
}

#[test]
fn a_bracket_has_its_exits_on_the_other_side_of_both() {
    let parts = made(
        r#""side":"sell","kind":"limit","px":"97000","take_profit":"95000","stop_loss":"98000""#,
    )
    .unwrap();
    let legs: Vec<Leg> = parts.iter().map(|part| part.leg).collect();
    assert_eq!(legs, [Leg::Entry, Leg::TakeProfit, Leg::StopLoss]);
    assert!(
        parts[1..]
            .iter()
            .all(|exit| exit.wish.reduce_only && exit.wish.side == Side::Buy)
    );
    assert_eq!(parts[0].wish.stop, Some(px("98000")));
    assert_eq!(
        parts[2].terms,
        Terms::Trigger {
            trigger: px("98000"),
            px: px("107800"),
            market: true,
            aim: Aim::Stop
        }
    );
    let cloids: std::collections::BTreeSet<_> = parts.iter().map(|part| part.cloid).collect();
    assert_eq!(cloids.len(), 3);
    for wrong in [
        r#""side":"sell","kind":"limit","px":"97000","stop_loss":"96000""#,
        r#""side":"buy","kind":"limit","px":"97000","take_profit":"96000""#,
    ] {
        assert_eq!(made(wrong), Err("exit_side".into()), "{wrong}");
    }
}

#[test]
fn exits_of_what_takes_at_once_are_measured_from_the_mid() {
    // The mid is 97,001 and the worst price 97,292: whatever lies between them is above what is paid.
    let of = |side: &str, exit: &str, px: u32| {
        let slipped =
            format!(r#""side":"{side}","kind":"market","slippage_bps":30,"{exit}":"{px}""#);
        made(&slipped).map(|parts| parts.len())
    };
    let wrong = Err("exit_side".to_owned());
    for px in [97_200, 97_001] {
        assert_eq!(of("buy", "stop_loss", px), wrong, "{px}");
    }
    assert_eq!(of("buy", "stop_loss", 97_000), Ok(2));
    assert_eq!(of("buy", "take_profit", 97_200), Ok(2));
    assert_eq!(of("buy", "take_profit", 97_001), wrong);
    assert_eq!(of("sell", "stop_loss", 96_800), wrong);
    assert_eq!(of("sell", "stop_loss", 97_002), Ok(2));
    assert_eq!(of("sell", "take_profit", 96_800), Ok(2));
    assert_eq!(of("sell", "take_profit", 97_002), wrong);
    let limit = |kind: &str, px: u32, exit: &str| {
        let limit = format!(r#""side":"buy","kind":"{kind}","px":"{px}",{exit}"#);
        made(&limit).map(|parts| parts.len())
    };
    // An IOC below the mid is filled at its own price or not at all.
    assert_eq!(limit("ioc", 96_900, r#""stop_loss":"96950""#), wrong);
    // What of a limit rests is filled at its own price: its profit begins there.
    assert_eq!(limit("limit", 97_300, r#""stop_loss":"97200""#), wrong);
    assert_eq!(limit("limit", 97_300, r#""take_profit":"97200""#), wrong);
    assert_eq!(limit("limit", 96_000, r#""take_profit":"96500""#), Ok(2));
    assert_eq!(limit("limit", 96_000, r#""stop_loss":"95999""#), Ok(2));
}

#[test]
fn a_trigger_alone_does_not_go_off_at_once() {
    let of = |side: &str, kind: &str, px: u32| {
        let alone = format!(r#""side":"{side}","kind":"{kind}","trigger_px":"{px}""#);
        made(&alone).map(|parts| parts.len())
    };
    let wrong = Err("exit_side".to_owned());
    for (side, kind, waits, goes) in [
        ("sell", "stop_market", 97_000, 97_001),
        ("buy", "stop_market", 97_002, 97_001),
        ("sell", "take_market", 97_002, 97_001),
        ("buy", "take_market", 97_000, 97_001),
    ] {
        assert_eq!(of(side, kind, waits), Ok(1), "{side} {kind}");
        assert_eq!(of(side, kind, goes), wrong, "{side} {kind}");
    }
}

#[test]
fn a_scale_is_all_of_its_size_between_its_prices() {
    let parts =
        made(r#""side":"buy","kind":"scale","scale":{"orders":3,"from":"96000","to":"97000"}"#)
            .unwrap();
    let sum: i128 = parts.iter().map(|part| part.wish.size.units()).sum();
    assert_eq!(Size::from_units(sum), Size::parse("0.01").unwrap());
    let prices: Vec<Price> = parts.iter().map(|part| part.terms.px()).collect();
    assert_eq!(prices, [px("96000"), px("96500"), px("97000")]);
}

#[test]
fn what_the_venue_would_refuse_is_refused_with_the_nearest_value() {
    let code = |json: &str| made(json).unwrap_err();
    assert_eq!(
        code(r#""side":"buy","kind":"limit","px":"97000.5""#),
        "price_tick"
    );
    assert_eq!(
        code(r#""side":"buy","kind":"limit","px":"100""#),
        "min_notional"
    );
    assert_eq!(
        code(r#""side":"sell","kind":"limit","px":"97000","reduce_only":true"#),
        "reduce_only_no_position"
    );
    for missing in [
        r#""side":"buy","kind":"limit""#,
        r#""side":"buy","kind":"market","px":"97000""#,
        r#""side":"buy","kind":"stop_market""#,
        r#""side":"buy","kind":"scale""#,
        r#""side":"buy","kind":"stop_market","trigger_px":"98000","stop_loss":"97000""#,
        r#""side":"buy","kind":"scale","scale":{"orders":1,"from":"1","to":"2"}"#,
    ] {
        assert_eq!(code(missing), "bad_request", "{missing}");
    }
}
