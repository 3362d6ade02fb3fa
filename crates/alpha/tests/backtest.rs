//! Every cent of a backtest is accounted for, and its rules do what they say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hypersentry_alpha::backtest::{Backtest, Rules, Step};
use hypersentry_alpha::backtest::{Exit, Finished};
use hypersentry_alpha::risk::Direction;
use hypersentry_model::{Level, Price, Rate, Size, Symbol, Usd};
use proptest::prelude::*;

const SECOND: i64 = 1_000;

fn px(cents: i64) -> Price {
    Price::from_units(i128::from(cents) * 10_000_000_000)
}

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

/// A book with a spread of two cents and `coins` at each of three levels.
fn book(mid_cents: i64, coins: &str) -> (Vec<Level>, Vec<Level>) {
    let side = |sign: i64| {
        (1..=3)
            .map(|i| Level {
                px: px(mid_cents + sign * i),
                sz: Size::parse(coins).unwrap(),
            })
            .collect()
    };
    (side(-1), side(1))
}

/// One minute's evaluations: `(second, score, mid in cents)`.
fn run(rules: Rules, path: &[(i64, u8, i64)], funding: Option<(Rate, u32)>) -> Finished {
    let mut test = Backtest::new(rules);
    for (second, score, mid) in path {
        let (bids, asks) = book(*mid, "100");
        test.step(&Step {
            symbol: Symbol::new("BTC").unwrap(),
            now_ms: second * SECOND,
            score: *score,
            strength: f64::from(*score) / 50.0 - 1.0,
            fresh: true,
            rr_target: 2.0,
            sigma_1h: Some(0.005),
            bids: &bids,
            asks: &asks,
            sz_decimals: Some(4),
            mark: Some(px(*mid)),
            funding,
        })
        .unwrap();
    }
    test.finish().unwrap()
}

fn quick() -> Rules {
    Rules {
        streak: 1,
        latency_ms: 1_000,
        ..Rules::default()
    }
}

#[test]
fn a_target_is_taken_a_latency_later() {
    let done = run(
        quick(),
        &[
            (0, 70, 10_000),
            (1, 70, 10_000),
            (2, 70, 10_300),
            (3, 70, 10_300),
            (4, 50, 10_300),
        ],
        None,
    );
    let [trade] = done.trades.as_slice() else {
        panic!("{:?}", done.trades)
    };
    // Decided at 0, filled at 1; the target of 2 % is seen at 2, sold at 3.
    assert_eq!(
        (trade.entry_ms, trade.exit_ms, trade.exit),
        (1_000, 3_000, Exit::Target)
    );
    assert_eq!(trade.direction, Direction::Long);
    // 9.999 coins at 100.01, sold at 102.99.
    assert_eq!(trade.sz.to_string(), "9.999");
    assert_eq!(trade.entry_usd, usd("999.99999"));
    assert_eq!(trade.exit_usd, usd("1029.79701"));
    assert_eq!(trade.slippage_usd, usd("0.19998"));
    let fees = usd("0.45000").checked_add(usd("0.4634")).unwrap();
    assert!((trade.fees_usd.to_f64() - fees.to_f64()).abs() < 1e-3);
    assert_eq!(done.metrics.trades, 1);
}

#[test]
fn a_stop_and_the_other_side_of_50_close() {
    let stop = run(
        quick(),
        &[
            (0, 70, 10_000),
            (1, 70, 10_000),
            (2, 70, 9_890),
            (3, 70, 9_890),
        ],
        None,
    );
    assert_eq!(stop.trades[0].exit, Exit::Stop);
    assert!(
        stop.trades[0].r < -1.0,
        "costs come on top: {}",
        stop.trades[0].r
    );
    let score = run(
        quick(),
        &[
            (0, 30, 10_000),
            (1, 30, 10_000),
            (2, 51, 10_000),
            (3, 51, 10_000),
        ],
        None,
    );
    assert_eq!(
        (score.trades[0].exit, score.trades[0].direction),
        (Exit::Score, Direction::Short)
    );
}

#[test]
fn a_streak_is_needed_and_a_cooldown_kept() {
    let rules = Rules {
        streak: 5,
        ..quick()
    };
    let four: Vec<_> = (0..4)
        .map(|s| (s, 70, 10_000))
        .chain([(4, 50, 10_000)])
        .collect();
    assert!(run(rules.clone(), &four, None).trades.is_empty());
    let mut path: Vec<_> = (0..8).map(|s| (s, 70, 10_000)).collect();
    path.extend([(8, 40, 10_000), (9, 40, 10_000)]);
    path.extend((10..60).map(|s| (s, 70, 10_000)));
    let done = run(rules, &path, None);
    assert_eq!(done.trades.len(), 1);
}

#[test]
fn funding_is_paid_when_it_is_due_and_only_then() {
    let rate = Rate::parse("0.0001").unwrap();
    let hold = Rules {
        exit_at_neutral: false,
        ..quick()
    };
    // From 59:58 to 2:00:01 at one hour: due at 1:00:00 and 2:00:00.
    let path: Vec<_> = (3_598..=7_201).map(|s| (s, 70, 10_000)).collect();
    let done = run(hold.clone(), &path, Some((rate, 1)));
    let paid = done.trades[0].funding_usd;
    assert_eq!(paid, usd("0.19998"));
    // Every eight hours: not at all. Unknown: not paid, and said.
    assert!(
        run(hold.clone(), &path, Some((rate, 8))).trades[0]
            .funding_usd
            .is_zero()
    );
    assert_eq!(run(hold, &path, None).metrics.missed.funding, 2);
}

#[test]
fn what_was_not_seen_is_not_traded() {
    let mut test = Backtest::new(quick());
    for second in 0..20 {
        let step = Step {
            symbol: Symbol::new("BTC").unwrap(),
            now_ms: second * SECOND,
            score: 80,
            strength: 0.6,
            fresh: true,
            rr_target: 2.0,
            sigma_1h: Some(0.005),
            bids: &[],
            asks: &[],
            sz_decimals: Some(4),
            mark: None,
            funding: None,
        };
        test.step(&step).unwrap();
    }
    let done = test.finish().unwrap();
    assert!(done.trades.is_empty());
    assert_eq!(done.metrics.missed.no_book, 2);
    assert_eq!(done.metrics.end_usd, done.metrics.begin_usd);
}

#[test]
fn a_book_that_is_too_small_is_not_entered() {
    let mut test = Backtest::new(quick());
    for second in 0..3 {
        let (bids, asks) = book(10_000, "1");
        let step = Step {
            symbol: Symbol::new("BTC").unwrap(),
            now_ms: second * SECOND,
            score: if second < 1 { 80 } else { 50 },
            strength: 0.6,
            fresh: true,
            rr_target: 2.0,
            sigma_1h: Some(0.005),
            bids: &bids,
            asks: &asks,
            sz_decimals: Some(4),
            mark: None,
            funding: None,
        };
        test.step(&step).unwrap();
    }
    assert_eq!(test.finish().unwrap().metrics.missed.no_depth, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Money at the end is money at the beginning plus what the trades gained, to the last unit; and the same path gives the same result.
    #[test]
    fn every_unit_is_accounted_for(
        moves in prop::collection::vec((0u8..=100, -40i64..=40), 1..400),
        rate in -20i64..20,
        latency in 0i64..3_000,
    ) {
        let mut mid = 10_000;
        let path: Vec<_> = moves
            .iter()
            .zip((0i64..).step_by(60))
            .map(|((score, step), second)| {
                mid = (mid + step).max(1_000);
                (second, *score, mid)
            })
            .collect();
        let rules = Rules { latency_ms: latency, ..quick() };
        let funding = Some((Rate::from_units(i128::from(rate) * 10i128.pow(13)), 1));
        let done = run(rules.clone(), &path, funding);
        let gained = done.trades.iter().map(|t| t.pnl_usd.units()).sum::<i128>();
        prop_assert_eq!(done.metrics.end_usd.units(), rules.equity_usd.units() + gained);
        for t in &done.trades {
            prop_assert!(t.entry_ms <= t.exit_ms);
            prop_assert!(t.slippage_usd.units() >= 0);
            prop_assert!(t.fees_usd.is_positive());
        }
        let again = run(rules, &path, funding);
        prop_assert_eq!(again.trades, done.trades);
        prop_assert_eq!(again.metrics, done.metrics);
    }
}
