use super::*;
use hypersentry_model::{Source, Stamp, Symbol, Timestamp, Venue};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW_MS: i64 = 1_000_000;

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn sz(text: &str) -> Size {
    Size::parse(text).unwrap()
}

fn dollars(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

fn seen<T>(value: T, age_ms: i64) -> Option<Stamped<T>> {
    Some(Stamped {
        value,
        stamp: Stamp::at(Timestamp::from_ms(NOW_MS - age_ms)),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 3_000,
    })
}

/// A buy of .01 at a mid of 50,000: 500 USD of an account with 10,000.
fn wish() -> Wish {
    Wish {
        symbol: Symbol::new("BTC").unwrap(),
        side: Side::Buy,
        size: sz("0.01"),
        pricing: Pricing::Taker { limit: px("50100") },
        reduce_only: false,
        stop: Some(px("49000")),
        liquidation: Liquidation::At(px("30000")),
    }
}

fn market() -> Market {
    let levels = [("50010", "0.004"), ("50050", "0.004"), ("50090", "1")];
    Market {
        now: Timestamp::from_ms(NOW_MS),
        mid: seen(px("50000"), 100),
        against: seen(levels.map(|(p, s)| (px(p), sz(s))).to_vec(), 100),
        clock_bound_ms: Some(40),
    }
}

fn standing() -> Standing {
    Standing {
        equity: seen(dollars("10000"), 1_000),
        position: seen(sz("0"), 1_000),
        others: seen(dollars("400"), 1_000),
        day_loss: seen(dollars("-20"), 1_000),
        ..Standing::default()
    }
}

fn codes(wish: &Wish, market: &Market, limits: &Limits, standing: &Standing) -> Vec<&'static str> {
    match check(wish, market, &[(Scope::Account, limits, standing)]) {
        Ok(_) => vec![],
        Err(refused) => refused.iter().map(|refusal| refusal.check.code()).collect(),
    }
}

#[test]
fn a_plain_order_passes_and_tells_what_it_will_cost() {
    let (limits, standing) = (Limits::default(), standing());
    let passed = check(&wish(), &market(), &[(Scope::Account, &limits, &standing)]).unwrap();
    assert_eq!(passed.notional, dollars("501"));
    // .004 at 10, .004 at 50 and .002 at 90 above the mid: 42 USD a coin over 50,000, 8.4 bps, told as 9.
    assert_eq!(passed.slippage_bps, Some(9));
    assert!(!passed.reduces);
}

#[test]
fn a_limit_that_rests_asks_no_book_and_one_that_crosses_tells_its_cost() {
    let (limits, standing) = (Limits::default(), standing());
    let scopes = [(Scope::Account, &limits, &standing)];
    let at = |limit| Wish {
        pricing: Pricing::Limit { limit: px(limit) },
        ..wish()
    };
    let blind = Market {
        against: None,
        ..market()
    };
    assert_eq!(
        check(&at("49990"), &blind, &scopes).unwrap().slippage_bps,
        None
    );
    // No further than 50,050: .004 at 10 and .004 at 50 above the mid, 6 bps; the rest of it rests.
    let crossing = check(&at("50060"), &market(), &scopes).unwrap();
    assert_eq!(crossing.slippage_bps, Some(6));
}

type Spoil = fn(&mut Wish, &mut Market, &mut Limits, &mut Standing);

/// One way into each refusal, with nothing else wrong.
const SPOILT: &[(Check, Spoil)] = &[
    (Check::Malformed, |wish, _, _, _| wish.size = sz("0")),
    (Check::Malformed, |wish, _, _, _| wish.stop = Some(px("-1"))),
    (Check::StaleInput, |_, market, _, _| market.mid = None),
    (Check::StaleInput, |_, market, _, _| {
        market.mid = seen(px("50000"), 3_001)
    }),
    // Stamped before the clock was set back.
    (Check::StaleInput, |_, market, _, _| {
        market.mid = seen(px("50000"), -3_600_000)
    }),
    (Check::StaleInput, |_, market, _, _| market.against = None),
    (Check::StaleInput, |_, _, _, standing| {
        standing.equity = None
    }),
    (Check::StaleInput, |_, _, _, standing| {
        standing.others = None
    }),
    (Check::StaleInput, |_, _, _, standing| {
        standing.position = None
    }),
    (Check::StaleInput, |_, _, _, standing| {
        standing.day_loss = seen(dollars("0"), 9_000)
    }),
    // A limit that trades at once.
    (Check::StaleInput, |wish, market, _, _| {
        wish.pricing = Pricing::Limit { limit: px("50400") };
        market.against = None;
    }),
    (Check::Slippage, |wish, _, limits, _| {
        wish.pricing = Pricing::Limit { limit: px("50400") };
        limits.slippage_bps = 8;
    }),
    // What lies behind the levels that are seen is taken at its own price: .006 at 400 above the mid.
    (Check::Slippage, |wish, market, _, _| {
        wish.pricing = Pricing::Limit { limit: px("50400") };
        market.against = seen(vec![(px("50010"), sz("0.004"))], 100);
    }),
    (Check::ClockUncertain, |_, market, _, _| {
        market.clock_bound_ms = None
    }),
    (Check::ClockUncertain, |_, market, _, _| {
        market.clock_bound_ms = Some(1_001)
    }),
    (Check::SymbolNotAllowed, |_, _, limits, _| {
        limits.symbols = Some(BTreeSet::from([Symbol::new("ETH").unwrap()]));
    }),
    (Check::OrderSize, |_, _, limits, _| {
        limits.order_usd = dollars("500.99")
    }),
    (Check::SymbolExposure, |_, _, limits, _| {
        limits.symbol_usd = dollars("500.99")
    }),
    (Check::SymbolExposure, |_, _, limits, standing| {
        // What rests may fill too.
        limits.symbol_usd = dollars("600");
        standing.buying = sz("0.002");
    }),
    (Check::GrossExposure, |_, _, limits, _| {
        limits.gross_usd = dollars("900.99")
    }),
    (Check::Concentration, |_, _, limits, _| {
        limits.concentration_bps = 500
    }),
    (Check::Leverage, |_, _, limits, _| {
        limits.leverage_percent = 9
    }),
    (Check::Collar, |_, _, limits, _| limits.collar_bps = 19),
    (Check::Slippage, |_, _, limits, _| limits.slippage_bps = 8),
    (Check::Depth, |wish, _, _, _| {
        wish.pricing = Pricing::Taker { limit: px("50060") }
    }),
    (Check::OrderRate, |_, _, limits, standing| {
        standing.orders_in_minute = limits.orders_per_minute;
    }),
    (Check::DailyOrders, |_, _, limits, standing| {
        standing.orders_in_day = limits.orders_per_day;
    }),
    (Check::DailyLoss, |_, _, limits, standing| {
        standing.day_loss = seen(limits.daily_loss_usd, 100);
    }),
    (Check::StopMissing, |wish, _, limits, _| {
        limits.stop_required = true;
        wish.stop = None;
    }),
    (Check::StopUseless, |wish, _, _, _| {
        wish.stop = Some(px("50100"))
    }),
    (Check::StopUseless, |wish, _, _, _| {
        wish.liquidation = Liquidation::At(px("49000"))
    }),
    (Check::NotReducing, |wish, _, _, _| wish.reduce_only = true),
    (Check::KillSwitch, |_, _, _, standing| {
        standing.shut = Some(Shut::Killed)
    }),
    (Check::LeaseLapsed, |_, _, _, standing| {
        standing.shut = Some(Shut::Lapsed)
    }),
    (Check::NotReducing, |wish, _, _, standing| {
        wish.reduce_only = true;
        standing.position = seen(sz("-0.009"), 100);
    }),
];

#[test]
fn each_check_refuses_alone_and_with_its_own_code() {
    let mut covered = BTreeSet::new();
    for (check, spoil) in SPOILT {
        let (mut wish, mut market, mut limits, mut standing) =
            (wish(), market(), Limits::default(), standing());
        spoil(&mut wish, &mut market, &mut limits, &mut standing);
        assert_eq!(
            codes(&wish, &market, &limits, &standing),
            [check.code()],
            "{wish:?}"
        );
        covered.insert(*check);
    }
    assert_eq!(covered, BTreeSet::from(Check::ALL));
    let codes: BTreeSet<_> = Check::ALL.map(Check::code).into();
    assert_eq!(codes.len(), Check::ALL.len());
}

#[test]
fn the_document_names_every_check() {
    let document = include_str!("../../../../docs/orders.md");
    for check in Check::ALL {
        assert!(
            document.contains(&format!("| `{}` |", check.code())),
            "{check:?}"
        );
    }
}

#[test]
fn limits_hold_to_the_last_unit() {
    let limits = Limits {
        order_usd: dollars("501"),
        symbol_usd: dollars("501"),
        gross_usd: dollars("901"),
        concentration_bps: 501,
        collar_bps: 20,
        slippage_bps: 9,
        ..Limits::default()
    };
    assert!(codes(&wish(), &market(), &limits, &standing()).is_empty());
}

#[test]
fn every_refusal_is_told_and_every_scope_is_asked() {
    let tight = Limits {
        order_usd: dollars("1"),
        symbol_usd: dollars("1"),
        ..Limits::default()
    };
    let (wide, standing) = (Limits::default(), standing());
    let scopes = [
        (Scope::Account, &wide, &standing),
        (Scope::Desk, &tight, &standing),
    ];
    let refused = check(&wish(), &market(), &scopes).unwrap_err();
    let told: Vec<_> = refused.iter().map(|r| (r.scope, r.check)).collect();
    assert_eq!(
        told,
        [
            (Some(Scope::Desk), Check::OrderSize),
            (Some(Scope::Desk), Check::SymbolExposure)
        ]
    );
    assert_eq!(
        (refused[0].found.as_str(), refused[0].allowed.as_str()),
        ("501 USD", "1 USD")
    );
    // Without any limits nothing is sent.
    assert!(check(&wish(), &market(), &[]).is_err());
}

#[test]
fn what_only_reduces_passes_where_nothing_else_would() {
    let mut wish = wish();
    (wish.side, wish.reduce_only, wish.stop) = (Side::Sell, true, None);
    wish.pricing = Pricing::Taker { limit: px("49900") };
    let mut market = market();
    market.against = seen(vec![(px("49990"), sz("1"))], 100);
    let nothing = Limits {
        order_usd: Usd::ZERO,
        symbol_usd: Usd::ZERO,
        gross_usd: Usd::ZERO,
        concentration_bps: 0,
        leverage_percent: 0,
        orders_per_day: 0,
        daily_loss_usd: Usd::ZERO,
        stop_required: true,
        symbols: Some(BTreeSet::new()),
        ..Limits::default()
    };
    let held = Standing {
        position: seen(sz("0.01"), 100),
        ..Standing::default()
    };
    assert_eq!(codes(&wish, &market, &nothing, &held), Vec::<&str>::new());
    // Its price is checked all the same.
    wish.pricing = Pricing::Taker { limit: px("49000") };
    assert_eq!(codes(&wish, &market, &nothing, &held), ["risk_collar"]);
    // And without the flag the venue could let it turn the position round.
    wish.reduce_only = false;
    assert!(codes(&wish, &market, &nothing, &held).contains(&"risk_order_size"));
}

#[test]
fn a_stop_order_is_measured_from_its_trigger() {
    let mut wish = wish();
    wish.stop = None;
    wish.side = Side::Sell;
    wish.pricing = Pricing::Trigger {
        trigger: px("45000"),
        limit: px("44600"),
        waits: None,
    };
    let (limits, standing) = (Limits::default(), standing());
    assert!(codes(&wish, &market(), &limits, &standing).is_empty());
    wish.pricing = Pricing::Trigger {
        trigger: px("45000"),
        limit: px("44500"),
        waits: None,
    };
    assert_eq!(codes(&wish, &market(), &limits, &standing), ["risk_collar"]);
}

#[test]
fn looser_limits_need_a_second_person_and_tighter_ones_do_not() {
    let mut governed = Governed::new(Limits::default());
    let tighter = Limits {
        order_usd: dollars("10"),
        ..Limits::default()
    };
    let at = Timestamp::from_ms(NOW_MS);
    assert_eq!(
        governed.propose("ann", at, tighter.clone(), false),
        Ok(true)
    );
    assert_eq!(governed.limits(), &tighter);
    assert_eq!(
        governed.propose("ann", at, Limits::default(), false),
        Ok(false)
    );
    assert_eq!(governed.limits(), &tighter);
    assert_eq!(
        governed.agree("ann").unwrap_err().code(),
        "limits_second_person_needed"
    );
    assert_eq!(governed.limits(), &tighter);
    assert_eq!(governed.agree("bob"), Ok(()));
    assert_eq!(governed.limits(), &Limits::default());
    assert_eq!(
        governed.agree("bob").unwrap_err().code(),
        "limits_nothing_proposed"
    );
    // Where nobody else has the role, one person decides.
    let wider = Limits {
        order_usd: dollars("5000"),
        ..Limits::default()
    };
    assert_eq!(governed.propose("ann", at, wider, true), Ok(true));
    let below = Limits {
        gross_usd: dollars("-1"),
        ..Limits::default()
    };
    assert_eq!(
        governed.propose("ann", at, below, true).unwrap_err().code(),
        "limits_negative"
    );
}

/// One looser value of each limit.
const LOOSER: &[fn(&mut Limits)] = &[
    |l| l.order_usd = dollars("1000.000000000001"),
    |l| l.symbol_usd = dollars("1001"),
    |l| l.gross_usd = dollars("3001"),
    |l| l.concentration_bps += 1,
    |l| l.leverage_percent += 1,
    |l| l.collar_bps += 1,
    |l| l.slippage_bps += 1,
    |l| l.orders_per_minute += 1,
    |l| l.orders_per_day += 1,
    |l| l.daily_loss_usd = dollars("501"),
    |l| l.clock_bound_ms += 1,
    |l| l.stop_required = false,
    |l| l.symbols = None,
];

#[test]
fn every_limit_is_known_to_be_loosened() {
    let base = Limits {
        stop_required: true,
        symbols: Some(BTreeSet::new()),
        ..Limits::default()
    };
    let mut names = BTreeSet::new();
    for looser in LOOSER {
        let mut new = base.clone();
        looser(&mut new);
        let loosened = base.loosened_by(&new);
        assert_eq!(loosened.len(), 1, "{new:?}");
        assert!(new.loosened_by(&base).is_empty());
        names.extend(loosened);
    }
    // A limit that is added and not compared would be loosened by one person.
    let fields = format!("{base:?}").matches(": ").count();
    assert_eq!(names.len(), fields);
}

prop_compose! {
    fn limits()(
        money in prop::array::uniform4(0_i128..3_000),
        rest in prop::array::uniform7(0_u32..1_200),
        stop_required in any::<bool>(),
        listed in any::<bool>(),
    ) -> Limits {
        let [order, symbol, gross, loss] = money.map(|m| Usd::from_units(m * 1_000_000_000_000));
        Limits {
            order_usd: order,
            symbol_usd: symbol,
            gross_usd: gross,
            concentration_bps: rest[0],
            leverage_percent: rest[1],
            collar_bps: rest[2],
            slippage_bps: rest[3],
            orders_per_minute: rest[4] / 20,
            orders_per_day: rest[5] / 20,
            daily_loss_usd: loss,
            clock_bound_ms: rest[6],
            stop_required,
            symbols: (!listed).then(BTreeSet::new),
        }
    }
}

proptest! {
    /// Whatever the figures: what passes under some limits passes under looser ones, and its notional is within them.
    #[test]
    fn looser_limits_never_refuse_more(
        a in limits(),
        b in limits(),
        lots in 1_i128..4_000,
        limit in 49_000_i128..51_000,
        held in -2_000_i128..2_000,
        sell in any::<bool>(),
        counts in (0_u32..60, 0_u32..60),
    ) {
        let mut wish = wish();
        wish.size = Size::from_units(lots * 10_000_000);
        if sell { wish.side = Side::Sell; wish.stop = Some(px("52000")); wish.liquidation = Liquidation::Never; }
        wish.pricing = Pricing::Taker { limit: Price::from_units(limit * 1_000_000_000_000) };
        let mut standing = standing();
        standing.position = seen(Size::from_units(held * 10_000_000), 10);
        (standing.orders_in_minute, standing.orders_in_day) = counts;
        let passes = |limits: &Limits| check(&wish, &market(), &[(Scope::Account, limits, &standing)]);
        let (one, other) = (passes(&a), passes(&b));
        if a.loosened_by(&b).is_empty() && other.is_ok() {
            prop_assert!(one.is_ok());
        }
        if let Ok(passed) = one {
            prop_assert!(passed.notional <= a.order_usd);
            prop_assert!(passed.slippage_bps.is_some_and(|bps| bps <= i128::from(a.slippage_bps)));
        }
    }

    /// A walk takes no more than is there, wanted and allowed, and pays what the levels ask.
    #[test]
    fn a_walk_pays_what_the_levels_ask(
        levels in prop::collection::vec((1_i128..100, 0_i128..50), 0..20),
        wanted in 1_i128..300,
        limit in 1_i128..120,
    ) {
        let unit = 1_000_000_000_000;
        let mut levels = levels;
        levels.sort_unstable();
        levels.dedup_by_key(|level| level.0);
        let book: Vec<_> = levels.iter().map(|(p, s)| (Price::from_units(p * unit), Size::from_units(s * unit))).collect();
        let walked = walk(Side::Buy, Size::from_units(wanted * unit), Price::from_units(limit * unit), &book).unwrap();
        let (mut left, mut cost) = (wanted, 0);
        for (p, s) in levels.iter().filter(|(p, _)| *p <= limit) {
            let part = left.min(*s);
            cost += part * p;
            left -= part;
        }
        prop_assert_eq!(walked.filled.units(), (wanted - left) * unit);
        prop_assert_eq!(walked.cost.units(), cost * unit);
    }
}
