//! Candles built from trades equal those of a plain sum over all trades, in whatever order these come, and candles of the venue fill only
//! what was not seen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::Refusal;
use hypersentry_model::agg::CandleRow;
use hypersentry_model::event::{Candle, Feed};
use hypersentry_model::{Coverage, Grade, Interval, Timestamp, Usd};
use proptest::prelude::*;
use setup::{id, market, px, sz, trade};
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;
/// 2023-11-14 00:00 UTC.
const DAY: i64 = 1_699_920_000_000;

fn whole() -> Coverage {
    Coverage::of(1, 0, 1)
}

/// Number, time in ms, price, size.
type Print = (u64, i64, i64, i64);

fn naive(trades: &[Print], interval: Interval) -> Vec<(i64, [i64; 6], u64)> {
    let mut groups: BTreeMap<i64, Vec<Print>> = BTreeMap::new();
    for print in trades {
        let open_ms = print.1 / interval.ms() * interval.ms();
        groups.entry(open_ms).or_default().push(*print);
    }
    let candle = |(open_ms, mut group): (i64, Vec<Print>)| {
        group.sort_by_key(|(_, at, _, _)| *at);
        let prices = group.iter().map(|t| t.2);
        let volume = group.iter().map(|t| t.3.abs()).sum();
        let bought = group.iter().map(|t| t.3.max(0)).sum();
        let figures = [
            group[0].2,
            prices.clone().max().unwrap(),
            prices.min().unwrap(),
            group[group.len() - 1].2,
            volume,
            bought,
        ];
        (open_ms, figures, group.len() as u64)
    };
    groups.into_iter().map(candle).collect()
}

fn figures(row: &CandleRow) -> (i64, [i64; 6], u64) {
    let whole = |units: i128| i64::try_from(units / 1_000_000_000_000).unwrap();
    let figures = [
        whole(row.o.units()),
        whole(row.h.units()),
        whole(row.l.units()),
        whole(row.c.units()),
        whole(row.volume_base.units()),
        whole(row.buy_base.unwrap().units()),
    ];
    (row.open_ms, figures, row.trades.unwrap())
}

proptest! {
    #[test]
    fn equal_a_naive_reference(steps in prop::collection::vec(
        (prop_oneof![4 => 0i64..2_000, 1 => 0i64..40 * MINUTE], prop_oneof![4 => 0i64..300, 1 => 0i64..100 * MINUTE], 1i64..99, prop_oneof![-9i64..0, 1i64..9]),
        1..200,
    )) {
        let mut market = market();
        let mut now = Timestamp::from_ms(DAY + 200 * MINUTE);
        let mut trades = Vec::new();
        for (number, (wait, late, p, s)) in steps.into_iter().enumerate() {
            now = now.plus_ms(wait);
            let at = now.plus_ms(-late);
            let event = trade(number as u64, at, p, s);
            market.event(now, id(), Feed::Trades, &event, false).unwrap();
            trades.push((number as u64, at.ms(), p, s));
        }
        for interval in Interval::ALL {
            let rows = market.candles(id(), interval, usize::MAX);
            prop_assert_eq!(rows.iter().map(figures).collect::<Vec<_>>(), naive(&trades, interval));
            for row in &rows {
                prop_assert_eq!(row.closed, now.ms() >= row.open_ms + interval.ms());
            }
        }
    }
}

fn venue(minute: i64, c: i64, volume: i64) -> Candle {
    let open_ms = DAY + minute * MINUTE;
    Candle {
        interval: "1m".into(),
        open_ms,
        close_ms: open_ms + MINUTE - 1,
        o: px(10),
        h: px(c.max(10)),
        l: px(c.min(10)),
        c: px(c),
        volume_base: sz(volume),
        trades: Some(9),
        closed: true,
    }
}

#[test]
fn the_venue_fills_what_was_not_seen() {
    let mut market = market();
    let at = |minute: i64, ms: i64| Timestamp::from_ms(DAY + minute * MINUTE + ms);
    // Minutes 10 and 11 are seen whole, 12 in part, 13 in no way; 14 is being seen.
    market.following(at(10, 0), id(), Feed::Trades, Grade::Verified);
    for (n, (minute, p)) in [(10, 10), (12, 10), (14, 10)].into_iter().enumerate() {
        if minute == 14 {
            market.following(at(14, 0), id(), Feed::Trades, Grade::Verified);
        }
        let when = at(minute, 1_000);
        let event = trade(n as u64, when, p, 2);
        market
            .event(when, id(), Feed::Trades, &event, false)
            .unwrap();
        if minute == 12 {
            market.broken(at(12, 40_000), id(), Feed::Trades, at(12, 30_000));
        }
    }
    let candles: Vec<Candle> = (8..15).map(|minute| venue(minute, 20, 7)).collect();
    market
        .past_candles(at(14, 2_000), id(), Interval::M1, &candles)
        .unwrap();
    let rows = market.candles(id(), Interval::M1, 99);
    let shown: Vec<_> = rows
        .iter()
        .map(|r| {
            (
                (r.open_ms - DAY) / MINUTE,
                r.c,
                r.coverage == whole(),
                r.closed,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (8, px(20), true, true),
            (9, px(20), true, true),
            // Seen whole: ours stands, and so does minute 11, in which nothing was traded.
            (10, px(10), true, true),
            (12, px(20), true, true),
            (13, px(20), true, true),
            // Not closed yet.
            (14, px(10), true, false),
        ]
    );
    assert_eq!(rows[0].notional_usd, None, "the venue does not say");
    assert_eq!(rows[2].notional_usd, Some(Usd::parse("20").unwrap()));
    // A late trade of a minute that the venue has told is in its candle already.
    let late = trade(9, at(13, 1_000), 99, 1);
    market
        .event(at(14, 3_000), id(), Feed::Trades, &late, true)
        .unwrap();
    assert_eq!(market.candles(id(), Interval::M1, 2)[0].h, px(20));
}

#[test]
fn an_equal_candle_of_the_venue_shows_that_nothing_is_missing() {
    let mut market = market();
    let at = Timestamp::from_ms(DAY + 1_000);
    market.following(at, id(), Feed::Trades, Grade::Unverified);
    let event = trade(1, at, 10, 7);
    market.event(at, id(), Feed::Trades, &event, false).unwrap();
    let later = at.plus_ms(2 * MINUTE);
    market
        .past_candles(later, id(), Interval::M1, &[venue(0, 10, 7)])
        .unwrap();
    let rows = market.candles(id(), Interval::M1, 9);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].coverage, whole());
    assert_eq!(rows[0].buy_base, Some(sz(7)), "ours is kept");
}

#[test]
fn a_candle_that_contradicts_itself_is_refused() {
    let mut market = market();
    let now = Timestamp::from_ms(DAY + 9 * MINUTE);
    let shifted = Candle {
        open_ms: DAY + 1,
        ..venue(1, 20, 7)
    };
    let low = Candle {
        l: px(11),
        ..venue(1, 20, 7)
    };
    for bad in [shifted, low] {
        let both = [venue(0, 20, 7), bad];
        assert_eq!(
            market.past_candles(now, id(), Interval::M1, &both),
            Err(Refusal::CandleMalformed)
        );
        assert!(market.candles(id(), Interval::M1, 9).is_empty());
    }
}

#[test]
fn the_number_of_candles_is_bounded() {
    let mut market = market();
    for minute in 0..4_000 {
        let at = Timestamp::from_ms(DAY + minute * MINUTE);
        let event = trade(minute as u64, at, 10, 1);
        market.event(at, id(), Feed::Trades, &event, false).unwrap();
    }
    let old: Vec<Candle> = (0..3_000).map(|minute| venue(minute, 20, 7)).collect();
    let now = Timestamp::from_ms(DAY + 4_000 * MINUTE);
    market.past_candles(now, id(), Interval::M1, &old).unwrap();
    let rows = market.candles(id(), Interval::M1, usize::MAX);
    assert_eq!(rows.len(), 1_500);
    assert_eq!(rows[0].open_ms, DAY + 2_500 * MINUTE, "the oldest went");
    assert_eq!((rows[0].c, rows[600].c), (px(20), px(10)));
}
